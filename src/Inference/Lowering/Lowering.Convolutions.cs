using MuxKernels.Autograd;

namespace MuxKernels.Inference;

internal sealed unsafe partial class Lowering<TSimd, TVector>
{
    /// <summary>Floats of a map that is too large to be written and read again where that can be helped.</summary>
    private const int LargeMap = 150_000;

    /// <summary>1×1 convolutions that the expansion reading them does on its way, with what they touch.</summary>
    private readonly Dictionary<Tensor, (Projection Projection, List<Region?> Touched, string Name, string Kind)>
        projections = new(ReferenceEqualityComparer.Instance);

    private void LowerPointwise(Node node)
    {
        if (Blocked(node.Inputs[0]!) is not { } x)
        {
            LowerEager(node);
            return;
        }

        FusedConv fused = FusedConv.Of(graph, node, values.ContainsKey);
        if (x.Channels.Any(c => c.Map.RowStride != x.Channels[0].Map.RowStride))
        {
            x = In(NameOf(node), x, Natural(x.Shape.C), 0);
        }

        Shape y = ((PointwiseConvOperator)node.Operator).Args.Y;
        (int[] order, int border) = Preferred(fused.Inner);
        BlockedValue? other = fused.Join is null ? null
            : Blocked(fused.Join.Operator is AddOperator ? FusedConv.Other(fused.Join, fused.Inner)
                : fused.Join.Inputs[1]!);
        bool adds = fused.Join?.Operator is AddOperator or MuxJoinOperator { Args.Residual: true };
        Map? residual = null;
        int residualBlock = 0;
        Place[] identity = [];
        if (adds && other is not null)
        {
            if (fused.Join!.Operator is AddOperator && border == 0 && other.Single is { } single
                && !graph.Readers(fused.Result).Any(r => WindowOf(r) is not null))
            {
                order = OrderOf(other, single);
            }
            else if (fused.Join.Operator is AddOperator)
            {
                (order, border) = Preferred(fused.Result);
            }

            residual = Aligned(other, order, out residualBlock);
            if (residual is null && (fused.Activation != ActivationKind.None
                || other.Channels.Any(c => c.Map.RowStride != x.Channels[0].Map.RowStride)
                || other.Gate is not null))
            {
                Map moved = NewMap(y, order, 0);
                Add(new RepackStep(NameOf(node), other with { Channels = other.Channels[..y.C] }, moved, order),
                    [.. Regions(other), moved.Region]);
                (residual, residualBlock) = (moved, 0);
            }

            if (residual is null)
            {
                identity = other.Channels[..y.C];
            }
        }

        done.UnionWith(fused.Nodes);
        if (fused.Join is null && x.Gate is null && graph.OnlyReader(fused.Result) is { } reader
            && WindowOf(reader) is { } window && reader.Inputs[1] is Parameter)
        {
            LowerExpanded(node, fused, x, reader, window);
            return;
        }

        bool poolOnly = IsPooledOnly(fused.Result) && fused.Join is null;
        bool excited = IsExcited(fused.Result) && fused.Join is null;
        (int[] inputs, Place[] places) = Inputs(x, identity);
        Gate? gate = x.Gate;
        gate?.Need(identity.Length);
        int blocks = order.Length / TSimd.Lanes, columns = BlockedPointwise<TSimd, TVector>.Columns(blocks);
        long work = (long)places.Length * y.W * TSimd.Lanes * Math.Min(2, blocks);
        Rows[] chunks = poolOnly || excited ? Rows.ByShape(y.H, columns, work)
            : Rows.ForWorkers(y.H, columns, work, workers);
        Map? map = poolOnly ? null : NewMap(y, order, border);
        Region? pooled = poolOnly || excited ? NewRegion((long)chunks.Length * order.Length) : null;
        (float[] scale, float[] bias) = fused.Fold(y.C);
        PointwiseStep<TSimd, TVector> step = new(NameOf(node), fused.Kind, Offsets(places), places,
            PackPointwise(((Parameter)node.Inputs[1]!).ToArray(), scale, order, inputs, identity.Length,
                x.Shape.C),
            new Ending(map, blocks, PackBias(bias, order), fused.Activation, residual, residualBlock, pooled),
            gate?.Region, chunks, ((PointwiseConvOperator)node.Operator).Args.MultiplyAdds);
        List<Region?> touched = [.. places.Select(p => p.Map.Region).Distinct(), residual?.Region, pooled,
            gate?.Region];
        if (map is not null && border == 0 && map.Region.Length >= LargeMap && !excited
            && fused.Join?.Operator is null or AddOperator && graph.OnlyReader(fused.Result) is { } next
            && IsExpansion(next))
        {
            projections[fused.Result] = (new Projection(step, map), touched, NameOf(node), fused.Kind);
        }
        else
        {
            Add(step, [.. touched, map?.Region]);
        }

        Finish(fused, map, order, pooled, chunks.Length, other);
    }

    /// <summary>A 1×1 convolution and the window convolution that alone reads it, as one step.</summary>
    private void LowerExpanded(Node node, FusedConv expand, BlockedValue x, Node conv, BlockedWindow window)
    {
        PointwiseConv.Args args = ((PointwiseConvOperator)node.Operator).Args;
        int[] order = [.. window.InOrder];
        (int[] inputs, Place[] places) = Inputs(x, []);
        (float[] scale, float[] bias) = expand.Fold(args.Y.C);
        Expansion expansion = new(
            projections.ContainsKey(node.Inputs[0]!) ? RowOffsets(places, window, args.X.W) : Offsets(places),
            places.Length, places[0].Map,
            PackPointwise(((Parameter)node.Inputs[1]!).ToArray(), scale, order, inputs, 0, x.Shape.C),
            PackBias(bias, order), expand.Activation, args.MultiplyAdds);
        string name = $"{NameOf(node)}, {Last(NameOf(conv))}", kind = expand.Kind;
        List<Region?> touched = [.. places.Select(p => p.Map.Region).Distinct()];
        Projection? projection = null;
        if (projections.TryGetValue(node.Inputs[0]!, out (Projection Own, List<Region?> Touched, string Name,
            string Kind) before))
        {
            (projection, touched) = (before.Own, before.Touched);
            (name, kind) = ($"{before.Name}, {name}", $"{before.Kind}, {kind}");
        }

        FusedConv fused = FusedConv.Of(graph, conv, values.ContainsKey);
        done.UnionWith(fused.Nodes);
        Shape y = fused.Inner.Shape;
        int[] outOrder = [.. window.OutOrder];
        Map map = NewMap(y, outOrder, 0);
        int band = ExpandedWindowStep<TSimd, TVector>.BandRows(window, args.X.W), bands = (y.H + band - 1) / band;
        (float[] outScale, float[] outBias) = fused.Fold(y.C);
        float[] w = ((Parameter)conv.Inputs[1]!).ToArray();
        Packed weights = store.Reserve(window.PackedLength, p => window.Pack(w, outScale, p));
        Region? pooled = IsExcited(fused.Result) ? NewRegion((long)bands * outOrder.Length) : null;
        Add(new ExpandedWindowStep<TSimd, TVector>(name, $"{kind}, {fused.Kind}", projection, expansion, window, weights,
            new Ending(map, map.Blocks, PackBias(outBias, outOrder), fused.Activation, null, 0, pooled), workers),
            [.. touched, map.Region, pooled]);
        Finish(fused, map, outOrder, pooled, bands, null);
    }

    /// <summary>Whether a node is a 1×1 convolution that becomes one step with the window convolution reading it.
    /// </summary>
    private bool IsExpansion(Node node)
    {
        if (node.Operator is not PointwiseConvOperator || node.Inputs[1] is not Parameter)
        {
            return false;
        }

        FusedConv fused = FusedConv.Of(graph, node, values.ContainsKey);
        return fused.Join is null && graph.OnlyReader(fused.Result) is { } reader && WindowOf(reader) is not null
            && reader.Inputs[1] is Parameter;
    }

    /// <summary>Places of channels in the rows of scratch that a projection fills.</summary>
    private Packed RowOffsets(Place[] places, BlockedWindow window, int width) => store.Reserve(places.Length, p =>
    {
        int rows = ExpandedWindowStep<TSimd, TVector>.NewRows(window, width);
        for (int i = 0; i < places.Length; i++)
        {
            (int block, int lane) = (places[i].Slot / TSimd.Lanes, places[i].Slot % TSimd.Lanes);
            ((int*)p)[i] = block * rows * width * TSimd.Lanes + lane;
        }
    });

    private static string Last(string scope) => scope[(scope.LastIndexOf('.') + 1)..];

    private void LowerStem(Node node, in DenseConv.Args args)
    {
        FusedConv fused = FusedConv.Of(graph, node, values.ContainsKey);
        done.UnionWith(fused.Nodes);
        (int[] order, int border) = Preferred(fused.Result);
        int blocks = order.Length / TSimd.Lanes;
        Map map = NewMap(args.Y, order, border);
        Rows[] chunks = Rows.ByShape(args.Y.H, 1, (long)args.X.C * args.Window.Taps * order.Length * args.Y.W);
        (float[] scale, float[] bias) = fused.Fold(args.Y.C);
        float[] w = ((Parameter)node.Inputs[1]!).ToArray();
        int each = args.X.C * args.Window.Taps;
        float[] ordered = new float[order.Length * each];
        for (int s = 0; s < order.Length; s++)
        {
            for (int i = 0; order[s] >= 0 && i < each; i++)
            {
                ordered[s * each + i] = w[order[s] * each + i] * scale[order[s]];
            }
        }

        DenseConv.Args wide = new(args.X, order.Length, args.Window.Kernel, args.Window.Stride, args.Window.Dilation,
            args.Window.Padding);
        Packed weights = store.Reserve(BlockedStem<TSimd, TVector>.PackedLength(wide),
            p => BlockedStem<TSimd, TVector>.Pack(wide, ordered, [], p));
        Region? pooled = IsExcited(fused.Result) ? NewRegion((long)chunks.Length * order.Length) : null;
        StemStep<TSimd, TVector> stem = new(NameOf(node), fused.Kind, args, wide, weights,
            new Ending(map, blocks, PackBias(bias, order), fused.Activation, null, 0, pooled), chunks);
        if (pooled is null && map.Region.Length >= LargeMap && graph.Readers(fused.Result).Where(r =>
            WindowOf(r) is not null && r.Inputs[1] is Parameter).ToArray() is [Node conv])
        {
            Finish(fused, map, order, null, 0, null);
            LowerWindow(conv, WindowOf(conv)!, stem);
            return;
        }

        Add(stem, map.Region, pooled);
        Finish(fused, map, order, pooled, chunks.Length, null);
    }

    /// <param name="node">The convolution.</param>
    /// <param name="window">Its blocked kernel.</param>
    /// <param name="stem">The stem that makes its input in the same step; null where that was made before.</param>
    private void LowerWindow(Node node, BlockedWindow window, StemStep<TSimd, TVector>? stem = null)
    {
        if (Blocked(node.Inputs[0]!) is not { } value)
        {
            LowerEager(node);
            return;
        }

        FusedConv fused = FusedConv.Of(graph, node, values.ContainsKey);
        done.UnionWith(fused.Nodes);
        BlockedValue x = In(NameOf(node), value, window.InOrder, window.Border);
        Shape y = fused.Inner.Shape;
        int[] order = [.. window.OutOrder];
        Map map = NewMap(y, order, 0);
        Map from = x.Channels[0].Map;
        long piece = window.Pieces.Max(p => p.VectorMultiplyAdds) / Math.Max(1, window.OutHeight);
        Rows[] chunks = Rows.ByShape(y.H, window.Pieces.Count, piece);
        int sumsOf = stem is null ? chunks.Length
            : (y.H + StemWindowStep<TSimd, TVector>.BandRows(window, from) - 1)
                / StemWindowStep<TSimd, TVector>.BandRows(window, from);
        (float[] scale, float[] bias) = fused.Fold(y.C);
        float[] w = ((Parameter)node.Inputs[1]!).ToArray();
        Packed weights = store.Reserve(window.PackedLength, p => window.Pack(w, scale, p));
        Region? pooled = IsExcited(fused.Result) ? NewRegion((long)sumsOf * order.Length) : null;
        Ending ending = new(map, map.Blocks, PackBias(bias, order), fused.Activation, null, 0, pooled);
        Add(stem is null
            ? new WindowStep(NameOf(node), fused.Kind, window, from, weights, ending, chunks)
            : new StemWindowStep<TSimd, TVector>($"{stem.Name}, {Last(NameOf(node))}", $"{stem.Kind}, {fused.Kind}", stem,
                from, window, weights, ending, workers),
            from.Region, map.Region, pooled);
        Finish(fused, map, order, pooled, sumsOf, null);
    }

    /// <summary>The value of what a fused convolution made.</summary>
    private void Finish(FusedConv fused, Map? map, int[] order, Region? pooled, int chunks, BlockedValue? other)
    {
        if (pooled is not null)
        {
            sums[fused.Result] = (pooled, chunks, order.Length, map, order);
        }

        if (map is null)
        {
            return;
        }

        BlockedValue inner = BlockedValue.Of(fused.Inner.Shape, map, order);
        values[fused.Result] = fused.Join?.Operator is MuxJoinOperator join
            ? new BlockedValue(fused.Result.Shape,
                Shuffle([.. inner.Channels, .. other!.Channels[join.Args.Processed.C..]], join.Args.Groups))
            : inner;
    }

    /// <summary>Whether a tensor is read by a global average pool alone.</summary>
    private bool IsPooledOnly(Tensor tensor) =>
        graph.OnlyReader(tensor) is { Operator: GlobalAveragePoolOperator };

    /// <summary>Whether a tensor is read by squeeze-excite alone, and its gated form by 1×1 convolutions alone, which
    /// take the gate into their weights.</summary>
    private bool IsExcited(Tensor tensor) =>
        graph.OnlyReader(tensor) is { Operator: SqueezeExciteOperator } se
        && se.Inputs.Skip(1).All(i => i is Parameter)
        && !ReferenceEquals(se.Results[0], graph.Output)
        && graph.Readers(se.Results[0]).All(r => r.Operator is PointwiseConvOperator && r.Inputs[1] is Parameter);

    /// <summary>The order in which a value fills its map.</summary>
    private static int[] OrderOf(BlockedValue value, Map map)
    {
        int[] order = new int[map.Blocks * map.Lanes];
        Array.Fill(order, -1);
        for (int c = 0; c < value.Channels.Length; c++)
        {
            order[value.Channels[c].Slot] = c;
        }

        return order;
    }

    /// <summary>The map whose blocks from <paramref name="firstBlock"/> on hold a value's channels in the lanes of an
    /// order; null where there is none.</summary>
    private static Map? Aligned(BlockedValue value, int[] order, out int firstBlock)
    {
        firstBlock = 0;
        Map? map = null;
        int shift = 0;
        for (int s = 0; s < order.Length; s++)
        {
            if (order[s] < 0)
            {
                continue;
            }

            Place place = value.Channels[order[s]];
            if (map is null)
            {
                (map, shift) = (place.Map, place.Slot - s);
            }
            else if (!ReferenceEquals(map, place.Map) || place.Slot - s != shift)
            {
                return null;
            }
        }

        firstBlock = shift / TSimd.Lanes;
        return value.Gate is null && shift >= 0 && shift % TSimd.Lanes == 0
            && shift + order.Length <= map!.Blocks * TSimd.Lanes ? map : null;
    }

    /// <summary>The input channels of a 1×1 convolution in the order of their places (a gate's own order where there is
    /// one), then the identity's.</summary>
    private static (int[] Channels, Place[] Places) Inputs(BlockedValue x, Place[] identity)
    {
        int[] channels = [.. Enumerable.Range(0, x.Shape.C)];
        if (x.Gate is { } gate)
        {
            channels = gate.Order;
        }

        return (channels, [.. channels.Select(c => x.Channels[c]), .. identity]);
    }

    private Packed Offsets(Place[] places) => store.Reserve(places.Length, p =>
    {
        int* offsets = (int*)p;
        for (int i = 0; i < places.Length; i++)
        {
            offsets[i] = places[i].Map.OffsetOf(places[i].Slot);
        }
    });

    private Packed PackBias(float[] bias, int[] order) => store.Reserve(order.Length, p =>
    {
        for (int s = 0; s < order.Length; s++)
        {
            p[s] = order[s] >= 0 ? bias[order[s]] : 0f;
        }
    });

    /// <summary>Packed weights of a 1×1 convolution: rows by the order of outputs, columns by that of inputs, then ones
    /// that add a residual.</summary>
    private Packed PackPointwise(float[] w, float[] scale, int[] order, int[] inputs, int identity, int channels)
    {
        int depth = inputs.Length + identity, blocks = order.Length / TSimd.Lanes;
        return store.Reserve(BlockedPointwise<TSimd, TVector>.PackedLength(depth, blocks), p =>
        {
            float[] ordered = new float[order.Length * depth];
            for (int s = 0; s < order.Length; s++)
            {
                int o = order[s];
                if (o < 0)
                {
                    continue;
                }

                for (int i = 0; i < inputs.Length; i++)
                {
                    ordered[s * depth + i] = w[o * channels + inputs[i]] * scale[o];
                }

                if (o < identity)
                {
                    ordered[s * depth + inputs.Length + o] = 1f;
                }
            }

            BlockedPointwise<TSimd, TVector>.Pack(ordered, blocks, depth, p);
        });
    }
}
