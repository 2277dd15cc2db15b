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

/// <summary>Elementwise activation, <c>y = f(x)</c>; gradient <c>dx = f'(x)·dy</c> from the saved input.</summary>
public static partial class Activation
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>An activation of a map.</summary>
        public Args(Shape x, ActivationKind kind)
        {
            Guard.Positive(x, nameof(Activation));
            Guard.That(Enum.IsDefined(kind), nameof(Activation), $"kind is {(int)kind}, expected one of the named ones.");
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
}
