using System.Globalization;

namespace MuxKernels;

/// <summary>A device that can be opened.</summary>
/// <param name="Name">What <see cref="DeviceProvider.Open"/> takes: <c>cpu</c>, <c>opencl:0</c>.</param>
/// <param name="Description">What it is: its maker's name, threads, memory.</param>
public readonly record struct DeviceEntry(string Name, string Description);

/// <summary>Opens devices of one kind.</summary>
/// <param name="Kind">The name before the colon: <c>cuda</c> of <c>cuda:1</c>.</param>
/// <param name="Description">What the kind is.</param>
/// <param name="List">The devices of this kind that are present.</param>
/// <param name="Open">Opens the device with this index; the second argument is the number of threads asked for, 0 for
/// the device's own choice. Throws an <see cref="ArgumentException"/> that says what is there.</param>
/// <param name="Unavailable">Why there can be none in this build; null where there can.</param>
public sealed record DeviceFactory(string Kind, string Description, Func<IReadOnlyList<DeviceEntry>> List,
    Func<int, int, Device> Open, string? Unavailable = null);

/// <summary>Finds and opens devices by name. It is open: other assemblies add their kinds, so that programs need not
/// know them.</summary>
public static class DeviceProvider
{
    private static readonly List<DeviceFactory> Known =
    [
        new("cpu", "float32 span kernels on this machine's processor", static () => [CpuEntry()],
            static (_, threads) => new CpuDevice(threads)),
        new("reference", "plain loops in float64 on one thread",
            static () => [new DeviceEntry("reference", "plain loops in float64 on one thread")],
            static (_, _) => new ReferenceDevice()),
    ];

    /// <summary>All kinds, in the order in which they were added.</summary>
    public static IReadOnlyList<DeviceFactory> Kinds
    {
        get
        {
            lock (Known)
            {
                return [.. Known];
            }
        }
    }

    /// <summary>All devices that are present.</summary>
    public static IReadOnlyList<DeviceEntry> Devices => [.. Kinds.SelectMany(k => k.List())];

    /// <summary>Adds a kind; one that is there already is replaced.</summary>
    public static void Add(DeviceFactory factory)
    {
        lock (Known)
        {
            Known.RemoveAll(k => k.Kind == factory.Kind);
            Known.Add(factory);
        }
    }

    /// <summary>Opens a device. The caller disposes it.</summary>
    /// <param name="name">A kind, or a kind and an index: <c>cpu</c>, <c>cuda</c>, <c>opencl:1</c>; <c>auto</c> is the
    /// processor, which has plans.</param>
    /// <param name="threads">Threads of a device that has such a number; 0 for one for each processor.</param>
    /// <exception cref="ArgumentException">No such device; the message says which there are, or why this build has
    /// none.</exception>
    public static Device Open(string name, int threads = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        string[] parts = (name == "auto" ? "cpu" : name).Split(':');
        int index = 0;
        DeviceFactory? factory = Kinds.FirstOrDefault(k => k.Kind == parts[0]);
        if (factory is null || parts.Length > 2 || (parts.Length == 2
            && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new ArgumentException($"There is no device '{name}', expected one of auto, "
                + $"{string.Join(", ", Kinds.Select(k => k.Kind))}, with an index where there are several "
                + "(opencl:1).", nameof(name));
        }

        if (factory.Unavailable is { } reason)
        {
            throw new ArgumentException($"The device '{name}' can't be used: {reason}", nameof(name));
        }

        return factory.Open(index, threads);
    }

    private static DeviceEntry CpuEntry() => new("cpu",
        $"{Environment.ProcessorCount} threads, {(Simd512.IsSupported ? "AVX-512" : Simd256.IsSupported ? "AVX2"
            : "128-bit vectors")}");
}
