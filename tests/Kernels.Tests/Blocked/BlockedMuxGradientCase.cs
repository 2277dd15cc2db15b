using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>The gradients of one MuxConv on blocked maps and their checks against the references in double.</summary>
internal sealed unsafe class BlockedMuxGradientCase
{
    private readonly MuxConv.Args args;
    private readonly int lanes;
    private readonly int taps;
    private readonly float[] x;
    private readonly float[] w;
    private readonly float[] dy;

    public BlockedMuxGradientCase(MuxConv.Args args, int lanes)
    {
        (this.args, this.lanes) = (args, lanes);
        Forward = BlockedWindows.Of(args, lanes)!;
        Input = BlockedWindows.InputGradientOf(args, lanes)!;
        Weights = BlockedWindows.WeightGradientOf(args, lanes)!;
        x = Fill.Uniform(1, args.X.Length);
        w = Fill.Uniform(2, args.WeightLength);
        dy = Fill.Uniform(3, args.Y.Length);
        for (int part = 0; part < args.Scales.Count; part++)
        {
            taps = Math.Max(taps, args.ChannelsPerGroup * args.Part(part).Window.Taps);
        }
    }

    public BlockedWindow Forward { get; }

    public BlockedWindow Input { get; }

    public BlockedWindowGradient Weights { get; }

    private int Height => args.X.H;

    /// <summary>Rows of the gradient of x, cut as told; numbers that a cut does not need are NaN.</summary>
    public void CheckInput(Func<int, int> rowsAt)
    {
        using AlignedBuffer<float> packed = new(Input.PackedLength);
        using AlignedBuffer<float> zeros = new(Input.OutOrder.Count);
        Input.Pack(w, [], packed.Pointer);
        using BlockedMap to = new(lanes, Input.OutOrder.Count / lanes, Height, args.X.W, 1);
        for (int row = 0; row < Height; row += rowsAt(row))
        {
            int rows = Math.Min(rowsAt(row), Height - row);
            (int first, int count) = Input.InputRows(row, rows);
            using BlockedMap from = Map(dy, Input.InOrder, Input.Border, 0f, first, first + count);
            for (int piece = 0; piece < Input.Pieces.Count; piece++)
            {
                BlockedPiece p = Input.Pieces[piece];
                BlockedStore store = new()
                {
                    Y = to.Origin + p.FirstOut * to.BlockStride,
                    BlockStride = to.BlockStride,
                    RowStride = to.RowStride,
                    Bias = zeros.Pointer,
                    Activation = ActivationKind.None,
                };
                Input.Run(piece, from.Origin + p.FirstIn * from.BlockStride, from.BlockStride, from.RowStride,
                    packed.Pointer, store, row, rows);
            }
        }

        to.OutsideIsUntouched(0, Height);
        double[] expected = new double[x.Length], magnitude = new double[x.Length];
        MuxConv.BackwardInputReference<double>(args, Doubles(dy, false), Doubles(w, false), expected);
        MuxConv.BackwardInputReference<double>(args, Doubles(dy, true), Doubles(w, true), magnitude);
        float[] planes = to.Read(Input.OutOrder.Count);
        for (int i = 0; i < planes.Length; i++)
        {
            (int lane, int pixel) = Math.DivRem(i, args.X.Pixels);
            int channel = Input.OutOrder[lane], at = channel * args.X.Pixels + pixel;
            (double e, double bound) = channel < 0 ? (0, 0) : (expected[at], ErrorBound.Sum(taps, magnitude[at]));
            Assert.True(Math.Abs(planes[i] - e) <= bound,
                $"{args} {lanes} lanes: dx of channel {channel}, pixel {pixel} is {planes[i]}, expected {e} ± {bound}");
        }
    }

    /// <summary>The gradient of w, cut as told; numbers that a cut does not need are NaN.</summary>
    public void CheckWeights(Func<int, int> rowsAt)
    {
        float[] start = Fill.Uniform(4, args.WeightLength), dw = [.. start];
        int calls = 0;
        using AlignedBuffer<float> packed = new(Weights.PackedLength);
        for (int row = 0; row < Height; row += rowsAt(row), calls++)
        {
            int rows = Math.Min(rowsAt(row), Height - row);
            (int first, int count) = Forward.InputRows(row, rows);
            using BlockedMap from = Map(x, Forward.InOrder, Forward.Border, 0f, first, first + count);
            using BlockedMap upstream = Map(dy, Forward.OutOrder, 1, float.NaN, row, row + rows);
            for (int piece = 0; piece < Forward.Pieces.Count; piece++)
            {
                BlockedPiece p = Forward.Pieces[piece];
                Weights.Run(piece, from.Origin + p.FirstIn * from.BlockStride, from.BlockStride, from.RowStride,
                    upstream.Origin + p.FirstOut * upstream.BlockStride, upstream.BlockStride, upstream.RowStride,
                    packed.Pointer, row, rows);
            }
        }

        Weights.Unpack(packed.Pointer, dw);
        double[] expected = Doubles(start, false), magnitude = Doubles(start, true);
        MuxConv.BackwardWeightReference<double>(args, Doubles(dy, false), Doubles(x, false), expected);
        MuxConv.BackwardWeightReference<double>(args, Doubles(dy, true), Doubles(x, true), magnitude);
        for (int i = 0; i < dw.Length; i++)
        {
            // The longest path: a chain of all pixels, the calls, the lanes of a fine channel.
            double bound = ErrorBound.Sum(args.X.Pixels + calls + 5, magnitude[i]);
            Assert.True(Math.Abs(dw[i] - expected[i]) <= bound,
                $"{args} {lanes} lanes: dw[{i}] is {dw[i]}, expected {expected[i]} ± {bound}");
        }
    }

    /// <summary>The packed sums of rows.</summary>
    public float[] Sums(int firstRow, int rows)
    {
        using AlignedBuffer<float> packed = new(Weights.PackedLength);
        using BlockedMap from = Map(x, Forward.InOrder, Forward.Border, 0f, -Forward.Border, Height + Forward.Border);
        using BlockedMap upstream = Map(dy, Forward.OutOrder, 0, 0f, 0, Height);
        for (int piece = Forward.Pieces.Count - 1; piece >= 0; piece--)
        {
            BlockedPiece p = Forward.Pieces[piece];
            Weights.Run(piece, from.Origin + p.FirstIn * from.BlockStride, from.BlockStride, from.RowStride,
                upstream.Origin + p.FirstOut * upstream.BlockStride, upstream.BlockStride, upstream.RowStride,
                packed.Pointer, firstRow, rows);
        }

        return packed.Span.ToArray();
    }

    /// <summary>A map in some order of channels; rows outside <paramref name="first"/> … <paramref name="end"/> − 1 are
    /// NaN, those of the border too.</summary>
    private BlockedMap Map(float[] image, IReadOnlyList<int> order, int border, float around, int first, int end)
    {
        int pixels = args.X.Pixels;
        float[] planes = new float[order.Count * pixels];
        for (int lane = 0; lane < order.Count; lane++)
        {
            for (int pixel = 0; order[lane] >= 0 && pixel < pixels; pixel++)
            {
                planes[lane * pixels + pixel] = image[order[lane] * pixels + pixel];
            }
        }

        BlockedMap map = new(lanes, order.Count / lanes, Height, args.X.W, border);
        map.All.Fill(around);
        map.Write(planes);
        for (int i = 0; i < map.All.Length; i++)
        {
            int row = i % map.BlockStride / map.RowStride - border;
            if (row < first || row >= end)
            {
                map.All[i] = float.NaN;
            }
        }

        return map;
    }

    private static double[] Doubles(float[] values, bool absolute) =>
        Array.ConvertAll(values, v => absolute ? Math.Abs((double)v) : v);
}
