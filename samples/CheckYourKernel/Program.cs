using MuxKernels;
using MuxKernels.Testing;

try { Check.Against<DepthwiseConv.Args>("depthwise.forward", MyConvolution); }
catch (CheckFailedException wrong) { Console.WriteLine(wrong.Message); }

// Wrong on purpose: k/2 pixels of padding are right for odd kernels with stride 1 alone.
static void MyConvolution(in DepthwiseConv.Args a, ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y)
{
    (int k, int pad, Shape s) = (a.Window.Kernel, a.Window.Kernel / 2, a.Y);
    for (int i = 0; i < y.Length; i++)
        for (int tap = 0, p = i / s.Pixels, c = p % s.C; tap < k * k; tap++)
        {
            int h = i % s.Pixels / s.W * a.Window.Stride + tap / k * a.Window.Dilation - pad;
            int v = i % s.W * a.Window.Stride + tap % k * a.Window.Dilation - pad;
            if (h >= 0 && h < a.X.H && v >= 0 && v < a.X.W) y[i] += w[c * k * k + tap] * x[(p * a.X.H + h) * a.X.W + v];
        }
}
