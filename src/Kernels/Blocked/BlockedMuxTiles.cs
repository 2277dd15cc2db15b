namespace MuxKernels;

/// <summary>What all tiles of a run of rows have in common.</summary>
internal unsafe struct BlockedMuxWork
{
    /// <summary>Floats from one row of taps to the next; in super-pixel pieces from one row of pixels to the
    /// next.</summary>
    public nint RowStride;

    /// <summary>Floats between the two blocks of x of a super-pixel pair, 0 in a single block.</summary>
    public nint BlockStride;

    /// <summary>The same of y.</summary>
    public nint YBlockStride;

    /// <summary>Weights, <c>[kernel²][L]</c>, for tiles of both blocks of a pair <c>[2][kernel²][L]</c>.</summary>
    public float* W;

    /// <summary>What the sums begin with.</summary>
    public float* Bias;

    /// <summary>Where each tile adds its results, after the function; null where no sums are wanted.</summary>
    public float* Sums;

    /// <summary>Taps along each axis.</summary>
    public int Kernel;

    /// <summary>The fine row of a pixel that a block of a super-pixel pair holds.</summary>
    public int Phase;
}

/// <summary>A tile of one row of outputs, TCount vectors that are TStep pixels apart. Each output adds its taps one
/// after the other in the order of the weights, so that all tiles give the same bits. Accumulators and weights live
/// in registers. TFunction is done to the sums before they are stored: nothing, or one instruction.</summary>
internal unsafe interface IBlockedMuxTile
{
    /// <summary>Vectors of the widest tile.</summary>
    static abstract int Widest { get; }

    /// <summary>Whether a tile needs an even number of vectors.</summary>
    static abstract bool EvenOnly { get; }

    /// <summary>Computes a tile.</summary>
    /// <param name="work">What tiles have in common.</param>
    /// <param name="x">The pixel of the first output (in the first block of a pair).</param>
    /// <param name="y">The first output.</param>
    static abstract void Run<TSimd, TVector, TStep, TCount, TFunction>(BlockedMuxWork* work, float* x, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TCount : struct, ICount
        where TFunction : struct, IActivationFunction;
}

/// <summary>Rows of outputs cut into tiles of 14 … 1 vectors.</summary>
internal unsafe ref struct BlockedMuxRows
{
    /// <summary>What tiles have in common.</summary>
    public BlockedMuxWork* Work;

    /// <summary>The pixel of the first output.</summary>
    public float* X;

    /// <summary>Floats from one of the rows to the next.</summary>
    public nint XRow;

    /// <summary>The first output.</summary>
    public float* Y;

    /// <summary>Floats from one of the rows to the next.</summary>
    public nint YRow;

    /// <summary>Number of rows.</summary>
    public int Rows;

    /// <summary>Outputs of a row.</summary>
    public int Columns;

    /// <summary>Taps TStep pixels apart: plain and sub-pixel pieces.</summary>
    public readonly void Whole<TSimd, TVector, TStep, TFunction>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TFunction : struct, IActivationFunction
    {
        switch (Work->Kernel)
        {
            case 3:
                Run<TSimd, TVector, TStep, BlockedMuxWhole3, TFunction>();
                break;
            case 5:
                Run<TSimd, TVector, TStep, BlockedMuxWhole5, TFunction>();
                break;
            default:
                Run<TSimd, TVector, TStep, BlockedMuxTaps, TFunction>();
                break;
        }
    }

    /// <summary>Taps half a vector apart: super-pixel pieces of one block, or one block of a pair.</summary>
    public readonly void Fine<TSimd, TVector, TFunction>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        switch (Work->Kernel)
        {
            case 3:
                Run<TSimd, TVector, One, BlockedMuxFine3, TFunction>();
                break;
            case 5:
                Run<TSimd, TVector, One, BlockedMuxFine5, TFunction>();
                break;
            default:
                Run<TSimd, TVector, One, BlockedMuxFineTaps, TFunction>();
                break;
        }
    }

    /// <summary>Both blocks of a super-pixel pair: together where there are registers for it.</summary>
    public void Pair<TSimd, TVector, TFunction>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        if (TSimd.Lanes == 16 && Work->Kernel == 3)
        {
            Run<TSimd, TVector, One, BlockedMuxPair3, TFunction>();
        }
        else if (TSimd.Lanes == 16 && Work->Kernel == 5)
        {
            Run<TSimd, TVector, One, BlockedMuxPair5, TFunction>();
        }
        else
        {
            Fine<TSimd, TVector, TFunction>();
            Work->Phase = 1;
            Work->W += Work->Kernel * Work->Kernel * TSimd.Lanes;
            Work->Bias += TSimd.Lanes;
            Work->Sums = Work->Sums is null ? null : Work->Sums + TSimd.Lanes;
            Y += Work->YBlockStride;
            Fine<TSimd, TVector, TFunction>();
        }
    }

    /// <summary>Rows of one parity of a sub-pixel piece, both column phases: together where there are registers for the
    /// weights of both.</summary>
    public void Phases<TSimd, TVector, TFunction>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        if (TSimd.Lanes == 16 && Work->Kernel == 3)
        {
            Run<TSimd, TVector, One, BlockedMuxPhase3, TFunction>();
        }
        else if (TSimd.Lanes == 16 && Work->Kernel == 5)
        {
            Run<TSimd, TVector, One, BlockedMuxPhase5, TFunction>();
        }
        else
        {
            Columns /= 2;
            Whole<TSimd, TVector, Two, TFunction>();
            Work->W += Work->Kernel * Work->Kernel * TSimd.Lanes;
            X += TSimd.Lanes;
            Y += TSimd.Lanes;
            Whole<TSimd, TVector, Two, TFunction>();
        }
    }

    private readonly void Run<TSimd, TVector, TStep, TTile, TFunction>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TTile : struct, IBlockedMuxTile
        where TFunction : struct, IActivationFunction
    {
        int wide = TSimd.Lanes == 16 ? TTile.Widest : 7, column = 0;
        if (wide == 14 && Columns % 14 != 2)
        {
            Sweep<TSimd, TVector, TStep, TTile, TFunction, Fourteen>(ref column);
        }

        if (TTile.Widest >= 8 && (Columns - column) % 7 != 0)
        {
            Sweep<TSimd, TVector, TStep, TTile, TFunction, Eight>(ref column);
        }

        if (!TTile.EvenOnly && (TTile.Widest >= 8 || Columns % 7 != 1))
        {
            Sweep<TSimd, TVector, TStep, TTile, TFunction, Seven>(ref column);
        }

        Sweep<TSimd, TVector, TStep, TTile, TFunction, Four>(ref column);
        Sweep<TSimd, TVector, TStep, TTile, TFunction, Two>(ref column);
        if (!TTile.EvenOnly)
        {
            Sweep<TSimd, TVector, TStep, TTile, TFunction, One>(ref column);
        }
    }

    /// <summary>As many tiles of TCount as fit from a column on, row by row.</summary>
    private readonly void Sweep<TSimd, TVector, TStep, TTile, TFunction, TCount>(ref int column)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TTile : struct, IBlockedMuxTile
        where TFunction : struct, IActivationFunction
        where TCount : struct, ICount
    {
        int tiles = (Columns - column) / TCount.Value;
        if (tiles == 0)
        {
            return;
        }

        nint step = (nint)TStep.Value * TSimd.Lanes, at = column * step;
        for (int row = 0; row < Rows; row++)
        {
            float* x = X + row * XRow + at, y = Y + row * YRow + at;
            for (int tile = tiles; tile > 0; tile--)
            {
                TTile.Run<TSimd, TVector, TStep, TCount, TFunction>(Work, x, y);
                x += TCount.Value * step;
                y += TCount.Value * step;
            }
        }

        column += tiles * TCount.Value;
    }
}
