using FsCheck;
using FsCheck.Fluent;

namespace MuxKernels.Testing;

/// <summary>One integer that describes a geometry: a batch, a kernel size, the index of an option.</summary>
/// <param name="Name">Its name; the axis named <see cref="Batch"/> counts images.</param>
/// <param name="Values">Values to try.</param>
/// <param name="Plain">The value that shrinking walks to.</param>
public sealed record CaseAxis(string Name, Gen<int> Values, int Plain = 1)
{
    /// <summary>Name of the axis that counts images.</summary>
    public const string Batch = "N";

    /// <summary>Small batches.</summary>
    public static CaseAxis Images { get; } = new(Batch, Gen.Choose(1, 3));

    /// <summary>Channels: mostly few, sometimes more than a vector, rarely many.</summary>
    public static CaseAxis Channels(string name = "C") => new(name,
        Gen.Frequency((6, Gen.Choose(1, 12)), (3, Gen.Choose(13, 40)), (1, Gen.Choose(41, 100))));

    /// <summary>Rows or columns: mostly few, sometimes around a vector's width, rarely many.</summary>
    public static CaseAxis Size(string name) => new(name,
        Gen.Frequency((6, Gen.Choose(1, 12)), (3, Gen.Choose(13, 20)), (1, Gen.Choose(21, 40))));

    /// <summary>Any number of a range; shrinks to <paramref name="plain"/>, by default the lower end.</summary>
    public static CaseAxis Range(string name, int low, int high, int? plain = null) =>
        new(name, Gen.Choose(low, high), plain ?? low);

    /// <summary>One of these numbers; shrinks to the first.</summary>
    public static CaseAxis Of(string name, params int[] values) => new(name, Gen.Elements(values), values[0]);
}
