using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Products of the small matrices of squeeze-excite, in tiles of a few rows: batch by channels by hidden units. Every
/// number of a result is one chain of multiply-adds in the order of the terms, whatever the tile that computes it.
/// </summary>
internal static unsafe class SmallProducts<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Rows of a tile of dot products, and vectors of a wide tile: 16 sums, or 8 where there are 16
    /// registers.</summary>
    private static int Wide => TSimd.Lanes == 16 ? 4 : 2;

    /// <summary><c>y[m, c] (+)= Σ_k a[m·aRow + k·aStep]·b[k·bRow + c]</c>.</summary>
    /// <param name="a">Factors that are spread over a vector.</param>
    /// <param name="aRow">Floats from row to row of the result there.</param>
    /// <param name="aStep">Floats from term to term there.</param>
    /// <param name="b">Vectors.</param>
    /// <param name="bRow">Floats from term to term there.</param>
    /// <param name="y">Result.</param>
    /// <param name="yRow">Floats from row to row there.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="depth">Terms.</param>
    /// <param name="columns">Numbers of a row.</param>
    /// <param name="add">Whether the result is added to what is there.</param>
    public static void Rows(float* a, nint aRow, nint aStep, float* b, nint bRow, float* y, nint yRow, int rows,
        int depth, int columns, bool add)
    {
        int column = 0;
        for (; column <= columns - Wide * TSimd.Lanes; column += Wide * TSimd.Lanes)
        {
            int row = 0;
            for (; row <= rows - 4; row += 4)
            {
                if (TSimd.Lanes == 16)
                {
                    Tile4x4(a + row * aRow, aRow, aStep, b + column, bRow, y + row * yRow + column, yRow, depth, add);
                }
                else
                {
                    Tile4x2(a + row * aRow, aRow, aStep, b + column, bRow, y + row * yRow + column, yRow, depth, add);
                }
            }

            for (; row < rows; row++)
            {
                for (int v = 0; v < Wide; v++)
                {
                    int at = column + v * TSimd.Lanes;
                    Tile1(a + row * aRow, aStep, b + at, bRow, y + row * yRow + at, depth, TSimd.Lanes, add);
                }
            }
        }

        for (; column < columns; column += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, columns - column), row = 0;
            for (; row <= rows - 4; row += 4)
            {
                Tile4x1(a + row * aRow, aRow, aStep, b + column, bRow, y + row * yRow + column, yRow, depth, count,
                    add);
            }

            for (; row < rows; row++)
            {
                Tile1(a + row * aRow, aStep, b + column, bRow, y + row * yRow + column, depth, count, add);
            }
        }
    }

    /// <summary><c>y[n·yRow + r] = Σ_k w[r·depth + k]·x[n·depth + k]</c>: each a chain in vectors, then their
    /// sum.</summary>
    public static void Dots(float* w, float* x, float* y, nint yRow, int outputs, int images, int depth)
    {
        int r = 0;
        for (; r <= outputs - Wide; r += Wide)
        {
            int n = 0;
            for (; n <= images - 4; n += 4)
            {
                if (TSimd.Lanes == 16)
                {
                    Dots4x4(w + (nint)r * depth, x + (nint)n * depth, y + n * yRow + r, yRow, depth);
                }
                else
                {
                    Dots2x4(w + (nint)r * depth, x + (nint)n * depth, y + n * yRow + r, yRow, depth);
                }
            }

            for (; n < images; n++)
            {
                for (int i = 0; i < Wide; i++)
                {
                    y[n * yRow + r + i] = Dot(w + (nint)(r + i) * depth, x + (nint)n * depth, depth);
                }
            }
        }

        for (; r < outputs; r++)
        {
            for (int n = 0; n < images; n++)
            {
                y[n * yRow + r] = Dot(w + (nint)r * depth, x + (nint)n * depth, depth);
            }
        }
    }

    private static void Tile4x4(float* a, nint aRow, nint aStep, float* b, nint bRow, float* y, nint yRow, int depth,
        bool add)
    {
        int l = TSimd.Lanes;
        TVector y00 = TSimd.Zero, y01 = TSimd.Zero, y02 = TSimd.Zero, y03 = TSimd.Zero;
        TVector y10 = TSimd.Zero, y11 = TSimd.Zero, y12 = TSimd.Zero, y13 = TSimd.Zero;
        TVector y20 = TSimd.Zero, y21 = TSimd.Zero, y22 = TSimd.Zero, y23 = TSimd.Zero;
        TVector y30 = TSimd.Zero, y31 = TSimd.Zero, y32 = TSimd.Zero, y33 = TSimd.Zero;
        for (int k = 0; k < depth; k++, a += aStep, b += bRow)
        {
            TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + l);
            TVector b2 = TSimd.Load(b + 2 * l), b3 = TSimd.Load(b + 3 * l);
            TVector s = TSimd.Splat(a);
            y00 = TSimd.Fma(s, b0, y00);
            y01 = TSimd.Fma(s, b1, y01);
            y02 = TSimd.Fma(s, b2, y02);
            y03 = TSimd.Fma(s, b3, y03);
            s = TSimd.Splat(a + aRow);
            y10 = TSimd.Fma(s, b0, y10);
            y11 = TSimd.Fma(s, b1, y11);
            y12 = TSimd.Fma(s, b2, y12);
            y13 = TSimd.Fma(s, b3, y13);
            s = TSimd.Splat(a + 2 * aRow);
            y20 = TSimd.Fma(s, b0, y20);
            y21 = TSimd.Fma(s, b1, y21);
            y22 = TSimd.Fma(s, b2, y22);
            y23 = TSimd.Fma(s, b3, y23);
            s = TSimd.Splat(a + 3 * aRow);
            y30 = TSimd.Fma(s, b0, y30);
            y31 = TSimd.Fma(s, b1, y31);
            y32 = TSimd.Fma(s, b2, y32);
            y33 = TSimd.Fma(s, b3, y33);
        }

        Put(y00, y01, y, add);
        Put(y02, y03, y + 2 * l, add);
        Put(y10, y11, y + yRow, add);
        Put(y12, y13, y + yRow + 2 * l, add);
        Put(y20, y21, y + 2 * yRow, add);
        Put(y22, y23, y + 2 * yRow + 2 * l, add);
        Put(y30, y31, y + 3 * yRow, add);
        Put(y32, y33, y + 3 * yRow + 2 * l, add);
    }

    private static void Tile4x2(float* a, nint aRow, nint aStep, float* b, nint bRow, float* y, nint yRow, int depth,
        bool add)
    {
        TVector y00 = TSimd.Zero, y01 = TSimd.Zero, y10 = TSimd.Zero, y11 = TSimd.Zero;
        TVector y20 = TSimd.Zero, y21 = TSimd.Zero, y30 = TSimd.Zero, y31 = TSimd.Zero;
        for (int k = 0; k < depth; k++, a += aStep, b += bRow)
        {
            TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + TSimd.Lanes);
            TVector s = TSimd.Splat(a);
            y00 = TSimd.Fma(s, b0, y00);
            y01 = TSimd.Fma(s, b1, y01);
            s = TSimd.Splat(a + aRow);
            y10 = TSimd.Fma(s, b0, y10);
            y11 = TSimd.Fma(s, b1, y11);
            s = TSimd.Splat(a + 2 * aRow);
            y20 = TSimd.Fma(s, b0, y20);
            y21 = TSimd.Fma(s, b1, y21);
            s = TSimd.Splat(a + 3 * aRow);
            y30 = TSimd.Fma(s, b0, y30);
            y31 = TSimd.Fma(s, b1, y31);
        }

        Put(y00, y01, y, add);
        Put(y10, y11, y + yRow, add);
        Put(y20, y21, y + 2 * yRow, add);
        Put(y30, y31, y + 3 * yRow, add);
    }

    private static void Tile4x1(float* a, nint aRow, nint aStep, float* b, nint bRow, float* y, nint yRow, int depth,
        int count, bool add)
    {
        TVector y0 = TSimd.Zero, y1 = TSimd.Zero, y2 = TSimd.Zero, y3 = TSimd.Zero;
        for (int k = 0; k < depth; k++, a += aStep, b += bRow)
        {
            TVector v = Part(b, count);
            y0 = TSimd.Fma(TSimd.Splat(a), v, y0);
            y1 = TSimd.Fma(TSimd.Splat(a + aRow), v, y1);
            y2 = TSimd.Fma(TSimd.Splat(a + 2 * aRow), v, y2);
            y3 = TSimd.Fma(TSimd.Splat(a + 3 * aRow), v, y3);
        }

        PutPartial(y0, y, count, add);
        PutPartial(y1, y + yRow, count, add);
        PutPartial(y2, y + 2 * yRow, count, add);
        PutPartial(y3, y + 3 * yRow, count, add);
    }

    private static void Tile1(float* a, nint aStep, float* b, nint bRow, float* y, int depth, int count, bool add)
    {
        TVector sum = TSimd.Zero;
        for (int k = 0; k < depth; k++, a += aStep, b += bRow)
        {
            TVector v = Part(b, count);
            sum = TSimd.Fma(TSimd.Splat(a), v, sum);
        }

        PutPartial(sum, y, count, add);
    }

    private static void Put(TVector first, TVector second, float* y, bool add)
    {
        TSimd.Store(add ? TSimd.Add(TSimd.Load(y), first) : first, y);
        TSimd.Store(add ? TSimd.Add(TSimd.Load(y + TSimd.Lanes), second) : second, y + TSimd.Lanes);
    }

    private static void PutPartial(TVector v, float* y, int count, bool add) =>
        TSimd.StorePartial(add ? TSimd.Add(TSimd.LoadPartial(y, count), v) : v, y, count);

    private static void Dots4x4(float* w, float* x, float* y, nint yRow, int depth)
    {
        TVector y00 = TSimd.Zero, y01 = TSimd.Zero, y02 = TSimd.Zero, y03 = TSimd.Zero;
        TVector y10 = TSimd.Zero, y11 = TSimd.Zero, y12 = TSimd.Zero, y13 = TSimd.Zero;
        TVector y20 = TSimd.Zero, y21 = TSimd.Zero, y22 = TSimd.Zero, y23 = TSimd.Zero;
        TVector y30 = TSimd.Zero, y31 = TSimd.Zero, y32 = TSimd.Zero, y33 = TSimd.Zero;
        for (int k = 0; k < depth; k += TSimd.Lanes, w += TSimd.Lanes, x += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, depth - k);
            TVector w0 = Part(w, count), w1 = Part(w + depth, count);
            TVector w2 = Part(w + 2 * (nint)depth, count);
            TVector w3 = Part(w + 3 * (nint)depth, count);
            TVector v = Part(x, count);
            y00 = TSimd.Fma(v, w0, y00);
            y01 = TSimd.Fma(v, w1, y01);
            y02 = TSimd.Fma(v, w2, y02);
            y03 = TSimd.Fma(v, w3, y03);
            v = Part(x + depth, count);
            y10 = TSimd.Fma(v, w0, y10);
            y11 = TSimd.Fma(v, w1, y11);
            y12 = TSimd.Fma(v, w2, y12);
            y13 = TSimd.Fma(v, w3, y13);
            v = Part(x + 2 * (nint)depth, count);
            y20 = TSimd.Fma(v, w0, y20);
            y21 = TSimd.Fma(v, w1, y21);
            y22 = TSimd.Fma(v, w2, y22);
            y23 = TSimd.Fma(v, w3, y23);
            v = Part(x + 3 * (nint)depth, count);
            y30 = TSimd.Fma(v, w0, y30);
            y31 = TSimd.Fma(v, w1, y31);
            y32 = TSimd.Fma(v, w2, y32);
            y33 = TSimd.Fma(v, w3, y33);
        }

        (y[0], y[1], y[2], y[3]) = (TSimd.Sum(y00), TSimd.Sum(y01), TSimd.Sum(y02), TSimd.Sum(y03));
        y += yRow;
        (y[0], y[1], y[2], y[3]) = (TSimd.Sum(y10), TSimd.Sum(y11), TSimd.Sum(y12), TSimd.Sum(y13));
        y += yRow;
        (y[0], y[1], y[2], y[3]) = (TSimd.Sum(y20), TSimd.Sum(y21), TSimd.Sum(y22), TSimd.Sum(y23));
        y += yRow;
        (y[0], y[1], y[2], y[3]) = (TSimd.Sum(y30), TSimd.Sum(y31), TSimd.Sum(y32), TSimd.Sum(y33));
    }

    private static void Dots2x4(float* w, float* x, float* y, nint yRow, int depth)
    {
        TVector y00 = TSimd.Zero, y01 = TSimd.Zero, y10 = TSimd.Zero, y11 = TSimd.Zero;
        TVector y20 = TSimd.Zero, y21 = TSimd.Zero, y30 = TSimd.Zero, y31 = TSimd.Zero;
        for (int k = 0; k < depth; k += TSimd.Lanes, w += TSimd.Lanes, x += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, depth - k);
            TVector w0 = Part(w, count), w1 = Part(w + depth, count);
            TVector v = Part(x, count);
            y00 = TSimd.Fma(v, w0, y00);
            y01 = TSimd.Fma(v, w1, y01);
            v = Part(x + depth, count);
            y10 = TSimd.Fma(v, w0, y10);
            y11 = TSimd.Fma(v, w1, y11);
            v = Part(x + 2 * (nint)depth, count);
            y20 = TSimd.Fma(v, w0, y20);
            y21 = TSimd.Fma(v, w1, y21);
            v = Part(x + 3 * (nint)depth, count);
            y30 = TSimd.Fma(v, w0, y30);
            y31 = TSimd.Fma(v, w1, y31);
        }

        (y[0], y[1]) = (TSimd.Sum(y00), TSimd.Sum(y01));
        y += yRow;
        (y[0], y[1]) = (TSimd.Sum(y10), TSimd.Sum(y11));
        y += yRow;
        (y[0], y[1]) = (TSimd.Sum(y20), TSimd.Sum(y21));
        y += yRow;
        (y[0], y[1]) = (TSimd.Sum(y30), TSimd.Sum(y31));
    }

    private static float Dot(float* w, float* x, int depth)
    {
        TVector sum = TSimd.Zero;
        for (int k = 0; k < depth; k += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, depth - k);
            sum = TSimd.Fma(Part(x + k, count), Part(w + k, count), sum);
        }

        return TSimd.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Part(float* p, int count) =>
        count == TSimd.Lanes ? TSimd.Load(p) : TSimd.LoadPartial(p, count);
}
