using MuxKernels.Interop;

namespace MuxKernels.Training;

/// <summary>Plots as SVG text: lines (training curves) and horizontal bars (benchmarks).</summary>
/// <example><code>
/// Plot.Write("loss.svg", Plot.Lines(new() { Title = "Loss", XLabel = "epoch" }, PlotSeries.Of("train", losses)));
/// </code></example>
public static class Plot
{
    private const double Edge = 16, RowHeight = 20, TickGap = 8;
    private const int MostDots = 40;

    /// <summary>Draws lines.</summary>
    /// <exception cref="ArgumentException">A size out of range, or a series with other numbers of X than of Y.
    /// </exception>
    public static string Lines(PlotOptions options, params IReadOnlyList<PlotSeries> series)
    {
        Check(options);
        ArgumentNullException.ThrowIfNull(series);
        foreach (PlotSeries line in series)
        {
            if (line.X.Count != line.Y.Count)
            {
                throw new ArgumentException(
                    $"Plot.Lines: '{line.Name}' has {line.X.Count} X and {line.Y.Count} Y, expected as many.",
                    nameof(series));
            }
        }

        PlotAxis xAxis = PlotAxis.For(series.SelectMany(line => line.X), options.LogX, snap: false);
        PlotAxis yAxis = PlotAxis.For(series.SelectMany(line => line.Y), options.LogY, snap: true);
        SvgCanvas canvas = new(options.Width, options.Height, options.Title);
        double top = Head(canvas, options, [.. series.Select(line => line.Name)]);
        Frame frame = new(
            Edge + (options.YLabel.Length > 0 ? RowHeight : 0) + yAxis.Labels.Max(SvgCanvas.TextWidth) + TickGap,
            top,
            options.Width - Edge - 8,
            options.Height - Edge - RowHeight - (options.XLabel.Length > 0 ? RowHeight : 0));
        HorizontalTicks(canvas, xAxis, frame, options.XLabel);
        for (int i = 0; i < yAxis.Ticks.Count; i++)
        {
            double y = frame.Y(yAxis.Position(yAxis.Ticks[i]));
            canvas.Line(frame.Left, y, frame.Right, y, "grid");
            canvas.Text(frame.Left - TickGap, y + 4, yAxis.Labels[i], "end");
        }

        if (options.YLabel.Length > 0)
        {
            canvas.Text(Edge + 10, (frame.Top + frame.Bottom) / 2, options.YLabel, "middle", upright: true);
        }

        canvas.Line(frame.Left, frame.Bottom, frame.Right, frame.Bottom, "axis");
        for (int s = 0; s < series.Count; s++)
        {
            DrawLine(canvas, series[s], s, xAxis, yAxis, frame);
        }

        return canvas.ToString();
    }

    /// <summary>Draws horizontal bars: for every category one bar of every series, with its value.</summary>
    /// <exception cref="ArgumentException">A size out of range, or a series with another number of values than there
    /// are categories.</exception>
    public static string Bars(PlotOptions options, IReadOnlyList<string> categories,
        params IReadOnlyList<PlotBars> series)
    {
        Check(options);
        ArgumentNullException.ThrowIfNull(categories);
        ArgumentNullException.ThrowIfNull(series);
        foreach (PlotBars bars in series)
        {
            if (bars.Values.Count != categories.Count)
            {
                throw new ArgumentException(
                    $"Plot.Bars: '{bars.Name}' has {bars.Values.Count} values, expected {categories.Count}, one for " +
                    "each category.", nameof(series));
            }
        }

        IEnumerable<double> values = series.SelectMany(bars => bars.Values);
        PlotAxis axis = PlotAxis.For(options.LogX ? values.Concat(values.Select(value => value / 2)) : values.Append(0),
            options.LogX, snap: true);
        const double Bar = 16, Gap = 14;
        double group = Bar * Math.Max(1, series.Count) + Gap, names = options.Width * 0.4;
        string[] labels = [.. categories.Select(name => SvgCanvas.Shorten(name, names))];
        double left = Edge + labels.Select(SvgCanvas.TextWidth).DefaultIfEmpty(0).Max() + TickGap;
        double foot = Edge + RowHeight + (options.XLabel.Length > 0 ? RowHeight : 0);
        double top = Head(null, options, [.. series.Select(bars => bars.Name)]);
        double bottom = top + group * categories.Count;
        SvgCanvas canvas = new(options.Width, (int)Math.Ceiling(bottom + foot), options.Title);
        Head(canvas, options, [.. series.Select(bars => bars.Name)]);
        Frame frame = new(left, top, options.Width - Edge - 56, bottom);
        HorizontalTicks(canvas, axis, frame, options.XLabel);
        double zero = frame.X(axis.Log ? 0 : axis.Position(0));
        for (int c = 0; c < categories.Count; c++)
        {
            double y = top + group * c + Gap / 2;
            canvas.Text(left - TickGap, y + Bar * series.Count / 2 + 4, labels[c], "end");
            for (int s = 0; s < series.Count; s++, y += Bar)
            {
                DrawBar(canvas, series[s], categories[c], c, s, (zero, y, Bar - 2), axis, frame);
            }
        }

        canvas.Line(zero, top, zero, bottom, "axis");
        return canvas.ToString();
    }

    /// <summary>Writes a plot to a file, all or nothing.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, string svg) => AtomicFile.WriteText(path, svg);

    private static void Check(PlotOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Width is < 200 or > 10_000 || options.Height is < 150 or > 10_000)
        {
            throw new ArgumentException(
                $"Plot: {options.Width}×{options.Height} pixels, expected 200 to 10000 × 150 to 10000.",
                nameof(options));
        }
    }

    /// <summary>Draws title and legend; returns where the plot may begin.</summary>
    private static double Head(SvgCanvas? canvas, PlotOptions options, string[] names)
    {
        double y = Edge + 6;
        if (options.Title.Length > 0)
        {
            canvas?.Text(Edge, y + 8, options.Title, type: "title");
            y += RowHeight + 6;
        }

        double x = Edge;
        bool any = names.Any(name => name.Length > 0);
        for (int i = 0; any && i < names.Length; i++)
        {
            string name = SvgCanvas.Shorten(names[i], options.Width - 2 * Edge - 18);
            double width = 18 + SvgCanvas.TextWidth(name) + 14;
            if (x > Edge && x + width > options.Width - Edge)
            {
                (x, y) = (Edge, y + RowHeight);
            }

            canvas?.Rectangle(x, y - 2, 12, 12, i, names[i]);
            canvas?.Text(x + 18, y + 8, name);
            x += width;
        }

        return y + (any ? RowHeight + 6 : 0);
    }

    private static void HorizontalTicks(SvgCanvas canvas, PlotAxis axis, Frame frame, string label)
    {
        for (int i = 0; i < axis.Ticks.Count; i++)
        {
            double x = frame.X(axis.Position(axis.Ticks[i]));
            canvas.Line(x, frame.Top, x, frame.Bottom, "grid");
            canvas.Text(x, frame.Bottom + 18, axis.Labels[i], "middle");
        }

        if (label.Length > 0)
        {
            canvas.Text((frame.Left + frame.Right) / 2, frame.Bottom + 18 + RowHeight, label, "middle");
        }
    }

    private static void DrawLine(SvgCanvas canvas, PlotSeries line, int colour, PlotAxis xAxis, PlotAxis yAxis,
        Frame frame)
    {
        List<(double X, double Y)?> points = [];
        foreach ((double x, double y) in line.X.Zip(line.Y))
        {
            points.Add(PlotAxis.Drawable(x, xAxis.Log) && PlotAxis.Drawable(y, yAxis.Log)
                ? (frame.X(xAxis.Position(x)), frame.Y(yAxis.Position(y)))
                : null);
        }

        canvas.Path(points, colour);
        for (int i = 0; i < points.Count; i++)
        {
            bool alone = (i == 0 || points[i - 1] is null) && (i == points.Count - 1 || points[i + 1] is null);
            if (points[i] is (double x, double y) && (alone || points.Count <= MostDots))
            {
                canvas.Dot(x, y, colour);
            }
        }
    }

    private static void DrawBar(SvgCanvas canvas, PlotBars bars, string category, int c, int s,
        (double Zero, double Y, double Height) place, PlotAxis axis, Frame frame)
    {
        double value = bars.Values[c];
        if (!PlotAxis.Drawable(value, axis.Log))
        {
            canvas.Text(place.Zero + 5, place.Y + place.Height - 3, "–");
            return;
        }

        double end = frame.X(axis.Position(value)), start = Math.Min(place.Zero, end);
        string text = PlotAxis.Format(value, value == 0 ? 0 : 2 - (int)Math.Floor(Math.Log10(Math.Abs(value))));
        canvas.Rectangle(start, place.Y, Math.Max(0.5, Math.Abs(end - place.Zero)), place.Height, s,
            $"{category}, {bars.Name}: {text}");
        canvas.Text(Math.Max(place.Zero, end) + 5, place.Y + place.Height - 3, text);
    }

    /// <summary>Where the data stand.</summary>
    private readonly record struct Frame(double Left, double Top, double Right, double Bottom)
    {
        public double X(double position) => Left + position * (Right - Left);

        public double Y(double position) => Bottom - position * (Bottom - Top);
    }
}
