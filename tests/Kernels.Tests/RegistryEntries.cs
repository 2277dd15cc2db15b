using System.Reflection;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>The public ways into an operation compute what the registry's reference computes.</summary>
internal static class RegistryEntries
{
    /// <summary>The processor's device, and with it the choice of the instruction set, is within the bound.</summary>
    public static void CpuDeviceAgrees<TArgs>(KernelOperation<TArgs> operation, int threads, int count, ulong seed)
        where TArgs : struct
    {
        using CpuDevice device = new(threads);
        Check.ForAll($"{operation.Name} on {device.Name}", Cases.For<TArgs>(), args =>
        {
            float[][] inputs = Fill.Operands(seed, operation.Inputs(args));
            (double[][] expected, double[][] bounds) = Check.Expected(operation, args, inputs);
            double[][] actual = PublicEntries.RunOnDevice(device, operation, args, inputs);
            return Difference(operation.Outputs(args), expected, Array.ConvertAll(actual, Narrow), bounds);
        }, count, seed);
    }

    /// <summary>The reference device has the reference's very numbers (to 1e-12 of their size).</summary>
    public static void ReferenceDeviceAgrees<TArgs>(KernelOperation<TArgs> operation, int count, ulong seed)
        where TArgs : struct
    {
        using ReferenceDevice device = new();
        Check.ForAll($"{operation.Name} on {device.Name}", Cases.For<TArgs>(), args =>
        {
            float[][] inputs = Fill.Operands(seed, operation.Inputs(args));
            (double[][] expected, _) = Check.Expected(operation, args, inputs);
            double[][] actual = PublicEntries.RunOnDevice(device, operation, args, inputs);
            for (int i = 0; i < expected.Length; i++)
            {
                for (int e = 0; e < expected[i].Length; e++)
                {
                    if (!(Math.Abs(actual[i][e] - expected[i][e]) <= 1e-12 * (1 + Math.Abs(expected[i][e]))))
                    {
                        KernelOperand y = operation.Outputs(args)[i];
                        return $"{y.Name}{Check.Index(e, y.Shape)} is {actual[i][e]}, expected {expected[i][e]}";
                    }
                }
            }

            return null;
        }, count, seed);
    }

    /// <summary>The reference in float32 (double sums, one rounding) is within the kernels' bound.</summary>
    public static void SingleReferenceAgrees<TArgs>(KernelOperation<TArgs> operation, int count, ulong seed)
        where TArgs : struct =>
        Check.ForAll($"{operation.Name}, reference in float32", Cases.For<TArgs>(), args =>
        {
            float[][] inputs = Fill.Operands(seed, operation.Inputs(args));
            (double[][] expected, double[][] bounds) = Check.Expected(operation, args, inputs);
            return Difference(operation.Outputs(args), expected, PublicEntries.RunReference(operation, args, inputs),
                bounds);
        }, count, seed);

    /// <summary>Each operand one element short and one element long is an error that names the family and the lengths.
    /// </summary>
    public static void WrongLengthsAreRefused<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        using CpuDevice device = new(1);
        TArgs args = Cases.Space<TArgs>().Sample(20, 15).Last();
        float[][] inputs = Fill.Operands(1, operation.Inputs(args));
        string[] written = [.. operation.Outputs(args).Select(o => o.Name)];
        string[] operands = [.. operation.Inputs(args).Select(o => o.Name), .. written];
        for (int operand = 0; operand < operands.Length; operand++)
        {
            if (operand < inputs.Length && written.Contains(operands[operand]))
            {
                continue; // Read and written: one operand of the device, changed as the written one.
            }

            foreach (int change in new[] { -1, 1 })
            {
                TargetInvocationException thrown = Assert.Throws<TargetInvocationException>(() =>
                    PublicEntries.RunOnDevice(device, operation, args, inputs, operand, change));
                ShapeException error = Assert.IsType<ShapeException>(thrown.InnerException);
                Assert.Contains("expected", error.Message);
                Assert.Contains(".", error.Message.Split(':')[0]);
            }
        }
    }

    private static string? Difference(KernelOperand[] operands, double[][] expected, float[][] actual,
        double[][] bounds)
    {
        for (int i = 0; i < operands.Length; i++)
        {
            if (Check.Difference(expected[i], actual[i], bounds[i], operands[i].Shape) is { } difference)
            {
                return operands[i].Name + difference;
            }
        }

        return null;
    }

    private static float[] Narrow(double[] x) => Array.ConvertAll(x, v => (float)v);
}
