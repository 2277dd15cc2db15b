using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Checks that the three window families share.</summary>
internal static class WindowChecks
{
    /// <summary>Every width agrees with the reference on one geometry.</summary>
    public static void Agree<TArgs>(string family, TArgs args)
        where TArgs : struct
    {
        foreach (string direction in new[] { "forward", "backward-input", "backward-weight" })
        {
            KernelOperation<TArgs> operation = KernelRegistry.Get<TArgs>($"{family}.{direction}");
            foreach (KernelVariant<TArgs> variant in operation.Variants.Where(v => v.IsAvailable()))
            {
                Assert.Null(Check.Trial(operation, variant.Run, args, 5));
            }
        }
    }

    /// <summary>A NaN or infinity anywhere in an operand reaches exactly the results that it reaches in plain loops.
    /// (By contract weights are finite, and what is not a number in dy reaches all weight gradients of its channel.)
    /// </summary>
    public static void SpreadsLikeTheReference<TArgs>(string family, TArgs args, float value)
        where TArgs : struct
    {
        foreach (string direction in new[] { "forward", "backward-input", "backward-weight" })
        {
            KernelOperation<TArgs> operation = KernelRegistry.Get<TArgs>($"{family}.{direction}");
            KernelOperand[] operands = operation.Inputs(args);
            for (int operand = 0; operand < operands.Length; operand++)
            {
                if (operands[operand].Name is "w" or "bias" || (direction == "backward-weight" && operand == 0))
                {
                    continue;
                }

                float[][] inputs = Fill.Operands(3, operands);
                for (int at = 0; at < inputs[operand].Length; at += 11)
                {
                    float kept = inputs[operand][at];
                    inputs[operand][at] = value;
                    foreach (KernelVariant<TArgs> variant in operation.Variants.Where(v => v.IsAvailable()))
                    {
                        SameKinds(operation, variant, args, inputs, $"{operands[operand].Name}[{at}] = {value}");
                    }

                    inputs[operand][at] = kept;
                }
            }
        }
    }

    /// <summary>Results of one run at the machine's best width.</summary>
    public static float[] Run<TArgs>(string name, TArgs args, params float[][] inputs)
        where TArgs : struct
    {
        KernelOperation<TArgs> operation = KernelRegistry.Get<TArgs>(name);
        return RegistryProperties.Run(operation, operation.Variants.First(v => v.IsAvailable()).Run, args, inputs)[0];
    }

    private static void SameKinds<TArgs>(KernelOperation<TArgs> operation, KernelVariant<TArgs> variant, TArgs args,
        float[][] inputs, string what)
        where TArgs : struct
    {
        double[][] expected = [.. operation.Outputs(args).Select(o => new double[o.Shape.Length])];
        operation.Reference(args, [.. inputs.Select(x => Array.ConvertAll(x, v => (double)v))], expected);
        float[] actual = RegistryProperties.Run(operation, variant.Run, args, inputs)[0];
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.True(Kind(expected[0][i]) == Kind(actual[i]),
                $"{operation.Name}/{variant.Target} {args}, {what}: element {i} is {actual[i]}, not {expected[0][i]}");
        }
    }

    private static int Kind(double v) => double.IsNaN(v) ? 2 : double.IsInfinity(v) ? Math.Sign(v) : 0;
}
