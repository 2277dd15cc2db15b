using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>Runs a <see cref="BlockedWindow"/> on maps between rows of NaN and checks that it leaves everything but its
/// results alone.</summary>
internal sealed unsafe class BlockedRun : IDisposable
{
    private const int Gap = 2;
    private readonly BlockedWindow window;
    private readonly Shape shape, result;
    private readonly AlignedBuffer<float> x, packed, bias;
    private readonly int xRow, xBlock, yRow, yBlock;

    /// <summary>A window with its input, weights and bias (by output channel; empty for none).</summary>
    public BlockedRun(BlockedWindow window, Shape x, Shape y, float[] data, float[] w, float[] scale, float[] bias)
    {
        (this.window, shape, result) = (window, x, y);
        int lanes = window.Lanes, border = window.Border;
        xRow = (x.W + 2 * border + Gap) * lanes;
        xBlock = xRow * (x.H + 2 * border + Gap);
        yRow = (y.W + 2 * Gap) * lanes;
        yBlock = yRow * (y.H + 2 * Gap);
        int blocks = window.InOrder.Count / lanes;
        this.x = new AlignedBuffer<float>((long)blocks * xBlock);
        this.x.Span.Fill(float.NaN);
        for (int lane = 0; lane < window.InOrder.Count; lane++)
        {
            for (int h = -border; h < x.H + border; h++)
            {
                for (int v = -border; v < x.W + border; v++)
                {
                    int channel = window.InOrder[lane];
                    bool inside = channel >= 0 && h >= 0 && v >= 0 && h < x.H && v < x.W;
                    this.x.Span[lane / lanes * xBlock + (h + border + 1) * xRow + (v + border + 1) * lanes
                        + lane % lanes] = inside ? data[(channel * x.H + h) * x.W + v] : 0f;
                }
            }
        }

        packed = new AlignedBuffer<float>(window.PackedLength);
        window.Pack(w, scale, packed.Pointer);
        this.bias = new AlignedBuffer<float>(window.OutOrder.Count);
        for (int lane = 0; lane < window.OutOrder.Count; lane++)
        {
            this.bias.Span[lane] = bias.Length == 0 || window.OutOrder[lane] < 0 ? 0f : bias[window.OutOrder[lane]];
        }
    }

    /// <summary>Sums of y of each output channel of the last run.</summary>
    public double[] Sums { get; private set; } = [];

    /// <summary>Output <c>[C, H, W]</c>; rows are cut where <paramref name="cuts"/> says, wanted sums are added over
    /// the calls.</summary>
    public float[] Rows(ActivationKind activation = ActivationKind.None, float[]? residual = null, bool sums = false,
        bool sumsOnly = false, params int[] cuts)
    {
        int lanes = window.Lanes, blocks = window.OutOrder.Count / lanes;
        using AlignedBuffer<float> y = new((long)blocks * yBlock), added = new((long)blocks * yBlock),
            part = new(window.OutOrder.Count);
        y.Span.Fill(-7f);
        float[] before = x.Span.ToArray();
        if (residual is not null)
        {
            Each((lane, channel, at, pixel) => added.Span[at] = residual[pixel]);
        }

        int origin = Gap * yRow + Gap * lanes;
        Sums = new double[result.C];
        int[] ends = [.. cuts.Append(result.H)];
        for (int i = 0, row = 0; i < ends.Length; row = ends[i++])
        {
            for (int p = 0; p < window.Pieces.Count; p++)
            {
                BlockedPiece piece = window.Pieces[p];
                int first = piece.FirstOut;
                part.Span.Fill(float.NaN);
                BlockedStore store = new()
                {
                    Y = sumsOnly ? null : y.Pointer + origin + first * yBlock, BlockStride = yBlock, RowStride = yRow,
                    Bias = bias.Pointer + first * lanes, Activation = activation,
                    Residual = residual is null ? null : added.Pointer + origin + first * yBlock,
                    ResidualBlockStride = yBlock, ResidualRowStride = yRow,
                    Sums = sums || sumsOnly ? part.Pointer + first * lanes : null, SumsOnly = sumsOnly,
                };
                window.Run(p, x.Pointer + xRow * (window.Border + 1) + lanes * (window.Border + 1)
                    + piece.FirstIn * xBlock, xBlock, xRow, packed.Pointer, store, row, ends[i] - row);
                int end = store.Sums is null ? 0 : (first + piece.OutBlocks) * lanes;
                for (int lane = first * lanes; lane < end; lane++)
                {
                    if (window.OutOrder[lane] >= 0)
                    {
                        Sums[window.OutOrder[lane]] += part.Span[lane];
                    }
                }
            }
        }

        Check.SameBits(before, x.Span, "x after the run");
        return Unpack(y, AtZero(activation));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        x.Dispose();
        packed.Dispose();
        bias.Dispose();
    }

    private static float AtZero(ActivationKind activation)
    {
        float[] y = [0f];
        Activation.Forward(new Activation.Args(Shape.Vector(1), activation), y, y);
        return y[0];
    }

    private float[] Unpack(AlignedBuffer<float> y, float empty)
    {
        float[] values = new float[result.C * result.H * result.W];
        Each((lane, channel, at, pixel) =>
        {
            values[pixel] = y.Span[at];
            y.Span[at] = -7f;
        });
        Each((lane, channel, at, pixel) =>
        {
            if (y.Span[at] != empty && y.Span[at] != -7f)
            {
                throw new CheckFailedException($"lane {lane} without a channel is {y.Span[at]}, expected {empty}.");
            }

            y.Span[at] = -7f;
        }, empty: true);
        if (y.Span.ContainsAnyExcept(-7f))
        {
            throw new CheckFailedException($"y is written outside its pixels: {y.Span.IndexOfAnyExcept(-7f)}.");
        }

        return values;
    }

    /// <summary>Each number of the output that has a channel (or has none).</summary>
    private void Each(Action<int, int, int, int> action, bool empty = false)
    {
        int lanes = window.Lanes;
        for (int lane = 0; lane < window.OutOrder.Count; lane++)
        {
            int channel = window.OutOrder[lane];
            if (channel < 0 != empty)
            {
                continue;
            }

            for (int h = 0; h < result.H; h++)
            {
                for (int v = 0; v < result.W; v++)
                {
                    action(lane, channel, lane / lanes * yBlock + (h + Gap) * yRow + (v + Gap) * lanes + lane % lanes,
                        (channel * result.H + h) * result.W + v);
                }
            }
        }
    }
}
