using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>The numbers of a step of SGD, rounded once.</summary>
/// <param name="Length">Number of parameters.</param>
/// <param name="Rate">lr.</param>
/// <param name="Momentum">m; 0 for none.</param>
/// <param name="Decay">wd.</param>
/// <param name="Scale">Factor on the gradient.</param>
/// <param name="Nesterov">1 where the step looks ahead, else 0.</param>
/// <param name="First">1 where v starts here, else 0.</param>
public readonly record struct SgdNumbers(int Length, float Rate, float Momentum, float Decay, float Scale,
    int Nesterov, int First);

/// <summary>A step of stochastic gradient descent on a GPU.</summary>
public static class SgdStepGpu
{
    /// <summary>One step (see <see cref="SgdStep"/>). Velocity may be empty without momentum; on the first step it is
    /// written, not read.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">The step's numbers.</param>
    /// <param name="gradient">Gradient.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="velocity">State, updated.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, a number out of its range or
    /// overlapping memory.</exception>
    public static void Update(AcceleratorStream stream, in SgdStep.Args args, ArrayView<float> gradient,
        ArrayView<float> parameter, ArrayView<float> velocity)
    {
        const string Name = "SgdStepGpu.Update";
        SgdNumbers numbers = Check(stream, args, gradient, parameter, velocity, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, SgdNumbers>(Body)(
            stream, GpuKernels.Cover(stream, args.Length), gradient, parameter,
            velocity.Length == 0 ? parameter : velocity, numbers);
    }

    /// <summary>One thread for each parameter.</summary>
    internal static void Body(ArrayView<float> gradient, ArrayView<float> parameter, ArrayView<float> velocity,
        SgdNumbers a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < a.Length)
        {
            Next(gradient, parameter, velocity, i, a.Decay, a);
        }
    }

    /// <summary>A parameter after the step, written.</summary>
    internal static float Next(ArrayView<float> gradient, ArrayView<float> parameter, ArrayView<float> velocity, int i,
        float decay, SgdNumbers a)
    {
        float p = parameter[i], g = a.Scale * gradient[i] + decay * p, step = g;
        if (a.Momentum != 0f)
        {
            float v = g;
            if (a.First == 0)
            {
                v = a.Momentum * velocity[i] + g;
            }

            velocity[i] = v;
            step = a.Nesterov != 0 ? g + a.Momentum * v : v;
        }

        p -= a.Rate * step;
        parameter[i] = p;
        return p;
    }

    /// <summary>Checks a step's operands, and rounds its numbers.</summary>
    internal static SgdNumbers Check(AcceleratorStream stream, in SgdStep.Args args, ArrayView<float> gradient,
        ArrayView<float> parameter, ArrayView<float> velocity, string name)
    {
        args.Check(name);
        Shape shape = Shape.Vector(args.Length);
        GpuGuard.Length(stream, gradient, shape, name);
        GpuGuard.Length(stream, parameter, shape, name);
        if (args.Momentum != 0 || velocity.Length != 0)
        {
            GpuGuard.Length(stream, velocity, shape, name);
        }

        GpuGuard.NoOverlap(gradient, parameter, name);
        GpuGuard.NoOverlap(gradient, velocity, name);
        GpuGuard.NoOverlap(parameter, velocity, name);
        return new(args.Length, (float)args.Rate, (float)args.Momentum, (float)args.WeightDecay,
            (float)args.GradientScale, args.Nesterov ? 1 : 0, args.First ? 1 : 0);
    }
}
