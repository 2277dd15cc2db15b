using System.Globalization;

namespace MuxKernels;

/// <summary>
/// Extent of a tensor, <c>[N, C, H, W]</c>. Fewer axes are written with <see cref="Rank"/> 1 or 2 (<c>[N]</c>,
/// <c>[N, C]</c>); the missing axes are 1, so <see cref="Length"/> is always the product of all four.
/// </summary>
/// <param name="N">Batch, or the output channels of a weight.</param>
/// <param name="C">Channels, or the input channels of a group of a weight.</param>
/// <param name="H">Rows.</param>
/// <param name="W">Columns.</param>
public readonly record struct Shape(int N, int C, int H, int W)
{
    /// <summary>Number of axes that are written: 4, 2 or 1.</summary>
    public int Rank { get; private init; } = 4;

    /// <summary>Shape <c>[n]</c>.</summary>
    public static Shape Vector(int n) => new(n, 1, 1, 1) { Rank = 1 };

    /// <summary>Shape <c>[n, c]</c>.</summary>
    public static Shape Matrix(int n, int c) => new(n, c, 1, 1) { Rank = 2 };

    /// <summary>Shape with the given axes (1, 2 or 4 of them).</summary>
    /// <exception cref="ShapeException">Another number of axes.</exception>
    public static Shape Of(ReadOnlySpan<int> axes) => axes.Length switch
    {
        1 => Vector(axes[0]),
        2 => Matrix(axes[0], axes[1]),
        4 => new Shape(axes[0], axes[1], axes[2], axes[3]),
        _ => throw new ShapeException($"Shape.Of: a shape has 1, 2 or 4 axes, got {axes.Length}."),
    };

    /// <summary>Number of elements.</summary>
    public long Length => checked((long)N * C * H * W);

    /// <summary>Elements of one image, <c>C·H·W</c>.</summary>
    public long ImageLength => checked((long)C * H * W);

    /// <summary>Elements of one channel plane, <c>H·W</c>.</summary>
    public int Pixels => checked(H * W);

    /// <summary>The written axes, in order.</summary>
    public int[] Axes => Rank switch { 1 => [N], 2 => [N, C], _ => [N, C, H, W] };

    /// <inheritdoc/>
    public override string ToString() =>
        "[" + string.Join(", ", Axes.Select(a => a.ToString(CultureInfo.InvariantCulture))) + "]";
}
