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
/// <param name="PercentOfCopy">Share of a copy's speed; null where that was not measured.</param>
internal sealed record KernelResult(string Target, double MedianMs, double P5Ms, double P95Ms, long Madds,
    double GmaddsPerS, double? PercentOfPeak, double GbPerS, double? PercentOfCopy = null);

/// <summary>Several forms of one operation that take turns.</summary>
internal sealed class KernelContest(WorkPool? pool)
{
    private readonly List<(string Target, long Madds, long Bytes, Action Run)> entries = [];

    /// <summary>Forms to be timed.</summary>
    public IReadOnlyList<string> Targets => [.. entries.Select(e => e.Target)];

    /// <summary>Adds a form.</summary>
    public void Add(string target, long madds, long bytes, Action run) => entries.Add((target, madds, bytes, run));

    /// <summary>Adds every variant of the registry that this machine can run on the processor, or those of a device
    /// with operands in its memory.</summary>
    public void AddRegistry<TArgs>(KernelOperation<TArgs> operation, TArgs args, Device device)
        where TArgs : struct
    {
        if (device is not CpuDevice)
        {
            AddLaunches(operation, args, device);
            return;
        }

        ulong seed = 1;
        KernelMemory[] inputs = [.. operation.Inputs(args).Select(o => (KernelMemory)Values.Of(o, seed++))];
        KernelMemory[] outputs = [.. operation.Outputs(args).Select(o => (KernelMemory)new float[o.Shape.Length])];
        foreach (KernelVariant<TArgs> variant in operation.Variants)
        {
            if (variant.Launch is null && variant.IsAvailable())
            {
                Add(variant.Target, operation.MultiplyAdds(args), operation.BytesMoved(args),
                    () => variant.Run(args, inputs, outputs, pool));
            }
        }
    }

    private void AddLaunches<TArgs>(KernelOperation<TArgs> operation, TArgs args, Device device)
        where TArgs : struct
    {
        ulong seed = 1;
        View Sent(KernelOperand operand)
        {
            View view = device.Rent(checked((int)operand.Shape.Length)).View;
            device.Write(Values.Of(operand, seed++), view);
            return view;
        }

        string kind = device.Name.Split(':')[0];
        View[] inputs = [.. operation.Inputs(args).Select(Sent)], outputs = [.. operation.Outputs(args).Select(Sent)];
        foreach (KernelVariant<TArgs> variant in operation.Variants)
        {
            if (variant.Launch is { } launch && variant.Target.Split('/')[0] == kind)
            {
                Add(variant.Target, operation.MultiplyAdds(args), operation.BytesMoved(args),
                    () => launch(device, args, inputs, outputs));
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

    /// <summary>MuxConv on a device in three steps.</summary>
    /// <param name="direction"><c>forward</c>, <c>backward-input</c> or <c>backward-weight</c>.</param>
    /// <param name="a">Geometry.</param>
    /// <param name="steps">The steps.</param>
    /// <param name="device">The device; operands are made there.</param>
    public void AddSteps(string direction, MuxConv.Args a, MuxConvSteps steps, Device device)
    {
        View Sent(long length, ulong seed)
        {
            View view = device.Rent(checked((int)length)).View;
            device.Write(Values.Uniform(seed, length), view);
            return view;
        }

        View x = Sent(a.X.Length, 1), w = Sent(a.WeightLength, 2), y = Sent(a.Y.Length, 3);
        View dw = Sent(a.WeightLength, 4);
        steps.Forward(x, w, y); // Its weight gradient reads what forward rearranged.
        Add("three-step", a.MultiplyAdds, a.BytesMoved, direction switch
        {
            "forward" => () => steps.Forward(x, w, y),
            "backward-input" => () => steps.BackwardInput(y, w, x),
            _ => () => steps.BackwardWeight(y, x, dw),
        });
    }

    /// <summary>Times everything.</summary>
    /// <param name="seconds">Time for all forms together.</param>
    /// <param name="limits">What the machine can do at best; null where there is no such number.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    /// <param name="device">Whose clock is asked; null for that of the processor.</param>
    public KernelResult[] Run(double seconds, DeviceLimits? limits, CancellationToken cancellation,
        Device? device = null)
    {
        Timing[] times = Timing.Alternate([.. entries.Select(e => e.Run)], seconds, cancellation, device: device);
        double? copy = limits is { CopyGbPerS: > 0 } known ? known.CopyGbPerS : null;
        return [.. entries.Zip(times, (e, t) => new KernelResult(e.Target, t.Median, t.P5, t.P95, e.Madds,
            e.Madds / t.Median / 1e6, e.Madds / t.Median / 1e4 / limits?.GmaddsPerS, e.Bytes / t.Median / 1e6,
            e.Bytes / t.Median / 1e4 / copy))];
    }
}
