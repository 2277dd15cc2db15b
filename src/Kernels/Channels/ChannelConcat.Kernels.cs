namespace MuxKernels;

public static unsafe partial class ChannelConcat
{
    /// <summary><c>y = [a; b]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="a">First operand, <c>args.A</c>.</param>
    /// <param name="b">Second operand, <c>args.B</c>.</param>
    /// <param name="y">Output, <c>args.Y</c>, written.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, or y overlaps an operand.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y,
        WorkPool? pool = null)
    {
        Check(args, a, b, y);
        fixed (float* pa = a, pb = b, py = y)
        {
            (long ca, long cb, long cy) = (args.A.ImageLength, args.B.ImageLength, args.Y.ImageLength);
            WorkPool.For(pool, args.Y.N, new Runs(pa, ca, py, cy, ca));
            WorkPool.For(pool, args.Y.N, new Runs(pb, cb, py + ca, cy, cb));
        }
    }

    /// <summary><c>[da; db] ← dy</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of y, <c>args.Y</c>.</param>
    /// <param name="da">Gradient of a, <c>args.A</c>, written; empty where it is not wanted.</param>
    /// <param name="db">Gradient of b, <c>args.B</c>, written; empty where it is not wanted.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A span of another length, or a result overlaps dy or the other.</exception>
    public static void Backward(in Args args, ReadOnlySpan<float> dy, Span<float> da, Span<float> db,
        WorkPool? pool = null)
    {
        CheckBackward(args, dy, da, db);
        fixed (float* pdy = dy, pda = da, pdb = db)
        {
            (long ca, long cb, long cy) = (args.A.ImageLength, args.B.ImageLength, args.Y.ImageLength);
            WorkPool.For(pool, da.IsEmpty ? 0 : args.Y.N, new Runs(pdy, cy, pda, ca, ca));
            WorkPool.For(pool, db.IsEmpty ? 0 : args.Y.N, new Runs(pdy + ca, cy, pdb, cb, cb));
        }
    }

    /// <summary>The same as <see cref="Forward"/> in plain loops, for elements of any type.</summary>
    /// <exception cref="ShapeException">A span of another length, or y overlaps an operand.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
    {
        Check(args, a, b, y);
        for (int n = 0; n < args.Y.N; n++)
        {
            for (int c = 0; c < args.Y.C; c++)
            {
                for (int p = 0; p < args.Y.Pixels; p++)
                {
                    y[(n * args.Y.C + c) * args.Y.Pixels + p] = c < args.A.C
                        ? a[(n * args.A.C + c) * args.Y.Pixels + p]
                        : b[(n * args.B.C + c - args.A.C) * args.Y.Pixels + p];
                }
            }
        }
    }

    /// <summary>The same as <see cref="Backward"/> in plain loops, for elements of any type.</summary>
    /// <exception cref="ShapeException">A span of another length, or a result overlaps dy or the other.</exception>
    public static void BackwardReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> da, Span<T> db)
    {
        CheckBackward(args, dy, da, db);
        for (int n = 0; n < args.Y.N; n++)
        {
            for (int c = 0; c < args.Y.C; c++)
            {
                for (int p = 0; p < args.Y.Pixels; p++)
                {
                    T value = dy[(n * args.Y.C + c) * args.Y.Pixels + p];
                    if (c < args.A.C && !da.IsEmpty)
                    {
                        da[(n * args.A.C + c) * args.Y.Pixels + p] = value;
                    }

                    if (c >= args.A.C && !db.IsEmpty)
                    {
                        db[(n * args.B.C + c - args.A.C) * args.Y.Pixels + p] = value;
                    }
                }
            }
        }
    }

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("concat.forward")
        {
            Inputs = static a => [new("a", a.A), new("b", a.B)],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] x, double[][] y) =>
                ForwardReference<double>(a, x[0], x[1], y[0]),
            Bound = ErrorBound.Exact,
            BytesMoved = static a => a.BytesMoved,
        }.With("cpu", static () => true,
            static (in Args a, KernelMemory[] x, KernelMemory[] y, WorkPool? pool) =>
                Forward(a, x[0], x[1], y[0], pool)),
        new KernelOperation<Args>("concat.backward")
        {
            Inputs = static a => [new("dy", a.Y)],
            Outputs = static a => [new("da", a.A), new("db", a.B)],
            Reference = static (in Args a, double[][] dy, double[][] d) =>
                BackwardReference<double>(a, dy[0], d[0], d[1]),
            Bound = ErrorBound.Exact,
            BytesMoved = static a => a.BytesMoved,
            IsLinear = true,
        }.With("cpu", static () => true,
            static (in Args a, KernelMemory[] dy, KernelMemory[] d, WorkPool? pool) =>
                Backward(a, dy[0], d[0], d[1], pool)),
    ];

    private static void Check<T>(in Args args, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
    {
        const string Name = "ChannelConcat.Forward";
        Guard.Length(a, args.A, Name);
        Guard.Length(b, args.B, Name);
        Guard.Length(y, args.Y, Name);
        Guard.NoOverlap(a, y, Name);
        Guard.NoOverlap(b, y, Name);
    }

    private static void CheckBackward<T>(in Args args, ReadOnlySpan<T> dy, Span<T> da, Span<T> db)
    {
        const string Name = "ChannelConcat.Backward";
        Guard.Length(dy, args.Y, Name);
        Guard.LengthOrEmpty<T>(da, args.A, Name);
        Guard.LengthOrEmpty<T>(db, args.B, Name);
        Guard.NoOverlap(dy, da, Name);
        Guard.NoOverlap(dy, db, Name);
        Guard.NoOverlap<T>(da, db, Name);
    }
}
