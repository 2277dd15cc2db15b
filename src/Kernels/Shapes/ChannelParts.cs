namespace MuxKernels;

/// <summary>The channel split rule of mixed kernels and scales: every part gets <c>⌊C/G⌋</c> channels, the remainder
/// goes to part 0 (as in the released code of MUXConv). <c>Split(80, 3) = 28, 26, 26</c>.</summary>
public static class ChannelParts
{
    /// <summary>Widths of the parts of <paramref name="channels"/> channels.</summary>
    /// <param name="channels">Channels to split.</param>
    /// <param name="parts">Number of parts.</param>
    /// <param name="multiple">Widths are multiples of this (the remainder, with what is left over, goes to part 0);
    /// 1 is the released code's rule.</param>
    /// <exception cref="ShapeException">Fewer channels than parts would leave a part empty.</exception>
    public static IntList Split(int channels, int parts, int multiple = 1)
    {
        Guard.Positive(channels, nameof(ChannelParts));
        Guard.Positive(parts, nameof(ChannelParts));
        Guard.Positive(multiple, nameof(ChannelParts));
        int each = channels / parts / multiple * multiple;
        Guard.That(each > 0, nameof(ChannelParts),
            $"{channels} channels can't be split into {parts} parts that are multiples of {multiple}.");
        int[] widths = new int[parts];
        Array.Fill(widths, each);
        widths[0] = channels - each * (parts - 1);
        return IntList.Create(widths);
    }
}
