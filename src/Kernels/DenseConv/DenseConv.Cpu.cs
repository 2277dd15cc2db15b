using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class DenseConv
{
    /// <summary>Dense convolution,
    /// <c>y[n,o,h,v] = b[o] + Σ_{i,kh,kw} w[o,i,kh,kw]·x[n,i,h·s+kh·d−top,v·s+kw·d−left]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, of shape <c>args.X</c>.</param>
    /// <param name="w">Weight, of shape <c>args.Weight</c>; finite, since padding is multiplied as zeros.</param>
    /// <param name="bias">Bias, of shape <c>args.Bias</c>; empty for none.</param>
    /// <param name="y">Output, of shape <c>args.Y</c>, written.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> bias,
        Span<float> y, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(args, x, w, bias, y, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(args, x, w, bias, y, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(args, x, w, bias, y, pool);
        }
    }

    internal static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w,
        ReadOnlySpan<float> bias, Span<float> y, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckForward<float>(args, x, w, bias, y);
        (int n, int o, int depth, int pixels) = (args.X.N, args.Y.C, args.Depth, args.Y.Pixels);
        fixed (float* px = x, pw = w, pb = bias, py = y)
        {
            ImageMatrix to = new(py, (nint)o * pixels, pixels, pixels);
            Gemm.Run<TSimd, TVector, WindowMatrix, ImageMatrix>(pw, depth, 1, o, depth, pb, Columns(args, px), to, n,
                pixels, add: false, pool);
        }
    }

    /// <summary>The input as the right factor: row = (input channel, tap), column = output pixel.</summary>
    private static WindowMatrix Columns(in Args args, float* x)
    {
        Window w = args.Window;
        return new WindowMatrix(x, (nint)args.X.ImageLength, args.X.Pixels,
            new PanelAxis(w.Height, w.OutHeight, w.Kernel, w.Stride, -w.PadTop, w.Dilation),
            new PanelAxis(w.Width, w.OutWidth, w.Kernel, w.Stride, -w.PadLeft, w.Dilation));
    }

    private static void CheckForward<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> bias,
        Span<T> y)
    {
        const string Kernel = "DenseConv.Forward";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(w, args.Weight, Kernel);
        Guard.LengthOrEmpty(bias, args.Bias, Kernel);
        Guard.Length(y, args.Y, Kernel);
        Guard.NoOverlap(x, y, Kernel);
        Guard.NoOverlap(w, y, Kernel);
        Guard.NoOverlap(bias, y, Kernel);
    }
}
