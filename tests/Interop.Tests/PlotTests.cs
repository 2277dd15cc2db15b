using System.Globalization;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Training;
using Xunit;

namespace MuxKernels.Interop.Tests;

public sealed class PlotTests : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private static readonly double[] Awkward =
    [
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, -1, 1e-320, double.Epsilon,
        double.MaxValue, double.MinValue, 1e16, 1e16 + 2, 3, 0.1, 1e-9,
    ];

    private static readonly Gen<double[]> Values = Gen.ArrayOf(
        Gen.OneOf(Gen.Elements(Awkward), Gen.Choose(-1000, 1000).Select(i => i / 8.0)));

    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void Any_numbers_and_texts_give_well_formed_pictures() =>
        Prop.ForAll(Values.ToArbitrary(), ArbMap.Default.ArbFor<string>(), (values, text) =>
        {
            text ??= "";
            for (int log = 0; log < 4; log++)
            {
                PlotOptions options = new()
                {
                    Title = text, XLabel = text, YLabel = text, LogX = log % 2 == 1, LogY = log > 1,
                };
                Check(Plot.Lines(options, PlotSeries.Of(text, values), new PlotSeries("b", values, values)));
                string[] categories = [.. values.Select(_ => text)];
                Check(Plot.Bars(options, categories, new PlotBars(text, values), new PlotBars("<&>", values)));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Texts_are_escaped()
    {
        XElement svg = Check(Plot.Lines(new() { Title = "a < b & \"c\"\u0001" }, PlotSeries.Of("</svg>", [1, 2])));
        Assert.Contains(svg.Descendants(Svg + "text"), text => text.Value == "a < b & \"c\"\uFFFD");
        Assert.Contains(svg.Descendants(Svg + "text"), text => text.Value == "</svg>");
    }

    [Fact]
    public void Ticks_are_round_numbers()
    {
        Assert.Equal(["0", "0.2", "0.4", "0.6", "0.8", "1"], TickTexts(new(), [0.03, 0.97]));
        Assert.Equal(["0.001", "0.01", "0.1", "1", "10"], TickTexts(new() { LogY = true }, [0.001, 10]));
        Assert.Equal(["1", "2", "3"], TickTexts(new(), [1, 2, 3]));
    }

    [Fact]
    public void Points_stand_where_the_ticks_say()
    {
        XElement svg = Check(Plot.Lines(new() { LogY = true }, new PlotSeries("", [0, 10], [1, 100])));
        XElement[] dots = [.. svg.Elements(Svg + "circle")];
        XElement[] ticks = [.. svg.Elements(Svg + "text").Where(text => text.Attribute("text-anchor")?.Value == "end")];
        Assert.Equal(Y(ticks.Single(tick => tick.Value == "1")) - 4, Number(dots[0], "cy"), 0.02);
        Assert.Equal(Y(ticks.Single(tick => tick.Value == "100")) - 4, Number(dots[1], "cy"), 0.02);
        Assert.True(Number(dots[0], "cx") < Number(dots[1], "cx"));
    }

    [Fact]
    public void A_missing_value_interrupts_the_line()
    {
        XElement svg = Check(Plot.Lines(new(), PlotSeries.Of("x", [1, 2, double.NaN, 4, 5])));
        string path = svg.Elements(Svg + "path").Single(p => p.Attribute("class")!.Value.StartsWith("line"))
            .Attribute("d")!.Value;
        Assert.Equal(2, path.Count(c => c == 'M'));
        Assert.Equal(2, path.Count(c => c == 'L'));
        Assert.Equal(4, svg.Elements(Svg + "circle").Count());
    }

    [Fact]
    public void Bars_are_as_long_as_their_values()
    {
        XElement svg = Check(Plot.Bars(new(), ["a", "b"], new PlotBars("ms", [2, 6])));
        double[] widths =
        [
            .. svg.Elements(Svg + "rect").Where(bar => bar.Value.Contains(',')).Select(bar => Number(bar, "width")),
        ];
        Assert.Equal(3, widths[1] / widths[0], 0.01);
    }

    [Fact]
    public void The_culture_does_not_matter()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        string expected = Plot.Lines(new(), PlotSeries.Of("x", [0.25, 1.5]));
        try
        {
            CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = comma;
            Assert.Equal("0,5", $"{0.5}");
            Assert.Equal(expected, Plot.Lines(new(), PlotSeries.Of("x", [0.25, 1.5])));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Lists_of_different_lengths_and_bad_sizes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Plot.Lines(new(), new PlotSeries("x", [1], [1, 2])));
        Assert.Throws<ArgumentException>(() => Plot.Bars(new(), ["a"], new PlotBars("x", [1, 2])));
        Assert.Throws<ArgumentException>(() => Plot.Lines(new() { Width = 10 }));
        Assert.Throws<ArgumentException>(() => Plot.Lines(new() { Height = 100_000 }));
    }

    [Fact]
    public void A_plot_is_written_to_a_file()
    {
        string svg = Plot.Lines(new() { Title = "é" }), path = files.Path("plot.svg");
        Plot.Write(path, svg);
        Assert.Equal(svg, File.ReadAllText(path));
    }

    private static XElement Check(string svg)
    {
        XElement root = XDocument.Parse(svg).Root!;
        Assert.Equal(Svg + "svg", root.Name);
        foreach (XAttribute attribute in root.Descendants().Attributes())
        {
            Assert.DoesNotContain("NaN", attribute.Value);
            Assert.DoesNotContain("∞", attribute.Value);
            Assert.DoesNotContain("Infinity", attribute.Value);
        }

        Assert.InRange(svg.Length, 1, 200_000);
        return root;
    }

    private static string[] TickTexts(PlotOptions options, double[] y) =>
    [
        .. Check(Plot.Lines(options, PlotSeries.Of("", y))).Elements(Svg + "text")
            .Where(text => text.Attribute("text-anchor")?.Value == "end").Select(text => text.Value),
    ];

    private static double Y(XElement element) => Number(element, "y");

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
