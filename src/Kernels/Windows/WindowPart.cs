namespace MuxKernels;

/// <summary>
/// A run of channel groups that share one window: what the window engine works on. Depthwise and group-wise
/// convolutions are one part, a mixed-kernel convolution is a few. Group q of an image reads the planes
/// <c>x + X + (q·In + i)·XPlane</c>, writes <c>y + Y + (q·Out + o)·YPlane</c>, and its weights
/// <c>[Out, In, k, k]</c> stand at <c>w + W + q·Out·In·k²</c>.
/// </summary>
internal readonly struct WindowPart
{
    /// <summary>A part over planes that follow each other without gaps.</summary>
    public WindowPart(Window window, int groups, int inPerGroup, int outPerGroup, int x = 0, int y = 0, int w = 0)
    {
        (Window, Groups, In, Out, X, Y, W) = (window, groups, inPerGroup, outPerGroup, x, y, w);
        XPlane = window.Height * window.Width;
        YPlane = window.OutHeight * window.OutWidth;
    }

    /// <summary>Kernel, stride, dilation, padding and both maps.</summary>
    public Window Window { get; }

    /// <summary>Number of groups.</summary>
    public int Groups { get; }

    /// <summary>Input channels of a group.</summary>
    public int In { get; }

    /// <summary>Output channels of a group.</summary>
    public int Out { get; }

    /// <summary>First element in an input image.</summary>
    public int X { get; }

    /// <summary>First element in an output image.</summary>
    public int Y { get; }

    /// <summary>First weight.</summary>
    public int W { get; }

    /// <summary>Elements from one input plane to the next.</summary>
    public int XPlane { get; init; }

    /// <summary>Elements from one output plane to the next.</summary>
    public int YPlane { get; init; }

    /// <summary>Weights of one group.</summary>
    public int GroupWeights => In * Out * Window.Taps;

    /// <summary>Floats of scratch that one thread needs for any of the three directions.</summary>
    public int ScratchLength(int images)
    {
        WindowPlan forward = WindowPlan.OfForward(Window, In, images);
        WindowPlan backward = WindowPlan.OfBackwardInput(Window, Out, images);
        long longest = Math.Max(Length(forward, In, Window.OutWidth),
            Length(backward, Out, (long)Window.Stride * Window.Width));
        longest = Math.Max(longest, WindowConv.GradientScratch(this, images));
        Guard.That(longest + 2 * WindowPlan.Vector <= Guard.MaxLength, nameof(Window),
            $"{Window} needs {longest} floats of scratch for a thread, at most {Guard.MaxLength}.");
        return WindowPlan.RoundUp((int)longest) + WindowPlan.Vector;
    }

    /// <summary>Tables, padded planes and sums; for several images also their planes together and those of the
    /// result.</summary>
    private static long Length(in WindowPlan plan, int planes, long resultRow) =>
        plan.TableLength + planes * (long)(plan.PlaneLength + plan.SourceLength) + plan.BufferLength
        + (plan.Images > 1 ? plan.BandRows * resultRow * plan.Images : 0);
}
