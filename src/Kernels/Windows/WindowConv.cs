using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// The window engine: k×k convolutions with few channels in a group, on planes of one image. Planes are copied into
/// zero-padded phases (<see cref="WindowPlan"/>), in which every tap is a contiguous load, and tiles of output rows
/// run over them (<see cref="RowTile"/>). Nothing here allocates, checks or starts threads: callers hold validated
/// geometry and scratch of <see cref="WindowPart.ScratchLength"/> floats, 64-byte aligned. Weights have to be finite,
/// for they are multiplied with the padding's zeros.
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
        WindowPlan plan = WindowPlan.OfForward(window);
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
        int step = plan.RowStep, runs = tables.RunStart[1];
        tile.RowPitch = (nint)step * plan.RowPitch;
        for (int group = first; group < first + count; group++)
        {
            for (int i = 0; i < part.In; i++)
            {
                WindowPadding.Copy<TSimd, TVector>(plan, x + ((nint)group * part.In + i) * part.XPlane, window.Height,
                    window.Width, padded + (nint)i * plan.PlaneLength);
            }

            for (int o = group * part.Out; o < (group + 1) * part.Out; o++)
            {
                float* weights = w + (nint)o * part.In * window.Taps;
                float* plane = y + (nint)o * part.YPlane;
                tile.Start = bias == null ? 0f : bias[o];
                for (int set = 0; set < Math.Min(step, window.OutHeight); set++)
                {
                    for (int h = set, rows; h < window.OutHeight; h += rows * step)
                    {
                        rows = RowTile.RowsOf((window.OutHeight - h + step - 1) / step);
                        for (int r = 0; r < runs; r++)
                        {
                            RowRun run = tables.Runs[r];
                            tile.Source = padded + run.Source + (nint)h * plan.RowPitch;
                            tile.W = weights + (nint)run.Weight * window.Kernel;
                            tile.RowWeights = (nint)run.Step * window.Kernel;
                            tile.From = r == 0 ? null : buffer;
                            tile.FromPitch = plan.BufferPitch;
                            bool last = r == runs - 1;
                            tile.To = last ? plane + (nint)h * window.OutWidth : buffer;
                            tile.ToPitch = last ? (nint)step * window.OutWidth : plan.BufferPitch;
                            tile.Width = last ? window.OutWidth : plan.BufferPitch;
                            RowTile.Run<TSimd, TVector>(&tile, rows, run.Taps);
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
        WindowPlan plan = WindowPlan.OfBackwardInput(window);
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
            for (int o = 0; o < part.Out; o++)
            {
                WindowPadding.Copy<TSimd, TVector>(plan, dy + ((nint)group * part.Out + o) * part.YPlane,
                    window.OutHeight, window.OutWidth, padded + (nint)o * plan.PlaneLength);
            }

            for (int i = 0; i < part.In; i++)
            {
                float* weights = w + ((nint)group * part.Out * part.In + i) * window.Taps;
                float* plane = dx + ((nint)group * part.In + i) * part.XPlane;
                for (int c = 0; c < plan.Rows.Classes; c++)
                {
                    int outputs = plan.Rows.Outputs(c);
                    for (int set = 0; set < Math.Min(step, outputs); set++)
                    {
                        for (int j = set, rows; j < outputs; j += rows * step)
                        {
                            rows = RowTile.RowsOf((outputs - j + step - 1) / step);
                            float* to = plane + ((nint)c + (nint)j * stride) * window.Width;
                            nint toPitch = (nint)step * stride * window.Width;
                            tile.Source = padded + (nint)j * plan.RowPitch;
                            Classes<TSimd, TVector>(plan, tables, &tile, c, rows, weights, buffer, to, toPitch);
                            if (stride > 1)
                            {
                                Join<TSimd, TVector>(plan, buffer, rows, to, toPitch, window.Width, stride);
                            }
                        }
                    }
                }
            }
        }
    }

    /// <summary><c>dw += dy ⋆ x</c> for one input channel and the output channels of its group, over all images: each
    /// image is a band of the sum, the images are added in their order.</summary>
    /// <param name="part">Geometry; its X, Y and W are not applied here.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input plane 0 of group 0 of image 0.</param>
    /// <param name="xImage">Elements from one input image to the next.</param>
    /// <param name="dy">Output gradient plane 0 of group 0 of image 0.</param>
    /// <param name="dyImage">Elements from one output image to the next.</param>
    /// <param name="dw">Weight gradients of group 0.</param>
    /// <param name="channel">Input channel, over all groups.</param>
    /// <param name="scratch">Memory of one thread.</param>
    [SkipLocalsInit]
    public static void BackwardWeight<TSimd, TVector>(in WindowPart part, int images, float* x, nint xImage, float* dy,
        nint dyImage, float* dw, int channel, float* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Window window = part.Window;
        WindowPlan plan = WindowPlan.OfForward(window);
        int most = TSimd.Lanes == WindowPlan.Vector ? 5 : 3, taps = window.Taps, k = window.Kernel;
        WindowTables tables = plan.Fill((int*)scratch, most);
        float* padded = scratch + plan.TableLength;
        float* sums = padded + plan.PlaneLength;
        new Span<float>(padded, plan.PlaneLength + part.Out * taps * TSimd.Lanes).Clear();
        int group = channel / part.In;
        TapTile tile = new()
        {
            HPitch = plan.RowPitch,
            RowPitch = (nint)plan.RowStep * plan.RowPitch,
            Height = window.OutHeight,
            Width = window.OutWidth,
        };
        for (int n = 0; n < images; n++)
        {
            WindowPadding.Copy<TSimd, TVector>(plan, x + n * xImage + (nint)channel * part.XPlane, window.Height,
                window.Width, padded);
            for (int o = 0; o < part.Out; o++)
            {
                tile.Dy = dy + n * dyImage + ((nint)group * part.Out + o) * part.YPlane;
                for (int r = 0; r < tables.RunStart[1]; r++)
                {
                    RowRun run = tables.Runs[r];
                    tile.Source = padded + run.Source;
                    tile.Sums = sums + ((nint)o * taps + run.Weight * k) * TSimd.Lanes;
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
            for (int t = 0; t < taps; t++)
            {
                to[t] += TSimd.Sum(TSimd.Load(sums + ((nint)o * taps + t) * TSimd.Lanes));
            }
        }
    }

    /// <summary>Some rows of dx: with stride 1 they are stored where they belong, else each column class goes to its
    /// own buffer.</summary>
    private static void Classes<TSimd, TVector>(in WindowPlan plan, in WindowTables tables, RowTile* tile, int rowClass,
        int rows, float* weights, float* buffer, float* to, nint toPitch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* source = tile->Source;
        int k = plan.Kernel, firstRun = tables.RunStart[rowClass], endRun = tables.RunStart[rowClass + 1];
        for (int c = 0; c < plan.Columns.Classes; c++, buffer += WindowPlan.TileRows * plan.BufferPitch)
        {
            tile->Taps = tables.Taps + tables.TapStart[c];
            tile->TapCount = tables.TapStart[c + 1] - tables.TapStart[c];
            if (firstRun == endRun || tile->TapCount == 0)
            {
                new Span<float>(buffer, WindowPlan.TileRows * plan.BufferPitch).Clear();
                continue;
            }

            for (int r = firstRun; r < endRun; r++)
            {
                RowRun run = tables.Runs[r];
                bool direct = r == endRun - 1 && plan.Stride == 1;
                tile->Source = source + run.Source;
                tile->W = weights + (nint)run.Weight * k;
                tile->RowWeights = (nint)run.Step * k;
                tile->From = r == firstRun ? null : buffer;
                tile->FromPitch = plan.BufferPitch;
                tile->To = direct ? to : buffer;
                tile->ToPitch = direct ? toPitch : plan.BufferPitch;
                tile->Width = direct ? plan.Columns.Outputs(c) : plan.BufferPitch;
                RowTile.Run<TSimd, TVector>(tile, rows, run.Taps);
            }
        }

        tile->Source = source;
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
