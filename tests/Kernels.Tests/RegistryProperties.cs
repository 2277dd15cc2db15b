using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>What every operation of the registry must be, as properties of one geometry. Each returns null where it
/// holds, else what is wrong.</summary>
internal static class RegistryProperties
{
    private static readonly WorkPool[] Pools = [new WorkPool(1), new WorkPool(2), new WorkPool(3)];

    private static readonly float[] Specials = [float.NaN, float.PositiveInfinity, float.NegativeInfinity];

    /// <summary>The kernel of a target, or another one that runs here where the operation has not that
    /// target.</summary>
    public static KernelBody<TArgs> Body<TArgs>(KernelOperation<TArgs> operation, string target)
        where TArgs : struct => (operation.Variants.SingleOrDefault(v => v.Target == target)
            ?? operation.Variants.First(v => v.IsAvailable())).Run;

    /// <summary>Agrees with the reference within the bound.</summary>
    public static void Agrees<TArgs>(KernelOperation<TArgs> operation, string target, int count, ulong seed)
        where TArgs : struct =>
        Check.ForAll($"{operation.Name}/{target}", Cases.For<TArgs>(),
            args => Check.Trial(operation, Body(operation, target), args, seed), count, seed);

    /// <summary>The same bits for any number of threads.</summary>
    public static void SameForAnyThreads<TArgs>(KernelOperation<TArgs> operation, string target, int count, ulong seed)
        where TArgs : struct =>
        Check.ForAll($"{operation.Name}/{target} with threads", Cases.For<TArgs>(),
            args => ThreadDifference(operation, Body(operation, target), args, seed), count, seed);

    /// <summary>An infinity or NaN in one element of one operand reaches exactly the outputs that the reference says.
    /// </summary>
    public static void PropagatesSpecialValues<TArgs>(KernelOperation<TArgs> operation, string target, int count,
        ulong seed)
        where TArgs : struct =>
        Check.ForAll($"{operation.Name}/{target} with special values", Cases.For<TArgs>(),
            args => SpecialValueDifference(operation, Body(operation, target), args, seed), count, seed);

    /// <summary>Each output is either written, whatever was there, or added to what was there: parameter gradients are
    /// added, all others written.</summary>
    public static void WritesOrAdds<TArgs>(KernelOperation<TArgs> operation, string target, int count, ulong seed)
        where TArgs : struct =>
        Check.ForAll($"{operation.Name}/{target} onto old numbers", Cases.For<TArgs>(),
            args => OldNumbersDifference(operation, Body(operation, target), args, seed), count, seed);

    /// <summary>Outputs of one run on given inputs.</summary>
    public static float[][] Run<TArgs>(KernelOperation<TArgs> operation, KernelBody<TArgs> body, TArgs args,
        float[][] inputs, WorkPool? pool = null)
        where TArgs : struct
    {
        float[][] outputs = Check.Zeros(operation.Outputs(args));
        body(args, KernelMemory.Of(inputs), KernelMemory.Of(outputs), pool);
        return outputs;
    }

    private static string? ThreadDifference<TArgs>(KernelOperation<TArgs> operation, KernelBody<TArgs> body,
        TArgs args, ulong seed)
        where TArgs : struct
    {
        float[][] inputs = Fill.Operands(seed, operation.Inputs(args));
        KernelOperand[] operands = operation.Outputs(args);
        float[][] alone = Run(operation, body, args, inputs);
        foreach (WorkPool pool in Pools)
        {
            float[][] together = Run(operation, body, args, inputs, pool);
            for (int i = 0; i < alone.Length; i++)
            {
                if (Check.BitDifference(alone[i], together[i], operands[i].Shape) is { } difference)
                {
                    return $"{pool.ThreadCount} threads: {operands[i].Name}{difference}";
                }
            }
        }

        return null;
    }

    private static string? SpecialValueDifference<TArgs>(KernelOperation<TArgs> operation, KernelBody<TArgs> body,
        TArgs args, ulong seed)
        where TArgs : struct
    {
        KernelOperand[] operands = operation.Inputs(args);
        for (int operand = 0; operand < operands.Length; operand++)
        {
            if (!MayBeSpecial(operation, operands, operand))
            {
                continue;
            }

            float[][] inputs = Fill.Operands(seed, operands);
            ulong coin = Fill.Mix(seed++ + (ulong)operands.Sum(o => o.Shape.Length));
            float special = Specials[coin % (ulong)Specials.Length];
            int element = (int)((coin >> 8) % (ulong)inputs[operand].Length);
            inputs[operand][element] = special;
            (double[][] expected, double[][] bounds) = Check.Expected(operation, args, inputs);
            float[][] actual = Run(operation, body, args, inputs);
            for (int i = 0; i < actual.Length; i++)
            {
                for (int e = 0; e < actual[i].Length; e++)
                {
                    if (!IsAsSpecial(expected[i][e], actual[i][e], bounds[i][e], operation.IsLinear))
                    {
                        KernelOperand y = operation.Outputs(args)[i];
                        return $"{special} in {operands[operand].Name}"
                            + $"{Check.Index(element, operands[operand].Shape)}: {y.Name}{Check.Index(e, y.Shape)} is "
                            + $"{actual[i][e]}, expected {expected[i][e]} ± {bounds[i][e]}";
                    }
                }
            }
        }

        return null;
    }

    /// <summary>Weights are finite by contract (padding is multiplied by them), and so is dy, which stands for them in
    /// the gradient of a weight.</summary>
    private static bool MayBeSpecial(KernelOperation operation, KernelOperand[] operands, int operand) =>
        operands[operand].Domain == ValueDomain.Any
        && !operands[operand].Name.StartsWith('w')
        && !(operands[operand].Name == "dy" && operation.Name.EndsWith("backward-weight", StringComparison.Ordinal));

    private static bool IsAsSpecial(double expected, float actual, double bound, bool exactly) =>
        double.IsFinite(expected)
            ? float.IsFinite(actual) && (!double.IsFinite(bound) || Check.IsClose(expected, actual, bound))
            : exactly ? Check.IsClose(expected, actual, 0) : !float.IsFinite(actual);

    private static string? OldNumbersDifference<TArgs>(KernelOperation<TArgs> operation, KernelBody<TArgs> body,
        TArgs args, ulong seed)
        where TArgs : struct
    {
        float[][] inputs = Fill.Operands(seed, operation.Inputs(args));
        KernelOperand[] operands = operation.Outputs(args);
        (_, double[][] bounds) = Check.Expected(operation, args, inputs);
        float[][] clean = Run(operation, body, args, inputs);
        float[][] old = [.. operands.Select((o, i) => Fill.Uniform(seed + 100 + (ulong)i, o.Shape.Length))];
        float[][] onto = [.. old.Select(o => o.ToArray())];
        body(args, KernelMemory.Of(inputs), KernelMemory.Of(onto), null);
        for (int i = 0; i < operands.Length; i++)
        {
            bool added = operation.Name.EndsWith("backward-weight", StringComparison.Ordinal)
                || operation.Name.EndsWith("backward-bias", StringComparison.Ordinal);
            bool maybeAdded = added || (operands[i].Name.StartsWith('d') && operands[i].Name != "dx");
            string? written = Check.BitDifference(clean[i], onto[i], operands[i].Shape);
            double[] sum = [.. clean[i].Zip(old[i], (c, o) => (double)c + o)];
            double[] slack = [.. bounds[i].Zip(old[i], (b, o) => 2 * b + 256 * ErrorBound.Unit * Math.Abs(o))];
            string? difference = added ? Check.Difference(sum, onto[i], slack, operands[i].Shape)
                : maybeAdded && written is not null ? Check.Difference(sum, onto[i], slack, operands[i].Shape)
                : written;
            if (difference is not null)
            {
                return $"{(maybeAdded ? "added to" : "written over")} old numbers, {operands[i].Name}{difference}";
            }
        }

        return null;
    }
}
