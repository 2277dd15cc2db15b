using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// The window engine: k×k convolutions with few channels in a group, on planes of one image. Planes are copied into
/// zero-padded phases (<see cref="WindowPlan"/>), in which every tap is a contiguous load, and tiles of output rows
/// run over them (<see cref="RowTile"/>). Nothing here allocates, checks or starts threads: callers hold validated
/// geometry and scratch of <see cref="WindowPart.ScratchLength"/> floats, 64-byte aligned. Weights (and dy in
/// the weight gradient) have to be finite, for they are multiplied with the padding's zeros; what is not finite in x or
/// dy otherwise reaches exactly the results that read it.
/// </summary>
internal static unsafe class WindowConv
{
    /// <summary><c>y = b + w ∗ x</c> for groups <paramref name="first"/> … of one image.</summary>
    /// <param name="part">Geometry; its X, Y and W are not applied here.</param>
    /// <param name="x">Input plane 0 of group 0.</param>
    /// <param name="w">Weights of group 0.</param>
    /// <param name="bias">Bias of output channel 0 of group 0, or null.</param>
    /// <param name="y">Output plane 0 of group 0.</param>
    /// <param name="first">First group.</param>
    /// <param name="count">Number of groups.</param>
    /// <param name="scratch">Memory of one thread.</param>
    [SkipLocalsInit]
    public static void Forward<TSimd, TVector>(in WindowPart part, float* x, float* w, float* bias, float* y,
        int first, int count, float* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Window window = part.Window;
        WindowPlan plan = WindowPlan.OfForward(window, part.In);
        WindowTables tables = plan.Fill((int*)scratch);
        float* padded = scratch + plan.TableLength;
        float* buffer = padded + (nint)part.In * plan.PlaneLength;
        new Span<float>(padded, part.In * plan.PlaneLength).Clear();
        RowTile tile = new()
        {
            Plane = plan.PlaneLength,
            Planes = part.In,
            PlaneWeights = window.Taps,
            Taps = tables.Taps,
            TapCount = window.Kernel,
            Width = window.OutWidth,
        };
        int step = plan.RowStep, runs = tables.RunStart[1], height = window.OutHeight;
        tile.RowPitch = (nint)step * plan.RowPitch;
        for (int group = first; group < first + count; group++)
        {
            for (int start = 0; start < height; start += plan.BandRows)
            {
                int end = Math.Min(start + plan.BandRows, height);
                for (int i = 0; i < part.In; i++)
                {
                    WindowPadding.Copy<TSimd, TVector>(plan, x + ((nint)group * part.In + i) * part.XPlane,
                        window.Height, window.Width, padded + (nint)i * plan.PlaneLength, start, end - start);
                }

                for (int o = group * part.Out; o < (group + 1) * part.Out; o++)
                {
                    float* weights = w + (nint)o * part.In * window.Taps;
                    float* plane = y + (nint)o * part.YPlane;
                    tile.Start = bias == null ? 0f : bias[o];
                    for (int set = start; set < Math.Min(start + step, end); set++)
                    {
                        for (int h = set, rows; h < end; h += rows * step)
                        {
                            rows = RowTile.RowsOf((end - h + step - 1) / step, TSimd.Lanes);
                            tile.Source = padded + (nint)(h - start) * plan.RowPitch;
                            Runs<TSimd, TVector>(plan, tables.Runs, runs, &tile, rows, weights, buffer,
                                plane + (nint)h * window.OutWidth, (nint)step * window.OutWidth, window.OutWidth);
                        }
                    }
                }
            }
        }
    }

    /// <summary><c>dx = wᵀ ∗ dy</c> for groups <paramref name="first"/> … of one image.</summary>
    /// <param name="part">Geometry; its X, Y and W are not applied here.</param>
    /// <param name="dy">Output gradient plane 0 of group 0.</param>
    /// <param name="w">Weights of group 0.</param>
    /// <param name="dx">Input gradient plane 0 of group 0.</param>
    /// <param name="first">First group.</param>
    /// <param name="count">Number of groups.</param>
    /// <param name="scratch">Memory of one thread.</param>
    [SkipLocalsInit]
    public static void BackwardInput<TSimd, TVector>(in WindowPart part, float* dy, float* w, float* dx, int first,
        int count, float* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Window window = part.Window;
        WindowPlan plan = WindowPlan.OfBackwardInput(window, part.Out);
        WindowTables tables = plan.Fill((int*)scratch);
        float* padded = scratch + plan.TableLength;
        float* buffer = padded + (nint)part.Out * plan.PlaneLength;
        new Span<float>(padded, part.Out * plan.PlaneLength).Clear();
        RowTile tile = new()
        {
            Plane = plan.PlaneLength,
            Planes = part.Out,
            PlaneWeights = (nint)part.In * window.Taps,
        };
        int step = plan.RowStep, stride = window.Stride;
        tile.RowPitch = (nint)step * plan.RowPitch;
        for (int group = first; group < first + count; group++)
        {
            for (int start = 0; start < plan.Rows.LongestClass; start += plan.BandRows)
            {
                for (int o = 0; o < part.Out; o++)
                {
                    WindowPadding.Copy<TSimd, TVector>(plan, dy + ((nint)group * part.Out + o) * part.YPlane,
                        window.OutHeight, window.OutWidth, padded + (nint)o * plan.PlaneLength, start, plan.BandRows);
                }

                for (int i = 0; i < part.In; i++)
                {
                    float* weights = w + ((nint)group * part.Out * part.In + i) * window.Taps;
                    float* plane = dx + ((nint)group * part.In + i) * part.XPlane;
                    for (int c = 0; c < plan.Rows.Classes; c++)
                    {
                        int end = Math.Min(start + plan.BandRows, plan.Rows.Outputs(c));
                        for (int set = start; set < Math.Min(start + step, end); set++)
                        {
                            for (int j = set, rows; j < end; j += rows * step)
                            {
                                rows = RowTile.RowsOf((end - j + step - 1) / step, TSimd.Lanes);
                                tile.Source = padded + (nint)(j - start) * plan.RowPitch;
                                Classes<TSimd, TVector>(plan, tables, &tile, c, rows, weights, buffer,
                                    plane + ((nint)c + (nint)j * stride) * window.Width,
                                    (nint)step * stride * window.Width, window.Width);
                            }
                        }
                    }
                }
            }
        }
    }

    /// <summary><c>dw += dy ⋆ x</c> for some input channels, each with the output channels of its group, over all
    /// images: a band of rows of an image is a band of the sum, bands and images are added in their order.</summary>
    /// <param name="part">Geometry; its X, Y and W are not applied here.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input plane 0 of group 0 of image 0.</param>
    /// <param name="xImage">Elements from one input image to the next.</param>
    /// <param name="dy">Output gradient plane 0 of group 0 of image 0.</param>
    /// <param name="dyImage">Elements from one output image to the next.</param>
    /// <param name="dw">Weight gradients of group 0.</param>
    /// <param name="first">First input channel, over all groups.</param>
    /// <param name="count">Number of input channels.</param>
    /// <param name="scratch">Memory of one thread.</param>
    [SkipLocalsInit]
    public static void BackwardWeight<TSimd, TVector>(in WindowPart part, int images, float* x, nint xImage, float* dy,
        nint dyImage, float* dw, int first, int count, float* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Window window = part.Window;
        WindowPlan plan = WindowPlan.OfForward(window, planes: 1);
        int most = TSimd.Lanes == WindowPlan.Vector ? 5 : 3, taps = window.Taps, k = window.Kernel;
        WindowTables tables = plan.Fill((int*)scratch, most);
        float* padded = scratch + plan.TableLength;
        float* sums = padded + plan.PlaneLength;
        nint sumLength = (nint)WindowPlan.RoundUp(taps) * TSimd.Lanes;
        new Span<float>(padded, plan.PlaneLength).Clear();
        TapTile tile = new()
        {
            HPitch = plan.RowPitch,
            RowPitch = (nint)plan.RowStep * plan.RowPitch,
            Width = window.OutWidth,
        };
        for (int channel = first; channel < first + count; channel++)
        {
            int group = channel / part.In;
            new Span<float>(sums, checked((int)(part.Out * sumLength))).Clear();
            for (int band = 0; band < images * plan.Bands; band++)
            {
                int n = band / plan.Bands, start = band % plan.Bands * plan.BandRows;
                tile.Height = Math.Min(plan.BandRows, window.OutHeight - start);
                WindowPadding.Copy<TSimd, TVector>(plan, x + n * xImage + (nint)channel * part.XPlane, window.Height,
                    window.Width, padded, start, tile.Height);
                for (int o = 0; o < part.Out; o++)
                {
                    tile.Dy = dy + n * dyImage + ((nint)group * part.Out + o) * part.YPlane
                        + (nint)start * window.OutWidth;
                    for (int r = 0; r < tables.RunStart[1]; r++)
                    {
                        RowRun run = tables.Runs[r];
                        tile.Source = padded + run.Source;
                        tile.Sums = sums + o * sumLength + (nint)run.Weight * k * TSimd.Lanes;
                        tile.RowSums = (nint)run.Step * k * TSimd.Lanes;
                        for (int kw = 0, columns; kw < k; kw += columns)
                        {
                            columns = most == 5 && k - kw >= 5 ? 5 : Math.Min(k - kw, 3);
                            tile.Taps = tables.Taps + kw;
                            TapTile.Run<TSimd, TVector>(&tile, run.Taps, columns);
                        }
                    }
                }
            }

            for (int o = 0; o < part.Out; o++)
            {
                float* to = dw + (((nint)group * part.Out + o) * part.In + channel % part.In) * taps;
                AddLanes<TSimd, TVector>(sums + o * sumLength, to, taps);
            }
        }
    }

    /// <summary><c>to[t] += Σ lanes of vector t</c>: a vector's worth of vectors at a time, halved by adding even and
    /// odd lanes until each lane is one sum.</summary>
    private static void AddLanes<TSimd, TVector>(float* sums, float* to, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes;
        for (int t = 0; t < count; t += lanes, sums += lanes * lanes)
        {
            for (int vectors = lanes / 2; vectors > 0; vectors /= 2)
            {
                for (int i = 0; i < vectors; i++)
                {
                    TVector a = TSimd.Load(sums + 2 * i * lanes), b = TSimd.Load(sums + (2 * i + 1) * lanes);
                    TSimd.Store(TSimd.Add(TSimd.Even(a, b), TSimd.Odd(a, b)), sums + i * lanes);
                }
            }

            int left = Math.Min(count - t, lanes);
            TSimd.StorePartial(TSimd.Add(TSimd.LoadPartial(to + t, left), TSimd.Load(sums)), to + t, left);
        }
    }

    /// <summary>All runs of kernel rows over some output rows; sums between two runs stand in the buffer.</summary>
    private static void Runs<TSimd, TVector>(in WindowPlan plan, RowRun* runs, int count, RowTile* tile, int rows,
        float* weights, float* buffer, float* to, nint toPitch, int width)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* source = tile->Source;
        for (int r = 0; r < count; r++)
        {
            RowRun run = runs[r];
            bool last = r == count - 1;
            tile->Source = source + run.Source;
            tile->W = weights + (nint)run.Weight * plan.Kernel;
            tile->RowWeights = (nint)run.Step * plan.Kernel;
            tile->From = r == 0 ? null : buffer;
            tile->FromPitch = plan.BufferPitch;
            tile->To = last ? to : buffer;
            tile->ToPitch = last ? toPitch : plan.BufferPitch;
            tile->Width = last ? width : plan.BufferPitch;
            RowTile.Run<TSimd, TVector>(tile, rows, run.Taps);
        }

        tile->Source = source;
    }

    /// <summary>Some rows of dx: with stride 1 they are stored where they belong, else each column class goes to its
    /// own buffer, and the buffers are interleaved.</summary>
    private static void Classes<TSimd, TVector>(in WindowPlan plan, in WindowTables tables, RowTile* tile, int rowClass,
        int rows, float* weights, float* buffer, float* to, nint toPitch, int width)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        RowRun* runs = tables.Runs + tables.RunStart[rowClass];
        int count = tables.RunStart[rowClass + 1] - tables.RunStart[rowClass];
        float* own = buffer;
        for (int c = 0; c < plan.Columns.Classes; c++, own += WindowPlan.TileRows * plan.BufferPitch)
        {
            tile->Taps = tables.Taps + tables.TapStart[c];
            tile->TapCount = tables.TapStart[c + 1] - tables.TapStart[c];
            if (count == 0 || tile->TapCount == 0)
            {
                new Span<float>(own, rows * plan.BufferPitch).Clear();
            }
            else if (plan.Stride == 1)
            {
                Runs<TSimd, TVector>(plan, runs, count, tile, rows, weights, own, to, toPitch, width);
            }
            else
            {
                Runs<TSimd, TVector>(plan, runs, count, tile, rows, weights, own, own, plan.BufferPitch,
                    plan.BufferPitch);
            }
        }

        if (plan.Stride > 1)
        {
            Join<TSimd, TVector>(plan, buffer, rows, to, toPitch, width, plan.Stride);
        }
    }

    /// <summary>Interleaves the column classes of some rows.</summary>
    private static void Join<TSimd, TVector>(in WindowPlan plan, float* buffer, int rows, float* to, nint toPitch,
        int width, int stride)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint classPitch = WindowPlan.TileRows * plan.BufferPitch;
        for (int j = 0; j < rows; j++, buffer += plan.BufferPitch, to += toPitch)
        {
            if (stride != 2 || plan.Columns.Classes != 2)
            {
                for (int v = 0; v < width; v++)
                {
                    to[v] = buffer[v % stride * classPitch + v / stride];
                }

                continue;
            }

            int u = 0;
            for (; u <= width - 2 * TSimd.Lanes; u += 2 * TSimd.Lanes)
            {
                TVector a = TSimd.Load(buffer + u / 2), b = TSimd.Load(buffer + classPitch + u / 2);
                TSimd.Store(TSimd.InterleaveLow(a, b), to + u);
                TSimd.Store(TSimd.InterleaveHigh(a, b), to + u + TSimd.Lanes);
            }

            if (u < width)
            {
                TVector a = TSimd.Load(buffer + u / 2), b = TSimd.Load(buffer + classPitch + u / 2);
                TSimd.StorePartial(TSimd.InterleaveLow(a, b), to + u, Math.Min(width - u, TSimd.Lanes));
                if (width - u > TSimd.Lanes)
                {
                    TSimd.StorePartial(TSimd.InterleaveHigh(a, b), to + u + TSimd.Lanes, width - u - TSimd.Lanes);
                }
            }
        }
    }
}
