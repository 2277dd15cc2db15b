using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>One MuxConv on blocked maps with bias and folded scale, its memory and its checks.</summary>
internal sealed unsafe class BlockedMuxCase
{
    /// <summary>What stands in y before a kernel writes there.</summary>
    public const float Untouched = -777f;

    private readonly MuxConv.Args args;
    private readonly float[] x;
    private readonly float[] w;
    private readonly float[] scale;
    private readonly float[] bias;
    private readonly float[] residual;

    public BlockedMuxCase(MuxConv.Args args, int lanes)
    {
        this.args = args;
        Window = BlockedWindows.Of(args, lanes)!;
        x = Fill.Uniform(1, args.X.Length);
        w = Fill.Uniform(2, args.WeightLength);
        scale = Fill.Uniform(3, args.X.C, 0.5f, 1.5f);
        bias = Fill.Uniform(4, args.X.C);
        residual = Fill.Uniform(5, args.X.Length);
    }

    public BlockedWindow Window { get; }

    public ActivationKind Activation { get; init; }

    private int Blocks => Window.InOrder.Count / Window.Lanes;

    private int XRow => (args.X.W + 2 * Window.Border) * Window.Lanes;

    private int XBlock => (args.X.H + 2 * Window.Border) * XRow;

    private int XOrigin => Window.Border * (XRow + Window.Lanes);

    /// <summary>y has a border of one pixel, so that writing outside the map is seen.</summary>
    private int YRow => (args.X.W + 2) * Window.Lanes;

    private int YBlock => (args.X.H + 2) * YRow;

    private int YOrigin => YRow + Window.Lanes;

    public Maps Create(bool withResidual)
    {
        Maps maps = new(this, withResidual);
        maps.Y.Span.Fill(Untouched);
        for (int lane = 0; lane < Window.InOrder.Count; lane++)
        {
            int channel = Window.InOrder[lane];
            maps.Bias.Pointer[lane] = channel < 0 ? 0f : bias[channel];
            for (int pixel = 0; channel >= 0 && pixel < args.X.H * args.X.W; pixel++)
            {
                (int h, int v) = Math.DivRem(pixel, args.X.W);
                int from = channel * args.X.H * args.X.W + pixel;
                maps.X.Span[At(lane, h, v, XBlock, XRow, XOrigin)] = x[from];
                maps.Residual.Span[At(lane, h, v, YBlock, YRow, YOrigin)] = residual[from];
            }
        }

        Window.Pack(w, scale, maps.Packed.Pointer);
        return maps;
    }

    public void Run(Maps maps, int firstRow, int rows) => Run(maps, firstRow, rows, null, false);

    public float[] Sums(Maps maps, int firstRow, int rows, bool only)
    {
        using AlignedBuffer<float> sums = new(Window.OutOrder.Count);
        sums.Span.Fill(float.NaN);
        Run(maps, firstRow, rows, sums.Pointer, only);
        return sums.Span.ToArray();
    }

    /// <summary>Rows of x outside <paramref name="first"/> … <paramref name="end"/> − 1 become NaN.</summary>
    public void Forget(Maps maps, int first, int end)
    {
        for (int block = 0; block < Blocks; block++)
        {
            for (int row = -Window.Border; row < args.X.H + Window.Border; row++)
            {
                if (row < first || row >= end)
                {
                    maps.X.Span.Slice(block * XBlock + (row + Window.Border) * XRow, XRow).Fill(float.NaN);
                }
            }
        }
    }

    /// <summary>Copies rows of y.</summary>
    public void Take(Maps from, Maps to, int firstRow, int rows)
    {
        for (int block = 0; block < Blocks; block++)
        {
            int at = block * YBlock + (firstRow + 1) * YRow;
            from.Y.Span.Slice(at, rows * YRow).CopyTo(to.Y.Span[at..]);
        }
    }

    public void CheckResult(Maps maps)
    {
        (double[] expected, double[] bound) = Expected(maps.WithResidual);
        for (int lane = 0; lane < Window.OutOrder.Count; lane++)
        {
            int channel = Window.OutOrder[lane];
            for (int pixel = 0; pixel < args.X.H * args.X.W; pixel++)
            {
                (int h, int v) = Math.DivRem(pixel, args.X.W);
                float y = maps.Y.Span[At(lane, h, v, YBlock, YRow, YOrigin)];
                int at = channel * args.X.H * args.X.W + pixel;
                (double e, double b) = channel < 0 ? (0, 0) : (expected[at], bound[at]);
                Assert.True(Math.Abs(y - e) <= b,
                    $"{args} {Window.Lanes} lanes: channel {channel} at ({h}, {v}) is {y}, expected {e} ± {b}");
            }
        }
    }

    public void CheckBorders(Maps maps)
    {
        for (int i = 0; i < maps.Y.Length; i++)
        {
            (int row, int column) = (i % YBlock / YRow - 1, i % YRow / Window.Lanes - 1);
            if (row < 0 || row >= args.X.H || column < 0 || column >= args.X.W)
            {
                Assert.Equal(Untouched, maps.Y.Span[i]);
            }
        }
    }

    public void CheckSums(Maps maps, float[] sums, int firstRow, int rows)
    {
        int count = rows * args.X.W;
        for (int lane = 0; lane < sums.Length; lane++)
        {
            double expected = 0, magnitude = 0;
            for (int pixel = 0; pixel < count; pixel++)
            {
                (int h, int v) = Math.DivRem(pixel, args.X.W);
                float y = maps.Y.Span[At(lane, firstRow + h, v, YBlock, YRow, YOrigin)];
                expected += y;
                magnitude += Math.Abs(y);
            }

            Assert.InRange(sums[lane] - expected, -ErrorBound.Sum(count, magnitude), ErrorBound.Sum(count, magnitude));
        }
    }

    private void Run(Maps maps, int firstRow, int rows, float* sums, bool only)
    {
        for (int piece = 0; piece < Window.Pieces.Count; piece++)
        {
            BlockedPiece p = Window.Pieces[piece];
            BlockedStore store = new()
            {
                Y = only ? null : maps.Y.Pointer + YOrigin + p.FirstOut * YBlock,
                BlockStride = YBlock,
                RowStride = YRow,
                Bias = maps.Bias.Pointer + p.FirstOut * Window.Lanes,
                Activation = Activation,
                Residual = maps.WithResidual ? maps.Residual.Pointer + YOrigin + p.FirstOut * YBlock : null,
                ResidualBlockStride = YBlock,
                ResidualRowStride = YRow,
                Sums = sums is null ? null : sums + p.FirstOut * Window.Lanes,
                SumsOnly = only,
            };
            Window.Run(piece, maps.X.Pointer + XOrigin + p.FirstIn * XBlock, XBlock, XRow, maps.Packed.Pointer, store,
                firstRow, rows);
        }
    }

    /// <summary>Weights carry the folded scale, one more rounding; the bias is one more term.</summary>
    private (double[] Expected, double[] Bound) Expected(bool withResidual)
    {
        double[] y = new double[args.Y.Length], magnitude = new double[args.Y.Length];
        MuxConv.ForwardReference<double>(args, Doubles(x, false), Doubles(w, false), y);
        MuxConv.ForwardReference<double>(args, Doubles(x, true), Doubles(w, true), magnitude);
        for (int i = 0; i < y.Length; i++)
        {
            int channel = i / (args.X.H * args.X.W);
            int taps = 0;
            for (int part = 0; part < args.Scales.Count; part++)
            {
                taps = Math.Max(taps, args.ChannelsPerGroup * args.Part(part).Window.Taps);
            }

            double sum = y[i] * scale[channel] + bias[channel], added = withResidual ? residual[i] : 0;
            double all = magnitude[i] * scale[channel] + Math.Abs(bias[channel]) + Math.Abs(added);
            y[i] = (Activation == ActivationKind.Relu ? Math.Max(sum, 0) : sum) + added;
            magnitude[i] = ErrorBound.Sum(taps + 3, all);
        }

        return (y, magnitude);
    }

    private int At(int lane, int row, int column, int block, int rowStride, int origin) =>
        lane / Window.Lanes * block + origin + row * rowStride + column * Window.Lanes + lane % Window.Lanes;

    private static double[] Doubles(float[] values, bool absolute) =>
        Array.ConvertAll(values, v => absolute ? Math.Abs((double)v) : v);

    /// <summary>Memory of one run.</summary>
    internal sealed class Maps : IDisposable
    {
        public Maps(BlockedMuxCase test, bool withResidual)
        {
            WithResidual = withResidual;
            X = new AlignedBuffer<float>(test.Blocks * test.XBlock);
            Y = new AlignedBuffer<float>(test.Blocks * test.YBlock);
            Residual = new AlignedBuffer<float>(test.Blocks * test.YBlock);
            Bias = new AlignedBuffer<float>(test.Window.OutOrder.Count);
            Packed = new AlignedBuffer<float>(test.Window.PackedLength);
        }

        public bool WithResidual { get; }

        public AlignedBuffer<float> X { get; }

        public AlignedBuffer<float> Y { get; }

        public AlignedBuffer<float> Residual { get; }

        public AlignedBuffer<float> Bias { get; }

        public AlignedBuffer<float> Packed { get; }

        public void Dispose()
        {
            X.Dispose();
            Y.Dispose();
            Residual.Dispose();
            Bias.Dispose();
            Packed.Dispose();
        }
    }
}
