namespace MuxKernels.Data;

/// <summary>Windows of an image, with zeros outside of it.</summary>
internal static class Crop
{
    /// <summary><c>y[c, h, w] = x[c, h + top, w + left]</c>, zero where x has no such pixel.</summary>
    public static void Copy(ReadOnlySpan<float> x, Shape xs, Span<float> y, Shape ys, int top, int left)
    {
        int from = Math.Clamp(-left, 0, ys.W), to = Math.Clamp(xs.W - left, from, ys.W);
        for (int row = 0; row < ys.C * ys.H; row++)
        {
            int c = row / ys.H, h = row % ys.H + top;
            Span<float> line = y.Slice(row * ys.W, ys.W);
            if ((uint)h >= (uint)xs.H || from == to)
            {
                line.Clear();
                continue;
            }

            line[..from].Clear();
            x.Slice((c * xs.H + h) * xs.W + from + left, to - from).CopyTo(line[from..]);
            line[to..].Clear();
        }
    }
}
