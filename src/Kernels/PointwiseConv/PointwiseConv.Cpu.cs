using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class PointwiseConv
{
    /// <summary>1×1 convolution, <c>y[n,o,p] = b[o] + Σᵢ w[o,i]·x[n,i,p]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, of shape <c>args.X</c>.</param>
    /// <param name="w">Weight, of shape <c>args.Weight</c>.</param>
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
        (int n, int i, int o, int pixels) = (args.X.N, args.X.C, args.Y.C, args.X.Pixels);
        fixed (float* px = x, pw = w, pb = bias, py = y)
        {
            if (pixels == 1)
            {
                Dot.Run<TSimd, TVector>(pw, px, pb, py, o, n, i, pool);
                return;
            }

            ImageMatrix from = new(px, (nint)i * pixels, pixels, pixels);
            ImageMatrix to = new(py, (nint)o * pixels, pixels, pixels);
            Gemm.Run<TSimd, TVector, ImageMatrix, ImageMatrix>(pw, i, 1, o, i, pb, from, to, n, pixels, add: false,
                pool);
        }
    }

    private static void CheckForward<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> bias,
        Span<T> y)
    {
        const string Kernel = "PointwiseConv.Forward";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(w, args.Weight, Kernel);
        Guard.LengthOrEmpty(bias, args.Bias, Kernel);
        Guard.Length(y, args.Y, Kernel);
        Guard.NoOverlap(x, y, Kernel);
        Guard.NoOverlap(w, y, Kernel);
        Guard.NoOverlap(bias, y, Kernel);
    }
}
