using System.Security;
using System.Text;
using MuxKernels.Data;

namespace MuxKernels.Cli;

/// <summary>A picture of images with what a network takes them for: green frames are right, red ones wrong.</summary>
internal static class ImageSheet
{
    private const int Columns = 10, Cell = 84, Picture = 56, Text = 28, Margin = 12, Head = 34;

    /// <summary>The first images of a data set as SVG.</summary>
    /// <param name="data">Images, grey or red-green-blue.</param>
    /// <param name="predicted">A class for each image.</param>
    /// <param name="count">Images to show.</param>
    /// <param name="title">Title.</param>
    public static string Draw(ImageDataset data, IReadOnlyList<int> predicted, int count, string title)
    {
        count = Math.Min(count, predicted.Count);
        int rows = (count + Columns - 1) / Columns;
        int width = 2 * Margin + Columns * Cell, height = Head + Margin + rows * (Cell + Text);
        StringBuilder svg = new();
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" ");
        svg.Append($"viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{SecurityElement.Escape(title)}</title>\n");
        svg.Append("<style>text { font: 10px system-ui, \"DejaVu Sans\", sans-serif; fill: #24292f; ");
        svg.Append("text-anchor: middle; } rect.frame { fill: none; stroke-width: 3; }");
        svg.Append(" .title { font-size: 15px; font-weight: 600; text-anchor: start; } .page { fill: #ffffff; }");
        svg.Append(" .right { stroke: #1a7f4b; } .wrong { stroke: #c2334d; }");
        svg.Append(" text.wrong { fill: #c2334d; stroke: none; } text.right { fill: #1a7f4b; stroke: none; }\n");
        svg.Append("@media (prefers-color-scheme: dark) { text { fill: #d6dce3; } .page { fill: #161b22; } }");
        svg.Append("</style>\n");
        svg.Append($"<rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n");
        svg.Append($"<text class=\"title\" x=\"{Margin}\" y=\"22\">{SecurityElement.Escape(title)}</text>\n");
        for (int n = 0; n < count; n++)
        {
            int x = Margin + n % Columns * Cell, y = Head + n / Columns * (Cell + Text);
            Append(svg, data, n, predicted[n], x + (Cell - Picture) / 2, y + 4, x + Cell / 2);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Append(StringBuilder svg, ImageDataset data, int n, int predicted, int x, int y, int middle)
    {
        int label = data.Labels[n];
        string type = predicted == label ? "right" : "wrong";
        string name = Name(data, predicted), truth = predicted == label ? "" : $"not {Name(data, label)}";
        string png = Convert.ToBase64String(Png.Encode(data.Image(n), data.ImageShape));
        svg.Append($"<image x=\"{x}\" y=\"{y}\" width=\"{Picture}\" height=\"{Picture}\" ");
        svg.Append($"image-rendering=\"pixelated\" href=\"data:image/png;base64,{png}\"/>\n");
        svg.Append($"<rect class=\"frame {type}\" x=\"{x - 2}\" y=\"{y - 2}\" width=\"{Picture + 4}\" ");
        svg.Append($"height=\"{Picture + 4}\" rx=\"4\"/>\n");
        svg.Append($"<text class=\"{type}\" x=\"{middle}\" y=\"{y + Picture + 14}\">{name}</text>\n");
        svg.Append($"<text x=\"{middle}\" y=\"{y + Picture + 26}\">{truth}</text>\n");
    }

    private static string Name(ImageDataset data, int label) => SecurityElement.Escape(
        label < data.Classes ? data.ClassNames[label] : $"{label}");
}
