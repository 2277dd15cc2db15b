namespace MuxKernels.Inference;

/// <summary>Depthwise, group-wise, mixed or multiplexed convolution on blocked maps.</summary>
internal sealed unsafe class WindowStep : Step
{
    private readonly BlockedWindow window;
    private readonly Map x;
    private readonly Packed weights;
    private readonly Ending ending;
    private readonly Rows[] chunks;

    public WindowStep(string name, string kind, BlockedWindow window, Map x, Packed weights, Ending ending,
        Rows[] chunks)
        : base(name, kind)
    {
        (this.window, this.x, this.weights, this.ending, this.chunks) = (window, x, weights, ending, chunks);
        Items = window.Pieces.Count * chunks.Length;
        MultiplyAdds = window.Pieces.Sum(p => p.MultiplyAdds);
        VectorMultiplyAdds = window.Pieces.Sum(p => p.VectorMultiplyAdds);
        long outputs = (long)ending.Blocks * window.Lanes * window.OutHeight * window.OutWidth;
        Activations = ending.Activation == ActivationKind.None ? 0 : outputs;
        Bytes = sizeof(float) * (weights.Length + outputs + (long)x.Blocks * x.Lanes * x.Height * x.Width);
        Layout = $"NCHWc{window.Lanes} border {x.Border}";
        Tile = $"{window.Pieces.Count} × {chunks.Length}";
    }

    /// <inheritdoc/>
    public override void Run(int item, in StepContext c)
    {
        (int index, int chunk) = (item / chunks.Length, item % chunks.Length);
        BlockedPiece piece = window.Pieces[index];
        Rows rows = chunks[chunk];
        BlockedStore store = ending.Store(c, window.Lanes, piece.FirstOut, chunk);
        window.Run(index, c.Arena + x.Start + (long)piece.FirstIn * x.BlockStride, x.BlockStride, x.RowStride,
            weights.Pointer, store, rows.First, rows.Count);
        ending.Map?.ZeroBorder(c.Arena, piece.FirstOut, piece.OutBlocks, rows.First, rows.Count);
    }
}
