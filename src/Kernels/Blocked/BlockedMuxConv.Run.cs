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

    /// <summary>Band by band: sums into y (or into scratch where y is not wanted), then the epilogue over the hot band,
    /// unless the tiles have done all of it.</summary>
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

        bool relu = store.Activation == ActivationKind.Relu;
        bool inTile = store.Residual is null && (relu || store.Activation == ActivationKind.None);
        BlockedMuxWork work = new() { W = w, Bias = store.Bias, Sums = inTile ? store.Sums : null };
        for (int row = firstRow; row < firstRow + rows; row += band)
        {
            int count = Math.Min(band, firstRow + rows - row);
            sheet.Y = store.SumsOnly ? sums : store.Y + (nint)row * store.RowStride;
            if (relu && inTile)
            {
                Band<TSimd, TVector, Activation.Relu>(part, source, work, sheet, row, count);
            }
            else
            {
                Band<TSimd, TVector, Activation.Identity>(part, source, work, sheet, row, count);
            }

            if (!inTile)
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

    /// <summary>One band; of a sub-pixel piece even and odd rows apart.</summary>
    private void Band<TSimd, TVector, TFunction>(BlockedMuxPart part, Source source, BlockedMuxWork work, Sheet sheet,
        int row, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        float* w = work.W;
        work.Kernel = part.Kernel;
        work.RowStride = source.RowStride;
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
                rows.Whole<TSimd, TVector, One, TFunction>();
                break;
            case BlockedMuxForm.SuperpixelPair:
                (work.BlockStride, work.YBlockStride) = (source.BlockStride, sheet.BlockStride);
                rows.Pair<TSimd, TVector, TFunction>();
                break;
            case BlockedMuxForm.Superpixel:
                rows.Fine<TSimd, TVector, TFunction>();
                break;
            default:
                work.RowStride = rows.XRow = 2 * rows.XRow;
                rows.YRow *= 2;
                for (int first = 0; first < 2; first++)
                {
                    BlockedMuxRows own = rows;
                    own.X += first * source.RowStride;
                    own.Y += first * sheet.RowStride;
                    own.Rows = (count + 1 - first) / 2;
                    work.W = w + (row + first) % 2 * 2 * part.Kernel * part.Kernel * TSimd.Lanes;
                    own.Phases<TSimd, TVector, TFunction>();
                }

                break;
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
