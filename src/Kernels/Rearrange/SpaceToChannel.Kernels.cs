using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class SpaceToChannel
{
    /// <summary><c>y[n,(i·r+j)·C+c,h,w] = x[n,c,h·r+i,w·r+j]</c>.</summary>
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
        for (int n = 0; n < s.N; n++)
        {
            for (int c = 0; c < s.C; c++)
            {
                for (int h = 0; h < s.H; h++)
                {
                    for (int w = 0; w < s.W; w++)
                    {
                        int to = (h % r * r + w % r) * s.C + c;
                        y[((n * t.C + to) * t.H + h / r) * t.W + w / r] = x[((n * s.C + c) * s.H + h) * s.W + w];
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
            WorkPool.For(pool, args.X.N * args.X.C, new Job<TSimd, TVector>(args, px, py));
        }
    }

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("space-to-channel.forward")
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
        const string Name = "SpaceToChannel.Forward";
        Guard.Length(x, args.X, Name);
        Guard.Length(y, args.Y, Name);
        Guard.NoOverlap(x, y, Name);
    }

    /// <summary>One plane of x: each row is split into r rows of r planes of y.</summary>
    private readonly struct Job<TSimd, TVector>(Args args, float* x, float* y) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public void Run(int index, int worker)
        {
            (Shape s, Shape t, int r) = (args.X, args.Y, args.Factor);
            (int n, int c) = Math.DivRem(index, s.C);
            PhaseRows.Split<TSimd, TVector>(x + (nint)index * s.Pixels, s.W, s.H, s.W, r,
                y + ((nint)n * t.C + c) * t.Pixels, t.W, (nint)s.C * t.Pixels, 0);
        }
    }
}
