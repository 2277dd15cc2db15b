using System.CommandLine;
using MuxKernels.Inference;
using MuxKernels.Interop;
using MuxKernels.Layers;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet verify</c>: golden cases, each error beside its bound.</summary>
internal static class VerifyCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("verify", "Runs golden cases on a device; each error stands beside its bound.");
        Argument<string[]> paths = new("PATH")
        {
            Description = "Folders with ops and nets, one of these two, or manifests.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> only = new("--only")
        {
            Description = "Only operators and blocks (ops), networks (nets) or training traces (traces).",
            HelpName = "ops|nets|traces",
        };
        Option<bool> strict = new("--strict")
        {
            Description = "1e-6 everywhere; the rule of the device 'reference', which works in float64.",
        };
        EngineOption engine = new(command);
        command.Add(paths);
        command.Add(only);
        command.Add(strict);
        shell.Handle(command, parsed =>
        {
            GoldenParts parts = parsed.GetValue(only) switch
            {
                null => GoldenParts.All,
                "ops" => GoldenParts.Operators,
                "nets" => GoldenParts.Networks,
                "traces" => GoldenParts.Traces,
                string other => throw new UsageException($"--only is '{other}', expected ops, nets or traces."),
            };
            using Device device = shell.OpenDevice();
            bool exact = parsed.GetValue(strict) || device is ReferenceDevice;
            Engine chosen = engine.Choose(parsed, device, parsed.GetValue(strict) ? "--strict" : null, Engine.Eager);
            return Run(shell, parsed.GetRequiredValue(paths), device, chosen, new GoldenOptions
            {
                Parts = parts,
                Rule = exact ? GoldenRule.Double : GoldenRule.Float,
            });
        });
        return command;
    }

    private static int Run(Shell shell, string[] paths, Device device, Engine engine, GoldenOptions options)
    {
        int plans = 0;
        if (engine == Engine.Plan)
        {
            options = options with { Inference = ByPlan };
        }

        float[] ByPlan(Module module, Shape shape, ReadOnlySpan<float> x)
        {
            using INetworkPlan plan = NetworkPlan.Of(module, device, shape);
            float[] y = new float[plan.Output.Length];
            plan.Run(x, y);
            plans++;
            return y;
        }

        GoldenReport report = GoldenVerifier.Verify(paths, device, options, p => Show(shell, p), shell.Cancellation);
        Row[] rows = [.. report.Cases.SelectMany(Rows)];
        int passed = rows.Count(r => r.Passed), skipped = rows.Count(r => r.Skipped);
        int failed = rows.Length - passed - skipped;
        shell.Result(new
        {
            device = device.Name,
            engine = EngineOption.Name(engine),
            plans,
            rule = options.Rule == GoldenRule.Double ? "double" : "float",
            cases = rows,
            passed,
            failed,
            skipped,
            groups = new { report.Passed, report.Failed, report.Skipped },
        });
        Table table = new("", "case", "tensor", ">error", ">bound");
        foreach (Row row in rows)
        {
            table.Add(row.Skipped ? "skip" : row.Passed ? "ok" : "FAIL", row.Name,
                row.Reason.Length > 0 ? row.Reason : row.Tensor,
                row.Error is { } error ? $"{error:0.0e+0}" : "–", row.Bound is { } bound ? $"{bound:0.0e+0}" : "–");
        }

        table.Write(shell.Output);
        shell.Line($"{device.Name}: {passed} passed, {failed} failed, {skipped} skipped "
            + $"({report.Cases.Count} cases)"
            + (engine == Engine.Plan ? $"; {plans} results computed by plans, the rest layer by layer" : ""));
        return failed > 0 || rows.Length == 0 ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>A row for each tensor, and one for what ended a case early.</summary>
    private static IEnumerable<Row> Rows(GoldenCase c)
    {
        foreach (GoldenComparison comparison in c.Comparisons)
        {
            yield return new Row(c.Name, comparison.Tensor, comparison.Error, comparison.Bound, comparison.Passed,
                false, "");
        }

        if (c.Outcome != GoldenOutcome.Passed && c.Comparisons.All(t => t.Passed))
        {
            yield return new Row(c.Name, "", null, null, false, c.Outcome == GoldenOutcome.Skipped, c.Reason);
        }
    }

    private static void Show(Shell shell, GoldenProgress p) => shell.Progress(
        $"{p.Done}/{p.Total}  {p.Latest.Name}  {p.Latest.Outcome.ToString().ToLowerInvariant()}",
        new { p.Done, p.Total, @case = p.Latest.Name, outcome = p.Latest.Outcome.ToString().ToLowerInvariant() });

    private sealed record Row(string Name, string Tensor, double? Error, double? Bound, bool Passed, bool Skipped,
        string Reason);
}
