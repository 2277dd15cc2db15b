namespace MuxKernels.Training;

/// <summary>One line of a plot. Points with a number that is not finite are left out and interrupt the line.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="X">Horizontal positions.</param>
/// <param name="Y">Vertical positions, as many as <paramref name="X"/>.</param>
public sealed record PlotSeries(string Name, IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    /// <summary>Values at 1, 2, 3, …, such as one for each epoch.</summary>
    public static PlotSeries Of(string name, IEnumerable<double> y)
    {
        double[] values = [.. y];
        return new PlotSeries(name, [.. Enumerable.Range(1, values.Length).Select(i => (double)i)], values);
    }
}

/// <summary>One value for every category of a bar chart.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="Values">One value for each category; a number that is not finite leaves the bar out.</param>
public sealed record PlotBars(string Name, IReadOnlyList<double> Values);

/// <summary>Texts and axes of a plot.</summary>
public sealed record PlotOptions
{
    /// <summary>Title, empty for none.</summary>
    public string Title { get; init; } = "";

    /// <summary>Text below the horizontal axis.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>Text beside the vertical axis; a bar chart has none.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>Logarithmic horizontal axis (of a bar chart: its values). Only positive values are drawn.</summary>
    public bool LogX { get; init; }

    /// <summary>Logarithmic vertical axis; a bar chart has none.</summary>
    public bool LogY { get; init; }

    /// <summary>Width in pixels, 200 to 10,000.</summary>
    public int Width { get; init; } = 720;

    /// <summary>Height in pixels, 150 to 10,000; a bar chart is as high as its bars need.</summary>
    public int Height { get; init; } = 420;
}
