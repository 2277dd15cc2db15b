using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;

namespace MuxKernels.Testing;

/// <summary>
/// Geometries of every family, to try kernels with: generator and shrinker, found by the type of the arguments. Open:
/// <see cref="Register{TArgs}"/> takes those of users' own families.
/// </summary>
public static partial class Cases
{
    /// <summary>Work of the largest generated case, in multiply-adds: the reference is a plain loop.</summary>
    public const long WorkLimit = 500_000;

    private const int SampleSize = 50;

    private static readonly ConcurrentDictionary<Type, object> Spaces = new();

    static Cases()
    {
        RegisterConvolutions();
        RegisterChannels();
        RegisterLayers();
    }

    /// <summary>Types of arguments that have cases.</summary>
    public static IReadOnlyCollection<Type> Types => [.. Spaces.Keys];

    /// <summary>Adds cases for a family, or replaces them.</summary>
    public static void Register<TArgs>(CaseSpace<TArgs> space)
        where TArgs : struct => Spaces[typeof(TArgs)] = space;

    /// <summary>The geometries of a family.</summary>
    /// <exception cref="ArgumentException">No cases are registered for this type of arguments.</exception>
    public static CaseSpace<TArgs> Space<TArgs>()
        where TArgs : struct => Spaces.TryGetValue(typeof(TArgs), out object? space)
        ? (CaseSpace<TArgs>)space
        : throw new ArgumentException(
            $"There are no cases for {typeof(TArgs)}; add them with Cases.Register, or pass cases of your own.");

    /// <summary>Generator and shrinker of a family's geometries.</summary>
    /// <exception cref="ArgumentException">No cases are registered for this type of arguments.</exception>
    public static Arbitrary<TArgs> For<TArgs>()
        where TArgs : struct => Space<TArgs>().Arbitrary;

    /// <summary>The first <paramref name="count"/> cases of a seed.</summary>
    public static IEnumerable<TArgs> Sample<TArgs>(Arbitrary<TArgs> cases, int count, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(cases);
        for (int i = 0; i < count; i++)
        {
            yield return cases.Generator.Sample(1, new Rnd(Fill.Mix(seed + ((ulong)i << 32))), SampleSize).Single();
        }
    }

    private static void Add<TArgs>(CaseAxis[] axes, Func<int[], TArgs> build, Func<TArgs, int[]> read,
        Func<TArgs, bool>? accept = null)
        where TArgs : struct => Register(new CaseSpace<TArgs>(axes, build, read, accept));
}
