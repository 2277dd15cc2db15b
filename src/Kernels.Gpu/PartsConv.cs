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
/// <param name="Known">k where all parts have k×k taps and there are constants for it, else 0.</param>
/// <param name="Bands">Bands of a weight gradient.</param>
public readonly record struct PartsGeometry(int N, int C, int H, int W, int OutH, int OutW, int Factor,
    int ChannelsPerGroup, int Stride, int Dilation, int Parts, int Weights, int Known, int Bands = 1);

/// <summary>The kernels of convolutions whose channels are split into parts: <see cref="MuxConvGpu"/> (its
/// documentation has the index arithmetic) and <see cref="MixedConvGpu"/>. One launch serves all parts; the channel of
/// a plane says which part it is, so that the threads of a group always take the same way.</summary>
internal static class PartsConv
{
    /// <summary>What all parts share, as the strip kernels read it.</summary>
    public static StripShape Strips(PartsGeometry a) => new(a.N, a.C, a.H, a.W, a.C, a.C, a.C, a.OutH, a.OutW,
        a.ChannelsPerGroup, a.ChannelsPerGroup, 1, a.ChannelsPerGroup, a.Stride, a.Dilation, a.Factor, a.Parts, 0);

    /// <summary>y of all parts; views are checked.</summary>
    public static void Forward(AcceleratorStream stream, PartsGeometry a, StripSource[] parts, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> y, string name)
    {
        GpuGuard.NoOverlap(x, y, name);
        GpuGuard.NoOverlap(w, y, name);
        StripConv.Forward(stream, Strips(a), parts, x, w, default, y);
    }

    /// <summary>dx of all parts; views are checked.</summary>
    public static void BackwardInput(AcceleratorStream stream, PartsGeometry a, ArrayView<PartRow> table,
        StripSource[] parts, ArrayView<float> dy, ArrayView<float> w, ArrayView<float> dx, string name)
    {
        GpuGuard.NoOverlap(dy, dx, name);
        GpuGuard.NoOverlap(w, dx, name);
        if (a.Stride == 1 && a.H == a.OutH && a.W == a.OutW && StripConv.HasStrips(Strips(a), parts))
        {
            StripConv.BackwardInput(stream, Strips(a), a.C, parts, dy, w, dx);
            return;
        }

        KernelConfig config = GpuKernels.CoverMaps(stream, a.N * a.C, a.H, a.W);
        Action<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<PartRow>, PartsGeometry> body =
            a.Known switch
            {
                3 => BackwardInputBody<Single3>,
                5 => BackwardInputBody<Single5>,
                _ => BackwardInputBody<AnyShape>,
            };
        GpuKernels.Of(stream).Get(body)(stream, config, dy, w, dx, table, a);
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

    /// <summary>k where there are kernels that know the geometry while they are compiled, else 0.</summary>
    public static int Known(IntList kernels, int group, int stride, int dilation, int factor)
    {
        int kernel = kernels[0];
        return kernel is 3 or 5 && group == 1 && stride == 1 && dilation == 1 && factor == 2
            && kernels.All(k => k == kernel) ? kernel : 0;
    }

    /// <summary>Scratch elements of a weight gradient.</summary>
    public static int ScratchLength(PartsGeometry a) => checked(a.Weights * Bands(a));

    /// <summary>One group of threads for a rectangle of one plane of dx; a gather.</summary>
    internal static void BackwardInputBody<T>(ArrayView<float> dy, ArrayView<float> w, ArrayView<float> dx,
        ArrayView<PartRow> parts, PartsGeometry a)
        where T : struct, IConstants
    {
        int plane = Grid.IdxX, h = Grid.IdxY * Group.DimY + Group.IdxY, v = Grid.IdxZ * Group.DimX + Group.IdxX;
        if (h >= a.H || v >= a.W)
        {
            return;
        }

        int n = plane / a.C, c = plane - n * a.C, g = T.Group(a.ChannelsPerGroup);
        PartRow part = parts[Find(parts, a.Parts, c)];
        Pixel t = Pixel.Of<T>(part, a.Factor, c - part.First, h, v);
        int kernel = T.Kernel(part.Kernel), taps = kernel * kernel, first = t.Channel / g * g, i = t.Channel - first;
        int row = t.Row + part.Top, column = t.Column + part.Left, start = n * a.C + part.First;
        float sum = 0f;
        for (int q = 0; q < g; q++)
        {
            int k = part.Weight + ((first + q) * g + i) * taps;
            if (part.Scale > 0)
            {
                MapView map = Spread(part, a, start + first + q, a.OutH, a.OutW);
                sum += T.Step(a.Stride) == 1
                    ? SuperPixel.Sum<T>(dy, map, row, column, -T.Step(a.Dilation), w, k, kernel)
                    : SuperPixel.Strided(dy, map, row, column, a.Dilation, a.Stride, w, k, kernel);
            }
            else
            {
                PlaneView view = g == 1 ? Phase<T>(part, a, start, t, a.OutH, a.OutW)
                    : Phase(part, a, start, first + q, a.OutH, a.OutW);
                sum += T.Step(a.Stride) == 1
                    ? Taps.Plane<T>(dy, view, row, column, -T.Step(a.Dilation), w, k, kernel)
                    : Taps.Strided(dy, view, row, column, a.Dilation, a.Stride, w, k, kernel);
            }
        }

        dx[(plane * a.H + h) * a.W + v] = sum;
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
        float sum = 0f;
        for (int row = begin; row < end; row++)
        {
            int n = row / part.OutH, h = row - n * part.OutH;
            int start = n * a.C + part.First, top = h * a.Stride + rowOffset;
            sum += part.Scale > 0
                ? SuperPixel.WeightRow(dy, Spread(part, a, start + t, a.OutH, a.OutW), h, x,
                    Spread(part, a, start + input, a.H, a.W), top, a.Stride, columnOffset)
                : PhaseRow(dy, Phase(part, a, start, t, a.OutH, a.OutW), h, x,
                    Phase(part, a, start, input, a.H, a.W), top, a.Stride, columnOffset);
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

    /// <summary>Transformed channel t of a sub-pixel or plain part on a map of height × width; start is the part's
    /// first plane.</summary>
    private static PlaneView Phase(PartRow part, PartsGeometry a, int start, int t, int height, int width)
    {
        int r = part.Scale < 0 ? a.Factor : 1, phase = t / part.Channels, i = phase / r, j = phase - i * r;
        return new PlaneView((start + t - phase * part.Channels) * height * width + i * width + j, r * width, r,
            (height - i + r - 1) / r, (width - j + r - 1) / r);
    }

    /// <summary>The same of a pixel's own channel.</summary>
    private static PlaneView Phase<T>(PartRow part, PartsGeometry a, int start, Pixel t, int height, int width)
        where T : struct, IConstants
    {
        int r = part.Scale < 0 ? T.Factor(a.Factor) : 1;
        int rows = part.Scale < 0 ? T.Floor(height - t.I + r - 1, r) : height;
        int columns = part.Scale < 0 ? T.Floor(width - t.J + r - 1, r) : width;
        return new PlaneView((start + t.C) * height * width + t.I * width + t.J, r * width, r, rows, columns);
    }

    /// <summary>A transformed channel of a super-pixel part, whose first plane is given, on maps of height × width.
    /// </summary>
    private static MapView Spread(PartRow part, PartsGeometry a, int plane, int height, int width) =>
        new(plane * height * width, part.Transformed * height * width, height, width, a.Factor);

    /// <summary><c>Σ_v dy[h, v]·x[top, v·s + offset]</c> over the columns that both planes have.</summary>
    private static float PhaseRow(ArrayView<float> dy, PlaneView y, int h, ArrayView<float> x, PlaneView view, int top,
        int stride, int offset)
    {
        float sum = 0f;
        if (top >= 0 && top < view.Rows && h < y.Rows)
        {
            sum = Taps.Dot(dy, y.Start + h * y.RowStep, y.ColumnStep, y.Columns, x, view.Start + top * view.RowStep,
                view.ColumnStep, view.Columns, stride, offset);
        }

        return sum;
    }
}

/// <summary>A pixel of a part's rearranged map.</summary>
/// <param name="Channel">Transformed channel.</param>
/// <param name="Row">Its row.</param>
/// <param name="Column">Its column.</param>
/// <param name="I">Row of its phase (sub-pixel).</param>
/// <param name="J">Column of its phase (sub-pixel).</param>
/// <param name="C">Its channel in the part.</param>
internal readonly record struct Pixel(int Channel, int Row, int Column, int I, int J, int C)
{
    /// <summary>Where pixel (h, v) of channel c of a part lies on the rearranged map.</summary>
    public static Pixel Of<T>(PartRow part, int factor, int c, int h, int v)
        where T : struct, IConstants
    {
        int r = T.Factor(factor);
        if (part.Scale < 0)
        {
            int row = T.Floor(h, r), column = T.Floor(v, r), i = h - row * r, j = v - column * r;
            return new Pixel((i * r + j) * part.Channels + c, row, column, i, j, c);
        }

        if (part.Scale > 0)
        {
            int phase = c / part.Transformed, i = T.Floor(phase, r);
            return new Pixel(c - phase * part.Transformed, h * r + i, v * r + phase - i * r, 0, 0, c);
        }

        return new Pixel(c, h, v, 0, 0, c);
    }
}
