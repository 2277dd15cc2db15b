namespace MuxKernels.Inference;

/// <summary>Global average of a map from the sums that the producing step left.</summary>
internal sealed unsafe class MeanStep<TSimd, TVector> : Step
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Region sums;
    private readonly Region y;
    private readonly (int Chunks, int Slots, int Pixels) shape;

    public MeanStep(string name, Region sums, int chunks, int slots, int pixels, Region y)
        : base(name, "mean")
    {
        (this.sums, this.y, shape) = (sums, y, (chunks, slots, pixels));
        Bytes = sizeof(float) * (chunks + 1L) * slots;
        Layout = "vector";
    }

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c) => SqueezeExciteStep<TSimd, TVector>.Mean(c.At(sums),
        shape.Chunks, shape.Slots, 1f / shape.Pixels, c.At(y));
}

/// <summary>A step that can be the last one, for all images together.</summary>
internal abstract unsafe class TailStep(string name, string kind) : Step(name, kind)
{
    /// <summary>One item for several images.</summary>
    public abstract void Run(int item, float* from, int stride, int images, float* to);
}

/// <summary>Fully connected layer: inside the network image by image, at its end for all images together.</summary>
internal sealed unsafe class LinearStep<TSimd, TVector> : TailStep
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Linear.Args args;
    private readonly Region x;
    private readonly Region? y;
    private readonly Packed weights;
    private readonly Packed bias;
    private readonly int perItem;

    /// <param name="name">Path of the module.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="y">Result; null where it is the plan's output.</param>
    /// <param name="weights">Packed weights.</param>
    /// <param name="bias">Bias.</param>
    public LinearStep(string name, Linear.Args args, Region x, Region? y, Packed weights, Packed bias)
        : base(name, "linear")
    {
        (this.args, this.x, this.y, this.weights, this.bias) = (args, x, y, weights, bias);
        int unit = BlockedLinear<TSimd, TVector>.OutputStep;
        long perOutput = args.X.C;
        int wanted = (int)Math.Clamp(perOutput * args.Y.C / 40_000, 1, 64);
        int units = (args.Y.C + unit - 1) / unit;
        perItem = (units + wanted - 1) / wanted * unit;
        Items = (args.Y.C + perItem - 1) / perItem;
        MultiplyAdds = (long)args.X.C * args.Y.C;
        VectorMultiplyAdds = weights.Length;
        Bytes = sizeof(float) * ((long)weights.Length + args.X.C + args.Y.C);
        Layout = "vector";
        Tile = $"{Items}";
    }

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c) =>
        Run(item, c.At(x), 0, 1, y is null ? c.Output : c.At(y));

    /// <inheritdoc/>
    public override void Run(int item, float* from, int stride, int images, float* to)
    {
        int first = item * perItem;
        BlockedLinear<TSimd, TVector>.Run(from, stride, images, args.X.C, weights.Pointer, bias.Pointer,
            ActivationKind.None, to, args.Y.C, first, Math.Min(perItem, args.Y.C - first));
    }
}
