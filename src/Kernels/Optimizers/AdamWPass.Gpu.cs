using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary><see cref="AdamWPass"/> on a GPU: one launch for all parameters.</summary>
public static class AdamWPassGpu
{
    /// <summary>One pass.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">The pass's numbers.</param>
    /// <param name="gradient">Gradient, zero afterwards.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="m">First moment, updated; zero before the first step.</param>
    /// <param name="v">Second moment, updated; zero before the first step.</param>
    /// <param name="average">Average of the parameters, updated; empty for none.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, a number out of its range or
    /// overlapping memory.</exception>
    public static void Update(AcceleratorStream stream, in AdamWPass.Args args, ArrayView<float> gradient,
        ArrayView<float> parameter, ArrayView<float> m, ArrayView<float> v, ArrayView<float> average)
    {
        const string Name = "AdamWPassGpu.Update";
        AdamWNumbers numbers = AdamWStepGpu.Check(stream, args.Step, gradient, parameter, m, v, Name);
        PassNumbers pass = ParameterPassGpu.Check(stream, args.Runs, args.Step.Length, args.Average, average, Name);
        GpuGuard.NoOverlap(gradient, average, Name);
        GpuGuard.NoOverlap(parameter, average, Name);
        GpuGuard.NoOverlap(m, average, Name);
        GpuGuard.NoOverlap(v, average, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<float>, ArrayView<int>, AdamWNumbers, PassNumbers>(Body)(
                stream, GpuKernels.Cover(stream, args.Step.Length), gradient, parameter, m, v,
                pass.HasAverage != 0 ? average : parameter, ParameterPassGpu.Ends(stream, args.Runs), numbers, pass);
    }

    /// <summary>One thread for each parameter.</summary>
    internal static void Body(ArrayView<float> gradient, ArrayView<float> parameter, ArrayView<float> m,
        ArrayView<float> v, ArrayView<float> average, ArrayView<int> ends, AdamWNumbers a, PassNumbers pass)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Length)
        {
            return;
        }

        float decay = ParameterPassGpu.Decays(ends, pass, i) ? a.Decay : 1f;
        float p = AdamWStepGpu.Next(gradient, parameter, m, v, i, decay, a);
        gradient[i] = 0f;
        if (pass.HasAverage != 0)
        {
            average[i] = MovingAverageGpu.Next(average[i], p, pass.Rest);
        }
    }
}
