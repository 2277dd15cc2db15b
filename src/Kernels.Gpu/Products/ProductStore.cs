using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>The end of a product: epilogue and store of four neighbouring places of a row.</summary>
internal static class ProductStore
{
    /// <summary>Stores <c>y[m, j … j + 3]</c> of a band; returns the sum of what was stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Quad<T, TElement, TWide, TEpilogue>(ArrayView<T> y, EpilogueViews<T> e, ProductShape g,
        int band, int m, int j, Float4 v)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TWide : struct, IFlag
        where TEpilogue : struct, IEpilogue
    {
        float sum = 0f;
        if (m < g.Rows)
        {
            if (TWide.On)
            {
                int n = FastDivide.Quotient(j, g.Result.Padded), p = j - n * g.Result.Padded.Divisor;
                if (j < g.Result.Limit && p < g.Result.Pixels)
                {
                    int i = Place(e, g, band, m, n, p);
                    v = new Float4(Norm<T, TEpilogue>(e, m, p, v.X), Norm<T, TEpilogue>(e, m, p + 1, v.Y),
                        Norm<T, TEpilogue>(e, m, p + 2, v.Z), Norm<T, TEpilogue>(e, m, p + 3, v.W));
                    if (TEpilogue.HasResidual)
                    {
                        v = Float4.Add(v, TElement.LoadQuad(e.Residual, i));
                    }

                    if (!TEpilogue.HasSums || (e.Flags & EpilogueViews<T>.StoreFlag) != 0)
                    {
                        TElement.StoreQuad(y, i, v);
                    }

                    sum = v.X + v.Y + (v.Z + v.W);
                }
            }
            else
            {
                sum = One<T, TElement, TEpilogue>(y, e, g, band, m, j, v.X)
                    + One<T, TElement, TEpilogue>(y, e, g, band, m, j + 1, v.Y)
                    + (One<T, TElement, TEpilogue>(y, e, g, band, m, j + 2, v.Z)
                    + One<T, TElement, TEpilogue>(y, e, g, band, m, j + 3, v.W));
            }
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One<T, TElement, TEpilogue>(ArrayView<T> y, EpilogueViews<T> e, ProductShape g, int band,
        int m, int j, float v)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        int n = FastDivide.Quotient(j, g.Result.Padded), p = j - n * g.Result.Padded.Divisor;
        float stored = 0f;
        if (j < g.Result.Limit && p < g.Result.Pixels)
        {
            int i = Place(e, g, band, m, n, p);
            stored = Norm<T, TEpilogue>(e, m, p, v);
            if (TEpilogue.HasResidual)
            {
                stored += TElement.Load(e.Residual, i);
            }

            if (!TEpilogue.HasSums || (e.Flags & EpilogueViews<T>.StoreFlag) != 0)
            {
                TElement.Store(y, i, stored);
            }
        }

        return stored;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place<T>(EpilogueViews<T> e, ProductShape g, int band, int m, int n, int p)
        where T : unmanaged =>
        band * g.BandLength + n * g.Result.Image + EpilogueViews<T>.Output(e, m) * g.Result.Pixels + p;

    /// <summary>Norm and activation; the channel is the row, or the column where rows are images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Norm<T, TEpilogue>(EpilogueViews<T> e, int m, int p, float v)
        where T : unmanaged
        where TEpilogue : struct, IEpilogue
    {
        if (TEpilogue.HasNorm)
        {
            int o = (e.Flags & EpilogueViews<T>.ColumnFlag) != 0 ? p : m;
            v = v * EpilogueViews<T>.ScaleOf(e, o) + EpilogueViews<T>.ShiftOf(e, o);
        }

        return TEpilogue.Activate(v);
    }
}
