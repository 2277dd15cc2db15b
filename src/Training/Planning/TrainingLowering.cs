using MuxKernels.Autograd;
using MuxKernels.Inference;

namespace MuxKernels.Training;

/// <summary>What lowering a recorded training step gives.</summary>
/// <param name="Forward">Steps from the images to the loss.</param>
/// <param name="Backward">Steps from the loss to the gradients.</param>
/// <param name="Prepare">What is done once, when memory has its place.</param>
/// <param name="Pack">What is done with the weights before each step.</param>
/// <param name="Regions">The maps.</param>
/// <param name="Numbers">Small memory.</param>
/// <param name="Logits">The logits, [images][classes].</param>
internal sealed record LoweredTraining(TrainingStep[] Forward, TrainingStep[] Backward, IReadOnlyList<Action> Prepare,
    Action[] Pack, IReadOnlyList<Region> Regions, NumberPool Numbers, Numbers Logits);

/// <summary>
/// Turns a recorded training step into steps on channel-blocked maps: forward in the record's order, backward in the
/// opposite one. Of a convolution only its result before batch normalisation is stored.
/// </summary>
internal sealed partial class TrainingLowering<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly RecordGraph graph;
    private readonly NumberPool numbers;
    private readonly Dictionary<Tensor, object> values = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Node> done = new(ReferenceEqualityComparer.Instance);
    private readonly List<TrainingStep> forward = [];
    private readonly List<Action> prepare = [];
    private readonly List<Action> pack = [];
    private readonly List<Func<IEnumerable<(TrainingStep Step, IEnumerable<Region> Touched)>>> backward = [];
    private readonly List<(IEnumerable<Region> Touched, int Step)> touched = [];
    private readonly Dictionary<Region, Region> kept = new(ReferenceEqualityComparer.Instance);
    private readonly Recompute recompute;
    private readonly Dictionary<GradientMap, GradientEnd<TSimd, TVector>> ends =
        new(ReferenceEqualityComparer.Instance);

    private TrainingLowering(RecordGraph graph, NumberPool numbers, Recompute recompute) =>
        (this.graph, this.numbers, this.recompute) = (graph, numbers, recompute);

    /// <summary>Lowers a record.</summary>
    /// <exception cref="NotSupportedException">An operation that has no blocked form.</exception>
    public static LoweredTraining Of(RecordGraph graph, Tensor input, NumberPool numbers, Recompute recompute)
    {
        TrainingLowering<TSimd, TVector> lowering = new(graph, numbers, recompute);
        lowering.values[input] = ImageValue.Only;
        return lowering.Lower();
    }

    private LoweredTraining Lower()
    {
        Numbers? logits = null;
        for (int n = 0; n < graph.Nodes.Count && logits is null; n++)
        {
            Node node = graph.Nodes[n];
            if (done.Contains(node))
            {
                continue;
            }

            if (node.Operator is GlobalAveragePoolOperator)
            {
                logits = LowerPool(node, [.. graph.Nodes.Skip(n + 1)]);
            }
            else
            {
                Lower(node);
            }
        }

        if (logits is null)
        {
            throw new NotSupportedException("The network has no global average pool behind its maps.");
        }

        List<TrainingStep> back = [];
        for (int b = backward.Count - 1; b >= 0; b--)
        {
            foreach ((TrainingStep step, IEnumerable<Region> regions) in backward[b]())
            {
                back.Add(step);
                touched.Add((regions, forward.Count + back.Count));
            }
        }

        HashSet<Region> all = new(ReferenceEqualityComparer.Instance);
        foreach ((IEnumerable<Region> regions, int step) in touched)
        {
            foreach (Region region in regions)
            {
                // What is kept of a map lives from its first reader on as long as the map.
                if (kept.TryGetValue(region, out Region? beside) && !all.Add(region))
                {
                    beside.Use(step);
                    all.Add(beside);
                }

                region.Use(step);
                all.Add(region);
            }
        }

        return new LoweredTraining([.. forward], [.. back], prepare, [.. pack], [.. all], numbers, logits);
    }

    private void Lower(Node node)
    {
        done.Add(node);
        switch (node.Operator)
        {
            case ChannelSliceOperator slice:
                values[node.Results[0]] = new StoredValue(node.Results[0].Shape,
                    Places(node.Inputs[0]!)[slice.Args.First..(slice.Args.First + slice.Args.Y.C)]);
                break;
            case ChannelConcatOperator:
                values[node.Results[0]] = new StoredValue(node.Results[0].Shape,
                    [.. Places(node.Inputs[0]!), .. Places(node.Inputs[1]!)]);
                break;
            case ChannelShuffleOperator shuffle:
                values[node.Results[0]] = new StoredValue(node.Results[0].Shape,
                    Shuffle(Places(node.Inputs[0]!), shuffle.Args.Groups));
                break;
            case DenseConvOperator dense when values[node.Inputs[0]!] is ImageValue:
                LowerStem(node, dense.Args);
                break;
            case PointwiseConvOperator pointwise when node.Inputs.Count < 3 || node.Inputs[2] is null:
                LowerPointwise(node, pointwise.Args);
                break;
            case DepthwiseConvOperator or GroupConvOperator or MixedConvOperator or MuxConvOperator
                when node.Inputs.Count < 3 || node.Inputs[2] is null:
                LowerWindow(node);
                break;
            case SqueezeExciteOperator excite when values[node.Inputs[0]!] is ActivatedMap { Gate: null } x:
                LowerExcite(node, excite.Args, x);
                break;
            case DropoutOperator { Args.WholeImages: true } drop
                when values[node.Inputs[0]!] is ActivatedMap { Gate: null } x
                && ReferenceEquals(Reader(node.Inputs[0]!), node):
                x.Gate = new GateUnit(x.Z, numbers);
                Add(new DropForward(NameOf(node), drop.Args, NumberOf(node), x));
                values[node.Results[0]] = x;
                break;
            case AddOperator:
                LowerAdd(node);
                break;
            case MuxJoinOperator join:
                LowerMuxJoin(node, join.Args);
                break;
            default:
                throw Missing(node);
        }
    }

    /// <summary>Which of the network's random operations a node is: its seed follows from that.</summary>
    private int NumberOf(Node node) => graph.Nodes.TakeWhile(n => !ReferenceEquals(n, node))
        .Count(n => n.Operator is DropoutOperator);

    private static NotSupportedException Missing(Node node) =>
        new($"{node.Scope.TrimStart('.')}: {node.Operator.Type} has no form on channel-blocked maps.");

    private void Add(TrainingStep step, params IEnumerable<Region> regions)
    {
        forward.Add(step);
        touched.Add((regions, forward.Count));
    }

    /// <summary>The only reader of a tensor, if it is the one that is stored nowhere.</summary>
    private Node? Reader(Tensor tensor) => graph.OnlyReader(tensor);

    /// <summary>The order of slots that the reader of a convolution's normalised result likes.</summary>
    private int[] Preferred(Tensor tensor)
    {
        foreach (Node reader in graph.Readers(tensor))
        {
            if (WindowOf(reader) is { } window)
            {
                return [.. window.InOrder];
            }
        }

        return Natural(tensor.Shape.C);
    }

    private static int[] Natural(int channels)
    {
        int[] order = new int[(channels + TSimd.Lanes - 1) / TSimd.Lanes * TSimd.Lanes];
        for (int s = 0; s < order.Length; s++)
        {
            order[s] = s < channels ? s : -1;
        }

        return order;
    }

    private static BlockedWindow? WindowOf(Node node) => node.Operator switch
    {
        DepthwiseConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
        GroupConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
        MixedConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
        MuxConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
        _ => null,
    };

    private static BatchPlace[] Shuffle(BatchPlace[] x, int groups)
    {
        BatchPlace[] y = new BatchPlace[x.Length];
        for (int q = 0; q < groups; q++)
        {
            for (int k = 0; k < x.Length / groups; k++)
            {
                y[k * groups + q] = x[q * (x.Length / groups) + k];
            }
        }

        return y;
    }

    /// <summary>The batch normalisation that follows a convolution and alone reads it.</summary>
    private Node NormOf(Node conv)
    {
        if (Reader(conv.Results[0]) is { Operator: BatchNormTrainOperator } norm)
        {
            done.Add(norm);
            return norm;
        }

        throw new NotSupportedException($"{conv.Scope.TrimStart('.')}: {conv.Operator.Type} is not followed by batch "
            + "normalisation alone.");
    }

    private static string NameOf(Node node) =>
        node.Scope.TrimStart('.') is { Length: > 0 } scope ? scope : node.Operator.Type;

    /// <summary>The images.</summary>
    private sealed class ImageValue
    {
        public static ImageValue Only { get; } = new();
    }

    /// <summary>Channels of stored maps.</summary>
    private sealed record StoredValue(Shape Shape, BatchPlace[] Places);
}
