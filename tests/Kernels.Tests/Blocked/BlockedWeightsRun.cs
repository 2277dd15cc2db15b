using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>Runs a <see cref="BlockedWindowGradient"/> on maps between pixels of NaN and checks that it leaves
/// everything but its sums alone.</summary>
internal sealed unsafe class BlockedWeightsRun : IDisposable
{
    private const int Gap = 2;
    private readonly BlockedWindow window;
    private readonly BlockedWindowGradient gradient;
    private readonly Map x, dy;
    private readonly int images;

    /// <summary>A window's gradient with its operands <c>[N, C, H, W]</c>.</summary>
    public BlockedWeightsRun(BlockedWindow window, BlockedWindowGradient gradient, Shape x, Shape y, float[] data,
        float[] gradients)
    {
        (this.window, this.gradient, images) = (window, gradient, x.N);
        this.x = new Map(window.InOrder, window.Lanes, x, window.Border, data, 0f);
        dy = new Map(window.OutOrder, window.Lanes, y, 0, gradients, float.NaN);
    }

    /// <summary>dw with the gradient added; the rows of each image are cut where <paramref name="cuts"/>
    /// says.</summary>
    public float[] Rows(float[] dw, params int[] cuts)
    {
        using AlignedBuffer<float> packed = new(gradient.PackedLength + 1);
        packed.Span.Clear();
        packed.Span[^1] = -7f;
        float[] before = [.. x.Memory.Span, .. dy.Memory.Span];
        int[] ends = [.. cuts.Append(window.OutHeight)];
        for (int n = 0; n < images; n++)
        {
            for (int p = 0; p < window.Pieces.Count; p++)
            {
                BlockedPiece piece = window.Pieces[p];
                for (int i = 0, row = 0; i < ends.Length; row = ends[i++])
                {
                    gradient.Run(p, x.Block(n, piece.FirstIn), x.BlockStride, x.RowStride,
                        dy.Block(n, piece.FirstOut), dy.BlockStride, dy.RowStride, packed.Pointer, row,
                        ends[i] - row);
                }
            }
        }

        Check.SameBits(before, [.. x.Memory.Span, .. dy.Memory.Span], "operands after the run");
        Check.SameBits([-7f], packed.Span[^1..], "behind the sums");
        float[] result = [.. dw];
        gradient.Unpack(packed.Pointer, result);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        x.Memory.Dispose();
        dy.Memory.Dispose();
    }

    /// <summary>Images in blocks, zeros in the border, NaN around it.</summary>
    private sealed class Map
    {
        private readonly int image, origin;

        public Map(IReadOnlyList<int> order, int lanes, Shape shape, int border, float[] planes, float empty)
        {
            int edge = border + Gap;
            RowStride = (shape.W + 2 * edge) * lanes;
            BlockStride = (shape.H + 2 * edge) * RowStride;
            image = order.Count / lanes * BlockStride;
            origin = edge * (RowStride + lanes);
            Memory = new AlignedBuffer<float>((long)shape.N * image);
            Memory.Span.Fill(float.NaN);
            for (int n = 0; n < shape.N; n++)
            {
                for (int lane = 0; lane < order.Count; lane++)
                {
                    for (int h = -border; h < shape.H + border; h++)
                    {
                        for (int v = -border; v < shape.W + border; v++)
                        {
                            bool inside = h >= 0 && v >= 0 && h < shape.H && v < shape.W;
                            int from = (n * shape.C + order[lane]) * (int)shape.Pixels + h * shape.W + v;
                            Memory.Span[n * image + origin + lane / lanes * BlockStride + h * RowStride + v * lanes
                                + lane % lanes] = !inside ? 0f : order[lane] < 0 ? empty : planes[from];
                        }
                    }
                }
            }
        }

        public AlignedBuffer<float> Memory { get; }

        public int RowStride { get; }

        public int BlockStride { get; }

        public float* Block(int n, int block) => Memory.Pointer + n * image + origin + block * BlockStride;
    }
}
