using MuxKernels.Autograd;

namespace MuxKernels.Inference;

internal sealed partial class DeviceLowering
{
    private delegate void FusedLaunch<TArgs>(in TArgs args, View x, View w, in ConvFusion fusion, View y)
        where TArgs : struct;

    private void LowerConv<TArgs>(Node node, TArgs args, Shape y, FusedLaunch<TArgs> launch)
        where TArgs : struct
    {
        FusedConv fused = FusedConv.Of(graph, node, values.ContainsKey);
        DeviceValue x = values[node.Inputs[0]!];
        if (x.Factor != 1f && x.Shape.Pixels > 1)
        {
            x = Gathered(NameOf(node), x);
        }

        // Pooled vectors stay float32; everything that was not float16 yet becomes it here.
        bool half = isHalf && x.Factor == 1f;
        if (x.IsHalf != half)
        {
            x = Converted(NameOf(node), Gathered(NameOf(node), x), half);
        }

        done.UnionWith(fused.Nodes);
        bool pooled = fused.Join is null && PoolOf(fused.Result) is not null;
        bool excited = fused.Join is null && ExciteOf(fused.Result) is not null;
        (DeviceValue result, Slot? residual) = Target(fused, x, y, half);
        Slot? sumsOf = pooled || excited ? NewSlot((long)y.N * y.C) : null;
        (float[] scale, float[] bias) = fused.Fold(y.C);
        Func<View> w = constants.Add(((Parameter)node.Inputs[1]!).ToArray());
        Func<View> factors = constants.Add(Scaled(scale, y.C, x.Factor));
        Func<View> shift = constants.Add(bias.Any(b => b != 0f) ? bias : []);
        ChannelPlaces? inputs = PlacesOf(x), outputs = pooled ? null : Inner(fused, result, y.C);
        int outputStride = pooled ? y.C : result.Stride;
        Slot target = result.Slot;
        long moved = Bytes(x.Shape, half) + Bytes(y, half) * ((pooled ? 0 : 1) + (residual is null ? 0 : 1))
            + sizeof(float) * node.Inputs[1]!.Shape.Length;
        Add(node, fused.Kind, node.Operator.MultiplyAddsLinear, moved,
            () => launch(args, x.Slot.View, w(), new ConvFusion
            {
                Scale = factors(),
                Shift = shift(),
                Activation = fused.Activation,
                Gate = x.Gate?.View ?? View.None,
                Residual = residual?.View ?? View.None,
                Sums = sumsOf?.View ?? View.None,
                SumsOnly = pooled,
                InputChannels = inputs,
                InputStride = x.Stride,
                OutputChannels = outputs,
                OutputStride = outputStride,
                HalfMaps = half,
            }, pooled ? View.None : target.View), x.Slot, x.Gate, residual, sumsOf, pooled ? null : target);
        values[fused.Result] = result;
        if (sumsOf is not null)
        {
            sums[fused.Result] = sumsOf;
        }
    }

    /// <summary>Where a convolution writes, and what the result is afterwards.</summary>
    private (DeviceValue Result, Slot? Residual) Target(FusedConv fused, DeviceValue x, Shape y, bool half)
    {
        if (fused.Join is null)
        {
            return (Plain(y, NewMap(y, half), half), null);
        }

        string name = NameOf(fused.Conv);
        Tensor otherTensor = fused.Join.Operator is AddOperator ? FusedConv.Other(fused.Join, fused.Inner)
            : fused.Join.Inputs[1]!;
        DeviceValue other = values[otherTensor];
        if (other.IsHalf != half)
        {
            other = Converted(name, Gathered(name, other), half);
        }

        if (fused.Join.Operator is AddOperator)
        {
            if (!other.IsBare || other.Stride != other.Shape.C)
            {
                other = Gathered(name, other);
            }

            bool inPlace = !ReferenceEquals(other.Slot, x.Slot) && IsFree(other);
            return (other with { Slot = inPlace ? other.Slot : NewMap(y, half) }, other.Slot);
        }

        MuxJoin.Args join = ((MuxJoinOperator)fused.Join.Operator).Args;
        ChannelPlaces processed = other.Places.Slice(0, join.Processed.C);
        if (!other.IsBare || ReferenceEquals(other.Slot, x.Slot)
            || !IsFree(other with { Places = processed }))
        {
            other = Copied(name, other);
        }

        return (other with { Places = other.Places.Shuffle(join.Groups) }, join.Residual ? other.Slot : null);
    }

    /// <summary>Where the channels of the convolution itself lie in what it writes.</summary>
    private static ChannelPlaces? Inner(FusedConv fused, DeviceValue result, int channels)
    {
        ChannelPlaces places = result.Places;
        if (fused.Join?.Operator is MuxJoinOperator join)
        {
            // Channel k·G + q of the result is channel q·C/G + k of the block's list, whose first ones are written.
            int groups = join.Args.Groups, each = places.Count / groups;
            places = new ChannelPlaces([.. Enumerable.Range(0, channels).Select(c =>
                result.Places[c % each * groups + c / each])]);
        }

        return places.IsNatural(channels) ? null : places;
    }

    /// <summary>A value in memory of its own, whether or not it is there already.</summary>
    private DeviceValue Copied(string name, DeviceValue x)
    {
        DeviceValue gathered = Gathered(name, x);
        Slot slot = gathered.Slot;
        if (!ReferenceEquals(slot, x.Slot))
        {
            return gathered;
        }

        Slot copy = NewSlot(slot.Length);
        steps.Add(new DeviceStep(name, "Copy", 0, 2 * sizeof(float) * (long)slot.Length, true,
            () => device.Copy(slot.View, copy.View)));
        Use(slot, copy);
        return Plain(x.Shape, copy, x.IsHalf);
    }

    /// <summary>Whether nobody still wants what these channels of the map are now.</summary>
    private bool IsFree(DeviceValue x)
    {
        if (x.Slot.IsKept)
        {
            return false;
        }

        foreach ((Tensor tensor, DeviceValue value) in values)
        {
            if (ReferenceEquals(value.Slot, x.Slot) && Meet(value.Places, x.Places)
                && (ReferenceEquals(tensor, graph.Output) || graph.Readers(tensor).Any(r => !done.Contains(r))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The pool that alone reads a tensor, where what reads its result can multiply by a factor.</summary>
    private Node? PoolOf(Tensor tensor) => graph.OnlyReader(tensor) is { Operator: GlobalAveragePoolOperator } pool
        ? pool
        : null;

    /// <summary>The squeeze-excite that alone reads a tensor, where convolutions read its result and gate it.</summary>
    private Node? ExciteOf(Tensor tensor) => graph.OnlyReader(tensor) is { Operator: SqueezeExciteOperator } excite
        && ReferenceEquals(excite.Inputs[0], tensor) && !ReferenceEquals(excite.Results[0], graph.Output)
        && excite.Inputs.Skip(1).All(i => i is Parameter)
        && graph.Readers(excite.Results[0]).All(r => r.Operator is PointwiseConvOperator or DenseConvOperator
            or DepthwiseConvOperator or GroupConvOperator or MixedConvOperator or MuxConvOperator
            && ReferenceEquals(r.Inputs[0], excite.Results[0]))
        ? excite
        : null;
}
