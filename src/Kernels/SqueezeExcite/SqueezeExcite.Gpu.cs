using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>What the kernels of a squeeze-excite gate know of it.</summary>
/// <param name="Images">N.</param>
/// <param name="Channels">C.</param>
/// <param name="Pixels"><c>H·W</c>.</param>
/// <param name="Reduced">R.</param>
/// <param name="Activation">f.</param>
/// <param name="Gate">The gate function.</param>
public readonly record struct GateGeometry(int Images, int Channels, int Pixels, int Reduced, int Activation, int Gate)
{
    /// <summary>Saved numbers of an image: m (C), <c>W₁m + b₁</c> (R), h (R), <c>W₂h + b₂</c> (C).</summary>
    public int Kept => 2 * Channels + 2 * Reduced;
}

/// <summary>Squeeze-excite on a GPU: a launch for the means, one for the hidden units, one for the gates and their
/// product with the map. All sums are trees over a group of threads, or run over the images in order.</summary>
public static class SqueezeExciteGpu
{
    /// <summary>y ← gated x; the pooled means and the small layers' values are saved.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="w1">W₁.</param>
    /// <param name="b1">b₁.</param>
    /// <param name="w2">W₂.</param>
    /// <param name="b2">b₂.</param>
    /// <param name="y">Output; it may be x.</param>
    /// <param name="saved">Written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void Forward(AcceleratorStream stream, in SqueezeExcite.Args args, ArrayView<float> x,
        ArrayView<float> w1, ArrayView<float> b1, ArrayView<float> w2, ArrayView<float> b2, ArrayView<float> y,
        ArrayView<float> saved)
    {
        const string Name = "SqueezeExciteGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, w1, args.ReduceWeight, Name);
        GpuGuard.Length(stream, b1, args.ReduceBias, Name);
        GpuGuard.Length(stream, w2, args.ExpandWeight, Name);
        GpuGuard.Length(stream, b2, args.ExpandBias, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.Length(stream, saved, args.Saved, Name);
        GpuGuard.NoOverlap(x, saved, Name);
        GpuGuard.NoOverlap(y, saved, Name);
        GateGeometry g = Geometry(args);
        GlobalAveragePoolGpu.Means(stream, args.X, x, saved, g.Kept);
        GpuKernels kernels = GpuKernels.Of(stream);
        kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, GateGeometry>(HiddenBody)(
            stream, new KernelConfig(g.Images * g.Reduced, GroupSum.Threads(stream, g.Channels)), w1, b1, saved, g);
        kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            GateGeometry>(GateBody)(stream, Planes(stream, g), x, w2, b2, y, saved, g);
    }

    /// <summary>gates ← <c>gate(W₂·f(W₁·sums/(H·W) + b₁) + b₂)</c>, from the sums over pixels that a fused convolution
    /// gives: a launch for each layer.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="sums">Sums of the map over its pixels, <c>[N, C]</c>.</param>
    /// <param name="w1">W₁.</param>
    /// <param name="b1">b₁.</param>
    /// <param name="w2">W₂.</param>
    /// <param name="b2">b₂.</param>
    /// <param name="hidden">Hidden units, <c>[N, R]</c>, written.</param>
    /// <param name="gates">Gates, <c>[N, C]</c>, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void Gates(AcceleratorStream stream, in SqueezeExcite.Args args, ArrayView<float> sums,
        ArrayView<float> w1, ArrayView<float> b1, ArrayView<float> w2, ArrayView<float> b2, ArrayView<float> hidden,
        ArrayView<float> gates)
    {
        const string Name = "SqueezeExciteGpu.Gates";
        Shape vectors = Shape.Matrix(args.X.N, args.X.C);
        GpuGuard.Length(stream, sums, vectors, Name);
        GpuGuard.Length(stream, w1, args.ReduceWeight, Name);
        GpuGuard.Length(stream, b1, args.ReduceBias, Name);
        GpuGuard.Length(stream, w2, args.ExpandWeight, Name);
        GpuGuard.Length(stream, b2, args.ExpandBias, Name);
        GpuGuard.Length(stream, hidden, Shape.Matrix(args.X.N, args.Reduced), Name);
        GpuGuard.Length(stream, gates, vectors, Name);
        GpuGuard.NoOverlap(sums, hidden, Name);
        GpuGuard.NoOverlap(hidden, gates, Name);
        Layer(stream, sums, w1, b1, hidden, args.X.N,
            new LayerGeometry(args.X.C, args.Reduced, 1f / args.X.Pixels, (int)args.Activation));
        Layer(stream, hidden, w2, b2, gates, args.X.N, new LayerGeometry(args.Reduced, args.X.C, 1f, (int)args.Gate));
    }

    /// <summary>dx ← gradient of the input; dw1, db1, dw2, db2 += theirs (see <see cref="SqueezeExcite"/>). Each of the
    /// five may be empty: not needed.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="w1">W₁.</param>
    /// <param name="w2">W₂.</param>
    /// <param name="saved">What the forward pass saved.</param>
    /// <param name="dx">Written.</param>
    /// <param name="dw1">Added to.</param>
    /// <param name="db1">Added to.</param>
    /// <param name="dw2">Added to.</param>
    /// <param name="db2">Added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void Backward(AcceleratorStream stream, in SqueezeExcite.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> w1, ArrayView<float> w2, ArrayView<float> saved, ArrayView<float> dx,
        ArrayView<float> dw1, ArrayView<float> db1, ArrayView<float> dw2, ArrayView<float> db2,
        ArrayView<float> scratch)
    {
        const string Name = "SqueezeExciteGpu.Backward";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, w1, args.ReduceWeight, Name);
        GpuGuard.Length(stream, w2, args.ExpandWeight, Name);
        GpuGuard.Length(stream, saved, args.Saved, Name);
        bool hasDx = GpuGuard.LengthOrEmpty(stream, dx, args.X, Name);
        bool hasDw1 = GpuGuard.LengthOrEmpty(stream, dw1, args.ReduceWeight, Name);
        bool hasDb1 = GpuGuard.LengthOrEmpty(stream, db1, args.ReduceBias, Name);
        bool hasDw2 = GpuGuard.LengthOrEmpty(stream, dw2, args.ExpandWeight, Name);
        bool hasDb2 = GpuGuard.LengthOrEmpty(stream, db2, args.ExpandBias, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        GpuGuard.NoOverlap(dy, dx, Name);
        GpuGuard.NoOverlap(x, dx, Name);
        GateGeometry g = Geometry(args);
        GpuKernels kernels = GpuKernels.Of(stream);
        ArrayView<float> delta2 = scratch.SubView(0, g.Images * g.Channels);
        ArrayView<float> delta1 = scratch.SubView(g.Images * g.Channels, g.Images * g.Reduced);
        kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GateGeometry>(
            DeltaGateBody)(stream, Planes(stream, g), dy, x, saved, delta2, g);
        kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, GateGeometry>(
            DeltaHiddenBody)(stream, new KernelConfig(g.Images * g.Reduced, GroupSum.Threads(stream, g.Channels)), w2,
            saved, delta2, delta1, g);
        if (hasDx)
        {
            kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
                GateGeometry>(InputBody)(stream, Planes(stream, g), dy, w1, saved, delta1, dx, g);
        }

        int hidden = g.Channels + g.Reduced;
        AddOuter(stream, delta1, saved, hasDw1 ? dw1 : w1, hasDb1 ? db1 : w1,
            new OuterGeometry(g.Images, g.Reduced, g.Channels, 0, g.Kept, hasDw1 ? 1 : 0, hasDb1 ? 1 : 0));
        AddOuter(stream, delta2, saved, hasDw2 ? dw2 : w2, hasDb2 ? db2 : w2,
            new OuterGeometry(g.Images, g.Channels, g.Reduced, hidden, g.Kept, hasDw2 ? 1 : 0, hasDb2 ? 1 : 0));
    }

    /// <summary>Scratch elements of <see cref="Backward"/>: δ₂ and δ₁.</summary>
    public static int ScratchLength(in SqueezeExcite.Args args) => args.X.N * (args.X.C + args.Reduced);

    /// <summary>One group for each output of an image: <c>y = f(scale·(w·x) + b)</c>.</summary>
    internal static void LayerBody(ArrayView<float> x, ArrayView<float> w, ArrayView<float> b, ArrayView<float> y,
        LayerGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int n = Grid.IdxX / g.Outputs, o = Grid.IdxX - n * g.Outputs;
        float sum = 0f;
        for (int i = Group.IdxX; i < g.Inputs; i += Group.DimX)
        {
            sum += w[o * g.Inputs + i] * x[n * g.Inputs + i];
        }

        sum = GroupSum.Of(shared, sum);
        if (Group.IdxX == 0)
        {
            y[Grid.IdxX] = ActivationGpu.Value(g.Activation, g.Scale * sum + b[o]);
        }
    }

    /// <summary>One group for each hidden unit of an image: <c>a₁ = W₁m + b₁</c> and <c>h = f(a₁)</c>.</summary>
    internal static void HiddenBody(ArrayView<float> w1, ArrayView<float> b1, ArrayView<float> saved, GateGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int n = Grid.IdxX / g.Reduced, r = Grid.IdxX - n * g.Reduced, start = n * g.Kept;
        float sum = 0f;
        for (int c = Group.IdxX; c < g.Channels; c += Group.DimX)
        {
            sum += w1[r * g.Channels + c] * saved[start + c];
        }

        sum = GroupSum.Of(shared, sum);
        if (Group.IdxX == 0)
        {
            float a = sum + b1[r];
            saved[start + g.Channels + r] = a;
            saved[start + g.Channels + g.Reduced + r] = ActivationGpu.Value(g.Activation, a);
        }
    }

    /// <summary>One group for each plane: <c>a₂ = W₂h + b₂</c> and <c>y = x·gate(a₂)</c>.</summary>
    internal static void GateBody(ArrayView<float> x, ArrayView<float> w2, ArrayView<float> b2, ArrayView<float> y,
        ArrayView<float> saved, GateGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int n = Grid.IdxX / g.Channels, c = Grid.IdxX - n * g.Channels;
        int hidden = n * g.Kept + g.Channels + g.Reduced, plane = Grid.IdxX * g.Pixels;
        float sum = 0f;
        for (int r = Group.IdxX; r < g.Reduced; r += Group.DimX)
        {
            sum += w2[c * g.Reduced + r] * saved[hidden + r];
        }

        sum = GroupSum.Of(shared, sum) + b2[c];
        if (Group.IdxX == 0)
        {
            saved[hidden + g.Reduced + c] = sum;
        }

        float gate = ActivationGpu.Value(g.Gate, sum);
        for (int p = Group.IdxX; p < g.Pixels; p += Group.DimX)
        {
            y[plane + p] = x[plane + p] * gate;
        }
    }

    /// <summary>One group for each plane: <c>δ₂ = gate'(a₂)·Σ_p dy·x</c>.</summary>
    internal static void DeltaGateBody(ArrayView<float> dy, ArrayView<float> x, ArrayView<float> saved,
        ArrayView<float> delta2, GateGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int n = Grid.IdxX / g.Channels, c = Grid.IdxX - n * g.Channels, plane = Grid.IdxX * g.Pixels;
        float sum = 0f;
        for (int p = Group.IdxX; p < g.Pixels; p += Group.DimX)
        {
            sum += dy[plane + p] * x[plane + p];
        }

        sum = GroupSum.Of(shared, sum);
        if (Group.IdxX == 0)
        {
            float a = saved[n * g.Kept + g.Channels + 2 * g.Reduced + c];
            delta2[Grid.IdxX] = sum * ActivationGpu.Slope(g.Gate, a);
        }
    }

    /// <summary>One group for each hidden unit of an image: <c>δ₁ = f'(a₁)·W₂ᵀδ₂</c>.</summary>
    internal static void DeltaHiddenBody(ArrayView<float> w2, ArrayView<float> saved, ArrayView<float> delta2,
        ArrayView<float> delta1, GateGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int n = Grid.IdxX / g.Reduced, r = Grid.IdxX - n * g.Reduced;
        float sum = 0f;
        for (int c = Group.IdxX; c < g.Channels; c += Group.DimX)
        {
            sum += w2[c * g.Reduced + r] * delta2[n * g.Channels + c];
        }

        sum = GroupSum.Of(shared, sum);
        if (Group.IdxX == 0)
        {
            delta1[Grid.IdxX] = sum * ActivationGpu.Slope(g.Activation, saved[n * g.Kept + g.Channels + r]);
        }
    }

    /// <summary>One group for each plane: <c>dx = dy·g + W₁ᵀδ₁/(H·W)</c>.</summary>
    internal static void InputBody(ArrayView<float> dy, ArrayView<float> w1, ArrayView<float> saved,
        ArrayView<float> delta1, ArrayView<float> dx, GateGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int n = Grid.IdxX / g.Channels, c = Grid.IdxX - n * g.Channels, plane = Grid.IdxX * g.Pixels;
        float sum = 0f;
        for (int r = Group.IdxX; r < g.Reduced; r += Group.DimX)
        {
            sum += w1[r * g.Channels + c] * delta1[n * g.Reduced + r];
        }

        float pooled = GroupSum.Of(shared, sum) / g.Pixels;
        float gate = ActivationGpu.Value(g.Gate, saved[n * g.Kept + g.Channels + 2 * g.Reduced + c]);
        for (int p = Group.IdxX; p < g.Pixels; p += Group.DimX)
        {
            dx[plane + p] = dy[plane + p] * gate + pooled;
        }
    }

    /// <summary>One thread for each weight, and for each bias: <c>dw[o,i] += Σ_n δ[n,o]·a[n,i]</c>,
    /// <c>db[o] += Σ_n δ[n,o]</c>, over the images in order.</summary>
    internal static void OuterBody(ArrayView<float> delta, ArrayView<float> saved, ArrayView<float> dw,
        ArrayView<float> db, OuterGeometry g)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX, weights = g.Outputs * g.Inputs;
        float sum = 0f;
        if (i < weights && g.HasWeight != 0)
        {
            int o = i / g.Inputs, at = g.First + i - o * g.Inputs;
            for (int n = 0; n < g.Images; n++)
            {
                sum += delta[n * g.Outputs + o] * saved[n * g.Kept + at];
            }

            dw[i] += sum;
        }
        else if (i >= weights && i < weights + g.Outputs && g.HasBias != 0)
        {
            for (int n = 0; n < g.Images; n++)
            {
                sum += delta[n * g.Outputs + i - weights];
            }

            db[i - weights] += sum;
        }
    }

    private static void AddOuter(AcceleratorStream stream, ArrayView<float> delta, ArrayView<float> saved,
        ArrayView<float> dw, ArrayView<float> db, OuterGeometry g)
    {
        if (g.HasWeight + g.HasBias > 0)
        {
            GpuKernels.Of(stream)
                .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, OuterGeometry>(OuterBody)(
                    stream, GpuKernels.Cover(stream, g.Outputs * (g.Inputs + 1)), delta, saved, dw, db, g);
        }
    }

    private static void Layer(AcceleratorStream stream, ArrayView<float> x, ArrayView<float> w, ArrayView<float> b,
        ArrayView<float> y, int images, LayerGeometry g) =>
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, LayerGeometry>(LayerBody)(
                stream, new KernelConfig(checked(images * g.Outputs), GroupSum.Threads(stream, g.Inputs)), x, w, b, y,
                g);

    private static KernelConfig Planes(AcceleratorStream stream, GateGeometry g) =>
        new(g.Images * g.Channels, GroupSum.Threads(stream, Math.Max(g.Pixels, g.Reduced)));

    private static GateGeometry Geometry(in SqueezeExcite.Args args) => new(args.X.N, args.X.C, args.X.Pixels,
        args.Reduced, (int)args.Activation, (int)args.Gate);
}

/// <summary>A small layer with its function.</summary>
/// <param name="Inputs">Columns of w.</param>
/// <param name="Outputs">Rows of w.</param>
/// <param name="Scale">Factor of the product.</param>
/// <param name="Activation">f.</param>
public readonly record struct LayerGeometry(int Inputs, int Outputs, float Scale, int Activation);

/// <summary>A sum of outer products over images.</summary>
/// <param name="Images">N.</param>
/// <param name="Outputs">Rows of dw.</param>
/// <param name="Inputs">Columns of dw.</param>
/// <param name="First">Where the layer's input begins in what an image saved.</param>
/// <param name="Kept">Saved numbers of an image.</param>
/// <param name="HasWeight">1 where dw is wanted.</param>
/// <param name="HasBias">1 where db is wanted.</param>
public readonly record struct OuterGeometry(int Images, int Outputs, int Inputs, int First, int Kept, int HasWeight,
    int HasBias);
