using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Activation functions of mobile networks.</summary>
public enum ActivationKind
{
    /// <summary><c>x</c>.</summary>
    None,

    /// <summary><c>max(x, 0)</c>.</summary>
    Relu,

    /// <summary><c>min(max(x, 0), 6)</c>.</summary>
    Relu6,

    /// <summary><c>x·σ(x)</c>, also called SiLU.</summary>
    Swish,

    /// <summary><c>x·min(max(x + 3, 0), 6)/6</c>.</summary>
    HardSwish,

    /// <summary><c>1/(1 + e⁻ˣ)</c>.</summary>
    Sigmoid,

    /// <summary><c>min(max(x + 3, 0), 6)/6</c>.</summary>
    HardSigmoid,
}

/// <summary>
/// Elementwise activation, <c>y = f(x)</c>; gradient <c>dx = f'(x)·dy</c> from the saved input. NaN stays NaN; swish is
/// <c>x/(1 + e⁻ˣ)</c> as written, so −∞ gives NaN (∞/∞), and its slope is NaN at ±∞.
/// </summary>
public static unsafe partial class Activation
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>An activation of a map.</summary>
        public Args(Shape x, ActivationKind kind)
        {
            Guard.Positive(x, nameof(Activation));
            Guard.That(Enum.IsDefined(kind), nameof(Activation), $"unknown activation {(int)kind}.");
            (X, Kind) = (x, kind);
        }

        /// <summary>Input.</summary>
        public Shape X { get; }

        /// <summary>Output.</summary>
        public Shape Y => X;

        /// <summary>Which function.</summary>
        public ActivationKind Kind { get; }

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 2 * sizeof(float) * X.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X} {Kind}";
    }

    /// <summary><c>y ← f(x)</c>; y may be x.</summary>
    /// <param name="args">Geometry and function.</param>
    /// <param name="x">Input.</param>
    /// <param name="y">Output, the same memory as x or separate.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, or memory that overlaps by a shift.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool = null)
    {
        Guard.Length(x, args.X, "Activation.Forward");
        Guard.Length(y, args.Y, "Activation.Forward");
        Guard.SameOrSeparate(x, y, "Activation.Forward");
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

    /// <summary><c>dx ← f'(x)·dy</c>; dx may be dy.</summary>
    /// <param name="args">Geometry and function.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, or memory that overlaps by a shift.</exception>
    public static void Backward(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dx,
        WorkPool? pool = null)
    {
        Guard.Length(dy, args.Y, "Activation.Backward");
        Guard.Length(x, args.X, "Activation.Backward");
        Guard.Length(dx, args.X, "Activation.Backward");
        Guard.SameOrSeparate(dy, dx, "Activation.Backward");
        Guard.SameOrSeparate(x, dx, "Activation.Backward");
        if (Simd512.IsSupported)
        {
            Backward<Simd512, Vector512<float>>(args, dy, x, dx, pool);
        }
        else if (Simd256.IsSupported)
        {
            Backward<Simd256, Vector256<float>>(args, dy, x, dx, pool);
        }
        else
        {
            Backward<Simd128, Vector128<float>>(args, dy, x, dx, pool);
        }
    }

    /// <summary><c>y ← f(x)</c> for a short run on the calling thread.</summary>
    internal static void Run<TSimd, TVector>(ActivationKind kind, float* x, float* y, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Choose(kind, new RunBody<TSimd, TVector>(x, y, length));

    /// <summary><c>dx ← f'(x)·dy</c> for a short run on the calling thread.</summary>
    internal static void RunBackward<TSimd, TVector>(ActivationKind kind, float* dy, float* x, float* dx, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Choose(kind, new RunBackwardBody<TSimd, TVector>(dy, x, dx, length));

    private static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* px = x, py = y)
        {
            Choose(args.Kind, new ForwardBody<TSimd, TVector>(px, py, x.Length, pool));
        }
    }

    private static void Backward<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        Span<float> dx, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* pdy = dy, px = x, pdx = dx)
        {
            Choose(args.Kind, new BackwardBody<TSimd, TVector>(pdy, px, pdx, x.Length, pool));
        }
    }

    private readonly struct ForwardBody<TSimd, TVector>(float* x, float* y, int length, WorkPool? pool)
        : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* x = x, y = y;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            Elementwise.Map<TSimd, TVector, ValueOf<TFunction>>(x, y, length, pool);
    }

    private readonly struct BackwardBody<TSimd, TVector>(float* dy, float* x, float* dx, int length, WorkPool? pool)
        : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* dy = dy, x = x, dx = dx;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            Elementwise.Zip<TSimd, TVector, SlopeTimes<TFunction>>(dy, x, dx, length, pool);
    }

    private readonly struct RunBody<TSimd, TVector>(float* x, float* y, int length) : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* x = x, y = y;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            Elementwise.MapRun<TSimd, TVector, ValueOf<TFunction>>(x, y, length);
    }

    private readonly struct RunBackwardBody<TSimd, TVector>(float* dy, float* x, float* dx, int length)
        : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* dy = dy, x = x, dx = dx;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction =>
            Elementwise.ZipRun<TSimd, TVector, SlopeTimes<TFunction>>(dy, x, dx, length);
    }
}
