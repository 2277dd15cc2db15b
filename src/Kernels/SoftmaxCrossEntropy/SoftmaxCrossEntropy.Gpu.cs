using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>The numbers of a loss, formed in double and rounded once.</summary>
/// <param name="Batch">N.</param>
/// <param name="Classes">K.</param>
/// <param name="Smoothing">s.</param>
/// <param name="Rest"><c>1 − s</c>.</param>
/// <param name="Share"><c>s/K</c>.</param>
/// <param name="AtLabel"><c>1 − s + s/K</c>, the target at the label.</param>
/// <param name="AtLabelRest">What rounding took from it.</param>
public readonly record struct LossNumbers(int Batch, int Classes, float Smoothing, float Rest, float Share,
    float AtLabel, float AtLabelRest);

/// <summary>Mean cross-entropy of a softmax on a GPU. Labels lie in device memory and are not read by the host: where
/// one is no class index, the loss and its row of the gradient are NaN.</summary>
public static class SoftmaxCrossEntropyGpu
{
    /// <summary>y ← the mean loss; the softmax is saved.</summary>
    /// <param name="stream">Where the kernels are launched; the call does not wait.</param>
    /// <param name="args">Geometry and smoothing.</param>
    /// <param name="x">Logits, <c>[N, K]</c>.</param>
    /// <param name="labels">Class indices, <c>[N]</c>.</param>
    /// <param name="y">The loss, one number.</param>
    /// <param name="softmax">Written, <c>[N, K]</c>.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements; their contents do not matter.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void Forward(AcceleratorStream stream, in SoftmaxCrossEntropy.Args args, ArrayView<float> x,
        ArrayView<float> labels, ArrayView<float> y, ArrayView<float> softmax, ArrayView<float> scratch)
    {
        const string Name = "SoftmaxCrossEntropyGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, labels, args.Labels, Name);
        GpuGuard.Length(stream, y, SoftmaxCrossEntropy.Args.Y, Name);
        GpuGuard.Length(stream, softmax, args.Saved, Name);
        GpuGuard.Scratch(stream, scratch, ScratchLength(args), Name);
        GpuGuard.NoOverlap(x, softmax, Name);
        GpuGuard.NoOverlap(labels, softmax, Name);
        GpuGuard.NoOverlap(x, y, Name);
        GpuKernels kernels = GpuKernels.Of(stream);
        kernels.Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, LossNumbers>(RowBody)(
            stream, new KernelConfig(args.X.N, GroupSum.Threads(stream, args.X.C)), x, labels, softmax, scratch,
            Numbers(args));
        kernels.Get<ArrayView<float>, ArrayView<float>, int>(MeanBody)(
            stream, new KernelConfig(1, GroupSum.Threads(stream, args.X.N)), scratch, y, args.X.N);
    }

    /// <summary><c>dx ← dL/N·(softmax − t)</c>; dx may be the softmax.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">Geometry and smoothing.</param>
    /// <param name="dy">Gradient of the loss, one number.</param>
    /// <param name="softmax">The saved softmax.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="dx">Gradient of the logits, written.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, or overlapping memory.</exception>
    public static void Backward(AcceleratorStream stream, in SoftmaxCrossEntropy.Args args, ArrayView<float> dy,
        ArrayView<float> softmax, ArrayView<float> labels, ArrayView<float> dx)
    {
        const string Name = "SoftmaxCrossEntropyGpu.Backward";
        GpuGuard.Length(stream, dy, SoftmaxCrossEntropy.Args.Y, Name);
        GpuGuard.Length(stream, softmax, args.Saved, Name);
        GpuGuard.Length(stream, labels, args.Labels, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        GpuGuard.NoOverlap(dy, dx, Name);
        GpuGuard.NoOverlap(labels, dx, Name);
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, LossNumbers>(BackwardBody)(
                stream, GpuKernels.Cover(stream, dx.IntLength), dy, softmax, labels, dx, Numbers(args));
    }

    /// <summary>Scratch elements of <see cref="Forward"/>: the loss of each row.</summary>
    public static int ScratchLength(in SoftmaxCrossEntropy.Args args) => args.X.N;

    /// <summary>One group for each row: its softmax, and
    /// <c>−Σ t·log p = log Σe − (1 − s)·(x_l − m) − s·(mean x − m)</c> with m the largest logit.</summary>
    internal static void RowBody(ArrayView<float> x, ArrayView<float> labels, ArrayView<float> softmax,
        ArrayView<float> losses, LossNumbers a)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int row = Grid.IdxX, start = row * a.Classes, t = Group.IdxX;
        float largest = float.NegativeInfinity;
        for (int k = t; k < a.Classes; k += Group.DimX)
        {
            largest = GroupSum.Larger(largest, x[start + k]);
        }

        largest = GroupSum.Largest(shared, largest);
        float sum = 0f, far = 0f;
        for (int k = t; k < a.Classes; k += Group.DimX)
        {
            float d = x[start + k] - largest, e = GpuMath.Exp(d);
            softmax[start + k] = e;
            sum += e;
            far += d;
        }

        sum = GroupSum.Of(shared, sum);
        far = GroupSum.Of(shared, far);
        float factor = 1f / sum;
        for (int k = t; k < a.Classes; k += Group.DimX)
        {
            softmax[start + k] *= factor;
        }

        if (t == 0)
        {
            int label = Label(labels[row], a.Classes);
            float loss = float.NaN;
            if (label >= 0)
            {
                loss = XMath.Log(sum) - a.Rest * (x[start + label] - largest);
                if (a.Smoothing != 0f)
                {
                    loss -= a.Share * far;
                }
            }

            losses[row] = loss;
        }
    }

    /// <summary>One group: the mean of all rows' losses. Each sum carries what its roundings took.</summary>
    internal static void MeanBody(ArrayView<float> losses, ArrayView<float> y, int batch)
    {
        ArrayView<float> high = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        ArrayView<float> low = SharedMemory.Allocate<float>(GroupSum.MaxThreads);
        int t = Group.IdxX;
        float sum = 0f, rest = 0f;
        for (int n = t; n < batch; n += Group.DimX)
        {
            float loss = losses[n], next = sum + loss;
            rest += Lost(sum, loss, next);
            sum = next;
        }

        high[t] = sum;
        low[t] = rest;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (t < half)
            {
                float a = high[t], b = high[t + half], next = a + b;
                high[t] = next;
                low[t] += low[t + half] + Lost(a, b, next);
            }

            Group.Barrier();
        }

        if (t == 0)
        {
            y[0] = (high[0] + low[0]) / batch;
        }
    }

    /// <summary>One thread for each logit.</summary>
    internal static void BackwardBody(ArrayView<float> dy, ArrayView<float> softmax, ArrayView<float> labels,
        ArrayView<float> dx, LossNumbers a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Batch * a.Classes)
        {
            return;
        }

        int n = i / a.Classes, label = Label(labels[n], a.Classes);
        float p = softmax[i], scale = dy[0] / a.Batch;
        float d = i - n * a.Classes == label ? p - a.AtLabel - a.AtLabelRest : p - a.Share;
        dx[i] = label < 0 ? float.NaN : d * scale;
    }

    /// <summary>A class index 0 … K − 1; −1 for what is none.</summary>
    private static int Label(float label, int classes)
    {
        int index = label >= 0f && label < classes ? (int)label : -1;
        return index == label ? index : -1;
    }

    /// <summary>What the rounding of <c>sum = a + b</c> took, exactly.</summary>
    private static float Lost(float a, float b, float sum)
    {
        float back = sum - a;
        return a - (sum - back) + (b - back);
    }

    private static LossNumbers Numbers(in SoftmaxCrossEntropy.Args args)
    {
        double smoothing = Decimals.Of(args.Smoothing), share = smoothing / args.X.C, atLabel = 1 - smoothing + share;
        return new LossNumbers(args.X.N, args.X.C, (float)smoothing, (float)(1 - smoothing), (float)share,
            (float)atLabel, (float)(atLabel - (float)atLabel));
    }
}
