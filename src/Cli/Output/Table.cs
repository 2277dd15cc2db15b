using System.Globalization;

namespace MuxKernels.Cli;

/// <summary>A table of text: columns as wide as their widest cell; numbers at the right.</summary>
internal sealed class Table
{
    private readonly List<string[]> rows = [];
    private readonly string[] heads;
    private readonly bool[] right;

    /// <summary>A table; a head that begins with <c>&gt;</c> belongs to a column of numbers.</summary>
    public Table(params string[] heads)
    {
        right = [.. heads.Select(h => h.StartsWith('>'))];
        this.heads = [.. heads.Select(h => h.TrimStart('>'))];
    }

    /// <summary>A number with thousands apart.</summary>
    public static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Adds a row.</summary>
    public void Add(params string[] cells) => rows.Add(cells);

    /// <summary>Writes the table.</summary>
    public void Write(TextWriter writer)
    {
        int[] widths = [.. heads.Select((h, i) => Math.Max(h.Length, rows.Select(r => r[i].Length)
            .DefaultIfEmpty(0).Max()))];
        WriteRow(writer, heads, widths);
        writer.WriteLine(string.Join("  ", widths.Select(w => new string('─', w))));
        foreach (string[] row in rows)
        {
            WriteRow(writer, row, widths);
        }
    }

    private void WriteRow(TextWriter writer, string[] cells, int[] widths) => writer.WriteLine(string.Join("  ",
        cells.Select((c, i) => right[i] ? c.PadLeft(widths[i]) : c.PadRight(widths[i]))).TrimEnd());
}
