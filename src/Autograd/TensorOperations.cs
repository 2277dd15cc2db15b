namespace MuxKernels.Autograd;

/// <summary>The operators of the library as methods of a tensor.</summary>
public static class TensorOperations
{
    /// <summary>Elementwise activation; <see cref="ActivationKind.None"/> returns x itself.</summary>
    public static Tensor Activate(this Tensor x, ActivationKind kind) =>
        kind == ActivationKind.None ? x : x.Record(new ActivationOperator(new Activation.Args(x.Shape, kind)));

    /// <summary>1×1 convolution with weight <c>[O, C, 1, 1]</c>.</summary>
    public static Tensor PointwiseConv(this Tensor x, Tensor w, Tensor? bias = null)
    {
        Guard.That(w.Shape == new Shape(w.Shape.N, x.Shape.C, 1, 1), nameof(PointwiseConv),
            $"w has shape {w.Shape}, expected [{w.Shape.N}, {x.Shape.C}, 1, 1] for x with shape {x.Shape}.");
        CheckBias(bias, w.Shape.N, nameof(PointwiseConv));
        return x.Record(new PointwiseConvOperator(new PointwiseConv.Args(x.Shape, w.Shape.N)), w, bias);
    }

    /// <summary>
    /// k×k convolution with weight <c>[O, C/G, k, k]</c>; the family (pointwise, depthwise, group-wise or dense)
    /// follows from the shapes.
    /// </summary>
    /// <exception cref="ShapeException">A weight that does not fit x and the groups.</exception>
    public static Tensor Conv2d(this Tensor x, Tensor w, Tensor? bias = null, int stride = 1, int dilation = 1,
        int groups = 1, Padding padding = default)
    {
        Guard.Positive(groups, nameof(Conv2d));
        (int outChannels, int k, Shape s) = (w.Shape.N, w.Shape.H, x.Shape);
        Guard.That(s.C % groups == 0 && w.Shape == new Shape(outChannels, s.C / groups, k, k), nameof(Conv2d),
            $"w has shape {w.Shape}, expected [outputs, {s.C} / {groups} groups, k, k] for x with shape {s}.");
        CheckBias(bias, outChannels, nameof(Conv2d));
        return x.Record(ConvOperator(s, outChannels, k, stride, dilation, groups, padding), w, bias);
    }

    /// <summary>Mixed-kernel convolution; w is all parts' weights one after the other.</summary>
    public static Tensor MixedConv(this Tensor x, Tensor w, IntList kernels, int channelsPerGroup = 1, int stride = 1,
        int dilation = 1, Padding padding = default)
    {
        MixedConv.Args args = new(x.Shape, kernels, channelsPerGroup, stride, dilation, padding);
        CheckLength(w, args.WeightLength, nameof(MixedConv));
        return x.Record(new MixedConvOperator(args), w);
    }

    /// <summary>Spatial multiplexing convolution; w is all parts' weights one after the other.</summary>
    public static Tensor MuxConv(this Tensor x, Tensor w, MuxConv.Args args)
    {
        Guard.That(args.X == x.Shape, nameof(MuxConv), $"x has shape {x.Shape}, the arguments {args.X}.");
        CheckLength(w, args.WeightLength, nameof(MuxConv));
        return x.Record(new MuxConvOperator(args), w);
    }

    /// <summary>Fully connected layer with weight <c>[O, I]</c>.</summary>
    public static Tensor Linear(this Tensor x, Tensor w, Tensor? bias = null)
    {
        Guard.That(x.Shape.Rank == 2 && w.Shape.Rank == 2 && w.Shape.C == x.Shape.C, nameof(Linear),
            $"x has shape {x.Shape}, w {w.Shape}; expected [N, I] and [O, I].");
        CheckBias(bias, w.Shape.N, nameof(Linear));
        return x.Record(new LinearOperator(new Linear.Args(x.Shape.N, x.Shape.C, w.Shape.N)), w, bias);
    }

    /// <summary>Space to channel by r, DCR order.</summary>
    public static Tensor SpaceToChannel(this Tensor x, int factor = 2) =>
        x.Record(new SpaceToChannelOperator(new SpaceToChannel.Args(x.Shape, factor)));

    /// <summary>Channel to space by r, DCR order.</summary>
    public static Tensor ChannelToSpace(this Tensor x, int factor = 2) =>
        x.Record(new ChannelToSpaceOperator(new ChannelToSpace.Args(x.Shape, factor)));

    /// <summary>A run of channels.</summary>
    public static Tensor Channels(this Tensor x, int first, int count) =>
        x.Record(new ChannelSliceOperator(new ChannelSlice.Args(x.Shape, first, count)));

    /// <summary>Splits the channels into parts of the given widths.</summary>
    /// <exception cref="ShapeException">Widths that do not add up to the channels.</exception>
    public static Tensor[] Split(this Tensor x, params ReadOnlySpan<int> widths)
    {
        Tensor[] parts = new Tensor[widths.Length];
        int first = 0;
        for (int i = 0; i < widths.Length; i++)
        {
            parts[i] = x.Channels(first, widths[i]);
            first += widths[i];
        }

        Guard.That(first == x.Shape.C, nameof(Split), $"widths add up to {first}, expected the {x.Shape.C} channels.");
        return parts;
    }

    /// <summary>Concatenates along the channels.</summary>
    public static Tensor Concat(this Tensor a, Tensor b) =>
        a.Record(new ChannelConcatOperator(new ChannelConcat.Args(a.Shape, b.Shape)), b);

    /// <summary>Channel shuffle with G groups.</summary>
    public static Tensor Shuffle(this Tensor x, int groups) =>
        x.Record(new ChannelShuffleOperator(new ChannelShuffle.Args(x.Shape, groups)));

    /// <summary><c>SH_G([f (+ a); b])</c>, the end of a split–process–shuffle block; this tensor is f.</summary>
    public static Tensor MuxJoin(this Tensor f, Tensor x, int groups, bool residual)
    {
        MuxJoin.Args args = new(x.Shape, f.Shape.C, groups, residual);
        Guard.That(args.Processed == f.Shape, nameof(MuxJoin),
            $"f has shape {f.Shape}, expected {args.Processed} for x with shape {x.Shape}.");
        return f.Record(new MuxJoinOperator(args), x);
    }

    /// <summary>Sum of two tensors of one shape.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.Record(new AddOperator(new Add.Args(a.Shape, b.Shape)), b);

    /// <summary>Mean over the map, <c>[N, C]</c>.</summary>
    public static Tensor GlobalAveragePool(this Tensor x) =>
        x.Record(new GlobalAveragePoolOperator(new GlobalAveragePool.Args(x.Shape)));

    /// <summary>Batch normalisation then an activation; by the batch's statistics where the session trains.</summary>
    public static Tensor BatchNorm(this Tensor x, Tensor gamma, Tensor beta, Tensor runningMean,
        Tensor runningVariance, ActivationKind activation = ActivationKind.None, float epsilon = 1e-5f,
        float momentum = 0.1f)
    {
        BatchNorm.Args args = new(x.Shape, activation, epsilon, momentum);
        foreach (Tensor t in (ReadOnlySpan<Tensor>)[gamma, beta, runningMean, runningVariance])
        {
            CheckLength(t, x.Shape.C, nameof(BatchNorm));
        }

        Operator op = x.Owner.IsTraining ? new BatchNormTrainOperator(args) : new BatchNormEvalOperator(args);
        return x.Record(op, gamma, beta, runningMean, runningVariance);
    }

    /// <summary>Squeeze-excite.</summary>
    public static Tensor SqueezeExcite(this Tensor x, Tensor w1, Tensor b1, Tensor w2, Tensor b2,
        ActivationKind activation, ActivationKind gate = ActivationKind.Sigmoid)
    {
        SqueezeExcite.Args args = new(x.Shape, w1.Shape.N, activation, gate);
        Guard.That(w1.Shape == args.ReduceWeight && w2.Shape == args.ExpandWeight, nameof(SqueezeExcite),
            $"w1 has shape {w1.Shape}, w2 {w2.Shape}, expected {args.ReduceWeight} and {args.ExpandWeight}.");
        CheckBias(b1, args.Reduced, nameof(SqueezeExcite));
        CheckBias(b2, x.Shape.C, nameof(SqueezeExcite));
        return x.Record(new SqueezeExciteOperator(args), w1, b1, w2, b2);
    }

    /// <summary>Dropout in training, x itself otherwise.</summary>
    public static Tensor Dropout(this Tensor x, float rate) => Drop(x, rate, wholeImages: false);

    /// <summary>Drop-connect (one coin for each image) in training, x itself otherwise.</summary>
    public static Tensor DropConnect(this Tensor x, float rate) => Drop(x, rate, wholeImages: true);

    /// <summary>Mean cross-entropy of a softmax over <c>[N, K]</c> logits.</summary>
    public static Tensor CrossEntropy(this Tensor logits, ReadOnlySpan<float> labels, float smoothing = 0f) =>
        logits.CrossEntropy(logits.Owner.Input(Shape.Vector(logits.Shape.N), labels), smoothing);

    /// <summary>
    /// Mean cross-entropy of a softmax over <c>[N, K]</c> logits; labels are class indices as floats.
    /// </summary>
    public static Tensor CrossEntropy(this Tensor logits, Tensor labels, float smoothing = 0f)
    {
        CheckLength(labels, logits.Shape.N, nameof(CrossEntropy));
        return logits.Record(new SoftmaxCrossEntropyOperator(
            new SoftmaxCrossEntropy.Args(logits.Shape.N, logits.Shape.C, smoothing)), labels);
    }

    private static Operator ConvOperator(Shape x, int outChannels, int kernel, int stride, int dilation, int groups,
        Padding padding)
    {
        bool plain = kernel == 1 && stride == 1 && groups == 1
            && (padding.Kind != PaddingKind.Explicit || padding.Amount == 0);
        if (plain)
        {
            return new PointwiseConvOperator(new PointwiseConv.Args(x, outChannels));
        }

        if (groups == 1)
        {
            return new DenseConvOperator(new DenseConv.Args(x, outChannels, kernel, stride, dilation, padding));
        }

        return groups == x.C && outChannels == x.C
            ? new DepthwiseConvOperator(new DepthwiseConv.Args(x, kernel, stride, dilation, padding))
            : new GroupConvOperator(new GroupConv.Args(x, outChannels, kernel, groups, stride, dilation, padding));
    }

    private static Tensor Drop(Tensor x, float rate, bool wholeImages) => x.Owner.IsTraining && rate != 0
        ? x.Record(new DropoutOperator(new Dropout.Args(x.Shape, rate, x.Owner.NextSeed(), wholeImages)))
        : x;

    private static void CheckBias(Tensor? bias, int channels, string name)
    {
        if (bias is not null)
        {
            CheckLength(bias, channels, name);
        }
    }

    private static void CheckLength(Tensor tensor, int length, string name) =>
        Guard.That(tensor.Shape.Length == length, name,
            $"an operand has shape {tensor.Shape}, expected {length} elements.");
}
