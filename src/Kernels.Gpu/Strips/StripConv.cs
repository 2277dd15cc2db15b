using ILGPU;
using ILGPU.Runtime;
using AllForms1 = MuxKernels.Forms<MuxKernels.PlainForm<MuxKernels.Window3x3S1>,
    MuxKernels.Forms<MuxKernels.PlainForm<MuxKernels.Window5x5S1>,
        MuxKernels.Forms<MuxKernels.PlainForm<MuxKernels.Window7x7S1>, MuxKernels.AnyForm>>>;
using AllForms2 = MuxKernels.Forms<MuxKernels.PlainForm<MuxKernels.Window3x3S2>,
    MuxKernels.Forms<MuxKernels.PlainForm<MuxKernels.Window5x5S2>,
        MuxKernels.Forms<MuxKernels.PlainForm<MuxKernels.Window7x7S2>, MuxKernels.AnyForm>>>;

namespace MuxKernels;

/// <summary>One part as the families describe it.</summary>
/// <param name="Row">Geometry; channels are the part's place in source and result.</param>
/// <param name="Pad">Whether padding is that of the strips: symmetric, and the map is not padded to a multiple.</param>
internal readonly record struct StripSource(PartRow Row, bool Pad);

/// <summary>Cuts the parts of a convolution into strips and launches the kernel that is compiled for them.</summary>
internal static class StripConv
{
    private const int Threads = 128;

    /// <summary>Scratch elements of a convolution with sums.</summary>
    public static int ScratchLength(StripShape g, StripSource[] parts) =>
        checked(g.N * g.Channels * Cut(g, parts, Threads, out _).Max(p => p.Columns.Divisor * p.Lines.Divisor));

    /// <summary>Whether a convolution's parts all have strips: then the kernel with the taps backwards is the gradient
    /// of the input at stride 1.</summary>
    public static bool HasStrips(StripShape g, StripSource[] parts) => parts.All(p => Form(g, p) != StripForm.Any);

    /// <summary>Launches a convolution with a bias or without.</summary>
    public static void Forward(AcceleratorStream stream, StripShape g, StripSource[] parts, ArrayView<float> x,
        ArrayView<float> w, ArrayView<float> bias, ArrayView<float> y)
    {
        GpuFusion<float> fusion = new() { Shift = bias };
        FusedLaunch<float, SingleElement> launch = new(stream, g, parts, x, w, y, fusion, default);
        if (bias.Length > 0)
        {
            Fusions.Run(stream, fusion, default, launch);
        }
        else
        {
            launch.Launch<Plain>();
        }
    }

    /// <summary>Checks and launches a fused convolution.</summary>
    public static void Fused<T, TElement>(AcceleratorStream stream, StripShape g, StripSource[] parts, Shape input,
        Shape output, ArrayView<T> x, ArrayView<float> w, in GpuFusion<T> fusion, ArrayView<T> y,
        ArrayView<float> scratch, string name)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        Fusions.Check(stream, fusion, input, output, x, y, name);
        GpuGuard.Scratch(stream, scratch, fusion.Sums.Length > 0 ? ScratchLength(g, parts) : 0, name);
        g = g with
        {
            SourceC = fusion.InputStride > 0 ? fusion.InputStride : g.SourceC,
            ResultC = fusion.OutputStride > 0 ? fusion.OutputStride : g.ResultC,
        };
        Fusions.Run(stream, fusion, scratch, new FusedLaunch<T, TElement>(stream, g, parts, x, w, y, fusion, scratch));
    }

    /// <summary>Launches the gradient of the input at stride 1 of a convolution that
    /// <see cref="HasStrips"/>.</summary>
    /// <param name="stream">Where it is launched.</param>
    /// <param name="forward">The convolution.</param>
    /// <param name="inputs">Channels of dx.</param>
    /// <param name="parts">Parts of the convolution; their channels are those of dx.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="w">Weight.</param>
    /// <param name="dx">Gradient of the input.</param>
    public static void BackwardInput(AcceleratorStream stream, StripShape forward, int inputs, StripSource[] parts,
        ArrayView<float> dy, ArrayView<float> w, ArrayView<float> dx)
    {
        StripShape g = forward with
        {
            SourceC = forward.ResultC,
            GateC = forward.Channels,
            ResultC = inputs,
            Channels = inputs,
            SourcePerGroup = forward.ResultPerGroup,
            ResultPerGroup = forward.SourcePerGroup,
            SourceStep = forward.ResultStep,
            ResultStep = forward.SourceStep,
            TapStep = -1,
        };
        Launch<float, SingleElement, Plain>(stream, parts, g, dy, w, dx, default);
    }

    /// <summary>Launches a convolution; returns the partial sums of each channel and image.</summary>
    public static int Launch<T, TElement, TEpilogue>(AcceleratorStream stream, StripSource[] sources,
        StripShape g, ArrayView<T> x, ArrayView<float> w, ArrayView<T> y, EpilogueViews<T> views)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        int threads = Math.Min(Threads, stream.Accelerator.MaxNumThreadsPerGroup);
        StripPart[] parts = Cut(g, sources, threads, out int blocks);
        ArrayView<StripPart> table = GpuKernels.Of(stream).Table(new TableKey(parts), () => parts);
        g = g with { Strips = parts.Max(p => p.Columns.Divisor * p.Lines.Divisor) };
        if (TEpilogue.HasSums && parts.Any(p => p.Columns.Divisor * p.Lines.Divisor != g.Strips))
        {
            Elementwise.Fill(stream, views.Sums, 0f);
        }

        bool wide = g.W % 4 == 0 && GpuViews.IsAligned(x);
        bool wideStore = g.OutW % 4 == 0 && GpuViews.IsAligned(y) && GpuViews.IsAligned(views.Residual);
        Job<T> job = new(stream, new KernelConfig(blocks, threads), x, w, y, table, views, g, wide, wideStore);
        Formed<T, TElement, TEpilogue>(job, parts);
        return g.Strips;
    }

    /// <summary>The kernel that is compiled for the forms of the parts.</summary>
    private static void Formed<T, TElement, TEpilogue>(Job<T> job, StripPart[] parts)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
    {
        int stride = job.Shape.Stride;
        bool mux = parts.Any(p => p.Form is StripForm.Sub or StripForm.Super);
        int[] kernels = [.. parts.Select(p => p.Form == StripForm.Any ? 0 : p.Row.Kernel).Distinct()];
        int kernel = kernels.Length == 1 ? kernels[0] : -1;
        switch (kernel, stride, mux)
        {
            case (0, _, _):
                Loads<T, TElement, TEpilogue, AnyForm>(job);
                break;
            case (3, _, true):
                Loads<T, TElement, TEpilogue,
                    Forms<SubForm<Sub3x3>, Forms<SuperForm<Fine3x3>, PlainForm<Window3x3S1>>>>(job);
                break;
            case (5, _, true):
                Loads<T, TElement, TEpilogue,
                    Forms<SubForm<Sub5x5>, Forms<SuperForm<Fine5x5>, PlainForm<Window5x5S1>>>>(job);
                break;
            case (_, _, true):
                Loads<T, TElement, TEpilogue, Forms<SubForm<Sub3x3>, Forms<SubForm<Sub5x5>, Forms<SuperForm<Fine3x3>,
                    Forms<SuperForm<Fine5x5>, AllForms1>>>>>(job);
                break;
            case (3, 1, _):
                Loads<T, TElement, TEpilogue, PlainForm<Window3x3S1>>(job);
                break;
            case (5, 1, _):
                Loads<T, TElement, TEpilogue, PlainForm<Window5x5S1>>(job);
                break;
            case (7, 1, _):
                Loads<T, TElement, TEpilogue, PlainForm<Window7x7S1>>(job);
                break;
            case (_, 1, _):
                Loads<T, TElement, TEpilogue, AllForms1>(job);
                break;
            case (3, _, _):
                Loads<T, TElement, TEpilogue, PlainForm<Window3x3S2>>(job);
                break;
            case (5, _, _):
                Loads<T, TElement, TEpilogue, PlainForm<Window5x5S2>>(job);
                break;
            case (7, _, _):
                Loads<T, TElement, TEpilogue, PlainForm<Window7x7S2>>(job);
                break;
            default:
                Loads<T, TElement, TEpilogue, AllForms2>(job);
                break;
        }
    }

    private static void Loads<T, TElement, TEpilogue, TForm>(Job<T> job)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TEpilogue : struct, IEpilogue
        where TForm : struct, IStripForm => job.Start((job.Wide, job.WideStore) switch
        {
            (true, true) => StripKernels.StripKernel<T, TElement, TForm, WideLoad, WideStore, TEpilogue>,
            (true, false) => StripKernels.StripKernel<T, TElement, TForm, WideLoad, NarrowStore, TEpilogue>,
            (false, true) => StripKernels.StripKernel<T, TElement, TForm, NarrowLoad, WideStore, TEpilogue>,
            _ => StripKernels.StripKernel<T, TElement, TForm, NarrowLoad, NarrowStore, TEpilogue>,
        });

    private static StripPart[] Cut(StripShape g, StripSource[] sources, int threads, out int blocks)
    {
        StripPart[] parts = new StripPart[sources.Length];
        blocks = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            PartRow row = sources[i].Row;
            int form = Form(g, sources[i]);
            (int columns, int lines, int planes) = form switch
            {
                StripForm.Plain => (GpuKernels.Ceiling(g.OutW, 4), GpuKernels.Ceiling(g.OutH, 4), row.Channels),
                StripForm.Sub => (GpuKernels.Ceiling(g.OutW, 4), 2 * GpuKernels.Ceiling(g.OutH, 8), row.Channels),
                StripForm.Super => (GpuKernels.Ceiling(g.OutW, 4), GpuKernels.Ceiling(g.OutH, 2), row.Transformed),
                _ => (g.OutW, g.OutH, row.Channels),
            };
            int items = checked(columns * lines * planes * g.N);
            parts[i] = new StripPart(form, blocks, items, FastDivide.By(columns), FastDivide.By(lines),
                FastDivide.By(planes), row);
            blocks = checked(blocks + GpuKernels.Ceiling(items, threads));
        }

        return parts;
    }

    private static int Form(StripShape g, StripSource source)
    {
        PartRow row = source.Row;
        if (!source.Pad || g.Dilation != 1 || row.Kernel is not (3 or 5 or 7) || g.Stride > 2
            || row.Top != row.Kernel / 2 || row.Left != row.Kernel / 2)
        {
            return StripForm.Any;
        }

        if (row.Scale == 0 || g.Factor == 1)
        {
            return StripForm.Plain;
        }

        bool fits = g.Factor == 2 && g.Stride == 1 && row.Kernel <= 5 && g.SourcePerGroup == g.ResultPerGroup;
        return !fits ? StripForm.Any
            : row.Scale < 0 ? row.Channels % g.SourcePerGroup == 0 && g.H % 2 == 0 && g.W % 2 == 0
                ? StripForm.Sub : StripForm.Any
            : StripForm.Super;
    }

    private readonly struct FusedLaunch<T, TElement>(AcceleratorStream stream, StripShape g, StripSource[] parts,
        ArrayView<T> x, ArrayView<float> w, ArrayView<T> y, GpuFusion<T> fusion, ArrayView<float> partial)
        : IFusedLaunch
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        public int Launch<TEpilogue>()
            where TEpilogue : struct, IEpilogue =>
            StripConv.Launch<T, TElement, TEpilogue>(stream, parts, g, x, w, y, Fusions.Views(fusion, partial));
    }

    /// <summary>Tables of equal parts are one.</summary>
    private sealed class TableKey(StripPart[] parts) : IEquatable<TableKey>
    {
        private readonly StripPart[] parts = parts;

        public bool Equals(TableKey? other) => other is not null && parts.AsSpan().SequenceEqual(other.parts);

        public override bool Equals(object? obj) => Equals(obj as TableKey);

        public override int GetHashCode() => HashCode.Combine(parts.Length, parts[0], parts[^1]);
    }

    /// <summary>A convolution on its way to the device.</summary>
    private readonly record struct Job<T>(AcceleratorStream Stream, KernelConfig Config, ArrayView<T> X,
        ArrayView<float> W, ArrayView<T> Y, ArrayView<StripPart> Parts, EpilogueViews<T> Views, StripShape Shape,
        bool Wide, bool WideStore)
        where T : unmanaged
    {
        public void Start(Action<ArrayView<T>, ArrayView<float>, ArrayView<T>, ArrayView<StripPart>, EpilogueViews<T>,
            StripShape> kernel) =>
            GpuKernels.Of(Stream).Get(kernel)(Stream, Config, X, W, Y, Parts, Views, Shape);
    }
}
