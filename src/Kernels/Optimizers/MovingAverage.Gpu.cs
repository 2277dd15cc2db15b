using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Exponential moving average on a GPU.</summary>
public static class MovingAverageGpu
{
    /// <summary><c>a ← a + (1 − d)(x − a)</c>.</summary>
    /// <param name="stream">Where the kernel is launched; the call does not wait.</param>
    /// <param name="args">The average's numbers.</param>
    /// <param name="x">What is averaged.</param>
    /// <param name="average">The average, updated.</param>
    /// <exception cref="ShapeException">A view of another length or accelerator, a number out of its range or
    /// overlapping memory.</exception>
    public static void Update(AcceleratorStream stream, in MovingAverage.Args args, ArrayView<float> x,
        ArrayView<float> average)
    {
        const string Name = "MovingAverageGpu.Update";
        Guard.Positive(args.Length, Name, nameof(args.Length));
        CheckDecay(args.Decay, Name);
        GpuGuard.Length(stream, x, Shape.Vector(args.Length), Name);
        GpuGuard.Length(stream, average, Shape.Vector(args.Length), Name);
        GpuGuard.NoOverlap(x, average, Name);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, float, int>(Body)(
            stream, GpuKernels.Cover(stream, args.Length), x, average, (float)(1 - args.Decay), args.Length);
    }

    /// <summary>One thread for each element.</summary>
    internal static void Body(ArrayView<float> x, ArrayView<float> average, float rest, int length)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < length)
        {
            average[i] = Next(average[i], x[i], rest);
        }
    }

    /// <summary>The average after x.</summary>
    internal static float Next(float average, float x, float rest) => average + rest * (x - average);

    /// <summary>Demands a decay of 0 … 1.</summary>
    internal static void CheckDecay(double decay, string kernel) =>
        Guard.That(decay is >= 0 and <= 1, kernel, $"the average's decay is {decay}, expected 0 … 1.");
}
