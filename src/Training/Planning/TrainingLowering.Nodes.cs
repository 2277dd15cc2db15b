using MuxKernels.Autograd;
using MuxKernels.Inference;

namespace MuxKernels.Training;

internal sealed partial class TrainingLowering<TSimd, TVector>
{
    private void LowerStem(Node node, DenseConv.Args args)
    {
        Node bn = NormOf(node);
        BatchMap z = new(Preferred(bn.Results[0]), args.Y, TSimd.Lanes);
        StemUnit<TSimd, TVector> unit = new(NameOf(node), args, (Parameter)node.Inputs[1]!, z, numbers);
        NormUnit norm = NewNorm(bn, z, unit.Items);
        pack.Add(unit.Pack);
        Add(new StemForward<TSimd, TVector>(unit, norm) { MultiplyAdds = args.MultiplyAdds }, z.Region);
        ActivatedMap y = new(z, norm, bn);
        backward.Add(() => Backward(y, gradient => (new StemBackward<TSimd, TVector>(unit, gradient, numbers), [])));
        Deliver(bn.Results[0], y);
    }

    private void LowerPointwise(Node node, PointwiseConv.Args args)
    {
        Node bn = NormOf(node);
        Operand<TSimd, TVector> x = OperandOf(node.Inputs[0]!);
        BatchMap z = new(Preferred(bn.Results[0]), args.Y, TSimd.Lanes);
        PointwiseUnit<TSimd, TVector> unit = new(NameOf(node), args, x, (Parameter)node.Inputs[1]!, z, numbers);
        NormUnit norm = NewNorm(bn, z, unit.Runs.Count);
        prepare.Add(unit.Prepare);
        Region[] read = [.. x.Runs.Select(r => r.Map.Region)];
        Add(new PointwiseForward<TSimd, TVector>(unit, norm) { MultiplyAdds = args.MultiplyAdds }, [.. read, z.Region]);
        ActivatedMap y = new(z, norm, bn);
        backward.Add(() => Backward(y, gradient =>
        {
            GradientEnd<TSimd, TVector>[] own = [.. x.Runs.Select(r => End(r.Gradient))];
            TrainingStep step = unit.IsNarrow ? new PointwiseNarrowBackward<TSimd, TVector>(unit, gradient, own)
                : new PointwiseBackward<TSimd, TVector>(unit, gradient, own);
            return (step, [.. read, .. x.Runs.Select(r => r.Gradient.Map.Region)]);
        }));
        Deliver(bn.Results[0], y);
    }

    private void LowerWindow(Node node)
    {
        Node bn = NormOf(node);
        BlockedWindow? window = WindowOf(node);
        (BlockedWindow? turned, BlockedWindowGradient? weights, long multiplyAdds, Shape result) = node.Operator switch
        {
            DepthwiseConvOperator o => (BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes), o.Args.MultiplyAdds, o.Args.Y),
            GroupConvOperator o => (BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes), o.Args.MultiplyAdds, o.Args.Y),
            MixedConvOperator o => (BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes), o.Args.MultiplyAdds, o.Args.Y),
            MuxConvOperator o => (BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes), o.Args.MultiplyAdds, o.Args.Y),
            _ => throw Missing(node),
        };
        if (window is null || turned is null || weights is null)
        {
            throw Missing(node);
        }

        Operand<TSimd, TVector> x = OperandOf(node.Inputs[0]!);
        if (x.Runs.Length != 1 || !x.Channels.AsSpan().SequenceEqual([.. window.InOrder]))
        {
            throw new NotSupportedException($"{NameOf(node)}: its input stands in another order than it reads.");
        }

        BatchMap z = new([.. window.OutOrder], result, TSimd.Lanes);
        WindowUnit<TSimd, TVector> unit = new(NameOf(node), window, turned, weights, x, (Parameter)node.Inputs[1]!, z,
            multiplyAdds, numbers);
        NormUnit norm = NewNorm(bn, z, unit.TakesImages ? unit.Chunks.Count : unit.Items);
        pack.Add(() => unit.Pack(backward: true));
        Add(unit.TakesImages ? new WindowImagesForward<TSimd, TVector>(unit, norm) { MultiplyAdds = multiplyAdds }
            : new WindowForward<TSimd, TVector>(unit, norm) { MultiplyAdds = multiplyAdds },
            [x.Runs[0].Map.Region, z.Region]);
        ActivatedMap y = new(z, norm, bn);
        backward.Add(() => Backward(y, gradient => (Backward(unit, gradient, End(x.Runs[0].Gradient)),
            [x.Runs[0].Map.Region, x.Runs[0].Gradient.Map.Region])));
        Deliver(bn.Results[0], y);
    }

    private TrainingStep Backward(WindowUnit<TSimd, TVector> unit, UnitGradient<TSimd, TVector> gradient,
        GradientEnd<TSimd, TVector> end) => unit.TakesImages
        ? new WindowImagesBackward<TSimd, TVector>(unit, gradient, end, numbers)
        : new WindowBackward<TSimd, TVector>(unit, gradient, end, numbers);

    private void LowerExcite(Node node, SqueezeExcite.Args args, ActivatedMap x)
    {
        ExciteUnit unit = new(NameOf(node), args, (Parameter)node.Inputs[1]!, (Parameter)node.Inputs[2]!,
            (Parameter)node.Inputs[3]!, (Parameter)node.Inputs[4]!, x, numbers);
        x.Gate = new GateUnit(x.Z, numbers);
        x.Excite = unit;
        Add(new MeanForward<TSimd, TVector>(unit.Name, x, unit.Sums, unit.Mean), x.Z.Region);
        Add(new ExciteForward<TSimd, TVector>(unit));
        values[node.Results[0]] = x;
        if (Reader(node.Results[0]) is not { Operator: PointwiseConvOperator })
        {
            throw new NotSupportedException($"{NameOf(node)}: squeeze-excite is not read by a 1×1 convolution alone.");
        }
    }

    private Numbers LowerPool(Node node, Node[] rest)
    {
        if (values[node.Inputs[0]!] is not ActivatedMap { Gate: null } x)
        {
            throw Missing(node);
        }

        Shape shape = x.Z.Shape;
        Numbers sums = numbers.Reserve((long)shape.N * x.Z.Slots), mean = numbers.Reserve((long)shape.N * shape.C),
            dmean = numbers.Reserve((long)shape.N * shape.C);
        x.Gate = new GateUnit(x.Z, numbers);
        x.IsPooled = true;
        Add(new MeanForward<TSimd, TVector>(NameOf(node), x, sums, mean), x.Z.Region);
        backward.Add(() => [(new MeanBackward(NameOf(node), x, dmean, x.Gate), [])]);
        return LowerClassifier(node.Results[0], rest, mean, dmean);
    }

    /// <summary>Dropout, classifier and loss, in this order and nothing else.</summary>
    /// <param name="features">The pooled features in the record.</param>
    /// <param name="rest">What follows them.</param>
    /// <param name="mean">Their numbers.</param>
    /// <param name="dmean">Their gradient.</param>
    /// <returns>The logits.</returns>
    private Numbers LowerClassifier(Tensor features, Node[] rest, Numbers mean, Numbers dmean)
    {
        Node? drop = rest.Length == 3 ? rest[0] : null;
        if (rest.Length is < 2 or > 3)
        {
            throw new NotSupportedException("Behind the global average pool a plan knows dropout, a classifier and the "
                + "cross-entropy.");
        }

        (Node classifier, Node loss) = (rest[^2], rest[^1]);
        if (drop is not null && (drop.Operator is not DropoutOperator { Args.WholeImages: false }
            || !ReferenceEquals(drop.Inputs[0], features)))
        {
            throw Missing(drop);
        }

        if (classifier.Operator is not LinearOperator linear
            || !ReferenceEquals(classifier.Inputs[0], drop is null ? features : drop.Results[0]))
        {
            throw Missing(classifier);
        }

        if (loss.Operator is not SoftmaxCrossEntropyOperator entropy
            || !ReferenceEquals(loss.Inputs[0], classifier.Results[0]))
        {
            throw Missing(loss);
        }

        ClassifierUnit<TSimd, TVector> unit = new(NameOf(classifier), linear.Args, (Parameter)classifier.Inputs[1]!,
            classifier.Inputs.Count > 2 ? (Parameter?)classifier.Inputs[2] : null,
            (drop?.Operator as DropoutOperator)?.Args, drop is null ? 0 : NumberOf(drop), entropy.Args, mean, dmean,
            numbers);
        prepare.Add(unit.Prepare);
        Add(new ClassifierForward<TSimd, TVector>(unit) { MultiplyAdds = linear.Args.MultiplyAdds });
        Add(new LossForward<TSimd, TVector>(NameOf(loss), unit));
        backward.Add(() => [(new ClassifierBackward<TSimd, TVector>(unit), [])]);
        return unit.Logits;
    }

    private void LowerAdd(Node node)
    {
        Tensor a = node.Inputs[0]!, b = node.Inputs[1]!;
        bool first = IsJoinable(values[a]) && ReferenceEquals(Reader(a), node);
        (Tensor own, Tensor other) = first ? (a, b) : (b, a);
        if (ReferenceEquals(a, b) || !IsJoinable(values[own]))
        {
            throw Missing(node);
        }

        BatchPlace[] places = Places(other);
        values[node.Results[0]] = new StoredValue(node.Results[0].Shape,
            PlacesOf(Join(node, (ActivatedMap)values[own], places)));
    }

    private static bool IsJoinable(object value) => value is ActivatedMap { Excite: null, IsPooled: false };

    private void LowerMuxJoin(Node node, MuxJoin.Args args)
    {
        if (values[node.Inputs[0]!] is not ActivatedMap { Gate: null } y)
        {
            throw Missing(node);
        }

        BatchPlace[] x = Places(node.Inputs[1]!);
        StoredMap stored = Join(node, y, args.Residual ? x[..args.Processed.C] : null);
        values[node.Results[0]] = new StoredValue(node.Results[0].Shape,
            Shuffle([.. PlacesOf(stored), .. x[args.Processed.C..]], args.Groups));
    }

    /// <summary>Stores an activated map with what is added to it; its gradient is the stored map's.</summary>
    private StoredMap Join(Node node, ActivatedMap y, BatchPlace[]? addend)
    {
        StoredMap stored = new(y.Z.Twin());
        Residual? residual = addend is null ? null : new Residual([.. y.Z.Order.Select(c =>
            c < 0 ? (BatchPlace?)null : addend[c])]);
        Region[] read = [.. addend?.Select(p => p.Map.Map.Region).Distinct() ?? []];
        Add(new JoinForward<TSimd, TVector>(NameOf(node), y, residual, stored),
            [y.Z.Region, stored.Map.Region, .. read]);
        (y.Stored, y.IsJoined) = (stored, residual is not null);
        if (residual is not null)
        {
            backward.Add(() =>
            {
                GradientEnd<TSimd, TVector>[] maps = [.. addend!.Select(p => p.Map.Gradient).Distinct().Select(End)];
                return [(new JoinBackward<TSimd, TVector>(NameOf(node), stored.Gradient.Map, residual, maps),
                    [stored.Gradient.Map.Region, .. maps.Select(m => m.Map.Map.Region)])];
            });
        }

        return stored;
    }

    /// <summary>Where the channels of a value stand; an activated one is stored.</summary>
    private BatchPlace[] Places(Tensor tensor)
    {
        switch (values[tensor])
        {
            case StoredValue stored:
                return stored.Places;
            case ActivatedMap { Gate: null } y:
                BatchPlace[] places = PlacesOf(Join(y.Source, y, null));
                values[tensor] = new StoredValue(tensor.Shape, places);
                return places;
            default:
                throw new NotSupportedException($"A value {tensor.Shape} is read in a way that has no form on "
                    + "channel-blocked maps.");
        }
    }

    private static BatchPlace[] PlacesOf(StoredMap map)
    {
        BatchPlace[] places = new BatchPlace[map.Map.Shape.C];
        for (int s = 0; s < map.Map.Slots; s++)
        {
            if (map.Map.Order[s] >= 0)
            {
                places[map.Map.Order[s]] = new BatchPlace(map, s);
            }
        }

        return places;
    }

    private Operand<TSimd, TVector> OperandOf(Tensor tensor) => values[tensor] switch
    {
        ActivatedMap activated => new Operand<TSimd, TVector>(activated),
        StoredValue stored => new Operand<TSimd, TVector>(stored.Shape, stored.Places),
        _ => throw new NotSupportedException($"A value {tensor.Shape} is read in a way that has no form on "
            + "channel-blocked maps."),
    };

    /// <summary>Registers what comes out of a convolution. It stays as it is where one convolution, pool or block end
    /// reads it; else it is stored, normalised and activated.</summary>
    private void Deliver(Tensor tensor, ActivatedMap y)
    {
        values[tensor] = y;
        if (Reader(tensor) is null)
        {
            Places(tensor);
        }
    }

    private NormUnit NewNorm(Node bn, BatchMap z, int parts)
    {
        NormUnit norm = new(z, (BatchNormTrainOperator)bn.Operator, bn, numbers,
            Math.Max(parts, Math.Max(z.Shape.N, 16)));
        norm.ForwardParts = parts;
        if (norm.Activation == ActivationKind.Swish && IsKept(bn.Results[0], z))
        {
            norm.Kept = z.Twin();
            kept[z.Region] = norm.Kept.Region;
        }

        prepare.Add(norm.Prepare);
        return norm;
    }

    private bool IsKept(Tensor a, BatchMap z) => recompute switch
    {
        Recompute.Always => false,
        Recompute.Never => true,
        _ => graph.Readers(a).Any(r => r.Operator is SqueezeExciteOperator)
            && sizeof(float) * (long)z.Slots * z.Pixels <= TrainingPlan.KeptBytesOfMap,
    };

    private static GradientMap? GradientOf(ActivatedMap y) => y.IsPooled ? null : y.Stored?.Gradient ?? y.Gradient;

    /// <summary>The next step's part in a gradient: the last one, until there is another.</summary>
    private GradientEnd<TSimd, TVector> End(GradientMap map)
    {
        GradientEnd<TSimd, TVector> end = new(map);
        ends[map] = end;
        return end;
    }

    /// <summary>The step that takes a unit's sums while it writes the gradient; null where sums want a pass of their
    /// own.</summary>
    private GradientEnd<TSimd, TVector>? Served(ActivatedMap y, UnitGradient<TSimd, TVector> gradient)
    {
        if (GradientOf(y) is not { } map || !ends.TryGetValue(map, out var end))
        {
            return null;
        }

        if (y.Excite is not null)
        {
            if (end.Runs is null)
            {
                return null;
            }

            end.ServeGates(gradient, numbers);
            return end;
        }

        // What was added to the unit's result takes its gradient from the same place: that must stay.
        if (y.Norm.Activation != ActivationKind.None && y.Gate is null && !y.IsJoined)
        {
            gradient.Replace();
        }

        end.Serve(gradient, numbers);
        return end;
    }

    /// <summary>The backward steps of a convolution with its normalisation.</summary>
    private IEnumerable<(TrainingStep Step, IEnumerable<Region> Touched)> Backward(ActivatedMap y,
        Func<UnitGradient<TSimd, TVector>, (TrainingStep Step, IEnumerable<Region> Touched)> conv)
    {
        BatchMap? g = GradientOf(y)?.Map;
        UnitGradient<TSimd, TVector> gradient = new(y.Norm, g, y.Gate);
        Region[] own = g is null ? [y.Z.Region] : [y.Z.Region, g.Region];
        yield return (y.Excite is { } excite
            ? new ExciteBackward<TSimd, TVector>(excite, gradient, Served(y, gradient))
            : new GradientSums<TSimd, TVector>(NameOf(y.Source), gradient, Served(y, gradient)), own);
        (TrainingStep step, IEnumerable<Region> touchedByConv) = conv(gradient);
        yield return (step, [.. own, .. touchedByConv]);
    }
}
