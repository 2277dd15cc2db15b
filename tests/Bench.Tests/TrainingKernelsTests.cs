using System.CommandLine;
using System.Text.Json;
using MuxKernels.Compare;
using MuxKernels.Measure;
using Xunit;

namespace MuxKernels.Bench.Tests;

public sealed class TrainingKernelsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("training-kernels").FullName;

    public static TheoryData<string> Small => [.. TrainingRow.All().Where(r => r.Name.EndsWith(" 64 px",
        StringComparison.Ordinal)).Select(r => r.Name)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_family_is_measured_at_both_sizes()
    {
        IReadOnlyList<TrainingRow> rows = TrainingRow.All();
        Assert.Equal(rows.Count, rows.Select(r => r.Name).Distinct().Count());
        foreach (string family in (ReadOnlySpan<string>)["pointwise", "stem 3×3 stride 2", "depthwise 3×3",
            "depthwise 3×3 stride 2", "depthwise 5×5", "depthwise 5×5 stride 2", "group-wise g = 2", "mixed stride 2",
            "MuxConv 3×3", "MuxConv 5×5"])
        {
            Assert.Single(rows, r => r.Name == $"{family}, 64 px");
            Assert.Single(rows, r => r.Name == $"{family}, 224 px");
        }

        Assert.All(rows, r => Assert.Equal(r.Parts.Count, r.Parts.Select(p => p.Label).Distinct().Count()));
        double products = rows.Where(r => r.Name is "pointwise, 64 px").SelectMany(r => r.Parts)
            .Sum(p => p.Count * p.Operator.MultiplyAdds);
        Assert.Equal(ShapeTable.Of<PointwiseConv.Args>("muxnet-m", TrainingRow.Batch, 64)
            .Sum(p => (double)p.Count * p.Args.MultiplyAdds), products, products * 1e-9);
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void Gradients_in_the_inner_layout_agree_with_eager(string name)
    {
        using CpuDevice device = new(1);
        TrainingPart part = TrainingRow.All().Single(r => r.Name == name).Parts[^1];
        using TrainingKernel kernel = TrainingKernel.Of(name, part.Operator, device);
        bool isStem = name.StartsWith("stem", StringComparison.Ordinal);
        Assert.Equal(isStem ? 2 : 3, kernel.Directions.Count);
        Assert.True(kernel.MultiplyAdds > 0);
        foreach (Contestant direction in kernel.Directions)
        {
            direction.Run();
        }
    }

    [Fact]
    public void The_document_has_parts_and_their_total()
    {
        ResultFile file = Measure("MuxConv 5×5, 64 px");
        Assert.Equal("training-kernels", file.Kind);
        Assert.Equal([true, true, false], file.Rows.Select(r => r.IsPart));
        ResultRow total = file.Rows[2];
        Assert.StartsWith(total.Name + ResultRow.PartMark, file.Rows[0].Name, StringComparison.Ordinal);
        Assert.Equal(["forward", "input gradient", "weight gradient"], total.Entries.Select(e => e.Name));
        for (int i = 0; i < 3; i++)
        {
            ResultEntry[] parts = [file.Rows[0].Entries[i], file.Rows[1].Entries[i]];
            Assert.All(parts, e => Assert.False(e.Peer));
            Assert.InRange(total.Entries[i].PercentOfPeak!.Value, parts.Min(e => e.PercentOfPeak!.Value) - 0.01,
                parts.Max(e => e.PercentOfPeak!.Value) + 0.01);
        }

        string picture = File.ReadAllText(Path.Combine(folder, "training-kernels.svg"));
        Assert.Contains("MuxConv 5×5, 64 px", picture, StringComparison.Ordinal);
        string table = TrainingTable.Of(file.Rows);
        Assert.Contains("| MuxConv 5×5, 64 px |", table, StringComparison.Ordinal);
        Assert.Contains("| MuxConv 5×5, 64 px · C240 at 4² |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Normalisation_is_measured_beside_a_copy()
    {
        ResultRow row = Assert.Single(Measure("second cache").Rows);
        Assert.Equal(100, row.Entries.Single(e => e.Name == NormPasses.Copy).PercentOfCopy!.Value, 1e-9);
        Assert.All(row.Entries, e => Assert.True(e.GigabytesPerS > 0 && e.PercentOfPeak is null));
        Assert.Contains("| moments |", TrainingTable.Of([row]), StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_options_are_refused()
    {
        Assert.NotEmpty(TrainingKernelsCommand.Create().Parse("--width 128").Errors);
        Assert.NotEmpty(TrainingKernelsCommand.Create().Parse("--seconds 0").Errors);
        ComparisonException nothing = Assert.Throws<ComparisonException>(() => Invoke("--only", "nothing of this",
            "--output", folder));
        Assert.Contains("nothing of this", nothing.Message, StringComparison.Ordinal);
        ComparisonException missing = Assert.Throws<ComparisonException>(() => Invoke("--output",
            Path.Combine(folder, "missing")));
        Assert.Contains("missing", missing.Message, StringComparison.Ordinal);
    }

    private ResultFile Measure(string only)
    {
        Assert.Equal(0, Invoke("--only", only, "--output", folder));
        return ResultFile.Parse(File.ReadAllText(Path.Combine(folder, "training-kernels.json")));
    }

    private static int Invoke(params string[] line)
    {
        // One process only: the second width has a child of its own.
        string[] width = MachineProbe.VectorLanes == 16 ? ["--width", "512"] : [];
        return TrainingKernelsCommand.Create().Parse([.. line, .. width, "--seconds", "0.2"])
            .Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = TextWriter.Null });
    }
}
