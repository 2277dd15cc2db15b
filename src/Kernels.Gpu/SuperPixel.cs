using ILGPU;

namespace MuxKernels;

/// <summary>Taps on a map that lies spread over r² planes (channel-to-space): row a, column b of it is
/// <c>x[start + ((a mod r)·r + b mod r)·phase + a/r·W + b/r]</c>.</summary>
internal static class SuperPixel
{
    /// <summary><c>Σ_{u,v} w[k + u·K + v]·x(row + u·d, column + v·d)</c> over the taps on the map; d may be negative.
    /// </summary>
    public static float Sum<T>(ArrayView<float> x, MapView a, int row, int column, int distance, ArrayView<float> w,
        int k, int size)
        where T : struct, IConstants
    {
        int kernel = T.Kernel(size);
        float sum = 0f;
        if (kernel == 3)
        {
            sum += Row<T>(x, a, row, column, distance, w, k, 3);
            sum += Row<T>(x, a, row + distance, column, distance, w, k + 3, 3);
            sum += Row<T>(x, a, row + 2 * distance, column, distance, w, k + 6, 3);
        }
        else if (kernel == 5)
        {
            sum += Row<T>(x, a, row, column, distance, w, k, 5);
            sum += Row<T>(x, a, row + distance, column, distance, w, k + 5, 5);
            sum += Row<T>(x, a, row + 2 * distance, column, distance, w, k + 10, 5);
            sum += Row<T>(x, a, row + 3 * distance, column, distance, w, k + 15, 5);
            sum += Row<T>(x, a, row + 4 * distance, column, distance, w, k + 20, 5);
        }
        else
        {
            for (int u = 0; u < kernel; u++)
            {
                int top = row + u * distance, h = T.Floor(top, a.Factor), line = Line<T>(a, top, h);
                for (int v = 0; h >= 0 && h < a.Height && v < kernel; v++)
                {
                    sum += Tap<T>(x, a, line, column + v * distance, w, k + u * kernel + v);
                }
            }
        }

        return sum;
    }

    /// <summary>The gradient of the input at any stride, see <see cref="Taps.Strided"/>.</summary>
    public static float Strided(ArrayView<float> dy, MapView a, int row, int column, int distance, int stride,
        ArrayView<float> w, int k, int kernel)
    {
        float sum = 0f;
        for (int u = 0; u < kernel; u++)
        {
            int top = row - u * distance, line = top / stride, h = line / a.Factor;
            if (top >= 0 && line * stride == top && h < a.Height)
            {
                int start = Line<AnyShape>(a, line, h);
                for (int q = 0; q < kernel; q++)
                {
                    int left = column - q * distance, b = left / stride;
                    if (left >= 0 && b * stride == left)
                    {
                        sum += Tap<AnyShape>(dy, a, start, b, w, k + u * kernel + q);
                    }
                }
            }
        }

        return sum;
    }

    /// <summary><c>Σ_b dy(line, b)·x(top, b·s + offset)</c> over the columns on the map. The columns of one phase of dy
    /// meet one phase of x: <c>(m·r + j)·s + offset = (m·s + ⌊(j·s + offset)/r⌋)·r + (j·s + offset) mod r</c>.
    /// </summary>
    public static float WeightRow(ArrayView<float> dy, MapView y, int line, ArrayView<float> x, MapView a, int top,
        int stride, int offset)
    {
        int r = a.Factor, h = AnyShape.Floor(top, r);
        float sum = 0f;
        if (h >= 0 && h < a.Height)
        {
            int yLine = Line<AnyShape>(y, line, line / r), xLine = Line<AnyShape>(a, top, h);
            for (int j = 0; j < r; j++)
            {
                int column = j * stride + offset, v = AnyShape.Floor(column, r);
                sum += Taps.Dot(dy, yLine + j * y.Phase, 1, y.Width, x, xLine + (column - v * r) * a.Phase, 1, a.Width,
                    stride, v);
            }
        }

        return sum;
    }

    /// <summary>Three or five taps of one row.</summary>
    private static float Row<T>(ArrayView<float> x, MapView a, int top, int column, int distance, ArrayView<float> w,
        int k, int taps)
        where T : struct, IConstants
    {
        int h = T.Floor(top, a.Factor), line = Line<T>(a, top, h);
        float sum = 0f;
        if (h >= 0 && h < a.Height)
        {
            sum += Tap<T>(x, a, line, column, w, k);
            sum += Tap<T>(x, a, line, column + distance, w, k + 1);
            sum += Tap<T>(x, a, line, column + 2 * distance, w, k + 2);
            if (taps == 5)
            {
                sum += Tap<T>(x, a, line, column + 3 * distance, w, k + 3);
                sum += Tap<T>(x, a, line, column + 4 * distance, w, k + 4);
            }
        }

        return sum;
    }

    /// <summary>Where row <paramref name="top"/> of the map lies; h is its row in its planes.</summary>
    private static int Line<T>(MapView a, int top, int h)
        where T : struct, IConstants
    {
        int r = T.Factor(a.Factor);
        return a.Start + (top - h * r) * r * a.Phase + h * a.Width;
    }

    private static float Tap<T>(ArrayView<float> x, MapView a, int line, int b, ArrayView<float> w, int k)
        where T : struct, IConstants
    {
        int v = T.Floor(b, a.Factor);
        return v >= 0 && v < a.Width ? w[k] * x[line + (b - v * T.Factor(a.Factor)) * a.Phase + v] : 0f;
    }
}

/// <summary>Where a map lies that is spread over r² planes.</summary>
/// <param name="Start">First element of its first plane.</param>
/// <param name="Phase">Elements from plane to plane.</param>
/// <param name="Height">Rows of a plane.</param>
/// <param name="Width">Columns of a plane.</param>
/// <param name="Factor">The spatial factor, r.</param>
internal readonly record struct MapView(int Start, int Phase, int Height, int Width, int Factor);
