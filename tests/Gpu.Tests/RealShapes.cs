namespace MuxKernels.Tests;

/// <summary>Layers of MUXNet-m and what lies beside them, for each type of arguments.</summary>
internal static class RealShapes
{
    private static readonly ParameterRuns Runs =
        new([.. Enumerable.Range(0, 150).Select(i => (i % 2 == 0 ? 13 * i + 300 : 24, i % 2 == 0))]);

    private static readonly Dictionary<Type, object> Known = new()
    {
        [typeof(PointwiseConv.Args)] = (PointwiseConv.Args[])
        [
            new(new Shape(1, 24, 56, 56), 96), new(new Shape(2, 120, 14, 14), 20), new(new Shape(3, 80, 7, 7), 480),
            new(new Shape(2, 200, 1, 1), 1280),
        ],
        [typeof(DenseConv.Args)] = (DenseConv.Args[])
        [
            new(new Shape(1, 3, 64, 64), 24, 3, 2), new(new Shape(2, 3, 32, 32), 16, 3, 2, 1, Padding.Same),
        ],
        [typeof(DepthwiseConv.Args)] = (DepthwiseConv.Args[])
        [
            new(new Shape(1, 96, 56, 56), 3), new(new Shape(2, 96, 30, 30), 3, 2), new(new Shape(2, 120, 14, 14), 5),
            new(new Shape(1, 40, 28, 28), 7, 2), new(new Shape(1, 32, 14, 14), 11, 2),
        ],
        [typeof(GroupConv.Args)] = (GroupConv.Args[])
        [
            new(new Shape(1, 48, 56, 56), 48, 3, 24), new(new Shape(1, 240, 14, 14), 240, 5, 120),
            new(new Shape(2, 480, 7, 7), 480, 5, 240),
        ],
        [typeof(MixedConv.Args)] = (MixedConv.Args[])
        [
            new(new Shape(1, 96, 56, 56), [3, 5, 7], 1, 2), new(new Shape(1, 160, 28, 28), [3, 5, 7, 9], 1, 2),
            new(new Shape(1, 448, 14, 14), [3, 5, 7, 9, 11], 1, 2),
        ],
        [typeof(MuxConv.Args)] = (MuxConv.Args[])
        [
            new(new Shape(1, 48, 56, 56), [-1, 0, 1], 3), new(new Shape(2, 120, 28, 28), [-1, 0, 1], 3),
            new(new Shape(1, 240, 14, 14), [-1, 0, 1], [3, 5, 7], 2),
            new(new Shape(1, 48, 15, 14), [-1, 0, -1, 0], 3, 1, 1, 1, OddMaps.Pad),
            new(new Shape(1, 96, 8, 8), [0, 1, -1, 0, 1, -1, 0, 1, -1, 0, 1, -1], 3),
        ],
        [typeof(SpaceToChannel.Args)] = (SpaceToChannel.Args[])
            [new(new Shape(2, 48, 56, 56)), new(new Shape(1, 5, 9, 6), 3)],
        [typeof(ChannelToSpace.Args)] = (ChannelToSpace.Args[])
            [new(new Shape(2, 48, 28, 28)), new(new Shape(1, 18, 5, 4), 3)],
        [typeof(ChannelSlice.Args)] = (ChannelSlice.Args[])[new(new Shape(2, 160, 14, 14), 80, 80)],
        [typeof(ChannelConcat.Args)] = (ChannelConcat.Args[])[new(new Shape(2, 80, 14, 14), new Shape(2, 24, 14, 14))],
        [typeof(ChannelShuffle.Args)] = (ChannelShuffle.Args[])[new(new Shape(2, 160, 14, 14), 2)],
        [typeof(MuxJoin.Args)] = (MuxJoin.Args[])
        [
            new(new Shape(2, 80, 28, 28), 40, 2, true), new(new Shape(1, 24, 56, 56), 18, 2, false),
        ],
        [typeof(Activation.Args)] = (Activation.Args[])
            [.. Enum.GetValues<ActivationKind>().Select(k => new Activation.Args(new Shape(1, 24, 28, 28), k))],
        [typeof(Add.Args)] = (Add.Args[])[new(new Shape(2, 40, 28, 28), new Shape(2, 40, 28, 28))],
        [typeof(BatchNorm.Args)] = (BatchNorm.Args[])
        [
            new(new Shape(4, 24, 56, 56), ActivationKind.Relu), new(new Shape(8, 96, 14, 14), ActivationKind.HardSwish),
            new(new Shape(32, 200, 7, 7), ActivationKind.Swish), new(new Shape(16, 1280, 1, 1)),
            new(new Shape(2, 3, 200, 150), ActivationKind.Relu6),
        ],
        [typeof(SqueezeExcite.Args)] = (SqueezeExcite.Args[])
        [
            new(new Shape(2, 96, 28, 28), 24, ActivationKind.Relu), new(new Shape(16, 480, 7, 7), 120,
                ActivationKind.Swish, ActivationKind.HardSigmoid), new(new Shape(1, 1152, 1, 1), 48,
                ActivationKind.HardSwish),
        ],
        [typeof(GlobalAveragePool.Args)] = (GlobalAveragePool.Args[])
            [new(new Shape(4, 200, 7, 7)), new(new Shape(1, 24, 112, 112)), new(new Shape(3, 1280, 1, 1))],
        [typeof(Linear.Args)] = (Linear.Args[])[new(64, 1280, 10), new(1, 1280, 1000), new(300, 200, 100)],
        [typeof(SoftmaxCrossEntropy.Args)] = (SoftmaxCrossEntropy.Args[])
            [new(256, 10, 0.1f), new(32, 1000), new(1, 100, 0.2f)],
        [typeof(Dropout.Args)] = (Dropout.Args[])
            [new(new Shape(4, 1280, 1, 1), 0.2f, 7), new(new Shape(8, 80, 14, 14), 0.3f, 8, wholeImages: true)],
        [typeof(SgdStep.Args)] = (SgdStep.Args[])
        [
            new(100_000, 0.1, 0.9, 5e-4, true, false, 0.3), new(1000, 0.1, 0.9, 0, false, true),
            new(70_001, 0.01, 0, 1e-4, false, false),
        ],
        [typeof(AdamWStep.Args)] = (AdamWStep.Args[])[new(100_001, 1e-3, 0.9, 0.999, 1e-8, 0.05, 1000, 0.5)],
        [typeof(SgdPass.Args)] = (SgdPass.Args[])
        [
            new(Runs, new SgdStep.Args(Runs.Length, 0.1, 0.9, 5e-4, true, false, 0.3), 0.99),
            new(Runs, new SgdStep.Args(Runs.Length, 0.1, 0, 5e-4, false, false)),
        ],
        [typeof(AdamWPass.Args)] = (AdamWPass.Args[])
            [new(Runs, new AdamWStep.Args(Runs.Length, 1e-3, 0.9, 0.999, 1e-8, 0.05, 1000, 0.5), 0.999)],
        [typeof(MovingAverage.Args)] = (MovingAverage.Args[])[new(100_001, 0.999)],
        [typeof(Shape)] = (Shape[])[new(4, 24, 56, 56), new(1, 1280, 1, 1)],
    };

    /// <summary>Real geometries of a type of arguments.</summary>
    /// <exception cref="ArgumentException">None are known: add some.</exception>
    public static TArgs[] Of<TArgs>()
        where TArgs : struct => Known.TryGetValue(typeof(TArgs), out object? shapes) ? (TArgs[])shapes
        : throw new ArgumentException($"There are no real shapes of {typeof(TArgs)}.");
}
