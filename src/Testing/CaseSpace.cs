using FsCheck;
using FsCheck.Fluent;

namespace MuxKernels.Testing;

/// <summary>
/// All geometries of a family that tests try: a handful of integer axes and the family's validating constructor.
/// Geometry that the constructor refuses is never produced, neither by the generator nor by the shrinker, and shrinking
/// walks every axis to its plain value (small shapes, stride 1, no options).
/// </summary>
/// <typeparam name="TArgs">The family's arguments.</typeparam>
public sealed class CaseSpace<TArgs>
    where TArgs : struct
{
    private readonly CaseAxis[] axes;
    private readonly Func<int[], TArgs> build;
    private readonly Func<TArgs, int[]> read;
    private readonly Func<TArgs, bool> accept;

    /// <summary>A space of geometries.</summary>
    /// <param name="axes">What is varied.</param>
    /// <param name="build">Arguments from one value for each axis; a <see cref="ShapeException"/> refuses them.</param>
    /// <param name="read">The axes' values of given arguments.</param>
    /// <param name="accept">A further condition, such as a limit of the work; null for none.</param>
    public CaseSpace(CaseAxis[] axes, Func<int[], TArgs> build, Func<TArgs, int[]> read,
        Func<TArgs, bool>? accept = null)
    {
        (this.axes, this.build, this.read, this.accept) = (axes, build, read, accept ?? (static _ => true));
        Generator = Gen.CollectToArray(axes.Select(axis => axis.Values))
            .Select(Build).Where(args => args is not null).Select(args => args!.Value);
        Arbitrary = Arb.From(Generator, Shrink);
    }

    /// <summary>Generator and shrinker for FsCheck.</summary>
    public Arbitrary<TArgs> Arbitrary { get; }

    /// <summary>Generator alone.</summary>
    public Gen<TArgs> Generator { get; }

    /// <summary>Whether the cases have an axis that counts images.</summary>
    public bool HasBatch => BatchAxis >= 0;

    private int BatchAxis => Array.FindIndex(axes, axis => axis.Name == CaseAxis.Batch);

    /// <summary>The first <paramref name="count"/> cases of a seed.</summary>
    public IEnumerable<TArgs> Sample(int count, ulong seed = 1) => Cases.Sample(Arbitrary, count, seed);

    /// <summary>The same geometry for another number of images; null where there is none.</summary>
    public TArgs? WithBatch(TArgs args, int images)
    {
        int[] values = read(args);
        values[BatchAxis] = images;
        return Build(values);
    }

    /// <summary>Simpler geometries, the simplest first: each axis at its plain value, half way, one step
    /// nearer.</summary>
    public IEnumerable<TArgs> Shrink(TArgs args)
    {
        int[] values = read(args);
        long distance = Distance(values);
        for (int i = 0; i < axes.Length; i++)
        {
            int gap = values[i] - axes[i].Plain;
            foreach (int rest in new[] { 0, gap / 2, gap - Math.Sign(gap) }.Distinct())
            {
                int[] candidate = [.. values];
                candidate[i] = axes[i].Plain + rest;
                if (rest != gap && Build(candidate) is { } simpler && Distance(read(simpler)) < distance)
                {
                    yield return simpler;
                }
            }
        }
    }

    private long Distance(int[] values)
    {
        long sum = 0;
        for (int i = 0; i < axes.Length; i++)
        {
            sum += Math.Abs((long)values[i] - axes[i].Plain);
        }

        return sum;
    }

    /// <summary>Null for geometry that the family refuses.</summary>
    private TArgs? Build(int[] values)
    {
        try
        {
            TArgs args = build(values);
            return accept(args) ? args : null;
        }
        catch (ShapeException)
        {
            return null;
        }
    }
}
