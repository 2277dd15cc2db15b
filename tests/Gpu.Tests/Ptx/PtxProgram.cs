using System.Globalization;
using System.Text.RegularExpressions;

namespace MuxKernels.Tests;

/// <summary>A kernel's PTX, read: parameters, memory that a group shares, and instructions whose operands are rows of
/// numbers, one for each thread. Immediate numbers and special registers have rows too.</summary>
internal sealed partial class PtxProgram
{
    private readonly Dictionary<string, int> rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> parameters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> shared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> labels = new(StringComparer.Ordinal);
    private readonly List<(int Row, ulong Value)> constants = [];
    private readonly List<(int Row, string Name)> specials = [];

    /// <summary>Reads the PTX of one kernel.</summary>
    public PtxProgram(string text)
    {
        text = Comment().Replace(text, " ");
        Match entry = Entry().Match(text);
        if (!entry.Success)
        {
            throw new FormatException("There is no .entry in the PTX.");
        }

        Name = entry.Groups[1].Value;
        foreach (Match p in Parameter().Matches(entry.Groups[2].Value))
        {
            int align = p.Groups[1].Success ? Number(p.Groups[1]) : Bits(p.Groups[2].Value) / 8;
            int size = Bits(p.Groups[2].Value) / 8 * (p.Groups[4].Success ? Number(p.Groups[4]) : 1);
            int at = (ParameterBytes + align - 1) / align * align;
            parameters.Add(p.Groups[3].Value, at);
            ParameterBytes = at + size;
        }

        List<string> statements = [];
        foreach (string part in text[(entry.Index + entry.Length)..].Split(';'))
        {
            string statement = part.Trim().TrimStart('{', '}').Trim();
            while (Label().Match(statement) is { Success: true } label)
            {
                labels.Add(label.Groups[1].Value, statements.Count);
                statement = statement[label.Length..].Trim().TrimStart('{', '}').Trim();
            }

            if (statement.StartsWith(".reg", StringComparison.Ordinal))
            {
                continue; // Rows are made where registers are named.
            }

            if (Memory().Match(statement) is { Success: true } memory)
            {
                int align = Number(memory.Groups[2]), at = (SharedBytes + align - 1) / align * align;
                Reject(memory.Groups[1].Value != "shared", statement);
                shared.Add(memory.Groups[4].Value, at);
                SharedBytes = at + Number(memory.Groups[5]) * Bits(memory.Groups[3].Value) / 8;
            }
            else if (statement.Length > 0 && !statement.StartsWith(".loc", StringComparison.Ordinal))
            {
                statements.Add(statement);
            }
        }

        Code = [.. statements.Select(Read)];
    }

    /// <summary>The kernel's name.</summary>
    public string Name { get; }

    /// <summary>Bytes of its parameters, one after the other with their alignment.</summary>
    public int ParameterBytes { get; }

    /// <summary>Bytes that a group shares.</summary>
    public int SharedBytes { get; }

    /// <summary>Its instructions.</summary>
    public PtxInstruction[] Code { get; }

    /// <summary>Rows of numbers.</summary>
    public int RowCount => rows.Count;

    /// <summary>Rows that hold one number.</summary>
    public IReadOnlyList<(int Row, ulong Value)> Constants => constants;

    /// <summary>Rows that hold what a thread can ask of its place.</summary>
    public IReadOnlyList<(int Row, string Name)> Specials => specials;

    /// <summary>Where a parameter begins.</summary>
    public int ParameterOf(string name) => parameters[name];

    /// <summary>The row of an operand: a register, a special register, a number, or the address of shared memory.
    /// </summary>
    public int Row(string operand)
    {
        if (!rows.TryGetValue(operand, out int row))
        {
            row = rows.Count;
            rows.Add(operand, row);
            if (Special().IsMatch(operand))
            {
                specials.Add((row, operand[1..]));
            }
            else if (operand[0] != '%')
            {
                constants.Add((row, Value(operand)));
            }
        }

        return row;
    }

    /// <summary>The instruction after a label.</summary>
    public int Target(string label) => labels[label];

    /// <summary>Bits of a type such as b32.</summary>
    public static int Bits(string type) =>
        type == "pred" ? 1 : int.Parse(type.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Ends where a text is nothing that is known here.</summary>
    public static void Reject(bool condition, string text)
    {
        if (condition)
        {
            throw new NotSupportedException($"PTX: {text}");
        }
    }

    private ulong Value(string operand)
    {
        if (shared.TryGetValue(operand, out int at))
        {
            return (ulong)at;
        }

        if (Bitwise().IsMatch(operand))
        {
            return ulong.Parse(operand.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        return (ulong)(Int128.Parse(operand, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) & ulong.MaxValue);
    }

    private PtxInstruction Read(string statement)
    {
        Match m = Instruction().Match(statement);
        Reject(!m.Success, statement);
        string[] operands = [.. Operand().Matches(m.Groups[4].Value).Select(o => o.Value.Trim())];
        return PtxInstruction.Read(this, statement, m.Groups[2].Value, m.Groups[1].Length > 0, m.Groups[3].Value,
            operands);
    }

    private static int Number(Group group) => int.Parse(group.ValueSpan, NumberStyles.None,
        CultureInfo.InvariantCulture);

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\.entry\s+(\w+)\s*\(([^)]*)\)[^{]*\{")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.param\s+(?:\.align\s+(\d+)\s+)?\.(\w+)\s+(\w+)(?:\[(\d+)\])?")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^([$\w]+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\.(shared|local|const|global)\s+\.align\s+(\d+)\s+\.(\w+)\s+(\w+)\[(\d+)\]$")]
    private static partial Regex Memory();

    [GeneratedRegex(@"^%(tid|ntid|ctaid|nctaid)\.[xyz]$|^%(laneid|warpid)$")]
    private static partial Regex Special();

    [GeneratedRegex("^0[fFdDxX]")]
    private static partial Regex Bitwise();

    [GeneratedRegex(@"^(?:@(!?)(%\w+)\s+)?([\w.]+)\s*(.*)$", RegexOptions.Singleline)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|[^,\s][^,]*")]
    private static partial Regex Operand();
}
