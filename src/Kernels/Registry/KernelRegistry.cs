using System.Collections.Concurrent;

namespace MuxKernels;

/// <summary>
/// Every operation and every variant of its kernels, once: dispatch tests, property tests, <c>muxnet bench</c> and
/// <c>verify</c> read it. It is open: <see cref="Add"/> takes operations and variants of other assemblies and users.
/// </summary>
public static class KernelRegistry
{
    private static readonly ConcurrentDictionary<string, KernelOperation> Known = new(StringComparer.Ordinal);

    static KernelRegistry()
    {
        foreach (KernelOperation operation in Families.Operations())
        {
            Add(operation);
        }
    }

    /// <summary>All operations, by name.</summary>
    public static IReadOnlyList<KernelOperation> Operations =>
        [.. Known.Values.OrderBy(o => o.Name, StringComparer.Ordinal)];

    /// <summary>Adds an operation.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public static void Add(KernelOperation operation)
    {
        if (!Known.TryAdd(operation.Name, operation))
        {
            throw new ArgumentException($"The registry already has {operation.Name}.", nameof(operation));
        }
    }

    /// <summary>The operation with this name, such as <c>muxconv.forward</c>.</summary>
    /// <exception cref="ArgumentException">No such operation; the message lists the nearest names.</exception>
    public static KernelOperation Get(string name) => Known.TryGetValue(name, out KernelOperation? operation)
        ? operation
        : throw new ArgumentException(
            $"There is no kernel '{name}'. Known: {string.Join(", ", Operations.Select(o => o.Name))}.", nameof(name));

    /// <summary>The operation with this name and these arguments.</summary>
    public static KernelOperation<TArgs> Get<TArgs>(string name)
        where TArgs : struct => Get(name) as KernelOperation<TArgs>
        ?? throw new ArgumentException($"{name} takes {Get(name).ArgsType}, not {typeof(TArgs)}.", nameof(name));
}
