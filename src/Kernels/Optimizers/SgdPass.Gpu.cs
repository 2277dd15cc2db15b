using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary><see cref="SgdPass"/> on a GPU: one launch for all parameters.</summary>
public static class SgdPassGpu
{
    /// <summary>One pass.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">The pass's numbers.</param>
    /// <param name="gradient">Gradient, zero afterwards.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="velocity">State, updated; may be empty without momentum. On the first step it is written, not
    /// read.</param>
    /// <param name="average">Average of the parameters, updated; empty for none.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, a number out of its range or
    /// overlapping memory.</exception>
    public static void Update(AcceleratorStream stream, in SgdPass.Args args, ArrayView<float> gradient,
        ArrayView<float> parameter, ArrayView<float> velocity, ArrayView<float> average)
    {
        const string Name = "SgdPassGpu.Update";
        SgdNumbers numbers = SgdStepGpu.Check(stream, args.Step, gradient, parameter, velocity, Name);
        PassNumbers pass = ParameterPassGpu.Check(stream, args.Runs, args.Step.Length, args.Average, average, Name);
        GpuGuard.NoOverlap(gradient, average, Name);
        GpuGuard.NoOverlap(parameter, average, Name);
        GpuGuard.NoOverlap(velocity, average, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<int>, SgdNumbers, PassNumbers>(Body)(
                stream, GpuKernels.Cover(stream, args.Step.Length), gradient, parameter,
                velocity.Length == 0 ? parameter : velocity, pass.HasAverage != 0 ? average : parameter,
                ParameterPassGpu.Ends(stream, args.Runs), numbers, pass);
    }

    /// <summary>One thread for each parameter.</summary>
    internal static void Body(ArrayView<float> gradient, ArrayView<float> parameter, ArrayView<float> velocity,
        ArrayView<float> average, ArrayView<int> ends, SgdNumbers a, PassNumbers pass)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Length)
        {
            return;
        }

        float decay = ParameterPassGpu.Decays(ends, pass, i) ? a.Decay : 0f;
        float p = SgdStepGpu.Next(gradient, parameter, velocity, i, decay, a);
        gradient[i] = 0f;
        if (pass.HasAverage != 0)
        {
            average[i] = MovingAverageGpu.Next(average[i], p, pass.Rest);
        }
    }
}
