namespace MuxKernels;

public static unsafe partial class ChannelShuffle
{
    /// <summary><c>y[n,k·G+q,p] = x[n,q·(C/G)+k,p]</c>; the gradient is the same call with
    /// <see cref="Args.Inverse"/>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>args.X</c>.</param>
    /// <param name="y">Output, <c>args.Y</c>, written.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, or y overlaps x.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool = null)
    {
        Check(args, x, y);
        fixed (float* px = x, py = y)
        {
            WorkPool.For(pool, args.X.N * args.X.C, new Job(args, px, py));
        }
    }

    /// <summary>The same in plain loops, for elements of any type.</summary>
    /// <exception cref="ShapeException">A span of another length, or y overlaps x.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
    {
        Check(args, x, y);
        (int channels, int pixels, int groups) = (args.X.C, args.X.Pixels, args.Groups);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int q = 0; q < groups; q++)
            {
                for (int k = 0; k < channels / groups; k++)
                {
                    for (int p = 0; p < pixels; p++)
                    {
                        y[(n * channels + k * groups + q) * pixels + p] =
                            x[(n * channels + q * (channels / groups) + k) * pixels + p];
                    }
                }
            }
        }
    }

    /// <summary>The channel of x that becomes channel <paramref name="to"/> of y.</summary>
    internal static int Source(int to, int channels, int groups) => to % groups * (channels / groups) + to / groups;

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("shuffle.forward")
        {
            Inputs = static a => [new("x", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] x, double[][] y) => ForwardReference<double>(a, x[0], y[0]),
            Bound = ErrorBound.Exact,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.With("cpu", static () => true,
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) => Forward(a, x[0], y[0], pool)),
    ];

    private static void Check<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
    {
        const string Name = "ChannelShuffle.Forward";
        Guard.Length(x, args.X, Name);
        Guard.Length(y, args.Y, Name);
        Guard.NoOverlap(x, y, Name);
    }

    /// <summary>One plane of y.</summary>
    private readonly struct Job(Args args, float* x, float* y) : IWork
    {
        public void Run(int index, int worker)
        {
            (int n, int to) = Math.DivRem(index, args.X.C);
            int pixels = args.X.Pixels, from = Source(to, args.X.C, args.Groups);
            new ReadOnlySpan<float>(x + ((nint)n * args.X.C + from) * pixels, pixels)
                .CopyTo(new Span<float>(y + (nint)index * pixels, pixels));
        }
    }
}
