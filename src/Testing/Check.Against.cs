using FsCheck;

namespace MuxKernels.Testing;

public static partial class Check
{
    /// <summary>Cases tried by default.</summary>
    public const int DefaultCount = 100;

    private const int MaxShrinkTrials = 2000;

    /// <summary>
    /// Checks a kernel against the reference of an operation over generated geometries, within the operation's error
    /// bound. A counterexample is shrunk before it is reported.
    /// </summary>
    /// <param name="reference">The operation, <c>KernelRegistry.Get&lt;DepthwiseConv.Args&gt;("depthwise.forward")</c>.
    /// </param>
    /// <param name="candidate">The kernel to check.</param>
    /// <param name="cases">Generator and shrinker; null for <see cref="Cases.For{TArgs}"/>.</param>
    /// <param name="count">Number of cases.</param>
    /// <param name="seed">Seed of geometries and numbers.</param>
    /// <param name="pool">Threads handed to the kernel; null for none.</param>
    /// <exception cref="CheckFailedException">The kernel is wrong; the message has the shrunk geometry, the element,
    /// the values and the seed.</exception>
    public static void Against<TArgs>(KernelOperation<TArgs> reference, KernelBody<TArgs> candidate,
        Arbitrary<TArgs>? cases = null, int count = DefaultCount, ulong seed = 1, WorkPool? pool = null)
        where TArgs : struct =>
        ForAll(reference.Name, cases ?? Cases.For<TArgs>(),
            args => Trial(reference, candidate, args, seed, pool), count, seed);

    /// <summary>Checks a kernel against the reference of an operation on given geometries.</summary>
    /// <exception cref="CheckFailedException">The kernel is wrong; the message has geometry, element, values and seed.
    /// </exception>
    public static void Against<TArgs>(KernelOperation<TArgs> reference, KernelBody<TArgs> candidate,
        IEnumerable<TArgs> cases, ulong seed = 1, WorkPool? pool = null)
        where TArgs : struct
    {
        foreach (TArgs args in cases)
        {
            if (Trial(reference, candidate, args, seed, pool) is { } failure)
            {
                throw new CheckFailedException($"{reference.Name}: {failure}\n  geometry {args}\n  seed     {seed}");
            }
        }
    }

    /// <summary>Runs a property over generated cases; a counterexample is shrunk (the first simpler case that fails
    /// too, again and again) before it is reported.</summary>
    /// <param name="what">What is checked, for the message.</param>
    /// <param name="cases">Generator and shrinker.</param>
    /// <param name="property">Null if the case holds, else what is wrong.</param>
    /// <param name="count">Number of cases.</param>
    /// <param name="seed">Seed of the generator.</param>
    /// <exception cref="CheckFailedException">A case that does not hold.</exception>
    public static void ForAll<TArgs>(string what, Arbitrary<TArgs> cases, Func<TArgs, string?> property,
        int count = DefaultCount, ulong seed = 1)
    {
        int tried = 0;
        foreach (TArgs args in Cases.Sample(cases, count, seed))
        {
            tried++;
            if (property(args) is { } failure)
            {
                (TArgs smallest, string reason, int steps) = Shrunk(cases, property, args, failure);
                throw new CheckFailedException($"{what}: {reason}\n  geometry {smallest}"
                    + (steps == 0 ? "" : $"\n  shrunk   in {steps} steps from {args}")
                    + $"\n  seed     {seed} (case {tried} of {count})");
            }
        }
    }

    /// <summary>Runs a kernel on one case and compares every output with the reference; null if all agree.</summary>
    /// <remarks>Inputs are filled by the seed; outputs arrive zeroed. An exception of the kernel is a
    /// failure.</remarks>
    public static string? Trial<TArgs>(KernelOperation<TArgs> reference, KernelBody<TArgs> candidate, TArgs args,
        ulong seed = 1, WorkPool? pool = null)
        where TArgs : struct
    {
        float[][] inputs = Fill.Operands(seed, reference.Inputs(args));
        KernelOperand[] operands = reference.Outputs(args);
        (double[][] expected, double[][] bounds) = Expected(reference, args, inputs);
        float[][] actual = Zeros(operands);
        if (Failure(() => candidate(args, KernelMemory.Of(inputs), KernelMemory.Of(actual), pool)) is { } thrown)
        {
            return thrown;
        }

        for (int i = 0; i < operands.Length; i++)
        {
            if (Difference(expected[i], actual[i], bounds[i], operands[i].Shape) is { } difference)
            {
                return operands[i].Name + difference;
            }
        }

        return null;
    }

    /// <summary>The reference's outputs and the allowed error of each element.</summary>
    public static (double[][] Expected, double[][] Bounds) Expected<TArgs>(KernelOperation<TArgs> reference, TArgs args,
        float[][] inputs)
        where TArgs : struct
    {
        double[][] x = [.. inputs.Select(input => Array.ConvertAll(input, v => (double)v))];
        double[][] y = [.. reference.Outputs(args).Select(o => new double[o.Shape.Length])];
        reference.Reference(args, x, y);
        return (y, reference.Bound(args, x, y));
    }

    /// <summary>Zeroed memory for operands.</summary>
    public static float[][] Zeros(KernelOperand[] operands) =>
        [.. operands.Select(o => new float[o.Shape.Length])];

    /// <summary>What an action throws, as text; null if nothing.</summary>
    private static string? Failure(Action action)
    {
        try
        {
            action();
            return null;
        }
#pragma warning disable CA1031 // Whatever the kernel under test throws is the finding, and is reported.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"threw {e.GetType().Name}: {e.Message}";
        }
    }

    private static (TArgs Smallest, string Reason, int Steps) Shrunk<TArgs>(Arbitrary<TArgs> cases,
        Func<TArgs, string?> property, TArgs args, string failure)
    {
        (int steps, int trials) = (0, 0);
        bool smaller = true;
        while (smaller)
        {
            smaller = false;
            foreach (TArgs candidate in cases.Shrinker(args))
            {
                if (++trials > MaxShrinkTrials)
                {
                    return (args, failure, steps);
                }

                if (property(candidate) is { } reason)
                {
                    (args, failure, steps, smaller) = (candidate, reason, steps + 1, true);
                    break;
                }
            }
        }

        return (args, failure, steps);
    }
}
