using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class PointwiseConv
{
    /// <summary>Gradient of the input, <c>dx[n,i,p] = Σₒ w[o,i]·dy[n,o,p]</c>. Needs the weight.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output, of shape <c>args.Y</c>.</param>
    /// <param name="w">Weight, of shape <c>args.Weight</c>.</param>
    /// <param name="dx">Gradient of the input, of shape <c>args.X</c>, written.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardInput(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> dx,
        WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardInput<Simd512, Vector512<float>>(args, dy, w, dx, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardInput<Simd256, Vector256<float>>(args, dy, w, dx, pool);
        }
        else
        {
            BackwardInput<Simd128, Vector128<float>>(args, dy, w, dx, pool);
        }
    }

    /// <summary>Gradient of the weight, <c>dw[o,i] += Σ_{n,p} dy[n,o,p]·x[n,i,p]</c>. Needs the input.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output, of shape <c>args.Y</c>.</param>
    /// <param name="x">Input, of shape <c>args.X</c>.</param>
    /// <param name="dw">Gradient of the weight, of shape <c>args.Weight</c>, added to.</param>
    /// <param name="scratch">At least <c>args.ScratchLength</c> floats.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardWeight(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dw,
        Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardWeight<Simd512, Vector512<float>>(args, dy, x, dw, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardWeight<Simd256, Vector256<float>>(args, dy, x, dw, scratch, pool);
        }
        else
        {
            BackwardWeight<Simd128, Vector128<float>>(args, dy, x, dw, scratch, pool);
        }
    }

    /// <summary>Gradient of the bias, <c>db[o] += Σ_{n,p} dy[n,o,p]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output, of shape <c>args.Y</c>.</param>
    /// <param name="db">Gradient of the bias, of shape <c>args.Bias</c>, added to.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardBias(in Args args, ReadOnlySpan<float> dy, Span<float> db, WorkPool? pool = null) =>
        ConvBias.Backward(args.Y, dy, db, pool);

    internal static void BackwardInput<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w,
        Span<float> dx, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardInput<float>(args, dy, w, dx);
        (int n, int i, int o, int pixels) = (args.X.N, args.X.C, args.Y.C, args.X.Pixels);
        fixed (float* pdy = dy, pw = w, pdx = dx)
        {
            if (pixels == 1)
            {
                Linear.InputGradient<TSimd, TVector>(pdy, pw, pdx, n, i, o, pool);
                return;
            }

            ImageMatrix from = new(pdy, (nint)o * pixels, pixels, pixels);
            ImageMatrix to = new(pdx, (nint)i * pixels, pixels, pixels);
            Gemm.Run<TSimd, TVector, ImageMatrix, ImageMatrix>(pw, 1, i, i, o, null, from, to, n, pixels, add: false,
                pool);
        }
    }

    internal static void BackwardWeight<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        Span<float> dw, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardWeight<float>(args, dy, x, dw);
        Guard.Scratch(scratch, args.ScratchLength, "PointwiseConv.BackwardWeight");
        Guard.Separate(scratch, "PointwiseConv.BackwardWeight", dy, x, dw);
        (int n, int i, int o, int pixels) = (args.X.N, args.X.C, args.Y.C, args.X.Pixels);
        fixed (float* pdy = dy, px = x, pdw = dw, ps = scratch)
        {
            if (pixels == 1)
            {
                Linear.WeightGradient<TSimd, TVector>(pdy, px, pdw, n, i, o, pool);
                return;
            }

            ImageMatrix from = new(px, (nint)i * pixels, pixels, pixels);
            GemmGradient.Run<TSimd, TVector, ImageMatrix>(args.Plan, pdy, (nint)o * pixels, from, (nint)i * pixels, pdw,
                ps, pool);
        }
    }

    private static void CheckBackwardInput<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
    {
        const string Kernel = "PointwiseConv.BackwardInput";
        Guard.Length(dy, args.Y, Kernel);
        Guard.Length(w, args.Weight, Kernel);
        Guard.Length(dx, args.X, Kernel);
        Guard.NoOverlap(dy, dx, Kernel);
        Guard.NoOverlap(w, dx, Kernel);
    }

    private static void CheckBackwardWeight<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
    {
        const string Kernel = "PointwiseConv.BackwardWeight";
        Guard.Length(dy, args.Y, Kernel);
        Guard.Length(x, args.X, Kernel);
        Guard.Length(dw, args.Weight, Kernel);
        Guard.NoOverlap(dy, dw, Kernel);
        Guard.NoOverlap(x, dw, Kernel);
    }
}
