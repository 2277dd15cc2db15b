using System.Globalization;
using System.Text;

namespace MuxKernels.Training;

/// <summary>
/// A small SVG picture. It paints its own background, so that it is readable on any page, and has darker colours for
/// viewers that ask for them.
/// </summary>
internal sealed class SvgCanvas
{
    /// <summary>Colours that remain apart for the colour-blind.</summary>
    public const int Colours = 8;

    private const string Style =
        """
        text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #24292f; }
        .title { font-size: 15px; font-weight: 600; }
        .page { fill: #ffffff; }
        .grid { stroke: #e3e6ea; fill: none; }
        .axis { stroke: #6e7781; fill: none; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        """;

    private static readonly string[] Light =
        ["#0969da", "#d1570c", "#1a7f4b", "#a33ea1", "#b58a00", "#0f93a6", "#c2334d", "#6e7781"];

    private static readonly string[] Dark =
        ["#58a6ff", "#ff9a57", "#4fcf86", "#dd8be0", "#e3bb45", "#4ccbe0", "#ff8095", "#a5afba"];

    private readonly StringBuilder body = new();
    private readonly int width, height;
    private readonly string title;

    public SvgCanvas(int width, int height, string title) =>
        (this.width, this.height, this.title) = (width, height, title);

    /// <summary>Width of a text, roughly.</summary>
    public static double TextWidth(string text) => 7 * text.Length;

    /// <summary>A text that takes at most about <paramref name="width"/> pixels.</summary>
    public static string Shorten(string text, double width)
    {
        int length = Math.Max(1, (int)(width / 7));
        return text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…");
    }

    public void Text(double x, double y, string text, string anchor = "start", string type = "", bool upright = false)
    {
        string turn = upright ? $" transform=\"rotate(-90 {N(x)} {N(y)})\"" : "";
        string name = type.Length > 0 ? $" class=\"{type}\"" : "";
        body.Append($"<text x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\"{name}{turn}>{Escape(text)}</text>\n");
    }

    public void Line(double x1, double y1, double x2, double y2, string type) =>
        body.Append($"<path class=\"{type}\" d=\"M{N(x1)} {N(y1)}L{N(x2)} {N(y2)}\"/>\n");

    public void Rectangle(double x, double y, double width, double height, int colour, string tip)
    {
        body.Append($"<rect class=\"f{colour % Colours}\" x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(width)}\" ");
        body.Append($"height=\"{N(height)}\" rx=\"2\"><title>{Escape(tip)}</title></rect>\n");
    }

    /// <summary>A line through points; null interrupts it. Colours that come again are dashed.</summary>
    public void Path(IReadOnlyList<(double X, double Y)?> points, int colour)
    {
        StringBuilder path = new();
        bool begin = true;
        foreach ((double X, double Y)? point in points)
        {
            if (point is (double x, double y))
            {
                path.Append($"{(begin ? 'M' : 'L')}{N(x)} {N(y)}");
            }

            begin = point is null;
        }

        if (path.Length > 0)
        {
            string dashes = colour >= Colours ? $" stroke-dasharray=\"{3 * (colour / Colours)} 5\"" : "";
            body.Append($"<path class=\"line s{colour % Colours}\" d=\"{path}\"{dashes}/>\n");
        }
    }

    public void Dot(double x, double y, int colour) =>
        body.Append($"<circle class=\"f{colour % Colours}\" cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"3\"/>\n");

    public override string ToString()
    {
        StringBuilder svg = new();
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" ");
        svg.Append($"viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{Escape(title)}</title>\n<style>\n");
        svg.Append(Style.ReplaceLineEndings("\n")).Append('\n');
        AppendColours(svg, Light);
        svg.Append("@media (prefers-color-scheme: dark) {\ntext { fill: #d6dce3; }\n.page { fill: #161b22; }\n");
        svg.Append(".grid { stroke: #2d343d; }\n.axis { stroke: #8b949e; }\n");
        AppendColours(svg, Dark);
        svg.Append("}\n</style>\n");
        svg.Append($"<rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n");
        return svg.Append(body).Append("</svg>\n").ToString();
    }

    /// <summary>Text as XML: special characters escaped, those that XML does not have replaced.</summary>
    private static string Escape(string text)
    {
        StringBuilder result = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            result.Append(rune.Value switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                < ' ' or 0x7F or 0xFFFE or 0xFFFF => "\uFFFD",
                _ => rune.ToString(),
            });
        }

        return result.ToString();
    }

    private static void AppendColours(StringBuilder svg, string[] colours)
    {
        for (int i = 0; i < Colours; i++)
        {
            svg.Append($".s{i} {{ stroke: {colours[i]}; }} .f{i} {{ fill: {colours[i]}; }}\n");
        }
    }

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
