using System.Numerics;

namespace MuxKernels;

public static partial class GroupConv
{
    public readonly partial record struct Args
    {
        /// <summary>Floats of scratch that any of the passes needs with a number of threads.</summary>
        /// <exception cref="ShapeException">More than an array can hold.</exception>
        public int ScratchLength(int threads) =>
            WindowWork.ScratchLength([Part(this)], X.N, threads, nameof(GroupConv));
    }

    /// <summary><c>y[n,o,h,v] = b[o] + Σ_{i,kh,kw} w[o,i,kh,kw]·x[n,q·(C/G)+i,h·s+kh·d−top,v·s+kw·d−left]</c>, q the
    /// group of o.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="w">Weight, <c>[O, C/G, k, k]</c>; finite.</param>
    /// <param name="bias">Bias, <c>[O]</c>; empty for none.</param>
    /// <param name="y">Output, <c>[N, O, H', W']</c>, written.</param>
    /// <param name="scratch">At least <see cref="Args.ScratchLength"/> floats for the pool's threads.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> bias,
        Span<float> y, Span<float> scratch, WorkPool? pool = null)
    {
        CheckForward(args, x, w, bias, y);
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), ForwardName);
        Guard.Separate(scratch, ForwardName, x, w, bias, y);
        WindowWork.Forward([Part(args)], args.X, args.Y, x, w, bias, y, scratch, pool);
    }

    /// <summary><c>dx[n,i,h',v'] = Σ w[o,i,kh,kw]·dy[n,o,h,v]</c> over the outputs of the group and the taps that read
    /// (h', v').</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Output gradient, <c>[N, O, H', W']</c>.</param>
    /// <param name="w">Weight, <c>[O, C/G, k, k]</c>; finite.</param>
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
        WindowWork.BackwardInput([Part(args)], args.X, args.Y, dy, w, dx, scratch, pool);
    }

    /// <summary><c>dw[o,i,kh,kw] += Σ_{n,h,v} dy[n,o,h,v]·x[n,q·(C/G)+i,h·s+kh·d−top,v·s+kw·d−left]</c>; each image is
    /// a band of the sum.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Output gradient, <c>[N, O, H', W']</c>; what is not finite
    /// reaches every weight gradient of its channel, for it meets the padding's zeros.</param>
    /// <param name="x">Input, <c>[N, C, H, W]</c>.</param>
    /// <param name="dw">Weight gradient, <c>[O, C/G, k, k]</c>, added to.</param>
    /// <param name="scratch">At least <see cref="Args.ScratchLength"/> floats for the pool's threads.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardWeight(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dw,
        Span<float> scratch, WorkPool? pool = null)
    {
        CheckBackwardWeight(args, dy, x, dw);
        Guard.Scratch(scratch, args.ScratchLength(WorkPool.Threads(pool)), BackwardWeightName);
        Guard.Separate(scratch, BackwardWeightName, dy, x, dw);
        WindowWork.BackwardWeight([Part(args)], args.X, args.Y, dy, x, dw, scratch, pool);
    }

    /// <summary><c>db[o] += Σ_{n,h,v} dy[n,o,h,v]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Output gradient, <c>[N, O, H', W']</c>.</param>
    /// <param name="db">Bias gradient, <c>[O]</c>, added to.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardBias(in Args args, ReadOnlySpan<float> dy, Span<float> db, WorkPool? pool = null) =>
        ConvBias.Backward(args.Y, dy, db, pool);

    /// <summary><see cref="Forward"/> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> bias,
        Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckForward(args, x, w, bias, y);
        WindowReference.Forward([Part(args)], args.X, args.Y, x, w, bias, y);
    }

    /// <summary><see cref="BackwardInput"/> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardInputReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardInput(args, dy, w, dx);
        WindowReference.BackwardInput([Part(args)], args.X, args.Y, dy, w, dx);
    }

    /// <summary><see cref="BackwardWeight"/> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardWeightReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardWeight(args, dy, x, dw);
        WindowReference.BackwardWeight([Part(args)], args.X, args.Y, dy, x, dw);
    }

    /// <summary><see cref="BackwardBias"/> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match the geometry, or overlapping memory.</exception>
    public static void BackwardBiasReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> db)
        where T : struct, IFloatingPointIeee754<T> => ConvBias.BackwardReference(args.Y, dy, db);

    private const string ForwardName = "GroupConv.Forward";
    private const string BackwardInputName = "GroupConv.BackwardInput";
    private const string BackwardWeightName = "GroupConv.BackwardWeight";

    private static WindowPart Part(in Args args) =>
        new(args.Window, args.Groups, args.InPerGroup, args.OutPerGroup);

    private static void CheckForward<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> bias,
        Span<T> y)
    {
        Guard.Length(x, args.X, ForwardName);
        Guard.Length(w, args.Weight, ForwardName);
        Guard.LengthOrEmpty(bias, args.Bias, ForwardName);
        Guard.Length(y, args.Y, ForwardName);
        Guard.NoOverlap(x, y, ForwardName);
        Guard.NoOverlap(w, y, ForwardName);
        Guard.NoOverlap(bias, y, ForwardName);
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
