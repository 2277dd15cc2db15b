using ILGPU;

namespace MuxKernels;

/// <summary>
/// The k×k taps of one output over one plane. A plane is <c>rows × columns</c> pixels at <c>start</c>, <c>rowStep</c>
/// and <c>columnStep</c> elements apart, so that the phases of a map (space-to-channel) are planes too. Taps outside
/// the plane are not read and add nothing. Taps 3, 5 and 7 are unrolled by hand.
/// </summary>
internal static class Taps
{
    /// <summary><c>Σ_{u,v} w[k + u·K + v]·x[row h + u·d, column c + v·d]</c>. A negative distance d walks backwards:
    /// that is the gradient of the input at stride 1.</summary>
    public static float Plane<T>(ArrayView<float> x, PlaneView a, int h, int c, int distance, ArrayView<float> w, int k,
        int size)
        where T : struct, IConstants
    {
        int kernel = T.Kernel(size);
        float sum = 0f;
        if (kernel == 3)
        {
            sum += Row3(x, a, h, c, distance, w, k);
            sum += Row3(x, a, h + distance, c, distance, w, k + 3);
            sum += Row3(x, a, h + 2 * distance, c, distance, w, k + 6);
        }
        else if (kernel == 5)
        {
            sum += Row5(x, a, h, c, distance, w, k);
            sum += Row5(x, a, h + distance, c, distance, w, k + 5);
            sum += Row5(x, a, h + 2 * distance, c, distance, w, k + 10);
            sum += Row5(x, a, h + 3 * distance, c, distance, w, k + 15);
            sum += Row5(x, a, h + 4 * distance, c, distance, w, k + 20);
        }
        else if (kernel == 7)
        {
            for (int u = 0; u < 7; u++)
            {
                sum += Row3(x, a, h + u * distance, c, distance, w, k + u * 7);
                sum += Row3(x, a, h + u * distance, c + 3 * distance, distance, w, k + u * 7 + 3);
                sum += Row1(x, a, h + u * distance, c + 6 * distance, w, k + u * 7 + 6);
            }
        }
        else
        {
            for (int u = 0; u < kernel; u++)
            {
                for (int v = 0; v < kernel; v++)
                {
                    sum += Row1(x, a, h + u * distance, c + v * distance, w, k + u * kernel + v);
                }
            }
        }

        return sum;
    }

    /// <summary>The gradient of the input at any stride: <c>Σ_{u,v} w[k + u·K + v]·dy[(h − u·d)/s, (c − v·d)/s]</c>
    /// over the taps whose positions are whole numbers on the plane.</summary>
    public static float Strided(ArrayView<float> dy, PlaneView a, int h, int c, int distance, int stride,
        ArrayView<float> w, int k, int kernel)
    {
        float sum = 0f;
        for (int u = 0; u < kernel; u++)
        {
            int top = h - u * distance, row = top / stride;
            if (top >= 0 && row * stride == top && row < a.Rows)
            {
                for (int v = 0; v < kernel; v++)
                {
                    int left = c - v * distance, column = left / stride;
                    if (left >= 0 && column * stride == left && column < a.Columns)
                    {
                        sum += w[k + u * kernel + v] * dy[a.Start + row * a.RowStep + column * a.ColumnStep];
                    }
                }
            }
        }

        return sum;
    }

    /// <summary><c>Σ_m dy[m]·x[m·s + offset]</c> over the columns that both rows have: one row of a weight's gradient.
    /// </summary>
    public static float Dot(ArrayView<float> dy, int i, int step, int width, ArrayView<float> x, int j, int columnStep,
        int columns, int stride, int offset)
    {
        int from = offset >= 0 ? 0 : (stride - 1 - offset) / stride;
        int to = columns <= offset ? 0 : (columns - 1 - offset) / stride + 1;
        to = to < width ? to : width;
        j += offset * columnStep;
        float sum = 0f;
        for (int m = from; m < to; m++)
        {
            sum += dy[i + m * step] * x[j + m * stride * columnStep];
        }

        return sum;
    }

    private static float Row1(ArrayView<float> x, PlaneView a, int h, int c, ArrayView<float> w, int k) =>
        h >= 0 && h < a.Rows && c >= 0 && c < a.Columns
            ? w[k] * x[a.Start + h * a.RowStep + c * a.ColumnStep]
            : 0f;

    private static float Row3(ArrayView<float> x, PlaneView a, int h, int c, int distance, ArrayView<float> w, int k)
    {
        float sum = 0f;
        if (h >= 0 && h < a.Rows)
        {
            int i = a.Start + h * a.RowStep + c * a.ColumnStep, step = distance * a.ColumnStep;
            int c1 = c + distance, c2 = c1 + distance;
            if (c >= 0 && c < a.Columns)
            {
                sum += w[k] * x[i];
            }

            if (c1 >= 0 && c1 < a.Columns)
            {
                sum += w[k + 1] * x[i + step];
            }

            if (c2 >= 0 && c2 < a.Columns)
            {
                sum += w[k + 2] * x[i + 2 * step];
            }
        }

        return sum;
    }

    private static float Row5(ArrayView<float> x, PlaneView a, int h, int c, int distance, ArrayView<float> w, int k)
    {
        float sum = Row3(x, a, h, c, distance, w, k);
        if (h >= 0 && h < a.Rows)
        {
            int c3 = c + 3 * distance, c4 = c3 + distance;
            int i = a.Start + h * a.RowStep + c3 * a.ColumnStep;
            if (c3 >= 0 && c3 < a.Columns)
            {
                sum += w[k + 3] * x[i];
            }

            if (c4 >= 0 && c4 < a.Columns)
            {
                sum += w[k + 4] * x[i + distance * a.ColumnStep];
            }
        }

        return sum;
    }
}

/// <summary>Where the pixels of a plane lie.</summary>
/// <param name="Start">Its first element.</param>
/// <param name="RowStep">Elements from row to row.</param>
/// <param name="ColumnStep">Elements from column to column.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Columns">Columns.</param>
public readonly record struct PlaneView(int Start, int RowStep, int ColumnStep, int Rows, int Columns);
