using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class Linear
{
    /// <summary>Gradient of the input, <c>dx[n,i] = Σₒ w[o,i]·dy[n,o]</c>. Needs the weight.</summary>
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

    /// <summary>Gradient of the weight, <c>dw[o,i] += Σₙ dy[n,o]·x[n,i]</c>. Needs the input.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output, of shape <c>args.Y</c>.</param>
    /// <param name="x">Input, of shape <c>args.X</c>.</param>
    /// <param name="dw">Gradient of the weight, of shape <c>args.Weight</c>, added to.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardWeight(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dw,
        WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardWeight<Simd512, Vector512<float>>(args, dy, x, dw, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardWeight<Simd256, Vector256<float>>(args, dy, x, dw, pool);
        }
        else
        {
            BackwardWeight<Simd128, Vector128<float>>(args, dy, x, dw, pool);
        }
    }

    /// <summary>Gradient of the bias, <c>db[o] += Σₙ dy[n,o]</c>.</summary>
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
        fixed (float* pdy = dy, pw = w, pdx = dx)
        {
            InputGradient<TSimd, TVector>(pdy, pw, pdx, args.X.N, args.X.C, args.Y.C, pool);
        }
    }

    internal static void BackwardWeight<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        Span<float> dw, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardWeight<float>(args, dy, x, dw);
        fixed (float* pdy = dy, px = x, pdw = dw)
        {
            WeightGradient<TSimd, TVector>(pdy, px, pdw, args.X.N, args.X.C, args.Y.C, pool);
        }
    }

    /// <summary><c>dx = dy·w</c> for n rows, i inputs, o outputs.</summary>
    internal static void InputGradient<TSimd, TVector>(float* dy, float* w, float* dx, int n, int i, int o,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        ImageMatrix from = new(w, 0, i, i), to = new(dx, 0, i, i);
        Gemm.Run<TSimd, TVector, ImageMatrix, ImageMatrix>(dy, o, 1, n, o, null, from, to, 1, i, add: false, pool);
    }

    /// <summary><c>dw += dyᵀ·x</c> for n rows, i inputs, o outputs.</summary>
    internal static void WeightGradient<TSimd, TVector>(float* dy, float* x, float* dw, int n, int i, int o,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        ImageMatrix from = new(x, 0, i, i), to = new(dw, 0, i, i);
        Gemm.Run<TSimd, TVector, ImageMatrix, ImageMatrix>(dy, 1, o, o, n, null, from, to, 1, i, add: true, pool);
    }

    private static void CheckBackwardInput<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
    {
        const string Kernel = "Linear.BackwardInput";
        Guard.Length(dy, args.Y, Kernel);
        Guard.Length(w, args.Weight, Kernel);
        Guard.Length(dx, args.X, Kernel);
        Guard.NoOverlap(dy, dx, Kernel);
        Guard.NoOverlap(w, dx, Kernel);
    }

    private static void CheckBackwardWeight<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
    {
        const string Kernel = "Linear.BackwardWeight";
        Guard.Length(dy, args.Y, Kernel);
        Guard.Length(x, args.X, Kernel);
        Guard.Length(dw, args.Weight, Kernel);
        Guard.NoOverlap(dy, dw, Kernel);
        Guard.NoOverlap(x, dw, Kernel);
    }
}
