using System.Globalization;

namespace MuxKernels;

/// <summary>How a convolution pads its input with zeros.</summary>
public enum PaddingKind
{
    /// <summary><c>⌊((s−1) + d·(k−1))/2⌋</c> on each side (PyTorch's usual choice; MUXNet's own).</summary>
    Symmetric,

    /// <summary>TensorFlow's 'same': output <c>⌈in/s⌉</c>, the odd pixel at the end.</summary>
    Same,

    /// <summary>A given number of pixels on each side.</summary>
    Explicit,
}

/// <summary>Zero padding of a convolution; the default is <see cref="Symmetric"/>.</summary>
public readonly record struct Padding
{
    private Padding(PaddingKind kind, int amount) => (Kind, Amount) = (kind, amount);

    /// <summary><c>⌊((s−1) + d·(k−1))/2⌋</c> pixels on each side.</summary>
    public static Padding Symmetric => default;

    /// <summary>TensorFlow's 'same'.</summary>
    public static Padding Same => new(PaddingKind.Same, 0);

    /// <summary>Which rule.</summary>
    public PaddingKind Kind { get; }

    /// <summary>Pixels on each side, for <see cref="PaddingKind.Explicit"/>.</summary>
    public int Amount { get; }

    /// <summary>The same number of pixels on each side.</summary>
    public static Padding Of(int pixels) => new(PaddingKind.Explicit, pixels);

    /// <inheritdoc/>
    public override string ToString() =>
        Kind == PaddingKind.Explicit ? Amount.ToString(CultureInfo.InvariantCulture) : Kind.ToString();
}
