using MuxKernels.Autograd;
using MuxKernels.Layers;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary>What is measured: networks and chains of blocks with the statistics of a trained network.</summary>
internal static class Subjects
{
    /// <summary>Batch normalisation that takes over the statistics of the last batch as they are.</summary>
    private static readonly NormNumbers LastBatch = new(Momentum: 1);

    /// <summary>A network by name. Fresh weights with fresh statistics would let the numbers fade away from layer to
    /// layer, so statistics are those of two random images: every map has variance 1 after its normalisation.</summary>
    public static MuxNet Network(string name, CpuDevice device)
    {
        MuxNet network = new(MuxNets.Get(name) with { Norm = LastBatch });
        network.Materialize(device, 1);
        Settle(network, new Shape(2, network.Spec.ImageChannels, network.Spec.ImageSize, network.Spec.ImageSize),
            device);
        return network;
    }

    /// <summary>Equal blocks one after the other: the conversion at both ends is shared by all of them.</summary>
    public static Module Chain(string block, int channels, int size, int length, CpuDevice device)
    {
        BlockSpec spec = BlockGrammar.Parse(block)[0];
        BlockChain chain = new([.. Enumerable.Range(0, length).Select(_ => Block.Create(spec, channels, 1,
            norm: LastBatch))]);
        chain.Materialize(device, 1);
        Settle(chain, new Shape(2, channels, size, size), device);
        return chain;
    }

    private static void Settle(Module network, Shape shape, CpuDevice device)
    {
        using Session session = new(device, training: true);
        network.Invoke(session.Input(shape, Fill.Uniform(3, shape.Length)));
    }

    private sealed class BlockChain : Module
    {
        private readonly Block[] blocks;

        public BlockChain(Block[] blocks) =>
            this.blocks = [.. blocks.Select((b, i) => Child($"{i}", b))];

        protected override Tensor Forward(Tensor x) => blocks.Aggregate(x, static (y, block) => block.Invoke(y));
    }
}
