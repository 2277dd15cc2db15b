namespace MuxKernels;

/// <summary>A rectangle of one output block that a tile has filled with sums (bias included) and that is still in the
/// first cache: what <see cref="BlockedEpilogue"/> works on. Pixels of a row are L floats apart everywhere.</summary>
internal unsafe struct BlockedPatch
{
    /// <summary>The sums.</summary>
    public float* From;

    /// <summary>Floats from one row of sums to the next.</summary>
    public nint FromRowStride;

    /// <summary>Where results go: <see cref="From"/> itself, other memory, or null where only <see cref="Sums"/> are
    /// wanted.</summary>
    public float* To;

    /// <summary>Floats from one row of results to the next.</summary>
    public nint ToRowStride;

    /// <summary>What is added after f; null for nothing.</summary>
    public float* Residual;

    /// <summary>Floats from one row of the residual to the next.</summary>
    public nint ResidualRowStride;

    /// <summary>For each lane the sum of the results is added here; null where it is not wanted.</summary>
    public float* Sums;

    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Columns.</summary>
    public int Columns;
}

/// <summary>
/// What follows the sums of a convolution on blocked maps, in a loop of its own (a function with exp inside a tile would
/// spill the tile's accumulators): <c>y = f(sum) + residual</c>, and the sums of y.
/// </summary>
internal static unsafe class BlockedEpilogue
{
    /// <summary>Whether there is nothing to do when the sums stand where y stands.</summary>
    public static bool IsEmpty(in BlockedStore store) =>
        store.Activation == ActivationKind.None && store.Residual is null && store.Sums is null;

    /// <summary>Finishes a rectangle.</summary>
    public static void Run<TSimd, TVector>(ActivationKind kind, BlockedPatch* patch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Activation.Choose(kind, new Body<TSimd, TVector>(patch));

    /// <summary>Finishes a rectangle, for callers that have chosen the function outside their loop.</summary>
    public static void Run<TSimd, TVector, TFunction>(BlockedPatch* patch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        if (patch->Sums is null)
        {
            Store<TSimd, TVector, TFunction>(patch);
        }
        else
        {
            Sum<TSimd, TVector, TFunction>(patch);
        }
    }

    private readonly struct Body<TSimd, TVector>(BlockedPatch* patch) : IActivationBody
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly BlockedPatch* patch = patch;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction => Run<TSimd, TVector, TFunction>(patch);
    }

    private static void Store<TSimd, TVector, TFunction>(BlockedPatch* patch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        float* from = patch->From, to = patch->To, residual = patch->Residual;
        nint length = (nint)patch->Columns * TSimd.Lanes;
        for (int rows = patch->Rows; rows > 0; rows--)
        {
            if (residual is null)
            {
                for (nint i = 0; i < length; i += TSimd.Lanes)
                {
                    TSimd.Store(TFunction.Value<TSimd, TVector>(TSimd.Load(from + i)), to + i);
                }
            }
            else
            {
                for (nint i = 0; i < length; i += TSimd.Lanes)
                {
                    TVector y = TFunction.Value<TSimd, TVector>(TSimd.Load(from + i));
                    TSimd.Store(TSimd.Add(y, TSimd.Load(residual + i)), to + i);
                }

                residual += patch->ResidualRowStride;
            }

            from += patch->FromRowStride;
            to += patch->ToRowStride;
        }
    }

    /// <summary>The same with sums of y, even and odd columns apart.</summary>
    private static void Sum<TSimd, TVector, TFunction>(BlockedPatch* patch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        float* from = patch->From, to = patch->To, residual = patch->Residual;
        int columns = patch->Columns;
        TVector even = TSimd.Zero, odd = TSimd.Zero;
        for (int rows = patch->Rows; rows > 0; rows--)
        {
            for (int column = 0; column < columns; column++)
            {
                nint i = (nint)column * TSimd.Lanes;
                TVector y = TFunction.Value<TSimd, TVector>(TSimd.Load(from + i));
                if (residual is not null)
                {
                    y = TSimd.Add(y, TSimd.Load(residual + i));
                }

                if (to is not null)
                {
                    TSimd.Store(y, to + i);
                }

                TVector sum = TSimd.Add(odd, y);
                odd = even;
                even = sum;
            }

            from += patch->FromRowStride;
            to = to is null ? null : to + patch->ToRowStride;
            residual = residual is null ? null : residual + patch->ResidualRowStride;
        }

        TSimd.Store(TSimd.Add(TSimd.Load(patch->Sums), TSimd.Add(even, odd)), patch->Sums);
    }
}
