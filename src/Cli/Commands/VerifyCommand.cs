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
        Command command = new("verify", "Runs golden cases on a device, or every kernel against its "
            + "reference (--kernels); each error stands beside its bound.");
        Argument<string[]> paths = new("PATH")
        {
            Description = "Folders with ops and nets, one of these two, or manifests.",
            Arity = ArgumentArity.ZeroOrMore,
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
        Option<int> kernels = new("--kernels")
        {
            Description = "Checks every kernel of the device against plain loops in float64 on N generated geometries.",
            HelpName = "N",
        };
        EngineOption engine = new(command);
        command.Add(paths);
        command.Add(only);
        command.Add(strict);
        command.Add(kernels);
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
            int count = Check.Range(parsed.GetValue(kernels), 0, 100_000, "--kernels");
            string[] given = parsed.GetValue(paths) ?? [];
            if (given.Length == 0 == (count == 0))
            {
                throw new UsageException(count == 0
                    ? "PATH is missing: expected golden data, or --kernels N."
                    : "--kernels checks kernels and PATH golden cases; expected one of the two.");
            }

            if (shell.IsTensorFloat32)
            {
                throw new UsageException("--tf32 is given to verify, expected none: the bounds are those of float32.");
            }

            using Device device = shell.OpenDevice();
            if (count > 0)
            {
                return Kernels(shell, device, count);
            }

            bool exact = parsed.GetValue(strict) || device is ReferenceDevice;
            Engine chosen = engine.Choose(parsed, device, parsed.GetValue(strict) ? "--strict" : null, Engine.Eager);
            if (chosen == Engine.Plan16)
            {
                throw new UsageException("--engine is plan16, expected plan or eager: the bounds are those of "
                    + "float32.");
            }

            return Run(shell, given, device, chosen, new GoldenOptions
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

    private static int Kernels(Shell shell, Device device, int count)
    {
        IReadOnlyList<KernelOperation> operations = KernelChecks.For(device);
        if (operations.Count == 0)
        {
            throw new UsageException($"--device {device.Name} has no kernels of the registry, expected cpu or a GPU.");
        }

        List<KernelCheck> checks = [];
        foreach (KernelOperation operation in operations)
        {
            shell.Cancellation.ThrowIfCancellationRequested();
            checks.AddRange(KernelChecks.Run(operation, device, count));
            shell.Progress($"{checks.Count} forms of {operations.Count} operations  {operation.Name}",
                new { done = checks.Count, operations = operations.Count, kernel = operation.Name });
        }

        KernelCheck[] bad = [.. checks.Where(c => c.Failure is not null)];
        shell.Result(new
        {
            device = device.Name,
            kernels = checks,
            passed = checks.Count - bad.Length,
            failed = bad.Length,
        });
        Table table = new("", "kernel", "form", ">geometries");
        foreach (KernelCheck check in checks)
        {
            table.Add(check.Failure is null ? "ok" : "FAIL", check.Kernel, check.Target, $"{check.Cases}");
        }

        table.Write(shell.Output);
        foreach (KernelCheck check in bad)
        {
            shell.Line($"{check.Target}: {check.Failure}");
        }

        shell.Line($"{device.Name}: {checks.Count - bad.Length} kernels agree with their references in float64, "
            + $"{bad.Length} do not");
        return bad.Length > 0 ? ExitCode.Failed : ExitCode.Done;
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
