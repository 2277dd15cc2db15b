namespace MuxKernels;

public static unsafe partial class ChannelSlice
{
    /// <summary><c>y[n,c,p] = x[n,first+c,p]</c>.</summary>
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
            Runs runs = new(px + (nint)args.First * args.X.Pixels, args.X.ImageLength, py, args.Y.ImageLength,
                args.Y.ImageLength);
            WorkPool.For(pool, args.X.N, runs);
        }
    }

    /// <summary><c>dx ← dy</c> in its run of channels, zero elsewhere.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="dx">Gradient of x, <c>args.X</c>, written.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, or dx overlaps dy.</exception>
    public static void Backward(in Args args, ReadOnlySpan<float> dy, Span<float> dx, WorkPool? pool = null)
    {
        CheckBackward(args, dy, dx);
        fixed (float* pdy = dy, pdx = dx)
        {
            long before = (long)args.First * args.X.Pixels;
            Runs runs = new(pdy, args.Y.ImageLength, pdx + before, args.X.ImageLength, args.Y.ImageLength)
            {
                ZerosBefore = before,
                ZerosAfter = args.X.ImageLength - before - args.Y.ImageLength,
            };
            WorkPool.For(pool, args.X.N, runs);
        }
    }

    /// <summary>The same as <see cref="Forward"/> in plain loops, for elements of any type.</summary>
    /// <exception cref="ShapeException">A span of another length, or y overlaps x.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
    {
        Check(args, x, y);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int c = 0; c < args.Y.C; c++)
            {
                for (int p = 0; p < args.X.Pixels; p++)
                {
                    y[(n * args.Y.C + c) * args.X.Pixels + p] = x[(n * args.X.C + args.First + c) * args.X.Pixels + p];
                }
            }
        }
    }

    /// <summary>The same as <see cref="Backward"/> in plain loops, for elements of any type.</summary>
    /// <exception cref="ShapeException">A span of another length, or dx overlaps dy.</exception>
    public static void BackwardReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> dx)
        where T : struct
    {
        CheckBackward(args, dy, dx);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int c = 0; c < args.X.C; c++)
            {
                int from = c - args.First;
                for (int p = 0; p < args.X.Pixels; p++)
                {
                    dx[(n * args.X.C + c) * args.X.Pixels + p] = from >= 0 && from < args.Y.C
                        ? dy[(n * args.Y.C + from) * args.X.Pixels + p]
                        : default;
                }
            }
        }
    }

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("slice.forward")
        {
            Inputs = static a => [new("x", a.X)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] x, double[][] y) => ForwardReference<double>(a, x[0], y[0]),
            Bound = ErrorBound.Exact,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.With("cpu", static () => true,
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) => Forward(a, x[0], y[0], pool)),
        new KernelOperation<Args>("slice.backward")
        {
            Inputs = static a => [new("dy", a.Y)],
            Outputs = static a => [new("dx", a.X)],
            Reference = static (in Args a, double[][] dy, double[][] dx) => BackwardReference<double>(a, dy[0], dx[0]),
            Bound = ErrorBound.Exact,
            BytesMoved = static a => sizeof(float) * (a.X.Length + a.Y.Length),
            IsLinear = true,
        }.With("cpu", static () => true,
            static (in Args a, KernelMemory[] dy, KernelMemory[] dx, WorkPool? pool) =>
                Backward(a, dy[0], dx[0], pool)),
    ];

    private static void Check<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
    {
        const string Name = "ChannelSlice.Forward";
        Guard.Length(x, args.X, Name);
        Guard.Length(y, args.Y, Name);
        Guard.NoOverlap(x, y, Name);
    }

    private static void CheckBackward<T>(in Args args, ReadOnlySpan<T> dy, Span<T> dx)
    {
        const string Name = "ChannelSlice.Backward";
        Guard.Length(dy, args.Y, Name);
        Guard.Length(dx, args.X, Name);
        Guard.NoOverlap(dy, dx, Name);
    }
}
