using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

public sealed partial class GpuDevice
{
    private const int Chains = 8;
    private const int Rounds = 512;

    /// <inheritdoc/>
    /// <remarks>Events of the device where its context was made for them, as those of <see cref="Open(string, long)"/>
    /// are.</remarks>
    public override double Time(Action launches)
    {
        ArgumentNullException.ThrowIfNull(launches);
        if (context is null)
        {
            return base.Time(launches);
        }

        Stream.Synchronize();
        using ProfilingMarker start = Stream.AddProfilingMarker();
        launches();
        using ProfilingMarker end = Stream.AddProfilingMarker();
        Stream.Synchronize();
        return end.MeasureFrom(start).TotalMilliseconds;
    }

    /// <inheritdoc/>
    /// <remarks>Independent chains of multiply-adds in registers on every thread, and a copy of a part of the device's
    /// memory; the best of several runs.</remarks>
    public override DeviceLimits? MeasureLimits()
    {
        // A processor behind OpenCL, and ILGPU's simulation, have few threads at a time: shorter runs.
        bool isWide = Accelerator is ILGPU.Runtime.Cuda.CudaAccelerator || Accelerator.NumMultiprocessors > 32;
        bool isSimulated = Accelerator.AcceleratorType == AcceleratorType.CPU;
        int groups = isSimulated ? 1 : Accelerator.NumMultiprocessors * (isWide ? 64 : 8);
        int threads = Math.Min(isSimulated ? 16 : 256, Accelerator.MaxNumThreadsPerGroup);
        int rounds = isSimulated ? 16 : isWide ? 8 * Rounds : Rounds;
        DeviceBuffer results = Rent(groups * threads);
        Action<AcceleratorStream, KernelConfig, ArrayView<float>, int, float> chains =
            GpuKernels.Of(Stream).Get<ArrayView<float>, int, float>(ChainsBody);
        double ms = Best(() => chains(Stream, new KernelConfig(groups, threads), Memory(results.View), rounds, 0.5f));
        double gmadds = (double)groups * threads * rounds * Chains * 2 / ms / 1e6;
        Return(results);

        int length = isSimulated ? 1 << 12 : isWide ? 1 << 27 : 1 << 24;
        DeviceBuffer from = Rent(length), to = Rent(length);
        double copy = Best(() => Copy(from.View, to.View));
        Return(from);
        Return(to);
        return new DeviceLimits(gmadds, 2.0 * sizeof(float) * length / copy / 1e6);
    }

    /// <summary>Two multiply-adds of each chain a round; the chains do not wait for one another.</summary>
    internal static void ChainsBody(ArrayView<float> y, int rounds, float a)
    {
        float b = a + Group.IdxX, x0 = b, x1 = b + 1f, x2 = b + 2f, x3 = b + 3f;
        float x4 = b + 4f, x5 = b + 5f, x6 = b + 6f, x7 = b + 7f;
        for (int i = 0; i < rounds; i++)
        {
            x0 = x0 * a + b;
            x1 = x1 * a + b;
            x2 = x2 * a + b;
            x3 = x3 * a + b;
            x4 = x4 * a + b;
            x5 = x5 * a + b;
            x6 = x6 * a + b;
            x7 = x7 * a + b;
            x0 = x0 * a + b;
            x1 = x1 * a + b;
            x2 = x2 * a + b;
            x3 = x3 * a + b;
            x4 = x4 * a + b;
            x5 = x5 * a + b;
            x6 = x6 * a + b;
            x7 = x7 * a + b;
        }

        y[Grid.IdxX * Group.DimX + Group.IdxX] = x0 + x1 + x2 + x3 + (x4 + x5 + (x6 + x7));
    }

    private double Best(Action launch)
    {
        launch();
        double best = double.PositiveInfinity;
        for (int run = 0; run < 5; run++)
        {
            best = Math.Min(best, Time(launch));
        }

        return best;
    }
}
