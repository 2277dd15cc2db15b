using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>A launch that is compiled for an epilogue.</summary>
internal interface IFusedLaunch
{
    /// <summary>Launches; returns the partial sums of each channel and image where there are any.</summary>
    int Launch<TEpilogue>()
        where TEpilogue : struct, IEpilogue;
}

/// <summary>From a <see cref="GpuFusion{T}"/> to the kernel that is compiled for it.</summary>
internal static class Fusions
{
    private const int SumThreads = 32;

    /// <summary>Checks a fusion and the maps that it is about.</summary>
    public static void Check<T>(AcceleratorStream stream, in GpuFusion<T> f, Shape x, Shape y, ArrayView<T> input,
        ArrayView<T> output, string kernel)
        where T : unmanaged
    {
        Shape inputs = x with { C = f.InputStride > 0 ? f.InputStride : x.C };
        Shape outputs = y with { C = f.OutputStride > 0 ? f.OutputStride : y.C };
        Guard.That(f.Activation is >= ActivationKind.None and <= ActivationKind.HardSigmoid, kernel,
            $"activation is {f.Activation}, expected an activation.");
        GpuGuard.Precision(stream, f.Precision, kernel);
        Guard.That(inputs.C >= x.C && outputs.C >= y.C, kernel,
            $"the maps have {inputs.C} and {outputs.C} channels, expected at least {x.C} and {y.C}.");
        GpuGuard.Same(stream, input, inputs, kernel, "x");
        Guard.That(!f.SumsOnly || f.Sums.Length > 0, kernel, "sums is empty, expected a view where only sums are.");
        Guard.That(!f.SumsOnly || output.Length == 0, kernel, "y is there, expected an empty view with sums only.");
        if (!f.SumsOnly)
        {
            GpuGuard.Same(stream, output, outputs, kernel, "y");
        }

        GpuGuard.LengthOrEmpty(stream, f.Scale, Shape.Vector(y.C), kernel, "scale");
        GpuGuard.LengthOrEmpty(stream, f.Shift, Shape.Vector(y.C), kernel, "shift");
        GpuGuard.LengthOrEmpty(stream, f.Gate, Shape.Matrix(x.N, x.C), kernel, "gate");
        GpuGuard.LengthOrEmpty(stream, f.Sums, Shape.Matrix(y.N, y.C), kernel, "sums");
        if (f.Residual.Length > 0)
        {
            GpuGuard.Same(stream, f.Residual, outputs, kernel, "residual");
        }

        Channels(stream, f.InputChannels, x.C, kernel, "inputChannels");
        Channels(stream, f.OutputChannels, y.C, kernel, "outputChannels");
        GpuGuard.Apart(input, output, kernel, "x", "y");
    }

    /// <summary>The views as kernels read them.</summary>
    public static EpilogueViews<T> Views<T>(in GpuFusion<T> f, ArrayView<float> partial, bool columns = false)
        where T : unmanaged => new(f.Scale, f.Shift, f.Gate, f.Residual, partial, f.InputChannels, f.OutputChannels,
        (f.Scale.Length > 0 ? EpilogueViews<T>.ScaleFlag : 0) | (f.Shift.Length > 0 ? EpilogueViews<T>.ShiftFlag : 0)
        | (f.InputChannels.Length > 0 ? EpilogueViews<T>.InputsFlag : 0)
        | (f.OutputChannels.Length > 0 ? EpilogueViews<T>.OutputsFlag : 0)
        | (f.SumsOnly ? 0 : EpilogueViews<T>.StoreFlag) | (columns ? EpilogueViews<T>.ColumnFlag : 0));

    /// <summary>Launches the kernel of a fusion, and the second stage of its sums.</summary>
    public static void Run<T, TLaunch>(AcceleratorStream stream, in GpuFusion<T> f, ArrayView<float> partial,
        TLaunch launch)
        where T : unmanaged
        where TLaunch : struct, IFusedLaunch
    {
        int strips = f.Activation switch
        {
            ActivationKind.Relu => Gated<T, TLaunch, Relu>(f, launch),
            ActivationKind.Relu6 => Gated<T, TLaunch, Relu6>(f, launch),
            ActivationKind.Swish => Gated<T, TLaunch, Swish>(f, launch),
            ActivationKind.HardSwish => Gated<T, TLaunch, HardSwish>(f, launch),
            ActivationKind.Sigmoid => Gated<T, TLaunch, Sigmoid>(f, launch),
            ActivationKind.HardSigmoid => Gated<T, TLaunch, HardSigmoid>(f, launch),
            _ => Gated<T, TLaunch, Identity>(f, launch),
        };
        if (f.Sums.Length > 0)
        {
            int threads = Math.Min(SumThreads, stream.Accelerator.MaxNumThreadsPerGroup);
            GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, int>(SumStripsKernel)(
                stream, new KernelConfig(f.Sums.IntLength, threads), partial, f.Sums, strips);
        }
    }

    /// <summary><c>sums[i] ← Σ_s partial[i·strips + s]</c>: a group of threads for each sum, added as a tree.</summary>
    internal static void SumStripsKernel(ArrayView<float> partial, ArrayView<float> sums, int strips)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(SumThreads);
        int i = Grid.IdxX, t = Group.IdxX;
        float sum = 0f;
        for (int s = t; s < strips; s += Group.DimX)
        {
            sum += partial[i * strips + s];
        }

        shared[t] = sum;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (t < half)
            {
                shared[t] += shared[t + half];
            }

            Group.Barrier();
        }

        if (t == 0)
        {
            sums[i] = shared[0];
        }
    }

    private static int Gated<T, TLaunch, TActivation>(in GpuFusion<T> f, TLaunch launch)
        where T : unmanaged
        where TLaunch : struct, IFusedLaunch
        where TActivation : struct, IActivation => f.Gate.Length > 0
        ? Added<T, TLaunch, TActivation, Yes>(f, launch)
        : Added<T, TLaunch, TActivation, No>(f, launch);

    private static int Added<T, TLaunch, TActivation, TGate>(in GpuFusion<T> f, TLaunch launch)
        where T : unmanaged
        where TLaunch : struct, IFusedLaunch
        where TActivation : struct, IActivation
        where TGate : struct, IFlag => (f.Residual.Length > 0, f.Sums.Length > 0) switch
        {
            (true, true) => launch.Launch<Epilogue<TActivation, TGate, Yes, Yes>>(),
            (true, false) => launch.Launch<Epilogue<TActivation, TGate, Yes, No>>(),
            (false, true) => launch.Launch<Epilogue<TActivation, TGate, No, Yes>>(),
            _ => launch.Launch<Epilogue<TActivation, TGate, No, No>>(),
        };

    private static void Channels(AcceleratorStream stream, ArrayView<int> view, int count, string kernel, string name)
    {
        Guard.That(view.Length == 0 || view.Length == count, kernel,
            $"{name} has {view.Length} elements, expected {count} or none.");
        Guard.That(view.Length == 0 || ReferenceEquals(view.GetAccelerator(), stream.Accelerator), kernel,
            $"{name} lies on another accelerator than the stream.");
    }
}
