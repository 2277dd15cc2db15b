using MuxKernels.Measure;
using MuxKernels.Testing;

namespace MuxKernels.Benchmarks;

/// <summary>One variant of a kernel on one geometry of a network.</summary>
public abstract class KernelCase
{
    /// <summary>The variant: <c>avx512</c>, <c>avx2</c>, …</summary>
    public abstract string Target { get; }

    /// <summary>Multiply-adds of one call.</summary>
    public abstract long MultiplyAdds { get; }

    /// <summary>Bytes read and written once by one call.</summary>
    public abstract long BytesMoved { get; }

    /// <summary>Makes operands and the call.</summary>
    /// <param name="pool">Threads; null for the calling one.</param>
    public abstract Action Prepare(WorkPool? pool);

    /// <summary>Every variant of the registry's operations with these names that runs here, on every geometry of the
    /// network.</summary>
    /// <param name="operation"><c>pointwise.forward</c>.</param>
    public static IEnumerable<KernelCase> Of(string operation)
    {
        foreach (ShapeRow row in ShapeTable.Of(BenchOptions.Network, BenchOptions.Batch))
        {
            string family = row.Operation.Name.Split('.')[0];
            if (family != operation.Split('.')[0])
            {
                continue;
            }

            foreach (KernelCase one in From(KernelRegistry.Get(operation), row))
            {
                yield return one;
            }
        }
    }

    private static IEnumerable<KernelCase> From(KernelOperation operation, ShapeRow row)
    {
        Type type = typeof(KernelCase<>).MakeGenericType(row.Args.GetType());
        return operation.Targets.Select((_, i) => (KernelCase)Activator.CreateInstance(type, operation, row, i)!)
            .Where(c => c.IsAvailable);
    }

    /// <summary>Whether this machine runs it on its processor.</summary>
    public abstract bool IsAvailable { get; }
}

/// <inheritdoc cref="KernelCase"/>
/// <typeparam name="TArgs">The family's arguments.</typeparam>
public sealed class KernelCase<TArgs>(KernelOperation<TArgs> operation, ShapeRow row, int variant) : KernelCase
    where TArgs : struct
{
    private static readonly string[] Processors = ["avx512", "avx2", "v128"];

    private readonly TArgs args = (TArgs)row.Args;
    private readonly KernelVariant<TArgs> chosen = operation.Variants[variant];

    /// <inheritdoc/>
    public override string Target => chosen.Target;

    /// <inheritdoc/>
    public override long MultiplyAdds => operation.MultiplyAdds(args);

    /// <inheritdoc/>
    public override long BytesMoved => operation.BytesMoved(args);

    /// <inheritdoc/>
    public override bool IsAvailable => Processors.Contains(Target.Split('/')[0]) && chosen.IsAvailable();

    /// <inheritdoc/>
    public override Action Prepare(WorkPool? pool)
    {
        KernelMemory[] inputs = KernelMemory.Of(Fill.Operands(1, operation.Inputs(args)));
        KernelMemory[] outputs = [.. operation.Outputs(args).Select(o => (KernelMemory)new float[o.Shape.Length])];
        return () => chosen.Run(args, inputs, outputs, pool);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Target} {args} (×{row.Count})";
}
