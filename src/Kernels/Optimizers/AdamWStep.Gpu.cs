using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>The numbers of a step of AdamW; each is formed in double and rounded once.</summary>
/// <param name="Length">Number of parameters.</param>
/// <param name="Scale">Factor on the gradient.</param>
/// <param name="Beta1">β₁.</param>
/// <param name="Rest1"><c>1 − β₁</c>.</param>
/// <param name="Beta2">β₂.</param>
/// <param name="Rest2"><c>1 − β₂</c>.</param>
/// <param name="Decay"><c>1 − lr·wd</c>.</param>
/// <param name="Rate"><c>lr/c₁</c>.</param>
/// <param name="Root"><c>1/√c₂</c>.</param>
/// <param name="Epsilon">ε.</param>
public readonly record struct AdamWNumbers(int Length, float Scale, float Beta1, float Rest1, float Beta2, float Rest2,
    float Decay, float Rate, float Root, float Epsilon);

/// <summary>A step of AdamW on a GPU.</summary>
public static class AdamWStepGpu
{
    /// <summary>One step (see <see cref="AdamWStep"/>).</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">The step's numbers.</param>
    /// <param name="gradient">Gradient.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="m">First moment, updated; zero before the first step.</param>
    /// <param name="v">Second moment, updated; zero before the first step.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, a number out of its range or
    /// overlapping memory.</exception>
    public static void Update(AcceleratorStream stream, in AdamWStep.Args args, ArrayView<float> gradient,
        ArrayView<float> parameter, ArrayView<float> m, ArrayView<float> v)
    {
        const string Name = "AdamWStepGpu.Update";
        AdamWNumbers numbers = Check(stream, args, gradient, parameter, m, v, Name);
        GpuKernels.Of(stream)
            .Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, AdamWNumbers>(Body)(
                stream, GpuKernels.Cover(stream, args.Length), gradient, parameter, m, v, numbers);
    }

    /// <summary>One thread for each parameter.</summary>
    internal static void Body(ArrayView<float> gradient, ArrayView<float> parameter, ArrayView<float> m,
        ArrayView<float> v, AdamWNumbers a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < a.Length)
        {
            Next(gradient, parameter, m, v, i, a.Decay, a);
        }
    }

    /// <summary>A parameter after the step, written.</summary>
    internal static float Next(ArrayView<float> gradient, ArrayView<float> parameter, ArrayView<float> m,
        ArrayView<float> v, int i, float decay, AdamWNumbers a)
    {
        float g = a.Scale * gradient[i];
        float m1 = a.Beta1 * m[i] + a.Rest1 * g, v1 = a.Beta2 * v[i] + a.Rest2 * (g * g);
        m[i] = m1;
        v[i] = v1;
        float p = parameter[i] * decay - a.Rate * m1 / (XMath.Sqrt(v1) * a.Root + a.Epsilon);
        parameter[i] = p;
        return p;
    }

    /// <summary>Checks a step's operands, and rounds its numbers.</summary>
    internal static AdamWNumbers Check(AcceleratorStream stream, in AdamWStep.Args args, ArrayView<float> gradient,
        ArrayView<float> parameter, ArrayView<float> m, ArrayView<float> v, string name)
    {
        args.Check(name);
        Shape shape = Shape.Vector(args.Length);
        GpuGuard.Length(stream, gradient, shape, name);
        GpuGuard.Length(stream, parameter, shape, name);
        GpuGuard.Length(stream, m, shape, name);
        GpuGuard.Length(stream, v, shape, name);
        GpuGuard.NoOverlap(gradient, parameter, name);
        GpuGuard.NoOverlap(gradient, m, name);
        GpuGuard.NoOverlap(gradient, v, name);
        GpuGuard.NoOverlap(parameter, m, name);
        GpuGuard.NoOverlap(parameter, v, name);
        GpuGuard.NoOverlap(m, v, name);
        return new(args.Length, (float)args.GradientScale, (float)args.Beta1, (float)(1 - args.Beta1),
            (float)args.Beta2, (float)(1 - args.Beta2), (float)(1 - args.Rate * args.WeightDecay),
            (float)(args.Rate / args.Correction1), (float)(1 / Math.Sqrt(args.Correction2)), (float)args.Epsilon);
    }
}
