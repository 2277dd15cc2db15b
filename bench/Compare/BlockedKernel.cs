using System.Runtime.Intrinsics;
using MuxKernels.Autograd;

namespace MuxKernels.Compare;

/// <summary>One of our convolutions in the layout of planned networks (NCHWcL), on one image and one thread: without
/// the conversion from and to NCHW, without activation.</summary>
internal abstract unsafe class BlockedKernel : IDisposable
{
    private readonly AlignedBuffer<float> bias;

    protected BlockedKernel(BlockedImage x, BlockedImage y, long packedLength)
    {
        (X, Y, Packed) = (x, y, new AlignedBuffer<float>(packedLength));
        bias = new AlignedBuffer<float>(y.Order.Count);
        bias.Span.Clear();
    }

    /// <summary>Share of the vectors' lanes that work for a channel.</summary>
    public abstract double LaneCap { get; }

    /// <summary>The input's map.</summary>
    public BlockedImage X { get; }

    /// <summary>The result's map.</summary>
    public BlockedImage Y { get; }

    protected AlignedBuffer<float> Packed { get; }

    /// <summary>Prepares a convolution for the widest vectors here.</summary>
    /// <exception cref="ArgumentException">No blocked kernel for it.</exception>
    public static BlockedKernel Of(KernelSubject subject) => MachineProbe.VectorLanes switch
    {
        16 => Of<Simd512, Vector512<float>>(subject),
        8 => Of<Simd256, Vector256<float>>(subject),
        _ => Of<Simd128, Vector128<float>>(subject),
    };

    /// <summary>Computes.</summary>
    public abstract void Run();

    /// <summary>The result, NCHW.</summary>
    public float[] Read(Shape y)
    {
        float[] result = new float[y.Length];
        Y.Read(result, y);
        return result;
    }

    public virtual void Dispose()
    {
        X.Dispose();
        Y.Dispose();
        Packed.Dispose();
        bias.Dispose();
    }

    /// <summary>Where a run of output blocks goes.</summary>
    protected BlockedStore Store(int firstBlock) => new()
    {
        Y = Y.Origin + (long)firstBlock * Y.BlockStride,
        BlockStride = Y.BlockStride,
        RowStride = Y.RowStride,
        Bias = bias.Pointer + firstBlock * Y.Lanes,
        Activation = ActivationKind.None,
    };

    private static BlockedKernel Of<TSimd, TVector>(KernelSubject subject)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        BlockedWindow? window = subject.Operator switch
        {
            PointwiseConvOperator or DenseConvOperator => null,
            DepthwiseConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
            GroupConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
            MixedConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
            MuxConvOperator o => BlockedWindows.Of(o.Args, TSimd.Lanes),
            _ => null,
        };
        return (window, subject.Operator) switch
        {
            ({ } w, _) => new BlockedWindowKernel(w, subject.X, subject.Input, subject.Weights, subject.Y),
            (_, PointwiseConvOperator o) =>
                new BlockedPointwiseKernel<TSimd, TVector>(o.Args, subject.Input, subject.Weights),
            (_, DenseConvOperator o) => new BlockedStemKernel<TSimd, TVector>(o.Args, subject.Input, subject.Weights),
            _ => throw new ArgumentException($"{subject.Operator} has no blocked kernel.", nameof(subject)),
        };
    }
}

/// <summary>Depthwise, group-wise, mixed and multiplexed convolutions.</summary>
internal sealed unsafe class BlockedWindowKernel : BlockedKernel
{
    private readonly BlockedWindow window;

    public BlockedWindowKernel(BlockedWindow window, Shape x, ReadOnlySpan<float> input, ReadOnlySpan<float> weights,
        Shape y)
        : base(BlockedImage.Of(window.Lanes, window.InOrder, x, window.Border),
            BlockedImage.Of(window.Lanes, window.OutOrder, y, 0), window.PackedLength)
    {
        this.window = window;
        X.Write(input, x);
        window.Pack(weights, [], Packed.Pointer);
    }

    public override double LaneCap =>
        (double)window.Pieces.Sum(p => p.MultiplyAdds) / window.Pieces.Sum(p => p.VectorMultiplyAdds);

    public override void Run()
    {
        for (int i = 0; i < window.Pieces.Count; i++)
        {
            BlockedPiece piece = window.Pieces[i];
            window.Run(i, X.Origin + (long)piece.FirstIn * X.BlockStride, X.BlockStride, X.RowStride, Packed.Pointer,
                Store(piece.FirstOut), 0, window.OutHeight);
        }
    }
}

/// <summary>1×1 convolutions: bands of rows whose input stays near, all columns of a band.</summary>
internal sealed unsafe class BlockedPointwiseKernel<TSimd, TVector> : BlockedKernel
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int BandFloats = 16_384;

    private readonly PointwiseConv.Args args;
    private readonly AlignedBuffer<int> offsets;
    private readonly int blocks;

    public BlockedPointwiseKernel(in PointwiseConv.Args args, ReadOnlySpan<float> input, ReadOnlySpan<float> weights)
        : base(BlockedImage.InOrder(TSimd.Lanes, args.X, 0), BlockedImage.InOrder(TSimd.Lanes, args.Y, 0),
            BlockedPointwise<TSimd, TVector>.PackedLength(args.X.C, Blocks(args.Y.C)))
    {
        (this.args, blocks) = (args, Blocks(args.Y.C));
        X.Write(input, args.X);
        offsets = new AlignedBuffer<int>(args.X.C);
        for (int i = 0; i < args.X.C; i++)
        {
            offsets.Span[i] = X.OffsetOf(i);
        }

        float[] w = new float[blocks * TSimd.Lanes * args.X.C];
        weights.CopyTo(w);
        BlockedPointwise<TSimd, TVector>.Pack(w, blocks, args.X.C, Packed.Pointer);
    }

    public override double LaneCap => (double)args.Y.C / (blocks * TSimd.Lanes);

    public override void Run()
    {
        int band = Math.Max(1, Math.Min(args.X.H, BandFloats / (args.X.C * args.X.W)));
        for (int row = 0; row < args.X.H; row += band)
        {
            for (int column = 0; column < BlockedPointwise<TSimd, TVector>.Columns(blocks); column++)
            {
                BlockedPointwise<TSimd, TVector>.Run(new PointwiseColumn
                {
                    X = X.Origin,
                    XRowStride = X.RowStride,
                    Offsets = offsets.Pointer,
                    Depth = args.X.C,
                    W = Packed.Pointer + BlockedPointwise<TSimd, TVector>.ColumnOffset(column, args.X.C),
                    Vectors = BlockedPointwise<TSimd, TVector>.Vectors(column, blocks),
                    Width = args.X.W,
                    FirstRow = row,
                    Rows = Math.Min(band, args.X.H - row),
                    Store = Store(column * BlockedPointwise<TSimd, TVector>.ColumnVectors),
                });
            }
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        offsets.Dispose();
    }

    private static int Blocks(int channels) => (channels + TSimd.Lanes - 1) / TSimd.Lanes;
}

/// <summary>The stem: from planes to a blocked map, some rows at a time.</summary>
internal sealed unsafe class BlockedStemKernel<TSimd, TVector> : BlockedKernel
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int Band = 7;

    private readonly DenseConv.Args args;
    private readonly AlignedBuffer<float> planes;
    private readonly AlignedBuffer<float> scratch;

    public BlockedStemKernel(in DenseConv.Args args, ReadOnlySpan<float> input, ReadOnlySpan<float> weights)
        : base(BlockedImage.InOrder(TSimd.Lanes, args.X with { H = 1, W = 1 }, 0),
            BlockedImage.InOrder(TSimd.Lanes, args.Y, 0), BlockedStem<TSimd, TVector>.PackedLength(args))
    {
        this.args = args;
        planes = new AlignedBuffer<float>(args.X.Length);
        input.CopyTo(planes.Span);
        scratch = new AlignedBuffer<float>(BlockedStem<TSimd, TVector>.ScratchLength(args, Band));
        BlockedStem<TSimd, TVector>.Pack(args, weights, [], Packed.Pointer);
    }

    public override double LaneCap => (double)args.Y.C / Y.Order.Count;

    /// <summary>The image's planes.</summary>
    public float* Planes => planes.Pointer;

    public override void Run()
    {
        for (int row = 0; row < args.Y.H; row += Band)
        {
            BlockedStem<TSimd, TVector>.Run(args, planes.Pointer, Packed.Pointer, Store(0), row,
                Math.Min(Band, args.Y.H - row), scratch.Pointer);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        planes.Dispose();
        scratch.Dispose();
    }
}
