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
/// What follows the sums of a convolution on blocked maps, in a loop of its own (a function with exp inside a tile
/// would spill the tile's accumulators): <c>y = f(sum) + residual</c>, and the sums of y.
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

    /// <summary>The same with sums of y, columns 4m, 4m + 1, 4m + 2 and 4m + 3 apart (one chain of additions would wait
    /// for each).</summary>
    private static void Sum<TSimd, TVector, TFunction>(BlockedPatch* patch)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IActivationFunction
    {
        float* from = patch->From, to = patch->To, residual = patch->Residual;
        nint length = (nint)patch->Columns * TSimd.Lanes, whole = length - length % (4 * TSimd.Lanes);
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        for (int rows = patch->Rows; rows > 0; rows--)
        {
            nint i = 0;
            if (to is not null && residual is null)
            {
                for (; i < whole; i += 4 * TSimd.Lanes)
                {
                    TVector y0 = TFunction.Value<TSimd, TVector>(TSimd.Load(from + i));
                    TSimd.Store(y0, to + i);
                    s0 = TSimd.Add(s0, y0);
                    TVector y1 = TFunction.Value<TSimd, TVector>(TSimd.Load(from + i + TSimd.Lanes));
                    TSimd.Store(y1, to + i + TSimd.Lanes);
                    s1 = TSimd.Add(s1, y1);
                    TVector y2 = TFunction.Value<TSimd, TVector>(TSimd.Load(from + i + 2 * TSimd.Lanes));
                    TSimd.Store(y2, to + i + 2 * TSimd.Lanes);
                    s2 = TSimd.Add(s2, y2);
                    TVector y3 = TFunction.Value<TSimd, TVector>(TSimd.Load(from + i + 3 * TSimd.Lanes));
                    TSimd.Store(y3, to + i + 3 * TSimd.Lanes);
                    s3 = TSimd.Add(s3, y3);
                }
            }

            for (; i < length; i += TSimd.Lanes)
            {
                TVector y = TFunction.Value<TSimd, TVector>(TSimd.Load(from + i));
                if (residual is not null)
                {
                    y = TSimd.Add(y, TSimd.Load(residual + i));
                }

                if (to is not null)
                {
                    TSimd.Store(y, to + i);
                }

                TVector sum = TSimd.Add(s0, y);
                s0 = s1;
                s1 = s2;
                s2 = s3;
                s3 = sum;
            }

            from += patch->FromRowStride;
            to = to is null ? null : to + patch->ToRowStride;
            residual = residual is null ? null : residual + patch->ResidualRowStride;
        }

        TVector all = TSimd.Add(TSimd.Add(s0, s2), TSimd.Add(s1, s3));
        TSimd.Store(TSimd.Add(TSimd.Load(patch->Sums), all), patch->Sums);
    }
}
