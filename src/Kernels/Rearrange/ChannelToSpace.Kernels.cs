using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class ChannelToSpace
{
    /// <summary><c>y[n,c,h·r+i,w·r+j] = x[n,(i·r+j)·C'+c,h,w]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="y">Output, <c>args.Y</c>, written.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, or y overlaps x.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(args, x, y, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(args, x, y, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(args, x, y, pool);
        }
    }

    /// <summary>The same in plain loops, for elements of any type.</summary>
    /// <exception cref="ShapeException">A span of another length, or y overlaps x.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
    {
        Check(args, x, y);
        (Shape s, Shape t, int r) = (args.X, args.Y, args.Factor);
        for (int n = 0; n < t.N; n++)
        {
            for (int c = 0; c < t.C; c++)
            {
                for (int h = 0; h < t.H; h++)
                {
                    for (int w = 0; w < t.W; w++)
                    {
                        int from = (h % r * r + w % r) * t.C + c;
                        y[((n * t.C + c) * t.H + h) * t.W + w] = x[((n * s.C + from) * s.H + h / r) * s.W + w / r];
                    }
                }
            }
        }
    }

    internal static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Check(args, x, y);
        fixed (float* px = x, py = y)
        {
            WorkPool.For(pool, args.Y.N * args.Y.C, new Job<TSimd, TVector>(args, px, py));
        }
    }

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("channel-to-space.forward")
        {
            Inputs = static a => [new("x", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] x, double[][] y) =>
                ForwardReference<double>(a, x[0], y[0]),
            Bound = ErrorBound.Exact,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd512, Vector512<float>>(a, x[0], y[0], pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd256, Vector256<float>>(a, x[0], y[0], pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd128, Vector128<float>>(a, x[0], y[0], pool)),
    ];

    private static void Check<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
    {
        const string Name = "ChannelToSpace.Forward";
        Guard.Length(x, args.X, Name);
        Guard.Length(y, args.Y, Name);
        Guard.NoOverlap(x, y, Name);
    }

    /// <summary>One plane of y: each row is put together from r rows of r planes of x.</summary>
    private readonly struct Job<TSimd, TVector>(Args args, float* x, float* y) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public void Run(int index, int worker)
        {
            (Shape s, Shape t, int r) = (args.X, args.Y, args.Factor);
            (int n, int c) = Math.DivRem(index, t.C);
            PhaseRows.Merge<TSimd, TVector>(x + ((nint)n * s.C + c) * s.Pixels, s.W, (nint)t.C * s.Pixels, r,
                y + (nint)index * t.Pixels, t.W, t.H, t.W, 0);
        }
    }
}
