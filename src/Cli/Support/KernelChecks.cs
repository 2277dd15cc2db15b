using System.Reflection;
using System.Runtime.ExceptionServices;
using MuxKernels.Testing;

namespace MuxKernels.Cli;

/// <summary>What checking one form of an operation found.</summary>
/// <param name="Kernel">The operation of the registry.</param>
/// <param name="Target">Instruction set or device, and form.</param>
/// <param name="Cases">Generated geometries that were tried.</param>
/// <param name="Failure">The smallest geometry that fails, with the element and both values; null where all agree.
/// </param>
internal sealed record KernelCheck(string Kernel, string Target, int Cases, string? Failure);

/// <summary>Every operation of the registry on a device, against its reference in float64 over generated
/// geometries.</summary>
internal static class KernelChecks
{
    /// <summary>Operations that have a form for the device.</summary>
    public static IReadOnlyList<KernelOperation> For(Device device) =>
        [.. KernelRegistry.Operations.Where(o => o.Targets.Any(t => IsOn(t, device)))];

    /// <summary>Checks all forms of one operation.</summary>
    public static IReadOnlyList<KernelCheck> Run(KernelOperation operation, Device device, int count)
    {
        try
        {
            return (IReadOnlyList<KernelCheck>)typeof(KernelChecks)
                .GetMethod(nameof(RunTyped), BindingFlags.Static | BindingFlags.NonPublic)!
                .MakeGenericMethod(operation.ArgsType).Invoke(null, [operation, device, count])!;
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
    }

    private static IReadOnlyList<KernelCheck> RunTyped<TArgs>(KernelOperation<TArgs> operation, Device device,
        int count)
        where TArgs : struct
    {
        List<KernelCheck> found = [];
        foreach (KernelVariant<TArgs> variant in operation.Variants)
        {
            if (!IsOn(variant.Target, device) || (variant.Launch is null && !variant.IsAvailable()))
            {
                continue;
            }

            string? failure = null;
            try
            {
                Testing.Check.Against(operation, variant.Launch is { } launch ? launch.OnHost(device) : variant.Run,
                    count: count, pool: (device as CpuDevice)?.Work);
            }
            catch (CheckFailedException e)
            {
                failure = e.Message;
            }

            found.Add(new KernelCheck(operation.Name, variant.Target, count, failure));
        }

        return found;
    }

    /// <summary>Forms of the processor run anywhere but on devices; those of a device have its kind as
    /// target.</summary>
    private static bool IsOn(string target, Device device)
    {
        string kind = device.Name.Split(':')[0];
        bool isDevice = DeviceProvider.Kinds.Any(k => k.Kind == target);
        return device is CpuDevice ? !isDevice : target == kind;
    }
}
