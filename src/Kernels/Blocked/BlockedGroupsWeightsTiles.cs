namespace MuxKernels;

/// <summary>
/// What a tile of weight gradients on blocked maps adds to: for some rows and taps of a kernel
/// <c>sum[kh, kw] += Σ_{h,v} dy[h, v] ∘ x[h·s + kh·d, v·s + kw·d]</c>, lane by lane. Steps are in floats; every vector
/// is aligned when the pointers and steps are multiples of L.
/// </summary>
internal unsafe struct BlockedWeightsTile
{
    /// <summary>What the first tap reads for the first pixel of dy.</summary>
    public float* X;

    /// <summary>First pixel of dy.</summary>
    public float* Dy;

    /// <summary>Sum of the first tap.</summary>
    public float* Sums;

    /// <summary>From the input of one row of dy to that of the next.</summary>
    public nint XRowStep;

    /// <summary>From one kernel row to the next.</summary>
    public nint KernelRowStep;

    /// <summary>From the input of one column of dy to that of the next.</summary>
    public nint PixelStep;

    /// <summary>From one tap of a kernel row to the next.</summary>
    public nint TapStep;

    /// <summary>From one row of dy to the next.</summary>
    public nint DyRowStep;

    /// <summary>From the sums of one kernel row to those of the next.</summary>
    public nint SumRowStep;

    /// <summary>From the sum of one tap to that of the next.</summary>
    public nint SumStep;

    /// <summary>Rows of dy.</summary>
    public int Rows;

    /// <summary>Columns of dy.</summary>
    public int Columns;
}

/// <summary>
/// Tiles of weight gradients on blocked maps. Sums stand in registers over all rows of a call, start from zero and are
/// added to memory once. A tile has eight sums or more where the kernel gives them, so that no multiply-add waits for
/// the one before.
/// </summary>
internal static unsafe partial class BlockedWeightsTiles
{
    /// <summary>Most taps of a kernel row in a tile.</summary>
    public const int MostTaps = 11;

    /// <summary>How a tile reads dy.</summary>
    private interface IPixels
    {
        static abstract TVector Load<TSimd, TVector>(float* p)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct;
    }

    /// <summary>Kernel rows of the next tile where so many are left with so many taps each: enough independent sums
    /// that none waits for its last multiply-add, few enough for the registers.</summary>
    public static int Rows(int taps, int left) => taps switch
    {
        3 when left >= 3 => 3,
        5 or 7 when left >= 2 => 2,
        _ => 1,
    };

    /// <summary>Adds some rows and columns of dy to the sums of a tile.</summary>
    /// <typeparam name="TSimd">The width.</typeparam>
    /// <typeparam name="TVector">The register.</typeparam>
    /// <param name="tile">The rows.</param>
    /// <param name="kernelRows">Kernel rows, those of <see cref="Rows"/>.</param>
    /// <param name="taps">Taps of a kernel row, odd, at most <see cref="MostTaps"/>.</param>
    /// <param name="stride">1 or 2 where the input steps by so many pixels and taps are neighbours, else 0.</param>
    /// <param name="swap">Whether neighbouring lanes of dy change places.</param>
    public static void Add<TSimd, TVector>(BlockedWeightsTile* tile, int kernelRows, int taps, int stride, bool swap)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        switch (stride, swap)
        {
            case (1, false):
                Add<TSimd, TVector, One, AsIs>(tile, kernelRows, taps);
                break;
            case (1, true):
                Add<TSimd, TVector, One, Swapped>(tile, kernelRows, taps);
                break;
            case (2, false):
                Add<TSimd, TVector, Two, AsIs>(tile, kernelRows, taps);
                break;
            case (2, true):
                Add<TSimd, TVector, Two, Swapped>(tile, kernelRows, taps);
                break;
            case (_, false):
                Add<TSimd, TVector, BlockedWindowTiles.AnyStep, AsIs>(tile, kernelRows, taps);
                break;
            default:
                Add<TSimd, TVector, BlockedWindowTiles.AnyStep, Swapped>(tile, kernelRows, taps);
                break;
        }
    }

    private static void Add<TSimd, TVector, TStep, TDy>(BlockedWeightsTile* tile, int kernelRows, int taps)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TDy : struct, IPixels
    {
        bool slides = Slides<TSimd, TVector, TStep>();
        switch (taps * 10 + kernelRows)
        {
            case 111:
                OneRow<TSimd, TVector, TStep, Eleven, TDy>(tile);
                break;
            case 91:
                OneRow<TSimd, TVector, TStep, Nine, TDy>(tile);
                break;
            case 72 when slides:
                SlideTwo7<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 72:
                DirectTwo<TSimd, TVector, TStep, Seven, TDy>(tile);
                break;
            case 71 when slides:
                Wide7<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 71:
                Direct<TSimd, TVector, TStep, Seven, TDy>(tile);
                break;
            case 52 when slides:
                WideTwo5<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 52:
                DirectTwo<TSimd, TVector, TStep, Five, TDy>(tile);
                break;
            case 51 when slides:
                Wide5<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 51:
                DirectPair5<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 33 when slides:
                WideThree3<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 33:
                DirectThree<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 31 when slides:
                Wide3<TSimd, TVector, TStep, TDy>(tile);
                break;
            case 31:
                Direct<TSimd, TVector, TStep, Three, TDy>(tile);
                break;
            default:
                OneRow<TSimd, TVector, TStep, One, TDy>(tile);
                break;
        }
    }

    private static void OneRow<TSimd, TVector, TStep, TTaps, TDy>(BlockedWeightsTile* tile)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
        where TTaps : struct, ICount
        where TDy : struct, IPixels
    {
        if (Slides<TSimd, TVector, TStep>())
        {
            Slide<TSimd, TVector, TStep, TTaps, TDy>(tile);
        }
        else
        {
            Direct<TSimd, TVector, TStep, TTaps, TDy>(tile);
        }
    }

    /// <summary>With 512 bits an input from memory for every multiply-add would be the limit; with 16 registers the
    /// inputs of all taps have no room.</summary>
    private static bool Slides<TSimd, TVector, TStep>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount => TSimd.Lanes >= 16 && TStep.Value != 0;

    private readonly struct Nine : ICount
    {
        public static int Value => 9;
    }

    private readonly struct Eleven : ICount
    {
        public static int Value => 11;
    }

    private readonly struct AsIs : IPixels
    {
        public static TVector Load<TSimd, TVector>(float* p)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.Load(p);
    }

    private readonly struct Swapped : IPixels
    {
        public static TVector Load<TSimd, TVector>(float* p)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.SwapPairs(TSimd.Load(p));
    }
}
