using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

internal sealed unsafe partial class BlockedMuxConv
{
    /// <summary>Vectors of a band of rows that is finished before the next one is begun.</summary>
    private const int BandVectors = 128;

    public override void Run(int piece, float* x, int xBlockStride, int xRowStride, float* packed,
        in BlockedStore store, int firstRow, int rows)
    {
        Source source = new() { X = x, BlockStride = xBlockStride, RowStride = xRowStride };
        BlockedMuxPart part = parts[piece];
        float* w = packed + part.PackedOffset;
        switch (Lanes)
        {
            case 16:
                Run<Simd512, Vector512<float>>(part, source, w, store, firstRow, rows);
                break;
            case 8:
                Run<Simd256, Vector256<float>>(part, source, w, store, firstRow, rows);
                break;
            default:
                Run<Simd128, Vector128<float>>(part, source, w, store, firstRow, rows);
                break;
        }
    }

    /// <summary>Band by band: sums into y (or into scratch where y is not wanted), then the epilogue over the hot
    /// band.</summary>
    [SkipLocalsInit]
    private void Run<TSimd, TVector>(BlockedMuxPart part, Source source, float* w, in BlockedStore store, int firstRow,
        int rows)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int width = OutWidth, blocks = part.Blocks;
        int band = Math.Clamp(BandVectors / width, 1, rows);
        float* sums = stackalloc float[(store.SumsOnly ? blocks * band * width * TSimd.Lanes : 0) + 16];
        float** taps = stackalloc float*[2 * part.Kernel];
        sums = Aligned(sums);
        Sheet sheet = store.SumsOnly
            ? new Sheet { Y = sums, BlockStride = band * width * TSimd.Lanes, RowStride = width * TSimd.Lanes }
            : new Sheet { BlockStride = store.BlockStride, RowStride = store.RowStride };
        for (int block = 0; block < blocks && store.Sums is not null; block++)
        {
            TSimd.Store(TSimd.Zero, store.Sums + block * TSimd.Lanes);
        }

        for (int row = firstRow; row < firstRow + rows; row += band)
        {
            int count = Math.Min(band, firstRow + rows - row);
            sheet.Y = store.SumsOnly ? sums : store.Y + (nint)row * store.RowStride;
            for (int r = 0; r < count; r++)
            {
                float* y = sheet.Y + r * sheet.RowStride;
                switch (part.Form)
                {
                    case BlockedMuxForm.Plain:
                        PlainRow<TSimd, TVector>(part.Kernel, source, w, store.Bias, taps, y, row + r);
                        break;
                    case BlockedMuxForm.Subpixel:
                        SubpixelRow<TSimd, TVector>(part.Kernel, source, w, store.Bias, taps, y, row + r);
                        break;
                    case BlockedMuxForm.SuperpixelPair:
                        PairRow<TSimd, TVector>(part.Kernel, source, w, store.Bias, taps, y, sheet.BlockStride,
                            row + r);
                        break;
                    default:
                        SingleRow<TSimd, TVector>(part.Kernel, source, w, store.Bias, taps, y, row + r);
                        break;
                }
            }

            if (!BlockedEpilogue.IsEmpty(store))
            {
                Finish<TSimd, TVector>(store, sheet, blocks, row, count);
            }
        }
    }

    private void Finish<TSimd, TVector>(in BlockedStore store, Sheet sheet, int blocks, int row, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int block = 0; block < blocks; block++)
        {
            float* sums = sheet.Y + (nint)block * sheet.BlockStride;
            float* residual = store.Residual is null ? null
                : store.Residual + (nint)block * store.ResidualBlockStride + (nint)row * store.ResidualRowStride;
            BlockedPatch patch = new()
            {
                From = sums,
                FromRowStride = sheet.RowStride,
                To = store.SumsOnly ? null : sums,
                ToRowStride = sheet.RowStride,
                Residual = residual,
                ResidualRowStride = store.ResidualRowStride,
                Sums = store.Sums is null ? null : store.Sums + block * TSimd.Lanes,
                Rows = count,
                Columns = OutWidth,
            };
            BlockedEpilogue.Run<TSimd, TVector>(store.Activation, &patch);
        }
    }

    private void PlainRow<TSimd, TVector>(int kernel, Source source, float* w, float* bias, float** taps, float* y,
        int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int reach = kernel / 2;
        for (int kh = 0; kh < kernel; kh++)
        {
            taps[kh] = source.Row(row + kh - reach) - reach * TSimd.Lanes;
        }

        BlockedMuxTiles.Columns<TSimd, TVector, One>(taps, kernel, TSimd.Lanes, w, bias, y, OutWidth);
    }

    private void SubpixelRow<TSimd, TVector>(int kernel, Source source, float* w, float* bias, float** taps, float* y,
        int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int reach = kernel / 2, set = kernel * kernel * TSimd.Lanes;
        for (int column = 0; column < 2; column++)
        {
            for (int kh = 0; kh < kernel; kh++)
            {
                taps[kh] = source.Row(row + 2 * (kh - reach)) + (column - 2 * reach) * TSimd.Lanes;
            }

            BlockedMuxTiles.Columns<TSimd, TVector, Two>(taps, kernel, 2 * TSimd.Lanes,
                w + (row % 2 * 2 + column) * set, bias, y + column * TSimd.Lanes, OutWidth / 2);
        }
    }

    private void PairRow<TSimd, TVector>(int kernel, Source source, float* w, float* bias, float** taps, float* y,
        int blockStride, int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int reach = kernel / 2;
        for (int fine = 0; fine <= kernel; fine++)
        {
            int from = fine - reach;
            taps[fine] = source.Row(row + (from >> 1)) + (nint)(from & 1) * source.BlockStride;
        }

        BlockedMuxTiles.PairColumns<TSimd, TVector>(taps, kernel, w, bias, y, blockStride, OutWidth);
    }

    private void SingleRow<TSimd, TVector>(int kernel, Source source, float* w, float* bias, float** taps, float* y,
        int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int reach = kernel / 2;
        for (int kh = 0; kh < kernel; kh++)
        {
            int from = kh - reach, coarse = row + (from >> 1);
            taps[2 * kh] = source.Row(coarse);
            taps[2 * kh + 1] = (from & 1) == 0 ? null : source.Row(coarse + 1);
        }

        BlockedMuxTiles.FineColumns<TSimd, TVector>(taps, kernel, w, bias, y, OutWidth);
    }

    private static float* Aligned(float* p) => (float*)(((nint)p + 63) & ~63);

    private struct Source
    {
        public float* X;
        public int BlockStride;
        public int RowStride;

        public readonly float* Row(int row) => X + (nint)row * RowStride;
    }

    private struct Sheet
    {
        public float* Y;
        public int BlockStride;
        public int RowStride;
    }
}
