using ILGPU;

namespace MuxKernels;

/// <summary>Taps on a map that lies spread over r² planes (channel-to-space): row a, column b of it is
/// <c>x[start + ((a mod r)·r + b mod r)·phase + a/r·W + b/r]</c>. Rows and columns are walked without
/// divisions.</summary>
internal static class SuperPixel
{
    /// <summary><c>Σ_{u,v} w[k + u·K + v]·x(row + u·d, column + v·d)</c> over the taps on the map; d may be negative.
    /// </summary>
    public static float Sum(ArrayView<float> x, int start, int phase, int r, int height, int width, int row, int column,
        int distance, ArrayView<float> w, int k, int kernel)
    {
        int step = Floor(distance, r), rest = distance - step * r;
        int h = Floor(row, r), i = row - h * r, firstV = Floor(column, r), firstJ = column - firstV * r;
        float sum = 0f;
        for (int u = 0; u < kernel; u++)
        {
            if (h >= 0 && h < height)
            {
                int line = start + i * r * phase + h * width, v = firstV, j = firstJ;
                for (int q = 0; q < kernel; q++)
                {
                    if (v >= 0 && v < width)
                    {
                        sum += w[k + q] * x[line + j * phase + v];
                    }

                    v += step;
                    j += rest;
                    if (j >= r)
                    {
                        j -= r;
                        v++;
                    }
                }
            }

            k += kernel;
            h += step;
            i += rest;
            if (i >= r)
            {
                i -= r;
                h++;
            }
        }

        return sum;
    }

    /// <summary>The gradient of the input at any stride, see <see cref="Taps.Strided"/>.</summary>
    public static float Strided(ArrayView<float> dy, int start, int phase, int r, int height, int width, int row,
        int column, int distance, int stride, ArrayView<float> w, int k, int kernel)
    {
        float sum = 0f;
        for (int u = 0; u < kernel; u++)
        {
            int top = row - u * distance, a = top / stride, h = a / r;
            if (top >= 0 && a * stride == top && h < height)
            {
                int line = start + (a - h * r) * r * phase + h * width;
                for (int q = 0; q < kernel; q++)
                {
                    int left = column - q * distance, b = left / stride, v = b / r;
                    if (left >= 0 && b * stride == left && v < width)
                    {
                        sum += w[k + u * kernel + q] * dy[line + (b - v * r) * phase + v];
                    }
                }
            }
        }

        return sum;
    }

    /// <summary><c>Σ_b dy(a, b)·x(top, b·s + offset)</c> over the columns on the map.</summary>
    public static float Row(ArrayView<float> dy, int start, int phase, int a, int width, ArrayView<float> x, int xStart,
        int xPhase, int top, int xHeight, int xWidth, int r, int stride, int offset)
    {
        int h = Floor(top, r), ya = a / r;
        float sum = 0f;
        if (h >= 0 && h < xHeight)
        {
            int from = offset >= 0 ? 0 : (stride - 1 - offset) / stride;
            int to = xWidth * r <= offset ? 0 : (xWidth * r - 1 - offset) / stride + 1;
            to = to < width * r ? to : width * r;
            int line = start + (a - ya * r) * r * phase + ya * width;
            int xLine = xStart + (top - h * r) * r * xPhase + h * xWidth;
            int yv = from / r, yj = from - yv * r, xb = from * stride + offset, xv = Floor(xb, r), xj = xb - xv * r;
            int step = stride / r, rest = stride - step * r;
            for (int b = from; b < to; b++)
            {
                sum += dy[line + yj * phase + yv] * x[xLine + xj * xPhase + xv];
                yj++;
                if (yj >= r)
                {
                    yj = 0;
                    yv++;
                }

                xv += step;
                xj += rest;
                if (xj >= r)
                {
                    xj -= r;
                    xv++;
                }
            }
        }

        return sum;
    }

    /// <summary><c>⌊a/r⌋</c>, also of negative a.</summary>
    private static int Floor(int a, int r) => a >= 0 ? a / r : -((r - 1 - a) / r);
}
