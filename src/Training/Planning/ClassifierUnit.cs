using MuxKernels.Autograd;

namespace MuxKernels.Training;

/// <summary>
/// What follows the maps: dropout of the pooled features, the classifier and the loss. Images take the place of pixels:
/// the features of the batch are a blocked map of one row, on which the classifier is a 1×1 convolution.
/// </summary>
internal sealed unsafe class ClassifierUnit<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private readonly Dropout.Args? dropout;
    private readonly int coins;
    private readonly Parameter? bias;
    private readonly int[] inChannels;
    private readonly int[] outChannels;
    private readonly Numbers zeros;

    /// <param name="name">Path of the classifier.</param>
    /// <param name="args">Its geometry.</param>
    /// <param name="weight">Its weights, [K][C].</param>
    /// <param name="bias">Its bias; null for none.</param>
    /// <param name="dropout">Dropout in front of it; null for none.</param>
    /// <param name="coins">Which of the network's random operations that is.</param>
    /// <param name="loss">The loss behind it.</param>
    /// <param name="mean">Pooled features, [images][C].</param>
    /// <param name="dmean">Their gradient.</param>
    /// <param name="pool">Memory.</param>
    public ClassifierUnit(string name, Linear.Args args, Parameter weight, Parameter? bias, Dropout.Args? dropout,
        int coins, SoftmaxCrossEntropy.Args loss, Numbers mean, Numbers dmean, NumberPool pool)
    {
        (Name, Args, Weight, Loss, Mean, Dmean) = (name, args, weight, loss, mean, dmean);
        (this.dropout, this.coins, this.bias) = (dropout, coins, bias);
        inChannels = Slots(args.X.C);
        outChannels = Slots(args.Y.C);
        Kept = dropout is null ? mean : pool.Reserve(args.X.Length);
        X = pool.Reserve(InBlocks * Block);
        Z = pool.Reserve(OutBlocks * Block);
        Logits = pool.Reserve(args.Y.Length);
        Dlogits = pool.Reserve(args.Y.Length);
        Bias = pool.Reserve(outChannels.Length);
        zeros = pool.Reserve(BlockedPointwise<TSimd, TVector>.ColumnVectors * TSimd.Lanes);
        Offsets = pool.Reserve(Math.Max(inChannels.Length, outChannels.Length));
    }

    /// <summary>Path of the classifier.</summary>
    public string Name { get; }

    /// <summary>Geometry.</summary>
    public Linear.Args Args { get; }

    /// <summary>The loss.</summary>
    public SoftmaxCrossEntropy.Args Loss { get; }

    /// <summary>Weights, [K][C].</summary>
    public Parameter Weight { get; }

    /// <summary>Images.</summary>
    public int Images => Args.X.N;

    /// <summary>Floats of a block of a map.</summary>
    public long Block => (long)Images * TSimd.Lanes;

    /// <summary>Blocks of features.</summary>
    public int InBlocks => inChannels.Length / TSimd.Lanes;

    /// <summary>Blocks of classes.</summary>
    public int OutBlocks => outChannels.Length / TSimd.Lanes;

    /// <summary>For each slot of the features its channel, or −1.</summary>
    public ReadOnlySpan<int> InChannels => inChannels;

    /// <summary>For each slot of the classes its class, or −1.</summary>
    public ReadOnlySpan<int> OutChannels => outChannels;

    /// <summary>Pooled features, [images][C].</summary>
    public Numbers Mean { get; }

    /// <summary>Their gradient.</summary>
    public Numbers Dmean { get; }

    /// <summary>Features behind dropout, [images][C].</summary>
    public Numbers Kept { get; }

    /// <summary>The same as a map.</summary>
    public Numbers X { get; }

    /// <summary>Logits as a map, then their gradient.</summary>
    public Numbers Z { get; }

    /// <summary>Logits, [images][K].</summary>
    public Numbers Logits { get; }

    /// <summary>Softmax, then the gradient of the logits, [images][K].</summary>
    public Numbers Dlogits { get; }

    /// <summary>The bias in whole blocks.</summary>
    public Numbers Bias { get; }

    /// <summary>A column's bias of zeros.</summary>
    public float* Zeros => zeros.Pointer;

    /// <summary>Where a slot's numbers begin in a map, as integers.</summary>
    public Numbers Offsets { get; }

    /// <summary>Writes the table of offsets; once, when memory has its place.</summary>
    public void Prepare()
    {
        int* offsets = (int*)Offsets.Pointer;
        for (int s = 0; s < Offsets.Length; s++)
        {
            offsets[s] = (int)(s / TSimd.Lanes * Block) + s % TSimd.Lanes;
        }
    }

    /// <summary>Puts the bias into whole blocks.</summary>
    public void TakeBias()
    {
        if (bias is not null)
        {
            CpuDevice.Span(bias.Data).CopyTo(Bias.Span);
        }
    }

    /// <summary>Adds the sums over all images of some classes' gradients to the gradient of the bias.</summary>
    public void AddBias(float* dz, int firstBlock, int blocks)
    {
        if (bias is null)
        {
            return;
        }

        float* db = NormUnit.At(bias.Gradient);
        for (int b = firstBlock; b < firstBlock + blocks; b++, dz += Block)
        {
            TVector sum = TSimd.Zero;
            for (long i = 0; i < Block; i += TSimd.Lanes)
            {
                sum = TSimd.Add(sum, TSimd.Load(dz + i));
            }

            int first = b * TSimd.Lanes, count = Math.Min(TSimd.Lanes, Args.Y.C - first);
            TSimd.StorePartial(TSimd.Add(TSimd.LoadPartial(db + first, count), sum), db + first, count);
        }
    }

    /// <summary>Throws dropout's coins; the same ones for a gradient.</summary>
    public void Drop(TrainingContext c, Numbers from, Numbers to)
    {
        if (dropout is { } drop)
        {
            Dropout.Forward(new Dropout.Args(drop.X, drop.Rate, SplitMix.Hash(c.Seed + (ulong)coins)), from.Span,
                to.Span, c.Pool);
        }
    }

    /// <summary>Rows of all images as a map; slots without a channel are zeros.</summary>
    public void ToMap(float* rows, int length, float* map)
    {
        for (int n = 0; n < Images; n++, rows += length, map += TSimd.Lanes)
        {
            for (int i = 0, left; i < length; i += TSimd.Lanes)
            {
                left = Math.Min(TSimd.Lanes, length - i);
                TSimd.Store(left == TSimd.Lanes ? TSimd.Load(rows + i) : TSimd.LoadPartial(rows + i, left),
                    map + i / TSimd.Lanes * Block);
            }
        }
    }

    /// <summary>A map as rows of all images.</summary>
    public void ToRows(float* map, int length, float* rows)
    {
        for (int n = 0; n < Images; n++, rows += length, map += TSimd.Lanes)
        {
            for (int i = 0; i < length; i += TSimd.Lanes)
            {
                TSimd.StorePartial(TSimd.Load(map + i / TSimd.Lanes * Block), rows + i,
                    Math.Min(TSimd.Lanes, length - i));
            }
        }
    }

    private static int[] Slots(int channels)
    {
        int[] slots = new int[(channels + TSimd.Lanes - 1) / TSimd.Lanes * TSimd.Lanes];
        for (int s = 0; s < slots.Length; s++)
        {
            slots[s] = s < channels ? s : -1;
        }

        return slots;
    }
}
