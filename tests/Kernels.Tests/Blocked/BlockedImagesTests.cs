using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Windows over whole small maps of many images, forward and both gradients, against the references of their
/// families.</summary>
public unsafe class BlockedImagesTests
{
    private static readonly int[] Widths = [4, 8, 16];

    private delegate void Reference(ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> result);

    /// <summary>Every number of images that a tile takes, kernels larger and smaller than the map, one channel a group
    /// to four, a rest of pairs in one block.</summary>
    [Theory]
    [InlineData(32, 2, 2, 3)]
    [InlineData(15, 2, 2, 5)]
    [InlineData(11, 4, 4, 5)]
    [InlineData(5, 4, 4, 3)]
    [InlineData(3, 8, 8, 5)]
    [InlineData(1, 8, 8, 9)]
    [InlineData(7, 1, 1, 3)]
    [InlineData(9, 3, 5, 3)]
    [InlineData(4, 7, 9, 3)]
    [InlineData(3, 4, 4, 11)]
    public void Shapes_agree(int images, int height, int width, int kernel)
    {
        for (int stride = 1; stride <= 3; stride++)
        {
            Shape x = new(images, 19, height, width);
            Assert.True(Agrees(Of(new DepthwiseConv.Args(x, kernel, stride))));
            Assert.True(Agrees(Of(new DepthwiseConv.Args(x, kernel, stride, 2))));
            for (int g = 2; g <= 4; g++)
            {
                Shape groups = x with { C = g * 19 };
                Assert.True(Agrees(Of(new GroupConv.Args(groups, groups.C, kernel, 19, stride))));
            }

            Assert.True(Agrees(Of(new MixedConv.Args(x with { C = 45 }, [3, kernel, 7], 1, stride))));
        }
    }

    /// <summary>What is not finite in an image reaches the results that read it and no others.</summary>
    [Fact]
    public void Not_a_number_goes_where_the_kernel_reads_it()
    {
        DepthwiseConv.Args args = new(new Shape(3, 5, 4, 4), 5);
        foreach (int lanes in Widths)
        {
            if (BlockedWindows.Of(args, lanes) is not { } window)
            {
                continue;
            }

            float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length, 0.1f, 1f);
            x[77] = float.PositiveInfinity;
            double[] expected = new double[args.Y.Length];
            DepthwiseConv.ForwardReference(args, BlockedChecks.Wide(x), BlockedChecks.Wide(w), [], expected);
            float[] y = Run(window, args.X, args.Y, x, w);
            Assert.All(y.Zip(expected), v => Assert.Equal(double.IsFinite(v.Second), float.IsFinite(v.First)));
        }
    }

    [Fact]
    public void Large_maps_are_refused()
    {
        DepthwiseConv.Args args = new(new Shape(1, 4, 9, 9), 3);
        BlockedWindow window = BlockedWindows.Of(new MuxConv.Args(new Shape(1, 12, 8, 8), [-1, 0, 1], [3, 3, 3]), 4)!;
        Assert.False(BlockedWindows.Of(args, 4)!.TakesImages);
        Assert.False(window.TakesImages);
        Assert.Throws<NotSupportedException>(() => window.RunImages(0, null, 0, null, null, null, 0, 1));
    }

    private static bool Agrees(Case c)
    {
        bool any = false;
        float[] x = Fill.Uniform(1, c.X.Length), w = Fill.Uniform(2, c.Weights), dy = Fill.Uniform(3, c.Y.Length);
        foreach (int lanes in Widths)
        {
            if (c.Window(lanes) is not { TakesImages: true } window)
            {
                continue;
            }

            any = true;
            BlockedWindow turned = c.Turned(lanes)!;
            Assert.True(turned.TakesImages);
            string name = $"{c.Name} lanes {lanes}";
            Close(c.Forward, x, w, Run(window, c.X, c.Y, x, w), c.Depth, $"{name} forward");
            Close(c.Input, dy, w, Run(turned, c.Y, c.X, dy, w), c.Depth, $"{name} input");
            Close(c.Weight, dy, x, Weights(window, c.Gradient(lanes)!, c, x, dy), (int)WindowWork.GradientDepth(c.Y),
                $"{name} weights");
        }

        return any;
    }

    private static void Close(Reference of, float[] a, float[] b, float[] actual, int depth, string name)
    {
        double[] expected = new double[actual.Length], magnitude = new double[actual.Length];
        of(BlockedChecks.Wide(a), BlockedChecks.Wide(b), expected);
        of(BlockedChecks.Magnitude(a), BlockedChecks.Magnitude(b), magnitude);
        Check.Close(expected, actual, Array.ConvertAll(magnitude, m => ErrorBound.Sum(depth, m)), name);
    }

    private static float[] Run(BlockedWindow window, Shape x, Shape y, float[] data, float[] w)
    {
        using Map from = new(window.InOrder, window.Lanes, x, data), to = new(window.OutOrder, window.Lanes, y, []);
        using AlignedBuffer<float> packed = new(window.PackedLength), bias = new(window.OutOrder.Count);
        window.Pack(w, [], packed.Pointer);
        float[] before = [.. from.Memory.Span];
        for (int p = 0; p < window.Pieces.Count; p++)
        {
            BlockedPiece piece = window.Pieces[p];

            // All images at once, and in two runs: the same bits.
            int half = p % 2 == 0 ? x.N : (x.N + 1) / 2;
            for (int n = 0; n < x.N; n += half)
            {
                window.RunImages(p, from.Block(piece.FirstIn, n), from.BlockStride, packed.Pointer, bias.Pointer,
                    to.Block(piece.FirstOut, n), to.BlockStride, Math.Min(half, x.N - n));
            }
        }

        Check.SameBits(before, [.. from.Memory.Span], "the input after the run");
        return to.Planes();
    }

    private static float[] Weights(BlockedWindow window, BlockedWindowGradient gradient, Case c, float[] x, float[] dy)
    {
        using Map a = new(window.InOrder, window.Lanes, c.X, x), g = new(window.OutOrder, window.Lanes, c.Y, dy);
        using AlignedBuffer<float> packed = new(gradient.PackedLength + 1);
        packed.Span.Clear();
        packed.Span[^1] = -7f;
        for (int p = 0; p < window.Pieces.Count; p++)
        {
            BlockedPiece piece = window.Pieces[p];
            gradient.RunImages(p, a.Block(piece.FirstIn, 0), a.BlockStride, g.Block(piece.FirstOut, 0), g.BlockStride,
                packed.Pointer, c.X.N);
        }

        Check.SameBits([-7f], packed.Span[^1..], "behind the sums");
        float[] dw = new float[c.Weights];
        gradient.Unpack(packed.Pointer, dw);
        return dw;
    }

    private static Case Of(DepthwiseConv.Args args) => new($"depthwise {args}", args.X, args.Y,
        (int)args.Weight.Length, args.Window.Taps, lanes => BlockedWindows.Of(args, lanes),
        lanes => BlockedWindows.InputGradientOf(args, lanes), lanes => BlockedWindows.WeightGradientOf(args, lanes),
        (x, w, y) => DepthwiseConv.ForwardReference(args, x, w, [], y),
        (dy, w, dx) => DepthwiseConv.BackwardInputReference(args, dy, w, dx),
        (dy, x, dw) => DepthwiseConv.BackwardWeightReference(args, dy, x, dw));

    private static Case Of(GroupConv.Args args) => new($"group {args}", args.X, args.Y, (int)args.Weight.Length,
        args.Window.Taps * args.OutPerGroup, lanes => BlockedWindows.Of(args, lanes),
        lanes => BlockedWindows.InputGradientOf(args, lanes), lanes => BlockedWindows.WeightGradientOf(args, lanes),
        (x, w, y) => GroupConv.ForwardReference(args, x, w, [], y),
        (dy, w, dx) => GroupConv.BackwardInputReference(args, dy, w, dx),
        (dy, x, dw) => GroupConv.BackwardWeightReference(args, dy, x, dw));

    private static Case Of(MixedConv.Args args) => new($"mixed {args}", args.X, args.Y, args.WeightLength,
        args.Kernels.Max() * args.Kernels.Max() * args.ChannelsPerGroup, lanes => BlockedWindows.Of(args, lanes),
        lanes => BlockedWindows.InputGradientOf(args, lanes), lanes => BlockedWindows.WeightGradientOf(args, lanes),
        (x, w, y) => MixedConv.ForwardReference(args, x, w, y),
        (dy, w, dx) => MixedConv.BackwardInputReference(args, dy, w, dx),
        (dy, x, dw) => MixedConv.BackwardWeightReference(args, dy, x, dw));

    private sealed record Case(string Name, Shape X, Shape Y, int Weights, int Depth, Func<int, BlockedWindow?> Window,
        Func<int, BlockedWindow?> Turned, Func<int, BlockedWindowGradient?> Gradient, Reference Forward, Reference Input,
        Reference Weight);

    /// <summary>A batch, block after block, between numbers that nobody may change; NaN where nothing is.</summary>
    private sealed class Map : IDisposable
    {
        private const int Gap = 16;
        private readonly IReadOnlyList<int> order;
        private readonly Shape shape;
        private readonly int lanes;

        public Map(IReadOnlyList<int> order, int lanes, Shape shape, float[] planes)
        {
            (this.order, this.lanes, this.shape) = (order, lanes, shape);
            BlockStride = ((int)(shape.N * shape.Pixels * lanes) + 15) / 16 * 16 + Gap;
            Memory = new AlignedBuffer<float>((long)order.Count / lanes * BlockStride);
            Memory.Span.Fill(float.NaN);
            for (int slot = 0; planes.Length > 0 && slot < order.Count; slot++)
            {
                for (int n = 0; n < shape.N; n++)
                {
                    for (int p = 0; p < shape.Pixels; p++)
                    {
                        Memory.Span[At(slot, n, p)] = order[slot] < 0 ? 0f
                            : planes[((n * shape.C + order[slot]) * (int)shape.Pixels) + p];
                    }
                }
            }
        }

        public AlignedBuffer<float> Memory { get; }

        public int BlockStride { get; }

        public float* Block(int block, int n) =>
            Memory.Pointer + ((long)block * BlockStride) + (n * shape.Pixels * lanes);

        /// <summary>The planes; what lies between the blocks is as it was.</summary>
        public float[] Planes()
        {
            float[] planes = new float[shape.Length];
            int used = (int)(shape.N * shape.Pixels * lanes);
            for (int slot = 0; slot < order.Count; slot++)
            {
                Assert.True(Memory.Span.Slice((slot / lanes * BlockStride) + used, BlockStride - used)
                    .IndexOfAnyExcept(float.NaN) < 0, "between blocks");
                for (int n = 0; order[slot] >= 0 && n < shape.N; n++)
                {
                    for (int p = 0; p < shape.Pixels; p++)
                    {
                        planes[((n * shape.C + order[slot]) * (int)shape.Pixels) + p] = Memory.Span[At(slot, n, p)];
                    }
                }
            }

            return planes;
        }

        public void Dispose() => Memory.Dispose();

        private int At(int slot, int n, int p) =>
            (slot / lanes * BlockStride) + (((n * (int)shape.Pixels) + p) * lanes) + (slot % lanes);
    }
}
