using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// The window engine: k×k convolutions with few channels in a group. Planes are copied into
/// zero-padded phases (<see cref="WindowPlan"/>), in which every tap is a contiguous load, and tiles of output rows
/// run over them (<see cref="RowTile"/>). Narrow maps are worked on several images at a time
/// (<see cref="WindowPlan.Images"/>), put together pixel by pixel: each image is summed in the same order as alone.
/// Nothing here allocates, checks or starts threads: callers hold validated
/// geometry and scratch of <see cref="WindowPart.ScratchLength"/> floats, 64-byte aligned. Weights (and dy in
/// the weight gradient) have to be finite, for they are multiplied with the padding's zeros; what is not finite in x or
/// dy otherwise reaches exactly the results that read it.
/// </summary>
internal static unsafe partial class WindowConv
{
    /// <summary><c>y = b + w ∗ x</c> for groups <paramref name="first"/> … of some images.</summary>
    /// <param name="part">Geometry; its X, Y and W are not applied here.</param>
    /// <param name="batch">Images of the batch, by which the plan is made.</param>
    /// <param name="images">Images to do, at most <see cref="WindowPlan.Images"/>.</param>
    /// <param name="x">Input plane 0 of group 0 of the first image.</param>
    /// <param name="xImage">Elements from one input image to the next.</param>
    /// <param name="w">Weights of group 0.</param>
    /// <param name="bias">Bias of output channel 0 of group 0, or null.</param>
    /// <param name="y">Output plane 0 of group 0 of the first image.</param>
    /// <param name="yImage">Elements from one output image to the next.</param>
    /// <param name="first">First group.</param>
    /// <param name="count">Number of groups.</param>
    /// <param name="scratch">Memory of one thread.</param>
    [SkipLocalsInit]
    public static void Forward<TSimd, TVector>(in WindowPart part, int batch, int images, float* x, nint xImage,
        float* w, float* bias, float* y, nint yImage, int first, int count, float* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Window window = part.Window;
        WindowPlan plan = WindowPlan.OfForward(window, part.In, batch);
        WindowTables tables = plan.Fill((int*)scratch);
        float* padded = scratch + plan.TableLength;
        float* buffer = padded + (nint)part.In * plan.PlaneLength;
        float* together = buffer + plan.BufferLength;
        float* result = together + (nint)part.In * plan.SourceLength;
        new Span<float>(padded, part.In * plan.PlaneLength).Clear();
        int step = plan.RowStep, runs = tables.RunStart[1], height = window.OutHeight;
        nint pitch = (nint)window.OutWidth * plan.Images;
        RowTile tile = new()
        {
            Plane = plan.PlaneLength,
            Planes = part.In,
            PlaneWeights = window.Taps,
            RowPitch = (nint)step * plan.RowPitch,
            Taps = tables.Taps,
            TapCount = tables.TapStart[1],
        };
        for (int group = first; group < first + count; group++)
        {
            float* source = x + (nint)group * part.In * part.XPlane;
            nint plane = Together<TSimd, TVector>(plan, ref source, part.XPlane, part.In, xImage, images, together);
            for (int start = 0; start < height; start += plan.BandRows)
            {
                int end = Math.Min(start + plan.BandRows, height);
                for (int i = 0; i < part.In; i++)
                {
                    WindowPadding.Copy<TSimd, TVector>(plan, source + i * plane, window.Height, window.Width,
                        padded + (nint)i * plan.PlaneLength, start, end - start);
                }

                for (int o = group * part.Out; o < (group + 1) * part.Out; o++)
                {
                    float* weights = w + (nint)o * part.In * window.Taps;
                    float* band = y + (nint)o * part.YPlane + (nint)start * window.OutWidth;
                    float* to = plan.Images == 1 ? band : result;
                    tile.Start = bias == null ? 0f : bias[o];
                    for (int set = start; set < Math.Min(start + step, end); set++)
                    {
                        for (int h = set, rows; h < end; h += rows * step)
                        {
                            rows = RowTile.RowsOf((end - h + step - 1) / step, TSimd.Lanes);
                            tile.Source = padded + (nint)(h - start) * plan.RowPitch;
                            Runs<TSimd, TVector>(plan, tables.Runs, runs, &tile, rows, weights, buffer,
                                to + (h - start) * pitch, step * pitch, (int)pitch);
                        }
                    }

                    if (plan.Images > 1)
                    {
                        WindowImages.Apart<TSimd, TVector>(result, plan.Images, (end - start) * window.OutWidth, band,
                            yImage, images);
                    }
                }
            }
        }
    }

    /// <summary><c>dx = wᵀ ∗ dy</c> for groups <paramref name="first"/> … of some images.</summary>
    /// <param name="part">Geometry; its X, Y and W are not applied here.</param>
    /// <param name="batch">Images of the batch, by which the plan is made.</param>
    /// <param name="images">Images to do, at most <see cref="WindowPlan.Images"/>.</param>
    /// <param name="dy">Output gradient plane 0 of group 0 of the first image.</param>
    /// <param name="dyImage">Elements from one image of dy to the next.</param>
    /// <param name="w">Weights of group 0.</param>
    /// <param name="dx">Input gradient plane 0 of group 0 of the first image.</param>
    /// <param name="dxImage">Elements from one image of dx to the next.</param>
    /// <param name="first">First group.</param>
    /// <param name="count">Number of groups.</param>
    /// <param name="scratch">Memory of one thread.</param>
    [SkipLocalsInit]
    public static void BackwardInput<TSimd, TVector>(in WindowPart part, int batch, int images, float* dy, nint dyImage,
        float* w, float* dx, nint dxImage, int first, int count, float* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Window window = part.Window;
        WindowPlan plan = WindowPlan.OfBackwardInput(window, part.Out, batch);
        WindowTables tables = plan.Fill((int*)scratch);
        float* padded = scratch + plan.TableLength;
        float* buffer = padded + (nint)part.Out * plan.PlaneLength;
        float* together = buffer + plan.BufferLength;
        float* result = together + (nint)part.Out * plan.SourceLength;
        new Span<float>(padded, part.Out * plan.PlaneLength).Clear();
        int step = plan.RowStep, stride = window.Stride, classes = plan.Rows.Classes;
        nint pitch = (nint)window.Width * plan.Images;
        RowTile tile = new()
        {
            Plane = plan.PlaneLength,
            Planes = part.Out,
            PlaneWeights = (nint)part.In * window.Taps,
            RowPitch = (nint)step * plan.RowPitch,
        };
        for (int group = first; group < first + count; group++)
        {
            float* source = dy + (nint)group * part.Out * part.YPlane;
            nint plane = Together<TSimd, TVector>(plan, ref source, part.YPlane, part.Out, dyImage, images, together);
            for (int start = 0; start < plan.Rows.LongestClass; start += plan.BandRows)
            {
                for (int o = 0; o < part.Out; o++)
                {
                    WindowPadding.Copy<TSimd, TVector>(plan, source + o * plane, window.OutHeight, window.OutWidth,
                        padded + (nint)o * plan.PlaneLength, start, plan.BandRows);
                }

                int firstRow = start * stride, endRow = Math.Min(firstRow + plan.BandRows * stride, window.Height);
                for (int i = 0; i < part.In; i++)
                {
                    float* weights = w + ((nint)group * part.Out * part.In + i) * window.Taps;
                    float* band = dx + ((nint)group * part.In + i) * part.XPlane + (nint)firstRow * window.Width;
                    float* to = plan.Images == 1 ? band : result;
                    for (int c = 0; c < classes; c++)
                    {
                        int end = Math.Min(start + plan.BandRows, plan.Rows.Outputs(c));
                        for (int set = start; set < Math.Min(start + step, end); set++)
                        {
                            for (int j = set, rows; j < end; j += rows * step)
                            {
                                rows = RowTile.RowsOf((end - j + step - 1) / step, TSimd.Lanes);
                                tile.Source = padded + (nint)(j - start) * plan.RowPitch;
                                Classes<TSimd, TVector>(plan, tables, &tile, c, rows, weights, buffer,
                                    to + (c + (nint)(j - start) * stride) * pitch, step * stride * pitch,
                                    window.Width);
                            }
                        }
                    }

                    if (plan.Images > 1)
                    {
                        WindowImages.Apart<TSimd, TVector>(result, plan.Images, (endRow - firstRow) * window.Width,
                            band, dxImage, images);
                    }
                }
            }
        }
    }

    /// <summary>Where the planes of a group are read: where they stand, or put together with those of other images.
    /// </summary>
    /// <returns>Elements from one plane to the next.</returns>
    private static nint Together<TSimd, TVector>(in WindowPlan plan, ref float* source, int plane, int planes,
        nint image, int images, float* together)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (plan.Images == 1)
        {
            return plane;
        }

        for (int i = 0; i < planes; i++)
        {
            WindowImages.Together<TSimd, TVector>(source + (nint)i * plane, image, images, plan.SourcePixels,
                together + (nint)i * plan.SourceLength, plan.Images);
        }

        source = together;
        return plan.SourceLength;
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
        int classes = plan.Columns.Classes;
        for (int c = 0; c < classes; c++, own += WindowPlan.TileRows * plan.BufferPitch)
        {
            tile->Taps = tables.Taps + tables.TapStart[c];
            tile->TapCount = tables.TapStart[c + 1] - tables.TapStart[c];
            if (count == 0 || tile->TapCount == 0)
            {
                new Span<float>(own, rows * plan.BufferPitch).Clear();
            }
            else if (plan.Stride == 1)
            {
                Runs<TSimd, TVector>(plan, runs, count, tile, rows, weights, own, to, toPitch, width * plan.Images);
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
        nint pitch = plan.BufferPitch, classPitch = WindowPlan.TileRows * pitch;
        if (plan.Images == 1 && stride == 2 && plan.Columns.Classes == 2)
        {
            JoinPairs<TSimd, TVector>(buffer, pitch, rows, to, toPitch, width);
            return;
        }

        for (int j = 0; j < rows; j++, buffer += pitch, to += toPitch)
        {
            if (plan.Images > 1)
            {
                JoinImages(plan.Images, buffer, classPitch, to, width, stride);
                continue;
            }

            for (int v = 0; v < width; v++)
            {
                to[v] = buffer[v % stride * classPitch + v / stride];
            }
        }
    }

    /// <summary>Interleaves two column classes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void JoinPairs<TSimd, TVector>(float* even, nint pitch, int rows, float* to, nint toPitch, int width)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* odd = even + WindowPlan.TileRows * pitch;
        for (; rows > 0; rows--, even += pitch, odd += pitch, to += toPitch)
        {
            int u = 0;
            for (; u <= width - 2 * TSimd.Lanes; u += 2 * TSimd.Lanes)
            {
                TVector a = TSimd.Load(even + u / 2), b = TSimd.Load(odd + u / 2);
                TSimd.Store(TSimd.InterleaveLow(a, b), to + u);
                TSimd.Store(TSimd.InterleaveHigh(a, b), to + u + TSimd.Lanes);
            }

            if (u < width)
            {
                TVector a = TSimd.Load(even + u / 2), b = TSimd.Load(odd + u / 2);
                TSimd.StorePartial(TSimd.InterleaveLow(a, b), to + u, Math.Min(width - u, TSimd.Lanes));
                if (width - u > TSimd.Lanes)
                {
                    TSimd.StorePartial(TSimd.InterleaveHigh(a, b), to + u + TSimd.Lanes, width - u - TSimd.Lanes);
                }
            }
        }
    }

    /// <summary>Interleaves the column classes of a row of several images (a multiple of four).</summary>
    private static void JoinImages(int images, float* buffer, nint classPitch, float* to, int width, int stride)
    {
        for (int v = 0, c = 0; v < width; v++, to += images)
        {
            float* from = buffer + c * classPitch;
            for (int n = 0; n < images; n += Vector128<float>.Count)
            {
                Vector128.Store(Vector128.Load(from + n), to + n);
            }

            if (++c == stride)
            {
                c = 0;
                buffer += images;
            }
        }
    }
}
