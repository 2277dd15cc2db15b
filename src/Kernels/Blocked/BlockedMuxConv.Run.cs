using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

internal sealed unsafe partial class BlockedMuxConv
{
    /// <summary>Vectors of a band of rows that is finished before the next one is begun.</summary>
    private const int BandVectors = 256;

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
        int band = Math.Max(1, Math.Min(BandVectors / width / 2 * 2, rows));
        float* sums = stackalloc float[(store.SumsOnly ? blocks * band * width * TSimd.Lanes : 0) + 16];
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
            if (part.Form == BlockedMuxForm.Subpixel)
            {
                Subpixel<TSimd, TVector>(part.Kernel, source, w, store.Bias, sheet, row, count);
            }
            else
            {
                Rows<TSimd, TVector>(part, source, w, store.Bias, sheet, row, count);
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

    private void Rows<TSimd, TVector>(BlockedMuxPart part, Source source, float* w, float* bias, Sheet sheet, int row,
        int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        BlockedMuxWork work = new() { RowStride = source.RowStride, W = w, Bias = bias, Kernel = part.Kernel };
        BlockedMuxRows rows = new()
        {
            Work = &work,
            X = source.Row(row),
            XRow = source.RowStride,
            Y = sheet.Y,
            YRow = sheet.RowStride,
            Rows = count,
            Columns = OutWidth,
        };
        switch (part.Form)
        {
            case BlockedMuxForm.Plain:
                rows.Whole<TSimd, TVector, One>();
                break;
            case BlockedMuxForm.SuperpixelPair:
                work.BlockStride = source.BlockStride;
                work.YBlockStride = sheet.BlockStride;
                rows.Pair<TSimd, TVector>();
                break;
            default:
                rows.Fine<TSimd, TVector>();
                break;
        }
    }

    /// <summary>The four phases one after the other: every second row, every second column.</summary>
    private void Subpixel<TSimd, TVector>(int kernel, Source source, float* w, float* bias, Sheet sheet, int row,
        int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        BlockedMuxWork work = new() { RowStride = 2 * (nint)source.RowStride, Bias = bias, Kernel = kernel };
        BlockedMuxRows rows = new()
        {
            Work = &work,
            XRow = 2 * (nint)source.RowStride,
            YRow = 2 * (nint)sheet.RowStride,
            Columns = OutWidth / 2,
        };
        for (int phase = 0; phase < 4; phase++)
        {
            (int first, int column) = (phase / 2, phase % 2);
            rows.X = source.Row(row + first) + column * TSimd.Lanes;
            rows.Y = sheet.Y + first * sheet.RowStride + column * TSimd.Lanes;
            rows.Rows = (count + 1 - first) / 2;
            work.W = w + ((row + first) % 2 * 2 + column) * kernel * kernel * TSimd.Lanes;
            rows.Whole<TSimd, TVector, Two>();
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
}
