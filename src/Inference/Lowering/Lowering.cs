using MuxKernels.Autograd;

namespace MuxKernels.Inference;

/// <summary>What lowering a record gives.</summary>
internal sealed record LoweredPlan(IReadOnlyList<Step> Steps, TailStep? Tail, Region? TailInput,
    IReadOnlyList<Region> Regions, PackedStore Store, CpuDevice? Device);

/// <summary>
/// Turns a record into prepared steps. Splits, concatenations and shuffles become places of channels; batch
/// normalisation and gates go into weights; activations, sums and pooling into the convolutions' endings.
/// </summary>
internal sealed partial class Lowering<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly RecordGraph graph;
    private readonly int workers;
    private readonly Dictionary<Tensor, Value> values = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Node, BlockedWindow?> windows = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tensor, (Region Sums, int Chunks, int Slots, Map? Map, int[] Order)> sums =
        new(ReferenceEqualityComparer.Instance);

    private readonly HashSet<Node> done = new(ReferenceEqualityComparer.Instance);
    private readonly List<Step> steps = [];
    private readonly List<Region> regions = [];
    private readonly PackedStore store;
    private readonly Lazy<CpuDevice> device;

    private Lowering(RecordGraph graph, int workers, PackedStore store, Lazy<CpuDevice> device) =>
        (this.graph, this.workers, this.store, this.device) = (graph, workers, store, device);

    /// <summary>Lowers a record.</summary>
    /// <param name="graph">The record, one image.</param>
    /// <param name="input">The image.</param>
    /// <param name="workers">Workers that may run at the same time.</param>
    public static LoweredPlan Of(RecordGraph graph, Tensor input, int workers)
    {
        PackedStore store = new();
        Lazy<CpuDevice> device = new(static () => new CpuDevice(1));
        try
        {
            return new Lowering<TSimd, TVector>(graph, workers, store, device).Lower(input);
        }
        catch
        {
            store.Dispose();
            if (device.IsValueCreated)
            {
                device.Value.Dispose();
            }

            throw;
        }
    }

    private LoweredPlan Lower(Tensor input)
    {
        values[input] = new InputValue(input.Shape);
        foreach (Node node in graph.Nodes)
        {
            if (!done.Contains(node))
            {
                Lower(node);
            }
        }

        TailStep? tail = null;
        Region? tailInput = null;
        switch (values[graph.Output])
        {
            case VectorValue when LastIsLinear(out tailInput):
                tail = (TailStep)steps[^1];
                steps.RemoveAt(steps.Count - 1);
                tailInput!.IsTail = true;
                break;
            case VectorValue vector:
                Add(new VectorOutputStep(vector.Region, vector.Shape.C), [vector.Region]);
                break;
            case BlockedValue blocked:
                Add(new OutputStep(blocked), [.. Regions(blocked)]);
                break;
            default:
                throw new NotSupportedException("The network's output is its input; there is nothing to plan.");
        }

        return new LoweredPlan(steps, tail, tailInput, regions, store, device.IsValueCreated ? device.Value : null);
    }

    private void Lower(Node node)
    {
        done.Add(node);
        switch (node.Operator)
        {
            case ChannelSliceOperator slice when values[node.Inputs[0]!] is BlockedValue { Gate: null } x:
                Set(node, x.Channels[slice.Args.First..(slice.Args.First + slice.Args.Y.C)]);
                break;
            case ChannelConcatOperator when values[node.Inputs[0]!] is BlockedValue { Gate: null } a
                && values[node.Inputs[1]!] is BlockedValue { Gate: null } b:
                Set(node, [.. a.Channels, .. b.Channels]);
                break;
            case ChannelShuffleOperator shuffle when values[node.Inputs[0]!] is BlockedValue { Gate: null } x:
                Set(node, Shuffle(x.Channels, shuffle.Args.Groups));
                break;
            case MuxJoinOperator { Args.Residual: false } join when values[node.Inputs[0]!] is BlockedValue { Gate: null } f
                && values[node.Inputs[1]!] is BlockedValue { Gate: null } x:
                Set(node, Shuffle([.. f.Channels, .. x.Channels[join.Args.Processed.C..]], join.Args.Groups));
                break;
            case SqueezeExciteOperator se when sums.ContainsKey(node.Inputs[0]!):
                LowerSqueezeExcite(node, se.Args);
                break;
            case GlobalAveragePoolOperator when sums.ContainsKey(node.Inputs[0]!):
                LowerPool(node);
                break;
            case LinearOperator linear when values[node.Inputs[0]!] is VectorValue x && node.Inputs[1] is Parameter:
                LowerLinear(node, linear.Args, x);
                break;
            case PointwiseConvOperator when node.Inputs[1] is Parameter:
                LowerPointwise(node);
                break;
            case DenseConvOperator dense when node.Inputs[1] is Parameter && values[node.Inputs[0]!] is InputValue:
                LowerStem(node, dense.Args);
                break;
            case DepthwiseConvOperator or GroupConvOperator or MixedConvOperator or MuxConvOperator
                when node.Inputs[1] is Parameter && WindowOf(node) is { } window:
                LowerWindow(node, window);
                break;
            default:
                LowerEager(node);
                break;
        }
    }

    /// <summary>The blocked kernel of a convolution, null where there is none.</summary>
    private BlockedWindow? WindowOf(Node node)
    {
        if (!windows.TryGetValue(node, out BlockedWindow? window))
        {
            window = node.Operator switch
            {
                DepthwiseConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
                GroupConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
                MixedConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
                MuxConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
                _ => null,
            };
            windows[node] = window;
        }

        return window;
    }

    /// <summary>The order of slots and the border in which the readers of a tensor like it best.</summary>
    private (int[] Order, int Border) Preferred(Tensor tensor)
    {
        foreach (Node reader in graph.Readers(tensor))
        {
            if (WindowOf(reader) is { } window)
            {
                return ([.. window.InOrder], window.Border);
            }
        }

        return (Natural(tensor.Shape.C), 0);
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

    private static Place[] Shuffle(Place[] x, int groups)
    {
        Place[] y = new Place[x.Length];
        for (int q = 0; q < groups; q++)
        {
            for (int k = 0; k < x.Length / groups; k++)
            {
                y[k * groups + q] = x[q * (x.Length / groups) + k];
            }
        }

        return y;
    }

    private void Set(Node node, Place[] channels) =>
        values[node.Results[0]] = new BlockedValue(node.Results[0].Shape, channels);

    /// <summary>A new map for a tensor.</summary>
    private Map NewMap(Shape shape, int[] order, int border)
    {
        Map map = new(order.Length / TSimd.Lanes, shape.H, shape.W, border, TSimd.Lanes);
        regions.Add(map.Region);
        return map;
    }

    private Region NewRegion(long length)
    {
        Region region = new(length);
        regions.Add(region);
        return region;
    }

    /// <summary>Appends a step and marks what it touches.</summary>
    private void Add(Step step, params IReadOnlyList<Region?> touched)
    {
        foreach (Region? region in touched)
        {
            region?.Use(steps.Count);
        }

        step.PackedEnd = store.Position;
        steps.Add(step);
    }

    private static IEnumerable<Region> Regions(BlockedValue value) => value.Channels.Select(c => c.Map.Region)
        .Concat(value.Gate is { } gate ? [gate.Region] : []).Distinct();

    /// <summary>A value in blocks: the input is converted, vectors have none.</summary>
    private BlockedValue? Blocked(Tensor tensor)
    {
        if (values[tensor] is InputValue input)
        {
            (int[] order, int border) = Preferred(tensor);
            Map map = NewMap(input.Shape, order, border);
            Add(new InputStep(input.Shape, map, order), map.Region);
            values[tensor] = BlockedValue.Of(input.Shape, map, order);
        }

        return values[tensor] as BlockedValue;
    }

    /// <summary>A value in one map of this order and border; moved only where it is not there already.</summary>
    private BlockedValue In(string name, BlockedValue x, IReadOnlyList<int> order, int border)
    {
        if (x.Is(order, border))
        {
            return x;
        }

        Map map = NewMap(x.Shape, [.. order], border);
        Add(new RepackStep(name, x, map, order), [.. Regions(x), map.Region]);
        return BlockedValue.Of(x.Shape, map, order);
    }

    /// <summary>Path of a node's module, or what it does where the network itself does it.</summary>
    private static string NameOf(Node node) =>
        node.Scope.TrimStart('.') is { Length: > 0 } scope ? scope : node.Operator.Type;

    private bool LastIsLinear(out Region? input)
    {
        input = null;
        if (steps.Count == 0 || steps[^1] is not LinearStep<TSimd, TVector>)
        {
            return false;
        }

        Node last = graph.Nodes[^1];
        input = ((VectorValue)values[last.Inputs[0]!]).Region;
        return ReferenceEquals(last.Results[0], graph.Output) && graph.Readers(last.Inputs[0]!).Count == 1;
    }
}
