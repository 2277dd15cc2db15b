using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>A batch of n images is its n single images: outputs per image are equal (to the bit in the forward pass),
/// sums over the batch add up.</summary>
internal static class RegistryBatches
{
    /// <summary>Holds wherever it holds for the reference (not for statistics of a batch or means over it).</summary>
    public static void SplitsIntoImages<TArgs>(KernelOperation<TArgs> operation, string target, int count, ulong seed)
        where TArgs : struct
    {
        CaseSpace<TArgs> space = Cases.Space<TArgs>();
        if (space.HasBatch)
        {
            Check.ForAll($"{operation.Name}/{target} by single images", space.Arbitrary,
                args => Difference(operation, RegistryProperties.Body(operation, target), space, args, seed), count,
                seed);
        }
    }

    private static string? Difference<TArgs>(KernelOperation<TArgs> operation, KernelBody<TArgs> body,
        CaseSpace<TArgs> space, TArgs args, ulong seed)
        where TArgs : struct
    {
        if (space.WithBatch(args, 1) is not { } single)
        {
            return null;
        }

        KernelOperand[] all = operation.Outputs(args), one = operation.Outputs(single);
        KernelOperand[] allInputs = operation.Inputs(args), oneInputs = operation.Inputs(single);
        int images = (int)(allInputs[0].Shape.Length / oneInputs[0].Shape.Length);
        float[][] inputs = Fill.Operands(seed, allInputs);
        float[][] together = RegistryProperties.Run(operation, body, args, inputs);
        (double[][] expected, double[][] bounds) = Check.Expected(operation, args, inputs);
        double[][] parts = [.. all.Select(o => new double[o.Shape.Length])];
        double[][] partsExpected = [.. all.Select(o => new double[o.Shape.Length])];
        double[][] slack = [.. bounds.Select(b => (double[])b.Clone())];
        for (int image = 0; image < images; image++)
        {
            float[][] mine = [.. inputs.Select((x, i) => Part(x, (int)oneInputs[i].Shape.Length, image))];
            float[][] outputs = RegistryProperties.Run(operation, body, single, mine);
            (double[][] reference, double[][] bound) = Check.Expected(operation, single, mine);
            for (int i = 0; i < one.Length; i++)
            {
                int length = outputs[i].Length;
                int start = all[i].Shape.Length == length ? 0 : image * length;
                for (int e = 0; e < length; e++)
                {
                    parts[i][start + e] += outputs[i][e];
                    partsExpected[i][start + e] += reference[i][e];
                    slack[i][start + e] += bound[i][e];
                }
            }
        }

        for (int i = 0; i < one.Length; i++)
        {
            bool splits = expected[i].Zip(partsExpected[i], (a, b) => Math.Abs(a - b) <= 1e-9 * (1 + Math.Abs(a)))
                .All(same => same);
            bool bits = operation.IsLinear && operation.Name.EndsWith(".forward", StringComparison.Ordinal);
            string? difference = !splits ? null
                : bits ? Check.BitDifference(Array.ConvertAll(parts[i], v => (float)v), together[i], all[i].Shape)
                : Check.Difference(parts[i], together[i], slack[i], all[i].Shape);
            if (difference is not null)
            {
                return $"batch of {images} against single images: {all[i].Name}{difference}";
            }
        }

        return null;
    }

    private static float[] Part(float[] x, int length, int image) =>
        x.Length == length ? x : x[(image * length)..((image + 1) * length)];
}
