using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>One part of a convolution whose channels are split, as the kernels read it.</summary>
/// <param name="Scale">−1 sub-pixel, 0 plain, +1 super-pixel.</param>
/// <param name="First">First channel in x and y.</param>
/// <param name="Channels">Channels in x and y.</param>
/// <param name="Weight">Where its weight starts.</param>
/// <param name="Transformed">Channels of the rearranged map.</param>
/// <param name="Kernel">Taps along each axis.</param>
/// <param name="Top">Zero rows above the rearranged map.</param>
/// <param name="Left">Zero columns on its left.</param>
/// <param name="OutH">Rows of the convolution's output, rearranged.</param>
/// <param name="OutW">Columns of the convolution's output, rearranged.</param>
public readonly record struct PartRow(int Scale, int First, int Channels, int Weight, int Transformed, int Kernel,
    int Top, int Left, int OutH, int OutW);

/// <summary>What all parts share.</summary>
/// <param name="N">Images.</param>
/// <param name="C">Channels of x and y.</param>
/// <param name="H">Input rows.</param>
/// <param name="W">Input columns.</param>
/// <param name="OutH">Output rows.</param>
/// <param name="OutW">Output columns.</param>
/// <param name="Factor">The spatial factor, r.</param>
/// <param name="ChannelsPerGroup">Channels of a convolution group, g.</param>
/// <param name="Stride">Step along each axis.</param>
/// <param name="Dilation">Distance of neighbouring taps.</param>
/// <param name="Parts">Number of parts.</param>
/// <param name="Weights">Elements of all parts' weights.</param>
/// <param name="Blocks">Groups of threads for each plane.</param>
/// <param name="Bands">Bands of a weight gradient.</param>
public readonly record struct PartsGeometry(int N, int C, int H, int W, int OutH, int OutW, int Factor,
    int ChannelsPerGroup, int Stride, int Dilation, int Parts, int Weights, int Blocks = 1, int Bands = 1);

/// <summary>The kernels of convolutions whose channels are split into parts: <see cref="MuxConvGpu"/> (its
/// documentation has the index arithmetic) and <see cref="MixedConvGpu"/>. One launch serves all parts; the channel of
/// a plane says which part it is, so that the threads of a group always take the same way.</summary>
internal static class PartsConv
{
    public static void Forward(AcceleratorStream stream, PartsGeometry a, ArrayView<PartRow> parts, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> y, string name)
    {
        GpuGuard.NoOverlap(x, y, name);
        GpuGuard.NoOverlap(w, y, name);
        KernelConfig config = GpuKernels.CoverPlanes(stream, a.N * a.C, a.OutH * a.OutW, out int blocks);
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<PartRow>, PartsGeometry>(ForwardBody)(
                stream, config, x, w, y, parts, a with { Blocks = blocks });
    }

    public static void BackwardInput(AcceleratorStream stream, PartsGeometry a, ArrayView<PartRow> parts,
        ArrayView<float> dy, ArrayView<float> w, ArrayView<float> dx, string name)
    {
        GpuGuard.NoOverlap(dy, dx, name);
        GpuGuard.NoOverlap(w, dx, name);
        KernelConfig config = GpuKernels.CoverPlanes(stream, a.N * a.C, a.H * a.W, out int blocks);
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<PartRow>, PartsGeometry>(
                BackwardInputBody)(stream, config, dy, w, dx, parts, a with { Blocks = blocks });
    }

    public static void BackwardWeight(AcceleratorStream stream, PartsGeometry a, ArrayView<PartRow> parts,
        ArrayView<float> dy, ArrayView<float> x, ArrayView<float> dw, ArrayView<float> scratch)
    {
        int bands = Bands(a);
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<PartRow>, PartsGeometry>(
                BackwardWeightBody)(stream, GpuKernels.Cover(stream, checked(a.Weights * bands)), dy, x, scratch, parts,
                a with { Bands = bands });
        GpuSums.AddBands(stream, scratch, dw, bands);
    }

    /// <summary>Scratch elements of a weight gradient.</summary>
    public static int ScratchLength(PartsGeometry a) => checked(a.Weights * Bands(a));

    /// <summary>One group of threads for a run of one plane of y.</summary>
    internal static void ForwardBody(ArrayView<float> x, ArrayView<float> w, ArrayView<float> y,
        ArrayView<PartRow> parts, PartsGeometry a)
    {
        int plane = Grid.IdxX / a.Blocks, p = (Grid.IdxX - plane * a.Blocks) * Group.DimX + Group.IdxX;
        if (p >= a.OutH * a.OutW)
        {
            return;
        }

        int n = plane / a.C, c = plane - n * a.C, h = p / a.OutW, v = p - h * a.OutW;
        PartRow part = parts[Find(parts, a.Parts, c)];
        Pixel t = Pixel.Of(part, a.Factor, c - part.First, h, v);
        int taps = part.Kernel * part.Kernel, first = t.Channel / a.ChannelsPerGroup * a.ChannelsPerGroup;
        int row = t.Row * a.Stride - part.Top, column = t.Column * a.Stride - part.Left;
        float sum = 0f;
        for (int q = 0; q < a.ChannelsPerGroup; q++)
        {
            int k = part.Weight + (t.Channel * a.ChannelsPerGroup + q) * taps;
            sum += part.Scale > 0
                ? SuperPixel.Sum(x, (n * a.C + part.First + first + q) * a.H * a.W, part.Transformed * a.H * a.W,
                    a.Factor, a.H, a.W, row, column, a.Dilation, w, k, part.Kernel)
                : Taps.Plane(x, Phase(part, a, n, first + q, a.H, a.W), row, column, a.Dilation, w, k, part.Kernel);
        }

        y[plane * (a.OutH * a.OutW) + p] = sum;
    }

    /// <summary>One group of threads for a run of one plane of dx; a gather.</summary>
    internal static void BackwardInputBody(ArrayView<float> dy, ArrayView<float> w, ArrayView<float> dx,
        ArrayView<PartRow> parts, PartsGeometry a)
    {
        int plane = Grid.IdxX / a.Blocks, p = (Grid.IdxX - plane * a.Blocks) * Group.DimX + Group.IdxX;
        if (p >= a.H * a.W)
        {
            return;
        }

        int n = plane / a.C, c = plane - n * a.C, h = p / a.W, v = p - h * a.W;
        PartRow part = parts[Find(parts, a.Parts, c)];
        Pixel t = Pixel.Of(part, a.Factor, c - part.First, h, v);
        int taps = part.Kernel * part.Kernel, group = t.Channel / a.ChannelsPerGroup;
        int first = group * a.ChannelsPerGroup, i = t.Channel - first;
        int row = t.Row + part.Top, column = t.Column + part.Left;
        float sum = 0f;
        for (int q = 0; q < a.ChannelsPerGroup; q++)
        {
            int k = part.Weight + ((first + q) * a.ChannelsPerGroup + i) * taps;
            if (part.Scale > 0)
            {
                int start = (n * a.C + part.First + first + q) * a.OutH * a.OutW;
                int phase = part.Transformed * a.OutH * a.OutW;
                sum += a.Stride == 1
                    ? SuperPixel.Sum(dy, start, phase, a.Factor, a.OutH, a.OutW, row, column, -a.Dilation, w, k,
                        part.Kernel)
                    : SuperPixel.Strided(dy, start, phase, a.Factor, a.OutH, a.OutW, row, column, a.Dilation, a.Stride,
                        w, k, part.Kernel);
            }
            else
            {
                PlaneView view = Phase(part, a, n, first + q, a.OutH, a.OutW);
                sum += a.Stride == 1
                    ? Taps.Plane(dy, view, row, column, -a.Dilation, w, k, part.Kernel)
                    : Taps.Strided(dy, view, row, column, a.Dilation, a.Stride, w, k, part.Kernel);
            }
        }

        dx[plane * (a.H * a.W) + p] = sum;
    }

    /// <summary>One thread for each weight and band of output rows.</summary>
    internal static void BackwardWeightBody(ArrayView<float> dy, ArrayView<float> x, ArrayView<float> partial,
        ArrayView<PartRow> parts, PartsGeometry a)
    {
        int index = Grid.IdxX * Group.DimX + Group.IdxX;
        if (index >= a.Weights * a.Bands)
        {
            return;
        }

        int band = index / a.Weights, e = index - band * a.Weights, found = 0;
        while (found + 1 < a.Parts && e >= parts[found + 1].Weight)
        {
            found++;
        }

        PartRow part = parts[found];
        int taps = part.Kernel * part.Kernel, channel = (e - part.Weight) / taps;
        int tap = e - part.Weight - channel * taps;
        int t = channel / a.ChannelsPerGroup, i = channel - t * a.ChannelsPerGroup;
        int input = t / a.ChannelsPerGroup * a.ChannelsPerGroup + i, u = tap / part.Kernel;
        int rowOffset = u * a.Dilation - part.Top, columnOffset = (tap - u * part.Kernel) * a.Dilation - part.Left;
        int rows = a.N * part.OutH, bandRows = (rows + a.Bands - 1) / a.Bands;
        int begin = band * bandRows, end = begin + bandRows < rows ? begin + bandRows : rows;
        int yPhase = part.Transformed * a.OutH * a.OutW, xPhase = part.Transformed * a.H * a.W;
        float sum = 0f;
        for (int row = begin; row < end; row++)
        {
            int n = row / part.OutH, h = row - n * part.OutH;
            sum += part.Scale > 0
                ? SuperPixel.Row(dy, (n * a.C + part.First + t) * a.OutH * a.OutW, yPhase, h, a.OutW, x,
                    (n * a.C + part.First + input) * a.H * a.W, xPhase, h * a.Stride + rowOffset, a.H, a.W, a.Factor,
                    a.Stride, columnOffset)
                : PhaseRow(dy, Phase(part, a, n, t, a.OutH, a.OutW), h, x, Phase(part, a, n, input, a.H, a.W),
                    h * a.Stride + rowOffset, a.Stride, columnOffset);
        }

        partial[index] = sum;
    }

    private static int Bands(PartsGeometry a) => GpuSums.Bands(a.Weights, (long)a.N * a.OutH);

    /// <summary>The part that a channel belongs to.</summary>
    private static int Find(ArrayView<PartRow> parts, int count, int c)
    {
        int found = 0;
        while (found + 1 < count && c >= parts[found + 1].First)
        {
            found++;
        }

        return found;
    }

    /// <summary>Transformed channel t of a sub-pixel or plain part on a map of height × width.</summary>
    private static PlaneView Phase(PartRow part, PartsGeometry a, int n, int t, int height, int width)
    {
        int r = part.Scale < 0 ? a.Factor : 1, phase = t / part.Channels, c = t - phase * part.Channels;
        int i = phase / r, j = phase - i * r;
        return new PlaneView((n * a.C + part.First + c) * height * width + i * width + j, r * width, r,
            (height - i + r - 1) / r, (width - j + r - 1) / r);
    }

    /// <summary><c>Σ_v dy[h, v]·x[top, v·s + offset]</c> over the columns that both planes have.</summary>
    private static float PhaseRow(ArrayView<float> dy, PlaneView y, int h, ArrayView<float> x, PlaneView view, int top,
        int stride, int offset)
    {
        float sum = 0f;
        if (top >= 0 && top < view.Rows && h < y.Rows)
        {
            int from = offset >= 0 ? 0 : (stride - 1 - offset) / stride;
            int to = view.Columns <= offset ? 0 : (view.Columns - 1 - offset) / stride + 1;
            to = to < y.Columns ? to : y.Columns;
            int i = y.Start + h * y.RowStep, j = view.Start + top * view.RowStep + offset * view.ColumnStep;
            for (int v = from; v < to; v++)
            {
                sum += dy[i + v * y.ColumnStep] * x[j + v * stride * view.ColumnStep];
            }
        }

        return sum;
    }
}

/// <summary>A pixel of a part's rearranged map.</summary>
/// <param name="Channel">Transformed channel.</param>
/// <param name="Row">Its row.</param>
/// <param name="Column">Its column.</param>
internal readonly record struct Pixel(int Channel, int Row, int Column)
{
    /// <summary>Where pixel (h, v) of channel c of a part lies on the rearranged map.</summary>
    public static Pixel Of(PartRow part, int r, int c, int h, int v)
    {
        if (part.Scale < 0)
        {
            int row = h / r, column = v / r;
            return new Pixel(((h - row * r) * r + v - column * r) * part.Channels + c, row, column);
        }

        if (part.Scale > 0)
        {
            int phase = c / part.Transformed, i = phase / r;
            return new Pixel(c - phase * part.Transformed, h * r + i, v * r + phase - i * r);
        }

        return new Pixel(c, h, v);
    }
}
