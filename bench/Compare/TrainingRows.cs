using MuxKernels.Autograd;
using MuxKernels.Measure;

namespace MuxKernels.Compare;

/// <summary>A convolution of a training step.</summary>
/// <param name="Label">What it is, unique in its family.</param>
/// <param name="Operator">The operation on one image, of a 1×1 convolution on one run of pixels.</param>
/// <param name="Count">How often it counts: calls in a network times images or runs of a batch.</param>
internal sealed record TrainingPart(string Label, Operator Operator, double Count);

/// <summary>The convolutions of a family in networks with images of one size.</summary>
/// <param name="Name">Name of the row.</param>
/// <param name="Parts">The convolutions.</param>
internal sealed record TrainingRow(string Name, IReadOnlyList<TrainingPart> Parts)
{
    /// <summary>Images of a batch.</summary>
    public const int Batch = 32;

    /// <summary>Sides of images.</summary>
    public static IReadOnlyList<int> Sizes { get; } = [64, 224];

    /// <summary>The families of training, of MUXNet-m and, for spatial multiplexing, of MUXNet-m-spatial; read from
    /// their records. A 5×5 depthwise convolution with stride 2 alone, which neither has, is added.</summary>
    public static IReadOnlyList<TrainingRow> All() => [.. Sizes.SelectMany(Of)];

    private static IEnumerable<TrainingRow> Of(int size)
    {
        const string Plain = "muxnet-m", Spatial = "muxnet-m-spatial";
        string px = $"{size} px";
        yield return new($"pointwise, {px}",
            [.. ShapeTable.Of<PointwiseConv.Args>(Plain, size: size).Select(Pointwise)]);
        yield return new($"stem 3×3 stride 2, {px}", [.. ShapeTable.Of<DenseConv.Args>(Plain, size: size).Select(
            static d => Image($"C{d.Args.X.C}→{d.Args.Y.C} at {d.Args.X.H}²", new DenseConvOperator(d.Args),
                d.Count))]);
        (DepthwiseConv.Args Args, int Count)[] depthwise = [.. ShapeTable.Of<DepthwiseConv.Args>(Plain, size: size)];
        depthwise = [.. depthwise, (new(new Shape(1, 96, size / 2, size / 2), 5, 2), 1)];
        foreach (IGrouping<(int Kernel, int Stride), (DepthwiseConv.Args Args, int Count)> alike in depthwise
            .GroupBy(static d => (d.Args.Window.Kernel, d.Args.Window.Stride)).OrderBy(static g => g.Key))
        {
            string stride = alike.Key.Stride == 1 ? "" : $" stride {alike.Key.Stride}";
            yield return new($"depthwise {alike.Key.Kernel}×{alike.Key.Kernel}{stride}, {px}", [.. alike.Select(
                static d => Image($"C{d.Args.X.C} at {d.Args.X.H}²", new DepthwiseConvOperator(d.Args), d.Count))]);
        }

        yield return new($"group-wise g = 2, {px}", [.. ShapeTable.Of<GroupConv.Args>(Plain, size: size).Select(
            static g => Image($"{g.Args.Window.Kernel}×{g.Args.Window.Kernel} C{g.Args.X.C} at {g.Args.X.H}²",
                new GroupConvOperator(g.Args), g.Count))]);
        yield return new($"mixed stride 2, {px}", [.. ShapeTable.Of<MixedConv.Args>(Plain, size: size).Select(
            static m => Image($"{string.Join(',', m.Args.Kernels)} C{m.Args.X.C} at {m.Args.X.H}²",
                new MixedConvOperator(m.Args), m.Count))]);
        foreach (IGrouping<int, (MuxConv.Args Args, int Count)> alike in ShapeTable
            .Of<MuxConv.Args>(Spatial, size: size).GroupBy(static m => m.Args.Part(0).Window.Kernel)
            .OrderBy(static g => g.Key))
        {
            yield return new($"MuxConv {alike.Key}×{alike.Key}, {px}", [.. alike.Select(static m =>
                Image($"C{m.Args.X.C} at {m.Args.X.H}²", new MuxConvOperator(m.Args), m.Count))]);
        }
    }

    private static TrainingPart Image(string label, Operator @operator, int count) =>
        new(label, @operator, (double)count * Batch);

    /// <summary>A run of pixels of the batch as training plans cut it: about what stays in the second cache, and some
    /// runs for each thread.</summary>
    private static TrainingPart Pointwise((PointwiseConv.Args Args, int Count) p)
    {
        const int Step = 28, RunFloats = 120_000, LeastRuns = 16;
        int lanes = MachineProbe.VectorLanes, pixels = Batch * p.Args.X.H * p.Args.X.W;
        int slots = (p.Args.X.C + lanes - 1) / lanes * lanes + (p.Args.Y.C + lanes - 1) / lanes * lanes;
        int run = Math.Clamp(RunFloats / slots / Step * Step, Step, 64 * Step);
        while (run > 2 * Step && (pixels + run - 1) / run < LeastRuns)
        {
            run -= Step;
        }

        run = Math.Min(run, pixels);
        return new($"{p.Args.X.C}→{p.Args.Y.C} at {p.Args.X.H}²",
            new PointwiseConvOperator(new(new Shape(1, p.Args.X.C, 1, run), p.Args.Y.C)),
            p.Count * (double)pixels / run);
    }
}
