using System.Runtime.CompilerServices;

namespace MuxKernels;

internal static unsafe partial class WindowConv
{
    /// <summary>Input channels of a group whose sums stand in scratch at once: they share the planes of dy.</summary>
    private const int ChannelRun = 4;

    /// <summary>Floats of x and dy that are added up in one go, and stay in a first-level cache.</summary>
    private const int GradientCache = 8192;

    /// <summary><c>dw += dy ⋆ x</c> for some input channels, each with the output channels of its group, over all
    /// images. The sum is cut into bands by shape: rows of an image where its plane is too large for the first-level
    /// cache, else as many images as fit; bands are added in their order.</summary>
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
        WindowPlan plan = WindowPlan.OfBackwardWeight(window, images);
        int most = TSimd.Lanes == WindowPlan.Vector ? 5 : 3, taps = window.Taps;
        WindowTables tables = plan.Fill((int*)scratch, most);
        int planes = GradientPlanes(part, plan, images), lanes = plan.Images;
        int blocks = (images - 1) / lanes + 1, dyLength = DyLength(part, plan);
        nint sumLength = (nint)WindowPlan.RoundUp(taps) * TSimd.Lanes;
        float* padded = scratch + plan.TableLength;
        float* sums = padded + (nint)planes * plan.PlaneLength;
        float* together = sums + Math.Min(ChannelRun, part.In) * part.Out * sumLength;
        float* dyTogether = together + plan.SourceLength;
        new Span<float>(padded, planes * plan.PlaneLength).Clear();
        TapTile tile = new()
        {
            HPitch = plan.RowPitch,
            RowPitch = (nint)plan.RowStep * plan.RowPitch,
            Plane = plan.PlaneLength,
            DyPlane = lanes > 1 ? dyLength : dyImage,
            Width = window.OutWidth * lanes,
        };
        for (int channel = first, run; channel < first + count; channel += run)
        {
            int group = channel / part.In;
            run = Math.Min(Math.Min(ChannelRun, first + count - channel), (group + 1) * part.In - channel);
            new Span<float>(sums, checked((int)(run * part.Out * sumLength))).Clear();
            for (int block = 0; block < blocks; block += planes)
            {
                tile.Planes = Math.Min(planes, blocks - block);
                for (int start = 0; start < window.OutHeight; start += plan.BandRows)
                {
                    tile.Height = Math.Min(plan.BandRows, window.OutHeight - start);
                    float* band = dy + (nint)group * part.Out * part.YPlane + (nint)start * window.OutWidth;
                    for (int b = 0; b < tile.Planes && lanes > 1; b++)
                    {
                        int n = (block + b) * lanes;
                        for (int o = 0; o < part.Out; o++)
                        {
                            WindowImages.Together<TSimd, TVector>(band + n * dyImage + (nint)o * part.YPlane, dyImage,
                                Math.Min(lanes, images - n), tile.Height * window.OutWidth,
                                dyTogether + ((nint)o * planes + b) * dyLength, lanes);
                        }
                    }

                    for (int i = 0; i < run; i++)
                    {
                        for (int b = 0; b < tile.Planes; b++)
                        {
                            int n = (block + b) * lanes;
                            float* source = x + n * xImage + (nint)(channel + i) * part.XPlane;
                            Together<TSimd, TVector>(plan, ref source, part.XPlane, 1, xImage,
                                Math.Min(lanes, images - n), together);
                            WindowPadding.Copy<TSimd, TVector>(plan, source, window.Height, window.Width,
                                padded + (nint)b * plan.PlaneLength, start, tile.Height);
                        }

                        for (int o = 0; o < part.Out; o++)
                        {
                            tile.Dy = lanes > 1
                                ? dyTogether + (nint)o * planes * dyLength
                                : band + block * dyImage + (nint)o * part.YPlane;
                            Gradients<TSimd, TVector>(&tile, tables, padded, sums + (i * part.Out + o) * sumLength,
                                window.Kernel, most);
                        }
                    }
                }
            }

            for (int i = 0; i < run; i++)
            {
                for (int o = 0; o < part.Out; o++)
                {
                    float* to = dw + (((nint)group * part.Out + o) * part.In + (channel + i) % part.In) * taps;
                    AddLanes<TSimd, TVector>(sums + (i * part.Out + o) * sumLength, to, taps);
                }
            }
        }
    }

    /// <summary>Floats of scratch of a weight gradient.</summary>
    public static long GradientScratch(in WindowPart part, int images)
    {
        WindowPlan plan = WindowPlan.OfBackwardWeight(part.Window, images);
        long planes = GradientPlanes(part, plan, images);
        long sums = Math.Min(ChannelRun, part.In) * (long)WindowPlan.RoundUp(part.Window.Taps) * WindowPlan.Vector;
        return plan.TableLength + planes * plan.PlaneLength + part.Out * sums + plan.SourceLength
            + (plan.Images > 1 ? part.Out * planes * DyLength(part, plan) : 0);
    }

    /// <summary>Blocks of images whose planes are added up in one go.</summary>
    private static int GradientPlanes(in WindowPart part, in WindowPlan plan, int images)
    {
        int blocks = (images - 1) / plan.Images + 1;
        long length = plan.PlaneLength + part.Out * (long)DyLength(part, plan);
        return plan.Bands > 1 ? 1 : (int)Math.Clamp(GradientCache / length, 1, blocks);
    }

    /// <summary>Floats of a band of a plane of dy.</summary>
    private static int DyLength(in WindowPart part, in WindowPlan plan) =>
        WindowPlan.RoundUp(checked(plan.BandRows * part.Window.OutWidth * plan.Images));

    /// <summary>All weight gradients of one input and one output channel.</summary>
    private static void Gradients<TSimd, TVector>(TapTile* tile, in WindowTables tables, float* padded, float* sums,
        int kernel, int most)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int r = 0; r < tables.RunStart[1]; r++)
        {
            RowRun run = tables.Runs[r];
            tile->Source = padded + run.Source;
            tile->Sums = sums + (nint)run.Weight * kernel * TSimd.Lanes;
            tile->RowSums = (nint)run.Step * kernel * TSimd.Lanes;
            for (int kw = 0, columns, end = tables.TapStart[1]; kw < end; kw += columns)
            {
                columns = most == 5 && end - kw >= 5 ? 5 : Math.Min(end - kw, 3);
                tile->Taps = tables.Taps + kw;
                TapTile.Run<TSimd, TVector>(tile, run.Taps, columns);
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
}
