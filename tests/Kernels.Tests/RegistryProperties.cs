using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>What every operation of the registry must be, as properties of one geometry. Each returns null where it
/// holds, else what is wrong.</summary>
internal static class RegistryProperties
{
    private static readonly WorkPool[] Pools = [new WorkPool(1), new WorkPool(2), new WorkPool(3)];

    public static KernelBody<TArgs> Body<TArgs>(KernelOperation<TArgs> operation, string target)
        where TArgs : struct => operation.Variants.Single(v => v.Target == target).Run;

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
}
