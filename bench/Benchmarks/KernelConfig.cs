using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace MuxKernels.Benchmarks;

/// <summary>
/// Columns with the rates of a kernel, and a job in this process: kernels must be compiled as the program's own
/// settings say, and nothing is restored from a package source while measuring.
/// </summary>
public sealed class KernelConfig : ManualConfig
{
    /// <summary>Makes the configuration.</summary>
    public KernelConfig()
    {
        AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        AddColumn(
            StatisticColumn.Median,
            new RateColumn("GMAdd/s", static c => c.MultiplyAdds, static _ => 1),
            new RateColumn("% of peak", static c => c.MultiplyAdds, static _ => 100 / Peak.Value),
            new RateColumn("GB/s", static c => c.BytesMoved, static _ => 1));
        SummaryStyle = SummaryStyle.Default.WithMaxParameterColumnWidth(100);
        Options |= ConfigOptions.DisableLogFile;
    }

    /// <summary>Most multiply-adds a nanosecond, of the same threads in the same process.</summary>
    private static readonly Lazy<double> Peak = new(static () => MachineProbe.PeakFma(BenchOptions.Threads));

    /// <summary>Something that is done so many times a call, over the median of a call's nanoseconds.</summary>
    private sealed class RateColumn(string name, Func<KernelCase, long> amount, Func<KernelCase, double> scale)
        : IColumn
    {
        public string Id => $"{nameof(RateColumn)}.{name}";

        public string ColumnName => name;

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Dimensionless;

        public string Legend => name == "% of peak"
            ? "Share of the fused multiply-adds that these threads did in registers in the same run"
            : $"{name}, at the median";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
            GetValue(summary, benchmarkCase, SummaryStyle.Default);

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
        {
            double? median = summary[benchmarkCase]?.ResultStatistics?.Median;
            return median is { } ns && benchmarkCase.Parameters["Case"] is KernelCase one && amount(one) > 0
                ? $"{amount(one) / ns * scale(one):F1}"
                : "–";
        }

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

        public bool IsAvailable(Summary summary) => true;
    }
}
