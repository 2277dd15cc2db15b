using MuxKernels.Autograd;
using MuxKernels.Measure;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary>The kernels of one operation in all directions of training, ready to be timed.</summary>
internal sealed class TrainingKernel : IDisposable
{
    public const string Forward = "forward";
    public const string InputGradient = "input gradient";
    public const string WeightGradient = "weight gradient";

    private readonly IDisposable[] owned;

    private TrainingKernel(IReadOnlyList<Contestant> directions, long madds, double? laneCap,
        params IDisposable[] owned) =>
        (Directions, MultiplyAdds, LaneCap, this.owned) = (directions, madds, laneCap, owned);

    /// <summary>What is timed.</summary>
    public IReadOnlyList<Contestant> Directions { get; }

    /// <summary>Multiply-adds of each direction, by the paper's rule.</summary>
    public long MultiplyAdds { get; }

    /// <summary>Share of the vectors' lanes that work for a channel.</summary>
    public double? LaneCap { get; }

    /// <summary>A convolution on channel-blocked maps. Its results were compared with those of the public
    /// kernels.</summary>
    /// <exception cref="ComparisonException">They differ.</exception>
    public static TrainingKernel Of(string name, Operator @operator, CpuDevice device)
    {
        KernelSubject subject = new(@operator);
        BlockedKernel forward = BlockedKernel.Of(subject);
        BlockedGradients gradients = BlockedGradients.Of(subject, forward);
        (float[] dx, float[] dw) = subject.EagerGradients(device);
        forward.Run();
        Outputs.Difference($"{name}, {Forward}", forward.Read(subject.Y), subject.Eager(device));
        List<Contestant> directions = [new(Forward, forward.Run)];
        if (gradients.HasInput)
        {
            gradients.RunInput();
            Outputs.Difference($"{name}, {InputGradient}", gradients.ReadInput(subject.X), dx);
            directions.Add(new Contestant(InputGradient, gradients.RunInput));
        }

        Outputs.Difference($"{name}, {WeightGradient}", gradients.ReadWeight(dw.Length), dw);
        directions.Add(new Contestant(WeightGradient, gradients.RunWeight));
        return new TrainingKernel(directions, subject.MultiplyAdds, forward.LaneCap, forward, gradients);
    }

    /// <summary>The classifier: its public kernels, which training plans call.</summary>
    public static TrainingKernel OfLinear(int batch, int inputs, int outputs)
    {
        Linear.Args args = new(batch, inputs, outputs);
        float[] x = Fill.Uniform(1, (long)batch * inputs), w = Fill.Uniform(2, (long)inputs * outputs);
        float[] dy = Fill.Uniform(3, (long)batch * outputs), y = new float[dy.Length];
        float[] dx = new float[x.Length], dw = new float[w.Length];
        return new TrainingKernel(
        [
            new(Forward, () => Linear.Forward(args, x, w, [], y)),
            new(InputGradient, () => Linear.BackwardInput(args, dy, w, dx)),
            new(WeightGradient, () => Linear.BackwardWeight(args, dy, x, dw)),
        ], args.MultiplyAdds, null);
    }

    public void Dispose() => Array.ForEach(owned, static o => o.Dispose());
}
