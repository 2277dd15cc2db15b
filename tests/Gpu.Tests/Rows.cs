using System.Reflection;
using System.Runtime.ExceptionServices;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>The registry's operations that have GPU variants, as rows of theories. A new operation needs no line here.
/// </summary>
public static class Rows
{
    /// <summary>Names of all operations with GPU variants.</summary>
    public static TheoryData<string> Operations => Named(static _ => true);

    /// <summary>Forward operations that have a gradient of the input.</summary>
    public static TheoryData<string> WithAdjoint => Named(static name =>
        name.EndsWith(".forward", StringComparison.Ordinal)
        && KernelRegistry.Operations.Any(o => o.Name == Adjoint(name)));

    /// <summary>Gradients of weights: the sums that are cut into bands.</summary>
    public static TheoryData<string> ParameterGradients => Named(static name =>
        name.EndsWith(".backward-weight", StringComparison.Ordinal)
        || name.EndsWith(".backward-bias", StringComparison.Ordinal));

    /// <summary>The gradient of the input of a forward operation.</summary>
    internal static string Adjoint(string forward) =>
        forward.Replace(".forward", ".backward-input", StringComparison.Ordinal);

    /// <summary>The kernel of an operation on a kind of device.</summary>
    internal static KernelBody<TArgs> Body<TArgs>(KernelOperation<TArgs> operation, string kind)
        where TArgs : struct
    {
        Hardware.Device(kind);
        return operation.Variants.Single(v => v.Target == kind).Run;
    }

    /// <summary>The kernel of an operation as PTX.</summary>
    internal static KernelBody<TArgs> PtxBody<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        GpuDevice device = Hardware.Ptx;
        KernelBody<TArgs> body = operation.Variants.Single(v => v.Target == "ilgpu-cpu").Launch!.OnHost(device);
        return (in args, inputs, outputs, pool) =>
        {
            lock (device)
            {
                body(args, inputs, outputs, pool);
            }
        };
    }

    /// <summary>Calls a static generic method with the operation, typed by its arguments, before other
    /// values.</summary>
    internal static void Call(Type owner, string method, string operation, params object?[] values)
    {
        KernelOperation found = KernelRegistry.Get(operation);
        MethodInfo generic = owner.GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!;
        try
        {
            generic.MakeGenericMethod(found.ArgsType).Invoke(null, [found, .. values]);
        }
        catch (TargetInvocationException e) when (e.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(e.InnerException);
        }
    }

    private static TheoryData<string> Named(Func<string, bool> wanted)
    {
        GpuDevices.Register();
        return [.. KernelRegistry.Operations.Where(o => o.Targets.Contains("ilgpu-cpu")).Select(o => o.Name)
            .Where(wanted)];
    }
}
