using BenchmarkDotNet.Attributes;

namespace MuxKernels.Benchmarks;

/// <summary>A kernel family over the shapes of a network: one row for each geometry and variant.</summary>
/// <param name="operations">Operations of the registry, such as <c>pointwise.forward</c>.</param>
[Config(typeof(KernelConfig))]
public abstract class KernelBenchmarks(params string[] operations)
{
    private WorkPool? pool;
    private Action run = static () => { };

    /// <summary>Variant and geometry.</summary>
    [ParamsSource(nameof(Cases))]
    public KernelCase Case { get; set; } = null!;

    /// <summary>All cases of the family.</summary>
    public IEnumerable<KernelCase> Cases => operations.SelectMany(KernelCase.Of);

    /// <summary>Makes operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        pool = BenchOptions.Threads > 1 ? new WorkPool(BenchOptions.Threads) : null;
        run = Case.Prepare(pool);
    }

    /// <summary>Ends the threads.</summary>
    [GlobalCleanup]
    public void Cleanup() => pool?.Dispose();

    /// <summary>One call.</summary>
    [Benchmark]
    public void Run() => run();
}
