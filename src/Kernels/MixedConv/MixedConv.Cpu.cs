using System.Numerics;

namespace MuxKernels;

public static partial class MixedConv
{
    public readonly partial record struct Args
    {
        /// <summary>Floats of scratch that any of the passes needs with a number of threads.</summary>
        /// <exception cref="ShapeException">More than an array can hold.</exception>
        public int ScratchLength(int threads)
        {
            Span<WindowPart> parts = stackalloc WindowPart[Kernels.Count];
            return WindowWork.ScratchLength(Fill(parts, this), X.N, threads, nameof(MixedConv));
        }
    }

    /// <summary><c>y[n,c,h,v] = Σ_{i,kh,kw} w[c,i,kh,kw]·x[n,q·g+i,h·s+kh·d−top,v·s+kw·d−left]</c>, q the group of c;
    /// w, top and left are those of its part.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="w">All parts' weights one after the other; finite.</param>
    /// <param name="y">Output, <c>[N, C, H', W']</c>, written.</param>
    /// <param name="scratch">At least <see cref="Args.ScratchLength"/> floats for the pool's threads.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w,
        Span<float> y, Span<float> scratch, WorkPool? pool = null)
    {
        CheckForward(args, x, w, y);
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), ForwardName);
        Guard.Separate(scratch, ForwardName, x, w, y);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowWork.Forward(Fill(parts, args), args.X, args.Y, x, w, [], y, scratch, pool);
    }

    /// <summary><c>dx[n,i,h',v'] = Σ w[c,i,kh,kw]·dy[n,c,h,v]</c> over the outputs of the group and the taps that read
    /// (h', v').</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Output gradient, <c>[N, C, H', W']</c>.</param>
    /// <param name="w">All parts' weights one after the other; finite.</param>
    /// <param name="dx">Input gradient, <c>[N, C, H, W]</c>, written.</param>
    /// <param name="scratch">At least <see cref="Args.ScratchLength"/> floats for the pool's threads.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardInput(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> dx,
        Span<float> scratch, WorkPool? pool = null)
    {
        CheckBackwardInput(args, dy, w, dx);
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), BackwardInputName);
        Guard.Separate(scratch, BackwardInputName, dy, w, dx);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowWork.BackwardInput(Fill(parts, args), args.X, args.Y, dy, w, dx, scratch, pool);
    }

    /// <summary><c>dw[c,i,kh,kw] += Σ_{n,h,v} dy[n,c,h,v]·x[n,q·g+i,h·s+kh·d−top,v·s+kw·d−left]</c> by part;
    /// each image is a band of the sum.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Output gradient, <c>[N, C, H', W']</c>; what is not finite
    /// reaches every weight gradient of its channel, for it meets the padding's zeros.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="dw">Gradient of all parts' weights, added to.</param>
    /// <param name="scratch">At least <see cref="Args.ScratchLength"/> floats for the pool's threads.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardWeight(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dw,
        Span<float> scratch, WorkPool? pool = null)
    {
        CheckBackwardWeight(args, dy, x, dw);
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), BackwardWeightName);
        Guard.Separate(scratch, BackwardWeightName, dy, x, dw);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowWork.BackwardWeight(Fill(parts, args), args.X, args.Y, dy, x, dw, scratch, pool);
    }

    /// <summary><see cref="Forward"/> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w,
        Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckForward(args, x, w, y);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowReference.Forward(Fill(parts, args), args.X, args.Y, x, w, [], y);
    }

    /// <summary><see cref="BackwardInput"/> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardInputReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardInput(args, dy, w, dx);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowReference.BackwardInput(Fill(parts, args), args.X, args.Y, dy, w, dx);
    }

    /// <summary><see cref="BackwardWeight"/> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardWeightReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardWeight(args, dy, x, dw);
        Span<WindowPart> parts = stackalloc WindowPart[args.Kernels.Count];
        WindowReference.BackwardWeight(Fill(parts, args), args.X, args.Y, dy, x, dw);
    }

    private const string ForwardName = "MixedConv.Forward";
    private const string BackwardInputName = "MixedConv.BackwardInput";
    private const string BackwardWeightName = "MixedConv.BackwardWeight";

    /// <summary>Describes the parts, and returns them.</summary>
    private static Span<WindowPart> Fill(Span<WindowPart> parts, in Args args)
    {
        int channel = 0, weight = 0, g = args.ChannelsPerGroup;
        for (int k = 0; k < parts.Length; k++)
        {
            parts[k] = new WindowPart(args.PartWindow(k), args.Channels[k] / g, g, g, channel * args.X.Pixels,
                channel * args.Y.Pixels, weight);
            channel += args.Channels[k];
            weight += (int)args.PartWeight(k).Length;
        }

        return parts;
    }

    private static void CheckForward<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w,
        Span<T> y)
    {
        Guard.Length(x, args.X, ForwardName);
        Guard.Length(w, args.Weight, ForwardName);
        Guard.Length(y, args.Y, ForwardName);
        Guard.NoOverlap(x, y, ForwardName);
        Guard.NoOverlap(w, y, ForwardName);
    }

    private static void CheckBackwardInput<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
    {
        Guard.Length(dy, args.Y, BackwardInputName);
        Guard.Length(w, args.Weight, BackwardInputName);
        Guard.Length(dx, args.X, BackwardInputName);
        Guard.NoOverlap(dy, dx, BackwardInputName);
        Guard.NoOverlap(w, dx, BackwardInputName);
    }

    private static void CheckBackwardWeight<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
    {
        Guard.Length(dy, args.Y, BackwardWeightName);
        Guard.Length(x, args.X, BackwardWeightName);
        Guard.Length(dw, args.Weight, BackwardWeightName);
        Guard.NoOverlap(dy, dw, BackwardWeightName);
        Guard.NoOverlap(x, dw, BackwardWeightName);
    }
}
