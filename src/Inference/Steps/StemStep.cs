namespace MuxKernels.Inference;

/// <summary>Dense convolution of the caller's image (NCHW) into a blocked map.</summary>
internal sealed unsafe class StemStep<TSimd, TVector> : Step
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly DenseConv.Args args;
    private readonly Packed weights;
    private readonly Ending ending;
    private readonly Rows[] chunks;

    /// <param name="name">Path of the module.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="args">The convolution.</param>
    /// <param name="wide">The same with an output channel for each slot.</param>
    /// <param name="weights">Packed weights.</param>
    /// <param name="ending">Where the results go.</param>
    /// <param name="chunks">Items.</param>
    public StemStep(string name, string kind, in DenseConv.Args args, in DenseConv.Args wide, Packed weights,
        Ending ending, Rows[] chunks)
        : base(name, kind)
    {
        (this.args, this.weights, this.ending, this.chunks) = (wide, weights, ending, chunks);
        Items = chunks.Length;
        MultiplyAdds = args.MultiplyAdds;
        long outputs = (long)ending.Blocks * TSimd.Lanes * args.Y.Pixels;
        VectorMultiplyAdds = outputs * args.X.C * args.Window.Taps;
        Activations = ending.Activation == ActivationKind.None ? 0 : outputs;
        Bytes = sizeof(float) * (weights.Length + args.X.ImageLength + outputs);
        Layout = $"NCHW to NCHWc{TSimd.Lanes}";
        Tile = $"{chunks.Length}";
    }

    /// <inheritdoc/>
    public override int ScratchLength => ScratchFor(chunks.Max(r => r.Count));

    /// <summary>Floats of scratch for so many rows.</summary>
    public int ScratchFor(int rows) => BlockedStem<TSimd, TVector>.ScratchLength(args, rows);

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c) => RunRows(chunks[item], c, item);

    /// <summary>Computes rows.</summary>
    public void RunRows(Rows rows, in StepContext c, int chunk = 0)
    {
        BlockedStore store = ending.Store(c, TSimd.Lanes, 0, chunk);
        BlockedStem<TSimd, TVector>.Run(args, c.Input, weights.Pointer, store, rows.First, rows.Count, c.Scratch);
        ending.Map?.ZeroBorder(c.Arena, 0, ending.Blocks, rows.First, rows.Count);
    }
}
