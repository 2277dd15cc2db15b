using System.Runtime.Intrinsics;
using MuxKernels.Autograd;

namespace MuxKernels.Compare;

/// <summary>The gradients of one of our convolutions on channel-blocked maps, as training plans compute them: one image
/// (of a 1×1 convolution one run of pixels), one thread, without normalisation.</summary>
internal sealed unsafe class BlockedGradients : IDisposable
{
    private readonly BlockedKernel? input;
    private readonly BlockedWeightGradient weight;

    private BlockedGradients(BlockedKernel? input, BlockedWeightGradient weight) =>
        (this.input, this.weight) = (input, weight);

    /// <summary>Whether the gradient of the input is computed; that of images is not.</summary>
    public bool HasInput => input is not null;

    /// <summary>Prepares the gradients for the widest vectors here.</summary>
    /// <param name="subject">The convolution.</param>
    /// <param name="forward">Its own kernel, whose input the weight gradient reads.</param>
    /// <exception cref="ArgumentException">No blocked kernels for it.</exception>
    public static BlockedGradients Of(KernelSubject subject, BlockedKernel forward) => MachineProbe.VectorLanes switch
    {
        16 => Of<Simd512, Vector512<float>>(subject, forward),
        8 => Of<Simd256, Vector256<float>>(subject, forward),
        _ => Of<Simd128, Vector128<float>>(subject, forward),
    };

    /// <summary>Computes the gradient of the input.</summary>
    public void RunInput() => input!.Run();

    /// <summary>Adds the gradient of the weights to packed sums.</summary>
    public void RunWeight() => weight.Run();

    /// <summary>The gradient of the input, NCHW.</summary>
    public float[] ReadInput(Shape x) => input!.Read(x);

    /// <summary>The gradient of the weights in the layout of the public family, computed once.</summary>
    public float[] ReadWeight(long length)
    {
        float[] dw = new float[length];
        weight.Read(dw);
        return dw;
    }

    public void Dispose()
    {
        input?.Dispose();
        weight.Dispose();
    }

    private static BlockedGradients Of<TSimd, TVector>(KernelSubject subject, BlockedKernel forward)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        switch (subject.Operator)
        {
            case PointwiseConvOperator { Args: var args }:
                BlockedPointwiseKernel<TSimd, TVector> turned = new(new PointwiseConv.Args(args.Y, args.X.C),
                    subject.Upstream, Transposed(subject.Weights, args.Y.C, args.X.C));
                return new(turned, new PointwiseWeightGradient<TSimd, TVector>(args, forward.X, turned.X));
            case DenseConvOperator { Args: var args }:
                return new(null, new StemWeightGradient<TSimd, TVector>(args,
                    (BlockedStemKernel<TSimd, TVector>)forward, subject));
        }

        (BlockedWindow? window, BlockedWindow? gradient, BlockedWindowGradient? sums) = subject.Operator switch
        {
            DepthwiseConvOperator o => (BlockedWindows.Of(o.Args, TSimd.Lanes),
                BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes)),
            GroupConvOperator o => (BlockedWindows.Of(o.Args, TSimd.Lanes),
                BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes)),
            MixedConvOperator o => (BlockedWindows.Of(o.Args, TSimd.Lanes),
                BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes)),
            MuxConvOperator o => (BlockedWindows.Of(o.Args, TSimd.Lanes),
                BlockedWindows.InputGradientOf(o.Args, TSimd.Lanes),
                BlockedWindows.WeightGradientOf(o.Args, TSimd.Lanes)),
            _ => (null, null, null),
        };
        if (window is null || gradient is null || sums is null)
        {
            throw new ArgumentException($"{subject.Operator} has no blocked gradients.", nameof(subject));
        }

        BlockedWindowKernel dx = new(gradient, subject.Y, subject.Upstream, subject.Weights, subject.X);
        return new(dx, new WindowWeightGradient(window, sums, forward.X, dx.X));
    }

    private static float[] Transposed(float[] w, int rows, int columns)
    {
        float[] turned = new float[w.Length];
        for (int i = 0; i < w.Length; i++)
        {
            turned[i % columns * rows + i / columns] = w[i];
        }

        return turned;
    }
}

/// <summary>A weight gradient with its packed sums.</summary>
internal abstract unsafe class BlockedWeightGradient(long packedLength) : IDisposable
{
    protected AlignedBuffer<float> Packed { get; } = new(packedLength);

    /// <summary>Adds to the packed sums.</summary>
    public abstract void Run();

    /// <summary>Computes once and unpacks.</summary>
    public void Read(Span<float> dw)
    {
        Packed.Span.Clear();
        Run();
        Unpack(dw);
    }

    public virtual void Dispose() => Packed.Dispose();

    protected abstract void Unpack(Span<float> dw);
}

/// <summary>Depthwise, group-wise, mixed and multiplexed convolutions.</summary>
internal sealed unsafe class WindowWeightGradient(BlockedWindow window, BlockedWindowGradient gradient, BlockedImage x,
    BlockedImage dy) : BlockedWeightGradient(gradient.PackedLength)
{
    public override void Run()
    {
        for (int i = 0; i < window.Pieces.Count; i++)
        {
            BlockedPiece piece = window.Pieces[i];
            gradient.Run(i, x.Origin + (long)piece.FirstIn * x.BlockStride, x.BlockStride, x.RowStride,
                dy.Origin + (long)piece.FirstOut * dy.BlockStride, dy.BlockStride, dy.RowStride, Packed.Pointer, 0,
                window.OutHeight);
        }
    }

    protected override void Unpack(Span<float> dw) => gradient.Unpack(Packed.Pointer, dw);
}

/// <summary>1×1 convolutions.</summary>
internal sealed unsafe class PointwiseWeightGradient<TSimd, TVector>(PointwiseConv.Args args, BlockedImage x,
    BlockedImage dy)
    : BlockedWeightGradient(BlockedPointwiseGradient<TSimd, TVector>.PackedLength(x.Order.Count, dy.Order.Count))
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    public override void Run() => BlockedPointwiseGradient<TSimd, TVector>.Run(new BlockedPointwiseGradientBand
    {
        A = x.Origin,
        ABlock = x.BlockStride,
        ARow = x.RowStride,
        Dz = dy.Origin,
        DzBlock = dy.BlockStride,
        DzRow = dy.RowStride,
        InSlots = x.Order.Count,
        OutSlots = dy.Order.Count,
        Images = 1,
        Rows = args.X.H,
        Columns = args.X.W,
        Packed = Packed.Pointer,
    });

    protected override void Unpack(Span<float> dw) => BlockedPointwiseGradient<TSimd, TVector>.Unpack(Packed.Pointer,
        [.. x.Order], [.. dy.Order], dw, args.X.C);
}

/// <summary>The stem.</summary>
internal sealed unsafe class StemWeightGradient<TSimd, TVector> : BlockedWeightGradient
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly DenseConv.Args args;
    private readonly BlockedStemKernel<TSimd, TVector> forward;
    private readonly BlockedImage dy;
    private readonly AlignedBuffer<float> scratch;

    public StemWeightGradient(in DenseConv.Args args, BlockedStemKernel<TSimd, TVector> forward,
        KernelSubject subject)
        : base(BlockedStemGradient<TSimd, TVector>.PackedLength(args))
    {
        (this.args, this.forward) = (args, forward);
        dy = BlockedImage.InOrder(TSimd.Lanes, args.Y, 0);
        dy.Write(subject.Upstream, args.Y);
        scratch = new AlignedBuffer<float>(BlockedStemGradient<TSimd, TVector>.ScratchLength(args, args.Y.H) + 16);
    }

    public override void Run() => BlockedStemGradient<TSimd, TVector>.Run(args, forward.Planes, dy.Origin,
        dy.BlockStride, dy.RowStride, Packed.Pointer, 0, args.Y.H, scratch.Pointer);

    public override void Dispose()
    {
        base.Dispose();
        dy.Dispose();
        scratch.Dispose();
    }

    protected override void Unpack(Span<float> dw) =>
        BlockedStemGradient<TSimd, TVector>.Unpack(args, Packed.Pointer, dw);
}
