using System.CommandLine;
using System.Globalization;
using System.Text;
using MuxKernels.Inference;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Measure;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary><c>budget</c>: what each step of a planned network could take at best, and what it takes.</summary>
internal static class BudgetCommand
{
    private const int Runs = 31;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        Command command = new("budget", "A time budget for each step of a planned network, one thread.");
        Option<string> model = new("--model") { Description = "Network.", DefaultValueFactory = _ => "muxnet-m" };
        Option<string> output = new("--output")
        {
            Description = "Markdown file.",
            DefaultValueFactory = static _ => Path.Combine("bench", "BUDGET.md"),
        };
        command.Add(model);
        command.Add(output);
        command.SetAction(parsed =>
        {
            AtomicFile.WriteText(parsed.GetRequiredValue(output), Measure(parsed.GetRequiredValue(model)));
            return 0;
        });
        return command;
    }

    private static string Measure(string model)
    {
        using CpuDevice device = new(Environment.ProcessorCount);
        using MuxNet network = Subjects.Network(model, device);
        Shape shape = new(1, network.Spec.ImageChannels, network.Spec.ImageSize, network.Spec.ImageSize);
        using InferencePlan plan = InferencePlan.Of(network, shape);
        float[] x = Fill.Uniform(7, shape.Length), y = new float[network.Spec.Classes];
        Measured whole = new Blocks().Run([new Contestant("plan", () => plan.Run(x, y))])[0];
        double[] times = plan.Profile(x, Runs);
        Limits limits = Limits.Measure();
        return Format(model, plan.Steps, times, whole.Spread, limits);
    }

    private static string Format(string model, IReadOnlyList<PlanStep> steps, double[] times, Spread whole,
        Limits limits)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Time budget of {model}

            `dotnet run -c Release --project bench/Compare -- budget --model {model}` wrote this on {Machine.Read().Processor},
            batch 1, one thread, {MachineProbe.InstructionSet}. Limits measured in the same run: {limits.Peak:F1} GMAdd/s,
            {limits.Copy:F0} GB/s read and written by a copy in the second-level cache, {limits.Swish:F1} swishes and
            {limits.Relu:F1} relus a nanosecond in the first-level cache.

            FMA: multiply-adds of all lanes, those without a channel or a tap included, at the peak. Traffic: weights, input
            and output of the step once. Act.: its activations, all at swish's rate in a step that has one. Limit: the larger
            of traffic and FMA + act. Measured: medians of {Runs} runs by the plan's own timer; a whole run took
            {whole.MedianMs:F3} ms (5 % {whole.P5Ms:F3}, 95 % {whole.P95Ms:F3}, best {whole.LeastMs:F3}).

            | step | what | M multiply-adds | lane cap | FMA µs | traffic µs | act. µs | limit µs | measured µs | of it |
            |---|---|---:|---:|---:|---:|---:|---:|---:|---:|

            """);
        Budget sum = default;
        double all = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            PlanStep step = steps[i];
            Budget b = Budget.Of(step, limits);
            sum = sum.Plus(b);
            all += times[i];
            text.Append(CultureInfo.InvariantCulture, $"| {step.Name} | {step.Kind} | {step.MultiplyAdds / 1e6:F2} | "
                + $"{100 * step.LaneCap:F0} % | {b.Fma:F1} | {b.Traffic:F1} | {b.Activations:F1} | {b.Limit:F1} | "
                + $"{1e3 * times[i]:F1} | {b.Limit / times[i] / 10:F0} % |\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"| all | | {steps.Sum(s => s.MultiplyAdds) / 1e6:F1} | "
            + $"| {sum.Fma:F0} | {sum.Traffic:F0} | {sum.Activations:F0} | {sum.Limit:F0} | {1e3 * all:F0} | {sum.Limit / all / 10:F0} % |\n");
        return text.ToString();
    }

    /// <summary>Microseconds of a step at best.</summary>
    private readonly record struct Budget(double Fma, double Traffic, double Activations, double Limit)
    {
        public static Budget Of(PlanStep step, Limits limits)
        {
            double fma = step.MultiplyAdds / Math.Max(step.LaneCap, 1e-9) / limits.Peak / 1e3;
            double traffic = step.Bytes / limits.Copy / 1e3;
            bool swish = step.Kind.Contains(nameof(ActivationKind.Swish), StringComparison.Ordinal);
            double activations = step.Activations / (swish ? limits.Swish : limits.Relu) / 1e3;
            return new Budget(fma, traffic, activations, Math.Max(traffic, fma + activations));
        }

        public Budget Plus(Budget o) =>
            new(Fma + o.Fma, Traffic + o.Traffic, Activations + o.Activations, Limit + o.Limit);
    }

    /// <summary>What one thread can do at best.</summary>
    /// <param name="Peak">10⁹ multiply-adds a second.</param>
    /// <param name="Copy">10⁹ bytes a second.</param>
    /// <param name="Swish">10⁹ values a second.</param>
    /// <param name="Relu">10⁹ values a second.</param>
    private sealed record Limits(double Peak, double Copy, double Swish, double Relu)
    {
        private const int CopyFloats = 65_536;
        private const int ValueFloats = 4096;

        public static Limits Measure()
        {
            using AlignedBuffer<float> from = new(CopyFloats), to = new(CopyFloats);
            Fill.Uniform(1, from.Span, -6, 6);
            Activation.Args swish = new(Shape.Vector(ValueFloats), ActivationKind.Swish);
            Activation.Args relu = new(Shape.Vector(ValueFloats), ActivationKind.Relu);
            IReadOnlyList<Measured> times = new Blocks { PauseMs = 0, BlockMs = 10 }.Run(
            [
                new("copy", () => from.Span.CopyTo(to.Span)),
                new("swish", () => Activation.Forward(swish, from.Span[..ValueFloats], to.Span[..ValueFloats])),
                new("relu", () => Activation.Forward(relu, from.Span[..ValueFloats], to.Span[..ValueFloats])),
            ]);
            return new Limits(MachineProbe.PeakFma(1), 2.0 * sizeof(float) * CopyFloats / times[0].Spread.P5Ms / 1e6,
                ValueFloats / times[1].Spread.P5Ms / 1e6, ValueFloats / times[2].Spread.P5Ms / 1e6);
        }
    }
}
