namespace MuxKernels;

/// <summary>What values an operand can take.</summary>
public enum ValueDomain
{
    /// <summary>Any number.</summary>
    Any,

    /// <summary>Numbers above zero (variances, deviations).</summary>
    Positive,

    /// <summary>Class indices 0 … limit − 1, stored as floats.</summary>
    ClassIndex,
}

/// <summary>One operand of an operation.</summary>
/// <param name="Name">The formula's letter: x, w, dy …</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Domain">Values it can take.</param>
/// <param name="Limit">For <see cref="ValueDomain.ClassIndex"/>, the number of classes.</param>
public readonly record struct KernelOperand(string Name, Shape Shape, ValueDomain Domain = ValueDomain.Any,
    int Limit = 0);

/// <summary>A kernel in the registry's uniform call: each operand converts to a span. Outputs arrive zeroed.</summary>
public delegate void KernelBody<TArgs>(in TArgs args, KernelMemory[] inputs, KernelMemory[] outputs, WorkPool? pool)
    where TArgs : struct;

/// <summary>The reference in double in the registry's uniform call. Outputs arrive zeroed.</summary>
public delegate void KernelReference<TArgs>(in TArgs args, double[][] inputs, double[][] outputs)
    where TArgs : struct;

/// <summary>Absolute error allowed for each element of each output, given inputs and the reference's outputs.</summary>
public delegate double[][] KernelBound<TArgs>(in TArgs args, double[][] inputs, double[][] expected)
    where TArgs : struct;

/// <summary>A kernel that launches on operands in a device's memory. Outputs arrive zeroed or from the run before.
/// </summary>
public delegate void DeviceBody<TArgs>(Device device, in TArgs args, View[] inputs, View[] outputs)
    where TArgs : struct;

/// <summary>One way to compute an operation.</summary>
/// <param name="Target">Instruction set or device and form: <c>avx512</c>, <c>avx2</c>, <c>v128</c>, <c>opencl</c>;
/// <c>avx512/three-step</c> for another algorithm.</param>
/// <param name="IsAvailable">Whether this machine can run it.</param>
/// <param name="Run">The kernel.</param>
/// <param name="Launch">The same on operands that are on the device already; null on the processor.</param>
public sealed record KernelVariant<TArgs>(string Target, Func<bool> IsAvailable, KernelBody<TArgs> Run,
    DeviceBody<TArgs>? Launch = null)
    where TArgs : struct;

/// <summary>An operation of a family, in a form that tests, benchmarks and the command line can treat alike.</summary>
public abstract class KernelOperation
{
    private protected KernelOperation(string name) => Name = name;

    /// <summary><c>family.direction</c>: <c>pointwise.forward</c>, <c>muxconv.backward-weight</c>.</summary>
    public string Name { get; }

    /// <summary>The type of the arguments.</summary>
    public abstract Type ArgsType { get; }

    /// <summary>Targets of all variants, available here or not.</summary>
    public abstract IReadOnlyList<string> Targets { get; }
}

/// <summary>An operation with its arguments' type.</summary>
/// <typeparam name="TArgs">The family's validated arguments.</typeparam>
public sealed class KernelOperation<TArgs>(string name) : KernelOperation(name)
    where TArgs : struct
{
    private readonly List<KernelVariant<TArgs>> variants = [];

    /// <summary>What is read.</summary>
    public required Func<TArgs, KernelOperand[]> Inputs { get; init; }

    /// <summary>What is written.</summary>
    public required Func<TArgs, KernelOperand[]> Outputs { get; init; }

    /// <summary>Plain loops in double.</summary>
    public required KernelReference<TArgs> Reference { get; init; }

    /// <summary>Allowed error.</summary>
    public required KernelBound<TArgs> Bound { get; init; }

    /// <summary>Multiply-adds of one call; 0 for data movement.</summary>
    public Func<TArgs, long> MultiplyAdds { get; init; } = static _ => 0;

    /// <summary>Bytes that one call reads and writes at least.</summary>
    public Func<TArgs, long> BytesMoved { get; init; } = static _ => 0;

    /// <summary>Whether the outputs are linear in each of the inputs (property tests use it).</summary>
    public bool IsLinear { get; init; }

    /// <inheritdoc/>
    public override Type ArgsType => typeof(TArgs);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Targets => [.. Variants.Select(v => v.Target)];

    /// <summary>All variants, available here or not.</summary>
    public IReadOnlyList<KernelVariant<TArgs>> Variants
    {
        get
        {
            lock (variants)
            {
                return [.. variants];
            }
        }
    }

    /// <summary>Adds a variant.</summary>
    public KernelOperation<TArgs> With(string target, Func<bool> isAvailable, KernelBody<TArgs> run,
        DeviceBody<TArgs>? launch = null)
    {
        lock (variants)
        {
            variants.Add(new KernelVariant<TArgs>(target, isAvailable, run, launch));
        }

        return this;
    }

    /// <summary>Adds the three widths of a kernel written over <see cref="ISimd{TVector}"/>.</summary>
    internal KernelOperation<TArgs> WithWidths(KernelBody<TArgs> wide, KernelBody<TArgs> middle,
        KernelBody<TArgs> portable, string form = "") =>
        With("avx512" + form, static () => Simd512.IsSupported, wide)
            .With("avx2" + form, static () => Simd256.IsSupported, middle)
            .With("v128" + form, static () => Simd128.IsSupported, portable);
}
