namespace MuxKernels;

/// <summary>A square sliding window over <c>[H, W]</c>: output pixel <c>(h, v)</c> and tap <c>(kh, kw)</c> read input
/// pixel <c>(h·stride + kh·dilation − PadTop, v·stride + kw·dilation − PadLeft)</c>, zero outside the map.</summary>
public readonly record struct Window
{
    /// <summary>Validates a window over a map.</summary>
    /// <param name="height">Input rows.</param>
    /// <param name="width">Input columns.</param>
    /// <param name="kernel">Taps along each axis.</param>
    /// <param name="stride">Step along each axis.</param>
    /// <param name="dilation">Distance of neighbouring taps.</param>
    /// <param name="padding">Zero padding.</param>
    /// <param name="name">Kernel family, for messages.</param>
    /// <exception cref="ShapeException">A value below 1, or a window larger than the padded map.</exception>
    public Window(int height, int width, int kernel, int stride = 1, int dilation = 1, Padding padding = default,
        string name = nameof(Window))
    {
        Guard.Positive(height, name);
        Guard.Positive(width, name);
        Guard.Positive(kernel, name);
        Guard.Positive(stride, name);
        Guard.Positive(dilation, name);
        Guard.That(padding.Amount >= 0, name, $"padding is {padding.Amount}, expected at least 0.");
        long extent = (long)dilation * (kernel - 1) + 1;
        Guard.That((long)kernel * kernel <= Guard.MaxLength, name,
            $"kernel is {kernel}, more taps than can be counted.");
        Guard.That(extent + stride < int.MaxValue / 2 && padding.Amount < int.MaxValue / 4, name,
            $"kernel {kernel} with dilation {dilation}, stride {stride} and padding {padding} is out of range.");
        (Height, Width, Kernel, Stride, Dilation, Padding) = (height, width, kernel, stride, dilation, padding);
        Guard.That((long)height + 2L * extent + 2L * padding.Amount + stride <= int.MaxValue
            && (long)width + 2L * extent + 2L * padding.Amount + stride <= int.MaxValue, name,
            $"the padded map of {height}×{width} is out of range.");
        (PadTop, PadBottom) = Pads(height, stride, (int)extent, padding);
        (PadLeft, PadRight) = Pads(width, stride, (int)extent, padding);
        Guard.That(height + PadTop + PadBottom >= extent && width + PadLeft + PadRight >= extent, name,
            $"kernel {kernel} with dilation {dilation} covers {extent} pixels, more than the padded map "
            + $"{height + PadTop + PadBottom}×{width + PadLeft + PadRight}.");
        OutHeight = (height + PadTop + PadBottom - (int)extent) / stride + 1;
        OutWidth = (width + PadLeft + PadRight - (int)extent) / stride + 1;
    }

    /// <summary>Input rows.</summary>
    public int Height { get; }

    /// <summary>Input columns.</summary>
    public int Width { get; }

    /// <summary>Taps along each axis.</summary>
    public int Kernel { get; }

    /// <summary>Step along each axis.</summary>
    public int Stride { get; }

    /// <summary>Distance of neighbouring taps.</summary>
    public int Dilation { get; }

    /// <summary>The padding rule asked for.</summary>
    public Padding Padding { get; }

    /// <summary>Zero rows above.</summary>
    public int PadTop { get; }

    /// <summary>Zero rows below.</summary>
    public int PadBottom { get; }

    /// <summary>Zero columns on the left.</summary>
    public int PadLeft { get; }

    /// <summary>Zero columns on the right.</summary>
    public int PadRight { get; }

    /// <summary>Output rows.</summary>
    public int OutHeight { get; }

    /// <summary>Output columns.</summary>
    public int OutWidth { get; }

    /// <summary>Number of taps, <c>k²</c>.</summary>
    public int Taps => Kernel * Kernel;

    /// <inheritdoc/>
    public override string ToString() =>
        $"k{Kernel} s{Stride}" + (Dilation == 1 ? "" : $" d{Dilation}")
        + (Padding == default ? "" : $" pad {Padding}");

    private static (int Before, int After) Pads(int size, int stride, int extent, Padding padding)
    {
        switch (padding.Kind)
        {
            case PaddingKind.Explicit:
                return (padding.Amount, padding.Amount);
            case PaddingKind.Same:
                int total = Math.Max(((size + stride - 1) / stride - 1) * stride + extent - size, 0);
                return (total / 2, total - total / 2);
            default:
                int each = (stride - 1 + extent - 1) / 2;
                return (each, each);
        }
    }
}
