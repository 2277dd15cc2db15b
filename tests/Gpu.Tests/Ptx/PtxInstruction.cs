using System.Globalization;
using static MuxKernels.Tests.PtxProgram;

namespace MuxKernels.Tests;

/// <summary>What an instruction does to the flow of its threads.</summary>
internal enum PtxFlow
{
    /// <summary>They go on.</summary>
    Next,

    /// <summary>They go elsewhere.</summary>
    Branch,

    /// <summary>They are done.</summary>
    Return,

    /// <summary>They wait for their group.</summary>
    Barrier,

    /// <summary>Whole warps do something together.</summary>
    Warp,
}

/// <summary>One instruction.</summary>
/// <param name="Text">As the PTX has it.</param>
/// <param name="Flow">What threads do after it.</param>
/// <param name="Predicate">The row that says which threads execute it, or -1.</param>
/// <param name="Negated">Whether those do whose predicate is false.</param>
/// <param name="Target">Where a branch goes.</param>
/// <param name="Run">What it does to some threads of a group; null for nothing but flow.</param>
internal sealed record PtxInstruction(string Text, PtxFlow Flow, int Predicate, bool Negated, Func<int> Target,
    PtxStep? Run)
{
    /// <summary>Reads an instruction: its opcode and operands.</summary>
    public static PtxInstruction Read(PtxProgram program, string text, string predicate, bool negated, string opcode,
        string[] operands)
    {
        string[] parts = opcode.Split('.');
        int row = predicate.Length > 0 ? program.Row(predicate) : -1;
        PtxInstruction Make(PtxFlow flow, PtxStep? run = null, Func<int>? target = null) =>
            new(text, flow, row, negated, target ?? (static () => 0), run);
        return parts[0] switch
        {
            "ret" or "exit" => Make(PtxFlow.Return),
            "bra" => Make(PtxFlow.Branch, null, () => program.Target(operands[0])),
            "bar" when parts[1] == "sync" => Make(PtxFlow.Barrier),
            "bar" when opcode == "bar.warp.sync" => Make(PtxFlow.Warp, new(static (g, lanes) => g.Shared.Open(lanes))),
            "mma" => Make(PtxFlow.Warp, PtxMatrix.Read(program, opcode, operands)),
            "ld" or "st" => Make(PtxFlow.Next, PtxMemory.Read(program, parts, text, operands)),
            _ => Make(PtxFlow.Next, Arithmetic(program, text, parts, [.. operands.Select(program.Row)])),
        };
    }

    private static PtxStep Arithmetic(PtxProgram program, string text, string[] parts, int[] rows)
    {
        // Rounding and flushing say nothing that a host does not do; approximations are exact here.
        string[] words = [.. parts.Where(p => p is not ("rn" or "ftz" or "approx" or "rni" or "full"))];
        string op = words[0], type = words[^1];
        switch (op)
        {
            case "mov":
                return PtxStep.Of(rows, static a => a);
            case "setp":
                return PtxStep.Of(rows, Compare(text, words[1], type));
            case "selp":
                return PtxStep.Of(rows, static (a, b, p) => p != 0 ? a : b);
            case "testp":
                return PtxStep.Of(rows, Test(text, words[1], type));
            case "cvt":
                return PtxStep.Of(rows, Convert(text, parts, words[^2], type));
            case "cvta":
                return PtxStep.Of(rows, static a => a); // Global addresses are the same; shared ones are rejected.
            case "fma" or "mad":
                return PtxStep.Of(rows, MultiplyAdd(text, words, type));
        }

        bool isFloat = type[0] == 'f';
        if (rows.Length == 2)
        {
            return PtxStep.Of(rows, isFloat ? FloatUnary(text, op, type) : IntegerUnary(text, op, type));
        }

        Reject(rows.Length != 3, text);
        return PtxStep.Of(rows, isFloat ? FloatBinary(text, op, type) : IntegerBinary(text, words, type));
    }

    private static Func<ulong, ulong> Test(string text, string what, string type)
    {
        Reject(type != "f32", text);
        return what switch
        {
            "notanumber" => static a => float.IsNaN(Single(a)) ? 1UL : 0,
            "infinite" => static a => float.IsInfinity(Single(a)) ? 1UL : 0,
            "finite" => static a => float.IsFinite(Single(a)) ? 1UL : 0,
            _ => throw new NotSupportedException($"PTX: {text}"),
        };
    }

    private static Func<ulong, ulong> FloatUnary(string text, string op, string type)
    {
        Func<double, double> f = op switch
        {
            "neg" => static v => -v,
            "abs" => Math.Abs,
            "sqrt" => Math.Sqrt,
            "rsqrt" => static v => 1 / Math.Sqrt(v),
            "rcp" => static v => 1 / v,
            "ex2" => static v => Math.Pow(2, v),
            "lg2" => Math.Log2,
            "tanh" => Math.Tanh,
            _ => throw new NotSupportedException($"PTX: {text}"),
        };
        return type == "f32"
            ? a => Of((float)f(Single(a)))
            : a => BitConverter.DoubleToUInt64Bits(f(Double(a)));
    }

    private static Func<ulong, ulong, ulong> FloatBinary(string text, string op, string type)
    {
        if (type == "f32")
        {
            return op switch
            {
                "add" => static (a, b) => Of(Single(a) + Single(b)),
                "sub" => static (a, b) => Of(Single(a) - Single(b)),
                "mul" => static (a, b) => Of(Single(a) * Single(b)),
                "div" => static (a, b) => Of(Single(a) / Single(b)),
                "min" => static (a, b) => Of(float.MinNumber(Single(a), Single(b))),
                "max" => static (a, b) => Of(float.MaxNumber(Single(a), Single(b))),
                _ => throw new NotSupportedException($"PTX: {text}"),
            };
        }

        Func<double, double, double> f = op switch
        {
            "add" => static (a, b) => a + b,
            "sub" => static (a, b) => a - b,
            "mul" => static (a, b) => a * b,
            "div" => static (a, b) => a / b,
            _ => throw new NotSupportedException($"PTX: {text}"),
        };
        Reject(type != "f64", text);
        return (a, b) => BitConverter.DoubleToUInt64Bits(f(Double(a), Double(b)));
    }

    private static Func<ulong, ulong> IntegerUnary(string text, string op, string type)
    {
        int bits = Bits(type);
        return op switch
        {
            "neg" => a => Unsigned((ulong)-(long)a, bits),
            "not" => a => bits == 1 ? a ^ 1 : Unsigned(~a, bits),
            "abs" => a => Unsigned((ulong)Math.Abs(Signed(a, bits)), bits),
            "popc" => a => (ulong)ulong.PopCount(Unsigned(a, bits)),
            "clz" => a => ulong.LeadingZeroCount(Unsigned(a, bits)) - (ulong)(64 - bits),
            _ => throw new NotSupportedException($"PTX: {text}"),
        };
    }

    private static Func<ulong, ulong, ulong> IntegerBinary(string text, string[] words, string type)
    {
        int bits = Bits(type);
        bool signed = type[0] == 's';
        string op = words[0] == "mul" ? $"mul.{words[1]}" : words[0];
        return op switch
        {
            "add" => (a, b) => Unsigned(a + b, bits),
            "sub" => (a, b) => Unsigned(a - b, bits),
            "mul.lo" => (a, b) => Unsigned(a * b, bits),
            "mul.wide" when signed => (a, b) => Unsigned((ulong)(Signed(a, bits) * Signed(b, bits)), 2 * bits),
            "mul.wide" => (a, b) => Unsigned(a, bits) * Unsigned(b, bits),
            "mul.hi" when bits == 32 && signed =>
                static (a, b) => (uint)(Signed(a, 32) * Signed(b, 32) >> 32),
            "mul.hi" when bits == 32 => static (a, b) => (ulong)(uint)a * (uint)b >> 32,
            "mul.hi" when !signed => static (a, b) => (ulong)((UInt128)a * b >> 64),
            "div" when signed => (a, b) => Unsigned((ulong)(Signed(a, bits) / Signed(b, bits)), bits),
            "div" => (a, b) => Unsigned(a, bits) / Unsigned(b, bits),
            "rem" when signed => (a, b) => Unsigned((ulong)(Signed(a, bits) % Signed(b, bits)), bits),
            "rem" => (a, b) => Unsigned(a, bits) % Unsigned(b, bits),
            "min" when signed => (a, b) => Unsigned((ulong)Math.Min(Signed(a, bits), Signed(b, bits)), bits),
            "max" when signed => (a, b) => Unsigned((ulong)Math.Max(Signed(a, bits), Signed(b, bits)), bits),
            "min" => (a, b) => Math.Min(Unsigned(a, bits), Unsigned(b, bits)),
            "max" => (a, b) => Math.Max(Unsigned(a, bits), Unsigned(b, bits)),
            "and" => static (a, b) => a & b,
            "or" => static (a, b) => a | b,
            "xor" => static (a, b) => a ^ b,
            "shl" => (a, b) => (uint)b >= bits ? 0 : Unsigned(a << (int)b, bits),
            "shr" when signed => (a, b) => Unsigned((ulong)(Signed(a, bits) >> (int)Math.Min((uint)b, 63)), bits),
            "shr" => (a, b) => (uint)b >= bits ? 0 : Unsigned(a, bits) >> (int)b,
            _ => throw new NotSupportedException($"PTX: {text}"),
        };
    }

    private static Func<ulong, ulong, ulong, ulong> MultiplyAdd(string text, string[] words, string type)
    {
        int bits = Bits(type);
        return (words[0], words.Length > 2 ? words[1] : "", type[0]) switch
        {
            (_, _, 'f') when bits == 32 =>
                static (a, b, c) => Of(MathF.FusedMultiplyAdd(Single(a), Single(b), Single(c))),
            (_, _, 'f') when bits == 64 => static (a, b, c) =>
                BitConverter.DoubleToUInt64Bits(Math.FusedMultiplyAdd(Double(a), Double(b), Double(c))),
            ("mad", "lo", _) => (a, b, c) => Unsigned(a * b + c, bits),
            ("mad", "wide", 's') => (a, b, c) => (ulong)(Signed(a, bits) * Signed(b, bits)) + c,
            ("mad", "wide", _) => (a, b, c) => Unsigned(a, bits) * Unsigned(b, bits) + c,
            _ => throw new NotSupportedException($"PTX: {text}"),
        };
    }

    private static Func<ulong, ulong, ulong> Compare(string text, string relation, string type)
    {
        if (type[0] == 'f')
        {
            bool unordered = relation.Length == 3 && relation[2] == 'u';
            Func<double, double, bool> holds = relation[..2] switch
            {
                "eq" => static (a, b) => a == b,
                "ne" => static (a, b) => a != b && !double.IsNaN(a) && !double.IsNaN(b),
                "lt" => static (a, b) => a < b,
                "le" => static (a, b) => a <= b,
                "gt" => static (a, b) => a > b,
                "ge" => static (a, b) => a >= b,
                _ => throw new NotSupportedException($"PTX: {text}"),
            };
            Func<ulong, double> read = type switch
            {
                "f32" => static v => Single(v),
                "f64" => Double,
                _ => throw new NotSupportedException($"PTX: {text}"),
            };
            return (a, b) =>
            {
                double x = read(a), y = read(b);
                return holds(x, y) || (unordered && (double.IsNaN(x) || double.IsNaN(y))) ? 1UL : 0;
            };
        }

        int bits = Bits(type);
        bool signed = type[0] == 's';
        Func<int, bool> wanted = relation switch
        {
            "eq" => static c => c == 0,
            "ne" => static c => c != 0,
            "lt" or "lo" => static c => c < 0,
            "le" or "ls" => static c => c <= 0,
            "gt" or "hi" => static c => c > 0,
            "ge" or "hs" => static c => c >= 0,
            _ => throw new NotSupportedException($"PTX: {text}"),
        };
        return (a, b) => wanted(signed
            ? Signed(a, bits).CompareTo(Signed(b, bits))
            : Unsigned(a, bits).CompareTo(Unsigned(b, bits))) ? 1UL : 0;
    }

    private static Func<ulong, ulong> Convert(string text, string[] parts, string to, string from)
    {
        int bits = Bits(to), source = Bits(from);
        Func<ulong, double> number = from switch
        {
            "f16" => static v => (double)BitConverter.UInt16BitsToHalf((ushort)v),
            "f32" => static v => Single(v),
            "f64" => Double,
            _ when from[0] == 's' => v => Signed(v, source),
            _ => v => Unsigned(v, source),
        };
        bool nearest = parts.Contains("rni");
        return (to[0], bits, from[0]) switch
        {
            ('f', 16, _) => v => BitConverter.HalfToUInt16Bits((Half)number(v)),
            ('f', 32, 'f') => v => Of((float)number(v)),
            ('f', 32, 's') => v => Of((float)Signed(v, source)),
            ('f', 32, _) => v => Of((float)Unsigned(v, source)),
            ('f', 64, _) => v => BitConverter.DoubleToUInt64Bits(number(v)),
            (_, _, 'f') when parts.Contains("rzi") || nearest => v =>
            {
                double value = nearest ? Math.Round(number(v)) : Math.Truncate(number(v));
                return Unsigned(to[0] == 's' ? (ulong)(long)value : (ulong)value, bits);
            },
            ('f', _, _) or (_, _, 'f') => throw new NotSupportedException($"PTX: {text}"),
            _ when from[0] == 's' => v => Unsigned((ulong)Signed(v, source), bits),
            _ => v => Unsigned(Unsigned(v, source), bits),
        };
    }

    private static float Single(ulong value) => BitConverter.UInt32BitsToSingle((uint)value);

    private static double Double(ulong value) => BitConverter.UInt64BitsToDouble(value);

    private static ulong Of(float value) => BitConverter.SingleToUInt32Bits(value);

    private static long Signed(ulong value, int bits) => (long)(value << (64 - bits)) >> (64 - bits);

    private static ulong Unsigned(ulong value, int bits) => value << (64 - bits) >> (64 - bits);
}
