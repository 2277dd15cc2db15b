using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Activation functions on a GPU.</summary>
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
        if (i < length)
        {
            y[i] = Value(kind, x[i]);
        }
    }

    /// <summary>One thread for each element.</summary>
    internal static void BackwardBody(ArrayView<float> dy, ArrayView<float> x, ArrayView<float> dx, int length,
        int kind)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            dx[i] = Slope(kind, x[i]) * dy[i];
        }
    }

    /// <summary><c>f(x)</c> of a kind of function: for the kernels of families that end in one.</summary>
    internal static float Value(int kind, float x)
    {
        if (kind == (int)ActivationKind.Relu)
        {
            x = x < 0f ? 0f : x;
        }
        else if (kind == (int)ActivationKind.Relu6)
        {
            x = x < 0f ? 0f : x > 6f ? 6f : x;
        }
        else if (kind == (int)ActivationKind.Swish)
        {
            x *= GpuMath.Sigmoid(x);
        }
        else if (kind == (int)ActivationKind.HardSwish)
        {
            x *= HardSigmoid(x);
        }
        else if (kind == (int)ActivationKind.Sigmoid)
        {
            x = GpuMath.Sigmoid(x);
        }
        else if (kind == (int)ActivationKind.HardSigmoid)
        {
            x = HardSigmoid(x);
        }

        return x;
    }

    /// <summary><c>f'(x)</c> of a kind of function.</summary>
    internal static float Slope(int kind, float x)
    {
        float slope = 1f;
        if (kind == (int)ActivationKind.Relu)
        {
            slope = x > 0f ? 1f : 0f;
        }
        else if (kind == (int)ActivationKind.Relu6)
        {
            slope = x > 0f && x < 6f ? 1f : 0f;
        }
        else if (kind == (int)ActivationKind.Swish)
        {
            float s = GpuMath.Sigmoid(x);
            slope = s * (1f + x * (1f - s));
        }
        else if (kind == (int)ActivationKind.HardSwish)
        {
            slope = x < -3f ? 0f : x > 3f ? 1f : (2f * x + 3f) / 6f;
        }
        else if (kind == (int)ActivationKind.Sigmoid)
        {
            float s = GpuMath.Sigmoid(x);
            slope = s * (1f - s);
        }
        else if (kind == (int)ActivationKind.HardSigmoid)
        {
            slope = x > -3f && x < 3f ? 1f / 6f : 0f;
        }

        return slope;
    }

    private static float HardSigmoid(float x) => x <= -3f ? 0f : x >= 3f ? 1f : (x + 3f) / 6f;
}
