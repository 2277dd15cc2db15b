using System.Numerics;
using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class MuxJoin
{
    /// <summary><c>y = SH_G([f (+ a); b])</c> with <c>x = [a; b]</c>, in one pass.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="f">The processed channels, <c>args.Processed</c>.</param>
    /// <param name="x">The block's input, <c>args.X</c>.</param>
    /// <param name="y">Output, <c>args.Y</c>, written.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, or y overlaps an operand.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> f, ReadOnlySpan<float> x, Span<float> y,
        WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(args, f, x, y, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(args, f, x, y, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(args, f, x, y, pool);
        }
    }

    /// <summary>With u the unshuffled dy: <c>df ← u</c> of the processed channels; <c>dx ← u</c> of all channels, but
    /// zero in the processed ones without the residual.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="df">Gradient of f, <c>args.Processed</c>, written; empty where it is not wanted.</param>
    /// <param name="dx">Gradient of x, <c>args.X</c>, written; empty where it is not wanted.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, or a result overlaps dy or the other.</exception>
    public static void Backward(in Args args, ReadOnlySpan<float> dy, Span<float> df, Span<float> dx,
        WorkPool? pool = null)
    {
        CheckBackward(args, dy, df, dx);
        fixed (float* pdy = dy, pdf = df, pdx = dx)
        {
            WorkPool.For(pool, args.X.N * args.X.C, new BackwardJob(args, pdy, pdf, pdx));
        }
    }

    /// <summary>The same as <see cref="Forward(in Args, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float},
    /// WorkPool?)"/> in plain loops.</summary>
    /// <exception cref="ShapeException">A span of another length, or y overlaps an operand.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> f, ReadOnlySpan<T> x, Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        Check(args, f, x, y);
        (int channels, int processed, int pixels) = (args.X.C, args.Processed.C, args.X.Pixels);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int to = 0; to < channels; to++)
            {
                int c = ChannelShuffle.Source(to, channels, args.Groups);
                for (int p = 0; p < pixels; p++)
                {
                    T own = x[(n * channels + c) * pixels + p];
                    if (c < processed)
                    {
                        T made = f[(n * processed + c) * pixels + p];
                        own = args.Residual
                            ? T.CreateTruncating(double.CreateTruncating(made) + double.CreateTruncating(own))
                            : made;
                    }

                    y[(n * channels + to) * pixels + p] = own;
                }
            }
        }
    }

    /// <summary>The same as <see cref="Backward"/> in plain loops.</summary>
    /// <exception cref="ShapeException">A span of another length, or a result overlaps dy or the other.</exception>
    public static void BackwardReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> df, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackward(args, dy, df, dx);
        (int channels, int processed, int pixels) = (args.X.C, args.Processed.C, args.X.Pixels);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int to = 0; to < channels; to++)
            {
                int c = ChannelShuffle.Source(to, channels, args.Groups);
                for (int p = 0; p < pixels; p++)
                {
                    T u = dy[(n * channels + to) * pixels + p];
                    if (c < processed && !df.IsEmpty)
                    {
                        df[(n * processed + c) * pixels + p] = u;
                    }

                    if (!dx.IsEmpty)
                    {
                        dx[(n * channels + c) * pixels + p] = c < processed && !args.Residual ? T.Zero : u;
                    }
                }
            }
        }
    }

    internal static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> f, ReadOnlySpan<float> x,
        Span<float> y, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Check(args, f, x, y);
        fixed (float* pf = f, px = x, py = y)
        {
            WorkPool.For(pool, args.X.N * args.X.C, new ForwardJob<TSimd, TVector>(args, pf, px, py));
        }
    }

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("mux-join.forward")
        {
            Inputs = static a => [new("f", a.Processed), new("x", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] x, double[][] y) =>
                ForwardReference<double>(a, x[0], x[1], y[0]),
            Bound = Bound,
            BytesMoved = static a => a.BytesMoved,
        }.WithWidths(
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd512, Vector512<float>>(a, x[0], x[1], y[0], pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd256, Vector256<float>>(a, x[0], x[1], y[0], pool),
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward<Simd128, Vector128<float>>(a, x[0], x[1], y[0], pool)),
        new KernelOperation<Args>("mux-join.backward")
        {
            Inputs = static a => [new("dy", a.Y)],
            Outputs = static a => [new("df", a.Processed), new("dx", a.X)],
            Reference = static (in Args a, double[][] dy, double[][] d) =>
                BackwardReference<double>(a, dy[0], d[0], d[1]),
            Bound = ErrorBound.Exact,
            BytesMoved = static a => sizeof(float) * (2 * a.X.Length + a.Processed.Length),
            IsLinear = true,
        }.With("cpu", static () => true,
            static (in Args a, KernelMemory[] dy, KernelMemory[] d, WorkPool? pool) =>
                Backward(a, dy[0], d[0], d[1], pool)),
    ];

    /// <summary>One addition: one unit in the last place; without the residual nothing.</summary>
    private static double[][] Bound(in Args args, double[][] inputs, double[][] expected)
    {
        double unit = args.Residual ? 2 * ErrorBound.Unit : 0;
        return [Array.ConvertAll(expected[0], y => unit * Math.Abs(y))];
    }

    private static void Check<T>(in Args args, ReadOnlySpan<T> f, ReadOnlySpan<T> x, Span<T> y)
    {
        const string Name = "MuxJoin.Forward";
        Guard.Length(f, args.Processed, Name);
        Guard.Length(x, args.X, Name);
        Guard.Length(y, args.Y, Name);
        Guard.NoOverlap(f, y, Name);
        Guard.NoOverlap(x, y, Name);
    }

    private static void CheckBackward<T>(in Args args, ReadOnlySpan<T> dy, Span<T> df, Span<T> dx)
    {
        const string Name = "MuxJoin.Backward";
        Guard.Length(dy, args.Y, Name);
        Guard.LengthOrEmpty<T>(df, args.Processed, Name);
        Guard.LengthOrEmpty<T>(dx, args.X, Name);
        Guard.NoOverlap(dy, df, Name);
        Guard.NoOverlap(dy, dx, Name);
        Guard.NoOverlap<T>(df, dx, Name);
    }

    /// <summary>One plane of y.</summary>
    private readonly struct ForwardJob<TSimd, TVector>(Args args, float* f, float* x, float* y) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public void Run(int index, int worker)
        {
            (int n, int to) = Math.DivRem(index, args.X.C);
            int pixels = args.X.Pixels, c = ChannelShuffle.Source(to, args.X.C, args.Groups);
            float* own = x + ((nint)n * args.X.C + c) * pixels, sum = y + (nint)index * pixels;
            if (c >= args.Processed.C)
            {
                new ReadOnlySpan<float>(own, pixels).CopyTo(new Span<float>(sum, pixels));
                return;
            }

            float* made = f + ((nint)n * args.Processed.C + c) * pixels;
            if (!args.Residual)
            {
                new ReadOnlySpan<float>(made, pixels).CopyTo(new Span<float>(sum, pixels));
                return;
            }

            int p = 0;
            for (; p <= pixels - TSimd.Lanes; p += TSimd.Lanes)
            {
                TSimd.Store(TSimd.Add(TSimd.Load(made + p), TSimd.Load(own + p)), sum + p);
            }

            if (p < pixels)
            {
                int left = pixels - p;
                TSimd.StorePartial(TSimd.Add(TSimd.LoadPartial(made + p, left), TSimd.LoadPartial(own + p, left)),
                    sum + p, left);
            }
        }
    }

    /// <summary>One plane of dy.</summary>
    private readonly struct BackwardJob(Args args, float* dy, float* df, float* dx) : IWork
    {
        public void Run(int index, int worker)
        {
            (int n, int to) = Math.DivRem(index, args.X.C);
            int pixels = args.X.Pixels, c = ChannelShuffle.Source(to, args.X.C, args.Groups);
            ReadOnlySpan<float> u = new(dy + (nint)index * pixels, pixels);
            bool processed = c < args.Processed.C;
            if (processed && df is not null)
            {
                u.CopyTo(new Span<float>(df + ((nint)n * args.Processed.C + c) * pixels, pixels));
            }

            if (dx is not null)
            {
                Span<float> own = new(dx + ((nint)n * args.X.C + c) * pixels, pixels);
                if (processed && !args.Residual)
                {
                    own.Clear();
                }
                else
                {
                    u.CopyTo(own);
                }
            }
        }
    }
}
