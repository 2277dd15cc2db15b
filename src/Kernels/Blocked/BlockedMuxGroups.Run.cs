using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

internal sealed unsafe partial class BlockedMuxGroups
{
    /// <summary>Vectors of a band of rows of a block that is finished before the next one is begun.</summary>
    private const int BandVectors = 256;

    public override void Run(int piece, float* x, int xBlockStride, int xRowStride, float* packed,
        in BlockedStore store, int firstRow, int rows)
    {
        switch (Lanes)
        {
            case 16:
                Run<Simd512, Vector512<float>>(own[piece], x, xBlockStride, xRowStride, packed, store, firstRow, rows);
                break;
            case 8:
                Run<Simd256, Vector256<float>>(own[piece], x, xBlockStride, xRowStride, packed, store, firstRow, rows);
                break;
            default:
                Run<Simd128, Vector128<float>>(own[piece], x, xBlockStride, xRowStride, packed, store, firstRow, rows);
                break;
        }
    }

    /// <summary>Block by block, band by band: sums into y (or into scratch where y is not wanted), then the epilogue
    /// over the hot band.</summary>
    [SkipLocalsInit]
    private void Run<TSimd, TVector>(Piece piece, float* x, int xBlock, int xRow, float* packed, in BlockedStore store,
        int firstRow, int rows)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int band = Math.Max(1, Math.Min(BandVectors / OutWidth, rows)), end = firstRow + rows;
        float* scratch = stackalloc float[(store.SumsOnly ? band * OutWidth * TSimd.Lanes : 0) + 16];
        scratch = (float*)(((nint)scratch + 63) & ~63);
        nint* offsets = stackalloc nint[piece.Terms];
        for (int block = 0; block < piece.Blocks; block++)
        {
            int set = piece.SetsOfBlock > 1 ? 0 : block / g;
            piece.Offsets(set, TSimd.Lanes, xBlock, xRow, offsets);
            float* w = packed + piece.PackedOffset + ((nint)set * g + block % g) * piece.Terms * TSimd.Lanes;
            BlockedPatch patch = new()
            {
                FromRowStride = store.SumsOnly ? OutWidth * TSimd.Lanes : store.RowStride,
                ToRowStride = store.RowStride,
                ResidualRowStride = store.ResidualRowStride,
                Sums = store.Sums is null ? null : store.Sums + block * TSimd.Lanes,
                Columns = OutWidth,
            };
            if (patch.Sums is not null)
            {
                TSimd.Store(TSimd.Zero, patch.Sums);
            }

            for (int row = firstRow; row < end; row += band)
            {
                float* y = store.Y + (nint)block * store.BlockStride + (nint)row * store.RowStride;
                patch.Rows = Math.Min(band, end - row);
                patch.From = store.SumsOnly ? scratch : y;
                patch.To = store.SumsOnly ? null : y;
                for (int h = 0; h < patch.Rows; h++)
                {
                    Row<TSimd, TVector>(piece, row + h, x + (nint)(row + h) * xRow, w, store.Bias + block * TSimd.Lanes,
                        offsets, patch.From + h * patch.FromRowStride);
                }

                if (!BlockedEpilogue.IsEmpty(store))
                {
                    patch.Residual = store.Residual is null ? null : store.Residual
                        + (nint)block * store.ResidualBlockStride + (nint)row * store.ResidualRowStride;
                    BlockedEpilogue.Run<TSimd, TVector>(store.Activation, &patch);
                }
            }
        }
    }

    /// <summary>Sums of a row of an output block; of a sub-pixel piece even and odd columns apart.</summary>
    private void Row<TSimd, TVector>(Piece piece, int row, float* x, float* w, float* bias, nint* offsets, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int step = piece.Step * TSimd.Lanes, set = g * piece.Terms * TSimd.Lanes;
        for (int phase = 0; phase < piece.Step; phase++)
        {
            float* own = w + (piece.Step == 1 ? 0 : (row % 2 * 2 + phase) * (nint)set);
            float* from = x + phase * TSimd.Lanes, to = y + phase * TSimd.Lanes;
            int columns = (OutWidth + piece.Step - 1 - phase) / piece.Step;
            for (; columns >= 8; columns -= 8, from += 8 * (nint)step, to += 8 * (nint)step)
            {
                Tile8<TSimd, TVector>(from, step, offsets, own, piece.Terms, bias, to);
            }

            for (; columns >= 2; columns -= 2, from += 2 * (nint)step, to += 2 * (nint)step)
            {
                Tile2<TSimd, TVector>(from, step, offsets, own, piece.Terms, bias, to);
            }

            if (columns > 0)
            {
                Tile1<TSimd, TVector>(from, offsets, own, piece.Terms, bias, to);
            }
        }
    }

    /// <summary>Eight pixels: eight sums, one weight, one input.</summary>
    private static void Tile8<TSimd, TVector>(float* x, nint step, nint* offsets, float* w, int terms, float* bias,
        float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector y0 = TSimd.Load(bias), y1 = y0, y2 = y0, y3 = y0, y4 = y0, y5 = y0, y6 = y0, y7 = y0;
        for (int term = 0; term < terms; term++, w += TSimd.Lanes)
        {
            TVector weight = TSimd.Load(w);
            float* at = x + offsets[term];
            y0 = TSimd.Fma(weight, TSimd.Load(at), y0);
            y1 = TSimd.Fma(weight, TSimd.Load(at + step), y1);
            y2 = TSimd.Fma(weight, TSimd.Load(at + 2 * step), y2);
            y3 = TSimd.Fma(weight, TSimd.Load(at + 3 * step), y3);
            at += 4 * step;
            y4 = TSimd.Fma(weight, TSimd.Load(at), y4);
            y5 = TSimd.Fma(weight, TSimd.Load(at + step), y5);
            y6 = TSimd.Fma(weight, TSimd.Load(at + 2 * step), y6);
            y7 = TSimd.Fma(weight, TSimd.Load(at + 3 * step), y7);
        }

        TSimd.Store(y0, y);
        TSimd.Store(y1, y + step);
        TSimd.Store(y2, y + 2 * step);
        TSimd.Store(y3, y + 3 * step);
        y += 4 * step;
        TSimd.Store(y4, y);
        TSimd.Store(y5, y + step);
        TSimd.Store(y6, y + 2 * step);
        TSimd.Store(y7, y + 3 * step);
    }

    private static void Tile2<TSimd, TVector>(float* x, nint step, nint* offsets, float* w, int terms, float* bias,
        float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector y0 = TSimd.Load(bias), y1 = y0;
        for (int term = 0; term < terms; term++, w += TSimd.Lanes)
        {
            TVector weight = TSimd.Load(w);
            y0 = TSimd.Fma(weight, TSimd.Load(x + offsets[term]), y0);
            y1 = TSimd.Fma(weight, TSimd.Load(x + offsets[term] + step), y1);
        }

        TSimd.Store(y0, y);
        TSimd.Store(y1, y + step);
    }

    private static void Tile1<TSimd, TVector>(float* x, nint* offsets, float* w, int terms, float* bias, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector sum = TSimd.Load(bias);
        for (int term = 0; term < terms; term++, w += TSimd.Lanes)
        {
            sum = TSimd.Fma(TSimd.Load(w), TSimd.Load(x + offsets[term]), sum);
        }

        TSimd.Store(sum, y);
    }
}
