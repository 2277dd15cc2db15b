namespace MuxKernels.Cli;

/// <summary>One form of a kernel with its times.</summary>
/// <param name="Target">Instruction set or device, and form.</param>
/// <param name="MedianMs">Median of one call.</param>
/// <param name="P5Ms">One call in twenty was faster.</param>
/// <param name="P95Ms">One call in twenty was slower.</param>
/// <param name="Madds">Multiply-adds of one call.</param>
/// <param name="GmaddsPerS">10⁹ multiply-adds a second.</param>
/// <param name="PercentOfPeak">Share of the peak; null where the peak is another device's.</param>
/// <param name="GbPerS">10⁹ bytes a second, each operand counted once.</param>
internal sealed record KernelResult(string Target, double MedianMs, double P5Ms, double P95Ms, long Madds,
    double GmaddsPerS, double? PercentOfPeak, double GbPerS);

/// <summary>Several forms of one operation that take turns.</summary>
internal sealed class KernelContest(WorkPool? pool)
{
    private readonly List<(string Target, long Madds, long Bytes, Action Run)> entries = [];

    /// <summary>Forms to be timed.</summary>
    public IReadOnlyList<string> Targets => [.. entries.Select(e => e.Target)];

    /// <summary>Adds a form.</summary>
    public void Add(string target, long madds, long bytes, Action run) => entries.Add((target, madds, bytes, run));

    /// <summary>Adds every variant of the registry that this machine can run, on the processor, or those of one kind of
    /// device (their times then include the way to the device and back).</summary>
    public void AddRegistry<TArgs>(KernelOperation<TArgs> operation, TArgs args, string kind)
        where TArgs : struct
    {
        ulong seed = 1;
        KernelMemory[] inputs = [.. operation.Inputs(args).Select(o => (KernelMemory)Values.Of(o, seed++))];
        KernelMemory[] outputs = [.. operation.Outputs(args).Select(o => (KernelMemory)new float[o.Shape.Length])];
        foreach (KernelVariant<TArgs> variant in operation.Variants)
        {
            bool gpu = variant.Target.StartsWith("cuda", StringComparison.Ordinal)
                || variant.Target.StartsWith("opencl", StringComparison.Ordinal)
                || variant.Target.StartsWith("ilgpu", StringComparison.Ordinal);
            if ((gpu ? variant.Target.StartsWith(kind, StringComparison.Ordinal) : kind == "cpu")
                && variant.IsAvailable())
            {
                Add(variant.Target, operation.MultiplyAdds(args), operation.BytesMoved(args),
                    () => variant.Run(args, inputs, outputs, pool));
            }
        }
    }

    /// <summary>MuxConv on the processor: fused, in three steps, and the plain depthwise convolution of the same map
    /// and kernel. Memory is the caller's and made beforehand.</summary>
    /// <param name="direction"><c>forward</c>, <c>backward-input</c> or <c>backward-weight</c>.</param>
    /// <param name="a">Geometry.</param>
    public void AddMuxConv(string direction, MuxConv.Args a)
    {
        int threads = WorkPool.Threads(pool);
        float[] x = Values.Uniform(1, a.X.Length), w = Values.Uniform(2, a.WeightLength), y = new float[a.Y.Length];
        float[] dy = Values.Uniform(3, a.Y.Length), dx = new float[a.X.Length], dw = new float[a.WeightLength];
        float[] fused = new float[a.ScratchLength(threads)];
        float[] steps = new float[MuxConv.ThreeStepScratchLength(a, threads)];
        DepthwiseConv.Args p = new(a.X, a.Kernels.Max(), a.Stride, a.Dilation);
        float[] pw = Values.Uniform(4, p.Weight.Length), py = new float[p.Y.Length];
        float[] pdy = Values.Uniform(5, p.Y.Length), pdw = new float[p.Weight.Length];
        float[] plain = new float[p.ScratchLength(threads)];
        (Action Fused, Action Steps, Action Plain) forms = direction switch
        {
            "forward" => (() => MuxConv.Forward(a, x, w, y, fused, pool),
                () => MuxConv.ForwardThreeStep(a, x, w, y, steps, pool),
                () => DepthwiseConv.Forward(p, x, pw, [], py, plain, pool)),
            "backward-input" => (() => MuxConv.BackwardInput(a, dy, w, dx, fused, pool),
                () => MuxConv.BackwardInputThreeStep(a, dy, w, dx, steps, pool),
                () => DepthwiseConv.BackwardInput(p, pdy, pw, dx, plain, pool)),
            _ => (() => MuxConv.BackwardWeight(a, dy, x, dw, fused, pool),
                () => MuxConv.BackwardWeightThreeStep(a, dy, x, dw, steps, pool),
                () => DepthwiseConv.BackwardWeight(p, pdy, x, pdw, plain, pool)),
        };
        Add("fused", a.MultiplyAdds, a.BytesMoved, forms.Fused);
        Add("three-step", a.MultiplyAdds, a.BytesMoved, forms.Steps);
        Add("plain depthwise", p.MultiplyAdds, p.BytesMoved, forms.Plain);
    }

    /// <summary>Times everything.</summary>
    /// <param name="seconds">Time for all forms together.</param>
    /// <param name="peak">Most multiply-adds a second; null where there is no such number.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public KernelResult[] Run(double seconds, double? peak, CancellationToken cancellation)
    {
        Timing[] times = Timing.Alternate([.. entries.Select(e => e.Run)], seconds, cancellation);
        return [.. entries.Zip(times, (e, t) => new KernelResult(e.Target, t.Median, t.P5, t.P95, e.Madds,
            e.Madds / t.Median / 1e6, e.Madds / t.Median / 1e4 / peak, e.Bytes / t.Median / 1e6))];
    }
}
