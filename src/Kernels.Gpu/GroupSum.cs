using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Sums and maxima over a group of threads as a tree: always in the same order.</summary>
internal static class GroupSum
{
    /// <summary>Most threads of a group, and the length of the shared memory that the sums need.</summary>
    public const int MaxThreads = 128;

    /// <summary>A power of two of threads for sums over <paramref name="length"/> elements: at most
    /// <see cref="MaxThreads"/> and what the accelerator has.</summary>
    public static int Threads(AcceleratorStream stream, int length)
    {
        int threads = 32;
        while (threads < MaxThreads && threads < length)
        {
            threads *= 2;
        }

        while (threads > stream.Accelerator.MaxNumThreadsPerGroup)
        {
            threads /= 2;
        }

        return threads;
    }

    /// <summary>The sum of all threads' values, in every thread. All threads of the group must call.</summary>
    /// <param name="shared">Shared memory of a number for each thread; it can be used again after the call.</param>
    /// <param name="value">This thread's value.</param>
    public static float Of(ArrayView<float> shared, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (t < half)
            {
                shared[t] += shared[t + half];
            }

            Group.Barrier();
        }

        float sum = shared[0];
        Group.Barrier();
        return sum;
    }

    /// <summary>The largest of all threads' values, in every thread; NaN where one is. All threads of the group must
    /// call.</summary>
    public static float Largest(ArrayView<float> shared, float value)
    {
        int t = Group.IdxX;
        shared[t] = value;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (t < half)
            {
                shared[t] = Larger(shared[t], shared[t + half]);
            }

            Group.Barrier();
        }

        float largest = shared[0];
        Group.Barrier();
        return largest;
    }

    /// <summary>The larger number; NaN where one is.</summary>
    public static float Larger(float a, float b) => a > b || float.IsNaN(a) ? a : b;
}
