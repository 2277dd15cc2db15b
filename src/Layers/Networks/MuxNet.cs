using MuxKernels.Autograd;

namespace MuxKernels.Layers;

/// <summary>
/// A place in a network whose map can be taken out: the result of a block, or the expanded map inside it.
/// </summary>
/// <param name="Block">Row of the block, 0-based, as in the state dictionary.</param>
/// <param name="IsExpanded">Whether the map is the one that the block's depthwise convolution reads.</param>
public readonly record struct FeaturePoint(int Block, bool IsExpanded = false);

/// <summary>What a feature map has.</summary>
/// <param name="Point">Where it is.</param>
/// <param name="Channels">Its channels.</param>
/// <param name="Reduction">Pixels of the image along an axis for one of the map.</param>
public readonly record struct FeatureInfo(FeaturePoint Point, int Channels, int Reduction);

/// <summary>
/// A MUXNet (CVPR 2020): 3×3 stem → BN → act → blocks → 1×1 head → BN → act → global average pool → dropout → linear.
/// Any input size and class count; state names are the reference implementation's.
/// </summary>
public sealed class MuxNet : Module
{
    private readonly Conv2d convStem;
    private readonly BatchNorm2d bn1;
    private readonly BlockList blocks;
    private readonly Conv2d convHead;
    private readonly BatchNorm2d bn2;
    private readonly Linear1d classifier;

    /// <summary>Builds a network; it has no memory until <see cref="Module.Materialize"/>.</summary>
    /// <exception cref="ShapeException">Blocks that do not fit each other, or more blocks or parameters than a network
    /// may have.</exception>
    public MuxNet(NetworkSpec spec)
    {
        Spec = spec;
        convStem = Child("conv_stem", new Conv2d(spec.ImageChannels, spec.StemChannels, 3, spec.StemStride));
        bn1 = Child("bn1", NormNumbers.Layer(spec.Norm, spec.StemChannels, spec.Activation));
        blocks = Child("blocks", new BlockList(spec));
        int last = blocks.Blocks[^1].OutChannels;
        convHead = Child("conv_head", new Conv2d(last, spec.HeadChannels, 1));
        bn2 = Child("bn2", NormNumbers.Layer(spec.Norm, spec.HeadChannels, spec.Activation));
        classifier = Child("classifier", new Linear1d(spec.HeadChannels, spec.Classes));
        Guard.That(ParameterCount <= Guard.MaxLength, spec.Name,
            $"the network has {ParameterCount} parameters, at most {Guard.MaxLength}.");
    }

    /// <summary>What this network was built from.</summary>
    public NetworkSpec Spec { get; }

    /// <summary>The blocks, one for each row of the tables.</summary>
    public IReadOnlyList<Block> Blocks => blocks.Blocks;

    /// <summary>Results of the last block at each resolution, finest first.</summary>
    public IReadOnlyList<FeatureInfo> FeatureLevels
    {
        get
        {
            List<FeatureInfo> levels = [];
            int reduction = Spec.StemStride;
            for (int i = 0; i < Blocks.Count; i++)
            {
                reduction *= Blocks[i].Stride;
                if (i + 1 == Blocks.Count || Blocks[i + 1].Stride > 1)
                {
                    levels.Add(new FeatureInfo(new FeaturePoint(i), Blocks[i].OutChannels, reduction));
                }
            }

            return levels;
        }
    }

    /// <summary>Feature maps at the given points, for detection and segmentation heads; the last result is the map
    /// after the head convolution if <paramref name="head"/> is set.</summary>
    /// <exception cref="ArgumentException">A block that the network has not.</exception>
    public IReadOnlyList<Tensor> Features(Tensor x, IReadOnlyList<FeaturePoint> points, bool head = false)
    {
        foreach (FeaturePoint point in points)
        {
            if (point.Block < 0 || point.Block >= Blocks.Count)
            {
                throw new ArgumentException(
                    $"Feature point at block {point.Block}, {Spec.Name} has blocks 0 … {Blocks.Count - 1}.",
                    nameof(points));
            }
        }

        Session session = x.Session
            ?? throw new InvalidOperationException("The input belongs to no session; make it with Session.Input.");
        Tensor[] results = new Tensor[points.Count];
        x = bn1.Invoke(convStem.Invoke(x));
        int last = head || points.Count == 0 ? Blocks.Count - 1 : points.Max(p => p.Block);
        for (int i = 0; i <= last; i++)
        {
            int mark = session.Enter($"blocks.{i}.0");
            Tensor expanded = Blocks[i].Expand(x), y = Blocks[i].Project(x, expanded);
            for (int p = 0; p < results.Length; p++)
            {
                if (points[p].Block == i)
                {
                    results[p] = points[p].IsExpanded ? expanded : y;
                }
            }

            session.Leave(mark, results.Contains(expanded) ? [expanded, y] : [y]);
            if (!results.Contains(x))
            {
                session.Forget(x);
            }

            x = y;
        }

        return head ? [.. results, bn2.Invoke(convHead.Invoke(x))] : results;
    }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor x)
    {
        Guard.That(x.Shape.C == Spec.ImageChannels, Spec.Name,
            $"the input has shape {x.Shape}, expected {Spec.ImageChannels} channels.");
        x = bn1.Invoke(convStem.Invoke(x));
        x = blocks.Invoke(x);
        x = bn2.Invoke(convHead.Invoke(x)).GlobalAveragePool();
        return classifier.Invoke(x.Dropout((float)Spec.Dropout));
    }

    private sealed class BlockList : Module
    {
        public BlockList(NetworkSpec spec)
        {
            long total = spec.Blocks.Sum(b => (long)b.Repeats);
            Guard.That(total is >= 1 and <= NetworkSpec.MaxBlocks && spec.Blocks.All(b => b.Repeats > 0), spec.Name,
                $"the network has {total} blocks, expected 1 … {NetworkSpec.MaxBlocks}, at least one in each row.");
            Guard.That(spec.Blocks.All(b => b.Kernels.Count > 0), spec.Name, "a block has no kernel size.");
            int channels = spec.StemChannels;
            List<Block> list = [];
            foreach (BlockSpec row in spec.Blocks)
            {
                for (int repeat = 0; repeat < row.Repeats; repeat++)
                {
                    Block block = Block.Create(row, channels, repeat == 0 ? row.Stride : 1,
                        spec.DropConnect * list.Count / total, spec.Norm);
                    channels = block.OutChannels;
                    Child($"{list.Count}.0", block);
                    list.Add(block);
                }
            }

            Blocks = list;
        }

        public IReadOnlyList<Block> Blocks { get; }

        protected override Tensor Forward(Tensor x)
        {
            for (int i = 0; i < Blocks.Count; i++)
            {
                Tensor y = Blocks[i].Invoke(x);
                if (i > 0)
                {
                    x.Session!.Forget(x);
                }

                x = y;
            }

            return x;
        }
    }
}
