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
        int width = OutWidth, border = part.Border, blocks = part.Blocks;
        int band = Math.Clamp(BandVectors / width, 1, rows);
        float** taps = stackalloc float*[part.Kernel];
        bool single = part.Form == BlockedMuxForm.Superpixel;
        int ringRow = (width + 2 * border) * TSimd.Lanes, ringRows = single ? (part.Kernel / 2 + 1) / 2 * 2 : 0;
        float* ring = stackalloc float[ringRows * ringRow + 16];
        float* sums = stackalloc float[(store.SumsOnly ? blocks * band * width * TSimd.Lanes : 0) + 16];
        ring = Aligned(ring);
        sums = Aligned(sums);
        Sheet sheet = store.SumsOnly
            ? new Sheet { Y = sums, BlockStride = band * width * TSimd.Lanes, RowStride = width * TSimd.Lanes }
            : new Sheet { BlockStride = store.BlockStride, RowStride = store.RowStride };
        Ring straddling = new() { Start = ring + border * TSimd.Lanes, RowLength = ringRow, Rows = ringRows };
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
                        PairRow<TSimd, TVector>(part.Kernel, source, w, store.Bias, taps, y, sheet.BlockStride, row + r);
                        break;
                    default:
                        FillRing<TSimd, TVector>(part, source, straddling, row + r, row + r == firstRow);
                        SingleRow<TSimd, TVector>(part.Kernel, source, straddling, w, store.Bias, taps, y, row + r);
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
        int reach = kernel / 2, set = kernel * kernel * TSimd.Lanes, half = TSimd.Lanes / 2;
        for (int block = 0; block < 2; block++)
        {
            for (int kh = 0; kh < kernel; kh++)
            {
                int fine = block + kh - reach;
                taps[kh] = source.Row(row + (fine >> 1)) + (nint)(fine & 1) * source.BlockStride - reach * half;
            }

            BlockedMuxTiles.Columns<TSimd, TVector, One>(taps, kernel, half, w + block * set,
                bias + block * TSimd.Lanes, y + (nint)block * blockStride, OutWidth);
        }
    }

    private void SingleRow<TSimd, TVector>(int kernel, Source source, Ring ring, float* w, float* bias, float** taps,
        float* y, int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int reach = kernel / 2, half = TSimd.Lanes / 2;
        for (int kh = 0; kh < kernel; kh++)
        {
            int fine = kh - reach, coarse = row + (fine >> 1);
            taps[kh] = ((fine & 1) == 0 ? source.Row(coarse) : ring.Row(coarse)) - reach * half;
        }

        BlockedMuxTiles.Columns<TSimd, TVector, One>(taps, kernel, half, w, bias, y, OutWidth);
    }

    /// <summary>Puts together the fine rows (2m + 1, 2m + 2) that an output row reads: all of them for the first row of
    /// a call, then the last one.</summary>
    private void FillRing<TSimd, TVector>(BlockedMuxPart part, Source source, Ring ring, int row, bool all)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int reach = part.Kernel / 2, last = row + (reach - 1 + reach % 2 >> 1), border = part.Border * TSimd.Lanes;
        int length = OutWidth * TSimd.Lanes + border;
        for (int m = all ? last - ring.Rows + 1 : last; m <= last && ring.Rows > 0; m++)
        {
            float* upper = source.Row(m), lower = source.Row(m + 1), to = ring.Row(m);
            for (int i = -border; i < length; i += TSimd.Lanes)
            {
                TSimd.Store(TSimd.Straddle(TSimd.Load(upper + i), TSimd.Load(lower + i)), to + i);
            }
        }
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

    private struct Ring
    {
        public float* Start;
        public int RowLength;
        public int Rows;

        public readonly float* Row(int row) => Start + (row % Rows + Rows) % Rows * RowLength;
    }
}
