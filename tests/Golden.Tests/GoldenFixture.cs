using MuxKernels.Interop;
using Xunit;

namespace MuxKernels.Golden.Tests;

/// <summary>Where the golden data lies, and how a report becomes a test's verdict.</summary>
internal static class GoldenFixture
{
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "goldens");

    public static string Part(string name) => Path.Combine(Folder, name);

    /// <summary>Fails with every case that failed and its worst tensor.</summary>
    public static void AssertPassed(GoldenReport report, int cases)
    {
        string[] bad = [.. report.Cases.Where(c => c.Outcome != GoldenOutcome.Passed).Select(c =>
            $"{c.Name}: {c.Outcome}. {c.Reason} Worst: {c.Worst}")];
        Assert.True(bad.Length == 0, string.Join('\n', bad));
        Assert.Equal(cases, report.Passed);
        Assert.True(report.IsPassed);
    }
}
