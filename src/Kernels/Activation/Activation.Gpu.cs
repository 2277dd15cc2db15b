using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Activation functions on a GPU. The context must have been made with <c>EnableAlgorithms</c>, which has the
/// exponential function.</summary>
public static class ActivationGpu
{
    /// <summary><c>y ← f(x)</c>; y may be x.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void Forward(AcceleratorStream stream, in Activation.Args args, ArrayView<float> x,
        ArrayView<float> y)
    {
        const string Name = "ActivationGpu.Forward";
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, y, args.Y, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, int, int>(ForwardBody)(
            stream, GpuKernels.Cover(stream, y.IntLength), x, y, y.IntLength, (int)args.Kind);
    }

    /// <summary><c>dx ← f'(x)·dy</c>; dx may be dy.</summary>
    /// <exception cref="ShapeException">A view of another length or accelerator.</exception>
    public static void Backward(AcceleratorStream stream, in Activation.Args args, ArrayView<float> dy,
        ArrayView<float> x, ArrayView<float> dx)
    {
        const string Name = "ActivationGpu.Backward";
        GpuGuard.Length(stream, dy, args.Y, Name);
        GpuGuard.Length(stream, x, args.X, Name);
        GpuGuard.Length(stream, dx, args.X, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, int, int>(BackwardBody)(
            stream, GpuKernels.Cover(stream, dx.IntLength), dy, x, dx, dx.IntLength, (int)args.Kind);
    }

    /// <summary>One thread for each element.</summary>
    internal static void ForwardBody(ArrayView<float> x, ArrayView<float> y, int length, int kind)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= length)
        {
            return;
        }

        float value = x[i];
        if (kind == (int)ActivationKind.Relu)
        {
            value = value < 0f ? 0f : value;
        }
        else if (kind == (int)ActivationKind.Relu6)
        {
            value = value < 0f ? 0f : value > 6f ? 6f : value;
        }
        else if (kind == (int)ActivationKind.Swish)
        {
            value *= Sigmoid(value);
        }
        else if (kind == (int)ActivationKind.HardSwish)
        {
            value *= HardSigmoid(value);
        }
        else if (kind == (int)ActivationKind.Sigmoid)
        {
            value = Sigmoid(value);
        }
        else if (kind == (int)ActivationKind.HardSigmoid)
        {
            value = HardSigmoid(value);
        }

        y[i] = value;
    }

    /// <summary>One thread for each element.</summary>
    internal static void BackwardBody(ArrayView<float> dy, ArrayView<float> x, ArrayView<float> dx, int length,
        int kind)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= length)
        {
            return;
        }

        float value = x[i], slope = 1f;
        if (kind == (int)ActivationKind.Relu)
        {
            slope = value > 0f ? 1f : 0f;
        }
        else if (kind == (int)ActivationKind.Relu6)
        {
            slope = value > 0f && value < 6f ? 1f : 0f;
        }
        else if (kind == (int)ActivationKind.Swish)
        {
            float s = Sigmoid(value);
            slope = s * (1f + value * (1f - s));
        }
        else if (kind == (int)ActivationKind.HardSwish)
        {
            slope = value < -3f ? 0f : value > 3f ? 1f : (2f * value + 3f) / 6f;
        }
        else if (kind == (int)ActivationKind.Sigmoid)
        {
            float s = Sigmoid(value);
            slope = s * (1f - s);
        }
        else if (kind == (int)ActivationKind.HardSigmoid)
        {
            slope = value > -3f && value < 3f ? 1f / 6f : 0f;
        }

        dx[i] = slope * dy[i];
    }

    private static float Sigmoid(float x) => 1f / (1f + XMath.Exp(-x));

    private static float HardSigmoid(float x) => x <= -3f ? 0f : x >= 3f ? 1f : (x + 3f) / 6f;
}
