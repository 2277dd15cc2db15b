using System.Reflection;
using System.Runtime.ExceptionServices;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>The registry as rows of theories: operation and target by name. A new family needs no line here.</summary>
public static class RegistryRows
{
    /// <summary>A small operation of the tests' own: the machinery is tried on it as on every family.</summary>
    internal static KernelOperation<Shape> Doubling { get; } = new KernelOperation<Shape>("tests.doubling")
    {
        Inputs = x => [new KernelOperand("x", x)],
        Outputs = x => [new KernelOperand("y", x)],
        Reference = static (in args, inputs, outputs) =>
        {
            for (int i = 0; i < inputs[0].Length; i++)
            {
                outputs[0][i] = 2 * inputs[0][i];
            }
        },
        Bound = ErrorBound.Exact,
        IsLinear = true,
    }.With("plain", () => true, static (in args, inputs, outputs, _) =>
    {
        for (int i = 0; i < inputs[0].Length; i++)
        {
            outputs[0][i] = inputs[0][i] + inputs[0][i];
        }
    });

    internal static IEnumerable<KernelOperation> All => [.. KernelRegistry.Operations, Doubling];

    /// <summary>Names of all operations.</summary>
    public static TheoryData<string> Operations => [.. All.Select(o => o.Name)];

    /// <summary>Names of the families' operations (those with methods of a device and references).</summary>
    public static TheoryData<string> FamilyOperations => [.. KernelRegistry.Operations.Select(o => o.Name)];

    /// <summary>Names of all operations with their targets that this machine has.</summary>
    public static TheoryData<string, string> Variants => Rows(_ => true);

    /// <summary>The same for linear operations.</summary>
    public static TheoryData<string, string> LinearVariants =>
        Rows(operation => (bool)Call(typeof(RegistryRows), nameof(IsLinear), operation)!);

    internal static KernelOperation Find(string name) => All.Single(o => o.Name == name);

    internal static IReadOnlyList<string> AvailableTargets(KernelOperation operation) =>
        (IReadOnlyList<string>)Call(typeof(RegistryRows), nameof(Available), operation)!;

    /// <summary>Calls a static generic method with the operation, typed by its arguments, before other
    /// values.</summary>
    internal static object? Call(Type owner, string method, KernelOperation operation, params object?[] values)
    {
        const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public;
        MethodInfo generic = owner.GetMethod(method, Static)!;
        try
        {
            return generic.MakeGenericMethod(operation.ArgsType).Invoke(null, [operation, .. values]);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    private static TheoryData<string, string> Rows(Func<KernelOperation, bool> wanted)
    {
        TheoryData<string, string> rows = [];
        foreach (KernelOperation operation in All.Where(wanted))
        {
            foreach (string target in AvailableTargets(operation))
            {
                rows.Add(operation.Name, target);
            }
        }

        return rows;
    }

    private static bool IsLinear<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct => operation.IsLinear;

    private static IReadOnlyList<string> Available<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct => [.. operation.Variants.Where(v => v.IsAvailable()).Select(v => v.Target)];
}
