using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>What the kernels of a normalisation know of it. The values of a channel, <c>N·H·W</c> of them, are cut into
/// bands by the shape alone.</summary>
/// <param name="Length">Elements of x.</param>
/// <param name="Channels">C.</param>
/// <param name="Pixels"><c>H·W</c>.</param>
/// <param name="Count">Values of a channel.</param>
/// <param name="Bands">Bands of a channel.</param>
/// <param name="Kind">The activation behind the normalisation.</param>
/// <param name="Epsilon">ε.</param>
/// <param name="Keep"><c>1 − m</c>, the weight of what the running statistics were.</param>
/// <param name="Momentum">m.</param>
/// <param name="Unbiased"><c>n/(n − 1)</c>.</param>
/// <param name="Trains">1 where the second statistic is 1/deviation, 0 where it is the variance.</param>
/// <param name="HasScale">1 where dγ is wanted.</param>
/// <param name="HasShift">1 where dβ is wanted.</param>
public readonly record struct NormGeometry(int Length, int Channels, int Pixels, int Count, int Bands, int Kind,
    float Epsilon, float Keep, float Momentum, float Unbiased, int Trains, int HasScale, int HasShift);

/// <summary>
/// Batch normalisation and its activation on a GPU. Training reads the map twice: once for
/// <c>Σ(x − K)</c> and <c>Σ(x − K)²</c> with K the mean of eight values, so that nothing cancels where the mean is far
/// from zero, and once to normalise it; so does its gradient, for <c>Σdz</c> and <c>Σdz·x̂</c> and then dx. Sums over a
/// channel are trees over bands of 4096 values, then over the bands: a device gives the same bits in every run.
/// </summary>
public static class BatchNormGpu
{
    /// <summary>Values of a band.</summary>
    private const int BandLength = 4096;

    /// <summary>Values that K is the mean of.</summary>
    private const int Samples = 8;

    /// <summary>Numbers of a channel that normalise it: the mean in two parts, factor and shift.</summary>
    private const int Coefficients = 4;

    /// <summary>y ← normalised x by the batch's statistics, which are saved and folded into the running ones.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="y">Output; it may be x.</param>
    /// <param name="mean">The batch's mean μ, written.</param>
    /// <param name="inverseDeviation"><c>1/√(σ² + ε)</c>, written.</param>
    /// <param name="runningMean">Running mean, updated.</param>
    /// <param name="runningVariance">Running variance, updated with <c>σ²·n/(n − 1)</c> (n = 1: σ²).</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void ForwardTrain(AcceleratorStream stream, in BatchNorm.Args args, ArrayView<float> x,
        ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> y, ArrayView<float> mean,
        ArrayView<float> inverseDeviation, ArrayView<float> runningMean, ArrayView<float> runningVariance,
        ArrayView<float> scratch)
    {
        const string Name = "BatchNormGpu.ForwardTrain";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, gamma, args.Channel, Name);
        GpuGuard.Length(stream, beta, args.Channel, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuGuard.Length(stream, mean, args.Channel, Name);
        GpuGuard.Length(stream, inverseDeviation, args.Channel, Name);
        GpuGuard.Length(stream, runningMean, args.Channel, Name);
        GpuGuard.Length(stream, runningVariance, args.Channel, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        GpuGuard.NoOverlap(runningMean, runningVariance, Name);
        GpuGuard.NoOverlap(mean, inverseDeviation, Name);
        NormGeometry g = Geometry(args, train: true);
        ArrayView<float> coefficients = scratch.SubView(0, Coefficients * g.Channels);
        ArrayView<float> partial = scratch.SubView(Coefficients * g.Channels, 2 * g.Channels * g.Bands);
        GpuKernels kernels = GpuKernels.Of(stream);
        kernels.Get<ArrayView<float>, ArrayView<float>, NormGeometry>(MomentsBody)(
            stream, new KernelConfig(g.Channels * g.Bands, GroupSum.Threads(stream, g.Count)), x, partial, g);
        kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormGeometry>(StatisticsBody)(
                stream, new KernelConfig(g.Channels, GroupSum.Threads(stream, Math.Min(g.Count, BandLength))), x,
                partial, gamma, beta, mean, inverseDeviation, runningMean, runningVariance, coefficients, g);
        kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, NormGeometry>(NormaliseBody)(
            stream, GpuKernels.Cover(stream, g.Length), x, coefficients, y, g);
    }

    /// <summary>y ← normalised x by the running statistics.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="runningMean">Mean.</param>
    /// <param name="runningVariance">Variance.</param>
    /// <param name="y">Output; it may be x.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void ForwardEval(AcceleratorStream stream, in BatchNorm.Args args, ArrayView<float> x,
        ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> runningMean, ArrayView<float> runningVariance,
        ArrayView<float> y)
    {
        const string Name = "BatchNormGpu.ForwardEval";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, gamma, args.Channel, Name);
        GpuGuard.Length(stream, beta, args.Channel, Name);
        GpuGuard.Length(stream, runningMean, args.Channel, Name);
        GpuGuard.Length(stream, runningVariance, args.Channel, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        NormGeometry g = Geometry(args, train: false);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<float>, ArrayView<float>, NormGeometry>(EvalBody)(
                stream, GpuKernels.Cover(stream, g.Length), x, gamma, beta, runningMean, runningVariance, y, g);
    }

    /// <summary>dx ← gradient of the input; dgamma, dbeta += theirs. Each of the three may be empty: not needed.
    /// </summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="mean">Saved mean.</param>
    /// <param name="inverseDeviation">Saved inverse deviation.</param>
    /// <param name="dx">Written; it may be dy.</param>
    /// <param name="dgamma">Added to.</param>
    /// <param name="dbeta">Added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void BackwardTrain(AcceleratorStream stream, in BatchNorm.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> mean,
        ArrayView<float> inverseDeviation, ArrayView<float> dx, ArrayView<float> dgamma, ArrayView<float> dbeta,
        ArrayView<float> scratch)
    {
        const string Name = "BatchNormGpu.BackwardTrain";
        GpuGuard.Length(stream, mean, args.Channel, Name);
        GpuGuard.Length(stream, inverseDeviation, args.Channel, Name);
        Backward(stream, args, Geometry(args, train: true), dy, x, gamma, beta, mean, inverseDeviation, dx, dgamma,
            dbeta, scratch, Name);
    }

    /// <summary>dx ← gradient of the input with fixed statistics; dgamma, dbeta += theirs. Each of the three may be
    /// empty: not needed.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="gamma">γ.</param>
    /// <param name="beta">β.</param>
    /// <param name="runningMean">Mean.</param>
    /// <param name="runningVariance">Variance.</param>
    /// <param name="dx">Written; it may be dy.</param>
    /// <param name="dgamma">Added to.</param>
    /// <param name="dbeta">Added to.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void BackwardEval(AcceleratorStream stream, in BatchNorm.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> runningMean,
        ArrayView<float> runningVariance, ArrayView<float> dx, ArrayView<float> dgamma, ArrayView<float> dbeta,
        ArrayView<float> scratch)
    {
        const string Name = "BatchNormGpu.BackwardEval";
        GpuGuard.Length(stream, runningMean, args.Channel, Name);
        GpuGuard.Length(stream, runningVariance, args.Channel, Name);
        Backward(stream, args, Geometry(args, train: false), dy, x, gamma, beta, runningMean, runningVariance, dx,
            dgamma, dbeta, scratch, Name);
    }

    /// <summary>Scratch elements of <see cref="ForwardTrain"/> and of the gradients.</summary>
    public static int ScratchLength(in BatchNorm.Args args) =>
        checked(args.X.C * (Coefficients + 2 * GpuKernels.Ceiling(args.Count, BandLength)));

    /// <summary>One group for each band of a channel: <c>Σ(x − K)</c> and <c>Σ(x − K)²</c>.</summary>
    internal static void MomentsBody(ArrayView<float> x, ArrayView<float> partial, NormGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int c = Grid.IdxX / g.Bands, band = Grid.IdxX - c * g.Bands;
        int from = band * BandLength, to = g.Count - from < BandLength ? g.Count : from + BandLength;
        float shift = Shift(x, shared, g, c);
        (float first, float second) = Moments(x, g, c, from, to, shift);
        first = GroupSum.Of(shared, first);
        second = GroupSum.Of(shared, second);
        if (Group.IdxX == 0)
        {
            partial[2 * Grid.IdxX] = first;
            partial[2 * Grid.IdxX + 1] = second;
        }
    }

    /// <summary>One group for each channel: its statistics, the running ones, and what normalises it. Where K was so
    /// far from the mean that digits were lost, the channel is read again with a better one.</summary>
    internal static void StatisticsBody(ArrayView<float> x, ArrayView<float> partial, ArrayView<float> gamma,
        ArrayView<float> beta, ArrayView<float> mean, ArrayView<float> inverseDeviation, ArrayView<float> runningMean,
        ArrayView<float> runningVariance, ArrayView<float> coefficients, NormGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int c = Grid.IdxX;
        float shift = Shift(x, shared, g, c);
        (float first, float second) = Bands(partial, shared, g, c);
        float rest = first / g.Count, variance = second / g.Count - rest * rest;
        if (rest * rest > 16f * variance)
        {
            shift += rest;
            (first, second) = Moments(x, g, c, 0, g.Count, shift);
            first = GroupSum.Of(shared, first);
            second = GroupSum.Of(shared, second);
            rest = first / g.Count;
            variance = second / g.Count - rest * rest;
        }

        if (Group.IdxX == 0)
        {
            variance = variance < 0f ? 0f : variance;
            float inverse = 1f / XMath.Sqrt(variance + g.Epsilon), high = shift + rest, back = high - shift;
            mean[c] = high;
            inverseDeviation[c] = inverse;
            runningMean[c] = g.Keep * runningMean[c] + g.Momentum * high;
            runningVariance[c] = g.Keep * runningVariance[c] + g.Momentum * (variance * g.Unbiased);
            coefficients[Coefficients * c] = high;
            coefficients[Coefficients * c + 1] = shift - (high - back) + (rest - back);
            coefficients[Coefficients * c + 2] = gamma[c] * inverse;
            coefficients[Coefficients * c + 3] = beta[c];
        }
    }

    /// <summary>One thread for each element: <c>y = f((x − high − low)·a + β)</c>.</summary>
    internal static void NormaliseBody(ArrayView<float> x, ArrayView<float> coefficients, ArrayView<float> y,
        NormGeometry g)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < g.Length)
        {
            int k = Coefficients * (i / g.Pixels % g.Channels);
            float d = x[i] - coefficients[k] - coefficients[k + 1];
            y[i] = ActivationGpu.Value(g.Kind, d * coefficients[k + 2] + coefficients[k + 3]);
        }
    }

    /// <summary>One thread for each element: <c>y = f((x − μ)·γ/√(σ² + ε) + β)</c>.</summary>
    internal static void EvalBody(ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta,
        ArrayView<float> mean, ArrayView<float> variance, ArrayView<float> y, NormGeometry g)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < g.Length)
        {
            int c = i / g.Pixels % g.Channels;
            float a = gamma[c] / XMath.Sqrt(variance[c] + g.Epsilon);
            y[i] = ActivationGpu.Value(g.Kind, (x[i] - mean[c]) * a + beta[c]);
        }
    }

    /// <summary>One group for each band of a channel: <c>Σdz</c> and <c>Σdz·x̂</c>.</summary>
    internal static void GradientSumsBody(ArrayView<float> dy, ArrayView<float> x, ArrayView<float> gamma,
        ArrayView<float> beta, ArrayView<float> mean, ArrayView<float> spread, ArrayView<float> partial,
        NormGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int c = Grid.IdxX / g.Bands, band = Grid.IdxX - c * g.Bands;
        int from = band * BandLength, to = g.Count - from < BandLength ? g.Count : from + BandLength;
        float mu = mean[c], inverse = Inverse(spread[c], g), scale = gamma[c], shift = beta[c];
        float sum = 0f, product = 0f;
        int i = from + Group.IdxX, n = i / g.Pixels, p = i - n * g.Pixels;
        int images = Group.DimX / g.Pixels, pixels = Group.DimX - images * g.Pixels;
        for (; i < to; i += Group.DimX)
        {
            int at = (n * g.Channels + c) * g.Pixels + p;
            float normal = (x[at] - mu) * inverse;
            float dz = dy[at] * ActivationGpu.Slope(g.Kind, scale * normal + shift);
            sum += dz;
            product += dz * normal;
            p += pixels;
            n += images;
            if (p >= g.Pixels)
            {
                p -= g.Pixels;
                n++;
            }
        }

        sum = GroupSum.Of(shared, sum);
        product = GroupSum.Of(shared, product);
        if (Group.IdxX == 0)
        {
            partial[2 * Grid.IdxX] = sum;
            partial[2 * Grid.IdxX + 1] = product;
        }
    }

    /// <summary>One group for each channel: dγ, dβ, and the means that dx needs.</summary>
    internal static void GradientsBody(ArrayView<float> partial, ArrayView<float> dgamma, ArrayView<float> dbeta,
        ArrayView<float> means, NormGeometry g)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int c = Grid.IdxX;
        (float sum, float product) = Bands(partial, shared, g, c);
        if (Group.IdxX == 0)
        {
            if (g.HasScale != 0)
            {
                dgamma[c] += product;
            }

            if (g.HasShift != 0)
            {
                dbeta[c] += sum;
            }

            means[2 * c] = sum / g.Count;
            means[2 * c + 1] = product / g.Count;
        }
    }

    /// <summary>One thread for each element: <c>dx = γ·inv·(dz − Σdz/n − x̂·Σ(dz·x̂)/n)</c>; with fixed statistics
    /// <c>γ·inv·dz</c>.</summary>
    internal static void InputGradientBody(ArrayView<float> dy, ArrayView<float> x, ArrayView<float> gamma,
        ArrayView<float> beta, ArrayView<float> mean, ArrayView<float> spread, ArrayView<float> means,
        ArrayView<float> dx, int length, NormGeometry g)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= length)
        {
            return;
        }

        int c = i / g.Pixels % g.Channels;
        float inverse = Inverse(spread[c], g), scale = gamma[c], normal = (x[i] - mean[c]) * inverse;
        float dz = dy[i] * ActivationGpu.Slope(g.Kind, scale * normal + beta[c]);
        if (g.Trains != 0)
        {
            dz = dz - means[2 * c] - normal * means[2 * c + 1];
        }

        dx[i] = scale * inverse * dz;
    }

    /// <summary>K: the mean of eight values of the channel, the same in every group.</summary>
    private static float Shift(ArrayView<float> x, ArrayView<float> shared, NormGeometry g, int c)
    {
        for (int t = Group.IdxX; t < Samples; t += Group.DimX)
        {
            int i = t * (g.Count / Samples), n = i / g.Pixels;
            shared[t] = x[(n * g.Channels + c) * g.Pixels + i - n * g.Pixels];
        }

        Group.Barrier();
        float low = shared[0] + shared[1] + (shared[2] + shared[3]);
        float shift = (low + (shared[4] + shared[5] + (shared[6] + shared[7]))) / Samples;
        Group.Barrier();
        return shift;
    }

    /// <summary>This thread's <c>Σ(x − K)</c> and <c>Σ(x − K)²</c> over a run of a channel's values.</summary>
    private static (float First, float Second) Moments(ArrayView<float> x, NormGeometry g, int c, int from, int to,
        float shift)
    {
        float first = 0f, second = 0f;
        int i = from + Group.IdxX, n = i / g.Pixels, p = i - n * g.Pixels;
        int images = Group.DimX / g.Pixels, pixels = Group.DimX - images * g.Pixels;
        for (; i < to; i += Group.DimX)
        {
            float d = x[(n * g.Channels + c) * g.Pixels + p] - shift;
            first += d;
            second += d * d;
            p += pixels;
            n += images;
            if (p >= g.Pixels)
            {
                p -= g.Pixels;
                n++;
            }
        }

        return (first, second);
    }

    /// <summary>Both sums of a channel over its bands, in every thread.</summary>
    private static (float First, float Second) Bands(ArrayView<float> partial, ArrayView<float> shared, NormGeometry g,
        int c)
    {
        float first = 0f, second = 0f;
        for (int band = Group.IdxX; band < g.Bands; band += Group.DimX)
        {
            first += partial[2 * (c * g.Bands + band)];
            second += partial[2 * (c * g.Bands + band) + 1];
        }

        return (GroupSum.Of(shared, first), GroupSum.Of(shared, second));
    }

    private static float Inverse(float spread, NormGeometry g) =>
        g.Trains != 0 ? spread : 1f / XMath.Sqrt(spread + g.Epsilon);

    private static void Backward(AcceleratorStream stream, in BatchNorm.Args args, NormGeometry g, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> gamma, ArrayView<float> beta, ArrayView<float> mean,
        ArrayView<float> spread, ArrayView<float> dx, ArrayView<float> dgamma, ArrayView<float> dbeta,
        ArrayView<float> scratch, string name)
    {
        GpuGuard.Length(stream, dy, args.Y, name);
        GpuGuard.Length(stream, x, args.X, name);
        GpuGuard.Length(stream, gamma, args.Channel, name);
        GpuGuard.Length(stream, beta, args.Channel, name);
        bool hasDx = GpuGuard.LengthOrEmpty(stream, dx, args.X, name);
        g = g with
        {
            HasScale = GpuGuard.LengthOrEmpty(stream, dgamma, args.Channel, name) ? 1 : 0,
            HasShift = GpuGuard.LengthOrEmpty(stream, dbeta, args.Channel, name) ? 1 : 0,
        };
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), name);
        GpuGuard.NoOverlap(x, dx, name);
        ArrayView<float> means = scratch.SubView(0, 2 * g.Channels);
        ArrayView<float> partial = scratch.SubView(2 * g.Channels, 2 * g.Channels * g.Bands);
        GpuKernels kernels = GpuKernels.Of(stream);
        if (g.Trains + g.HasScale + g.HasShift > 0)
        {
            kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
                ArrayView<float>, ArrayView<float>, NormGeometry>(GradientSumsBody)(
                    stream, new KernelConfig(g.Channels * g.Bands, GroupSum.Threads(stream, g.Count)), dy, x, gamma,
                    beta, mean, spread, partial, g);
            kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, NormGeometry>(
                GradientsBody)(stream, new KernelConfig(g.Channels, GroupSum.Threads(stream, g.Bands)), partial,
                g.HasScale != 0 ? dgamma : means, g.HasShift != 0 ? dbeta : means, means, g);
        }

        if (hasDx)
        {
            kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
                ArrayView<float>, ArrayView<float>, ArrayView<float>, int, NormGeometry>(InputGradientBody)(
                    stream, GpuKernels.Cover(stream, g.Length), dy, x, gamma, beta, mean, spread, means, dx, g.Length,
                    g);
        }
    }

    private static NormGeometry Geometry(in BatchNorm.Args args, bool train)
    {
        double momentum = Decimals.Of(args.Momentum), count = args.Count;
        return new NormGeometry((int)args.X.Length, args.X.C, args.X.Pixels, args.Count,
            GpuKernels.Ceiling(args.Count, BandLength), (int)args.Activation, args.Epsilon, (float)(1 - momentum),
            (float)momentum, count > 1 ? (float)(count / (count - 1)) : 1f, train ? 1 : 0, 0, 0);
    }
}
