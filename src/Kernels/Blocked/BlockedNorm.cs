using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Batch normalisation, activation f and squeeze-excite's gate on bands of blocked maps: with
/// <c>y = scale·z + shift</c> the map <c>a = gate·f(y)</c>, its sums, and its gradient. Channels are lanes, so every
/// number of a channel is loaded once for a block. Sums are taken in an order that the number of pixels alone
/// decides, however far rows lie apart, and added to what stands there. Lanes without a channel have scale = shift =
/// 0 and stay zero where f(0) = 0.
/// </summary>
internal static unsafe partial class BlockedNorm<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary><c>To = gate·f(y)</c>; G and pooled are not read.</summary>
    public static void Forward(ActivationKind kind, BlockedBand* band) =>
        Activation.Choose(kind, new ForwardBody(band));

    /// <summary><c>sums[slot] += Σ f(y)</c>, what squeeze-excite pools; <c>To = f(y)</c> where there is a To. Gate, G
    /// and pooled are not read.</summary>
    public static void Sums(ActivationKind kind, BlockedBand* band, float* sums) =>
        Activation.Choose(kind, new SumsBody(band, sums));

    /// <summary><c>sums[slot] += Σ (z − about)</c>, <c>sums[slots + slot] += Σ (z − about)²</c>; only z is
    /// read.</summary>
    public static void Moments(BlockedBand* band, float* about, float* sums)
    {
        float* squares = sums + (nint)band->Blocks * TSimd.Lanes;
        for (nint block = 0; block < band->Blocks; block++)
        {
            nint slot = block * TSimd.Lanes;
            BlockMoments(band, band->Z + block * band->ZBlock, about + slot, sums + slot, squares + slot);
        }
    }

    /// <summary>Rows and their floats as loops see them: one long row where rows follow one another in every map.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Rows(BlockedBand* band, bool readsG, bool writes, out nint length)
    {
        length = (nint)band->Columns * TSimd.Lanes;
        if (band->ZRow == length && (!readsG || band->GRow == length) && (!writes || band->ToRow == length))
        {
            length *= band->Rows;
            return 1;
        }

        return band->Rows;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Of(float* numbers, nint slot, float otherwise) =>
        numbers is null ? TSimd.Set(otherwise) : TSimd.Load(numbers + slot);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo(float* sum, TVector v) => TSimd.Store(TSimd.Add(TSimd.Load(sum), v), sum);

    private readonly struct ForwardBody(BlockedBand* band) : IActivationBody
    {
        private readonly BlockedBand* band = band;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction
        {
            if (band->Gate is null)
            {
                Forward<TFunction, BlockedNormOpen>(band);
            }
            else
            {
                Forward<TFunction, BlockedNormGated>(band);
            }
        }
    }

    private static void Forward<TFunction, TGate>(BlockedBand* band)
        where TFunction : struct, IActivationFunction
        where TGate : struct, IBlockedNormGate
    {
        int rows = Rows(band, false, true, out nint length);
        nint next = band->Next is null ? 0 : (nint)(band->Next - band->Z);
        for (nint block = 0; block < band->Blocks; block++)
        {
            nint slot = block * TSimd.Lanes;
            TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot);
            TVector gate = Of(band->Gate, slot, 1f);
            float* z = band->Z + block * band->ZBlock, to = band->To + block * band->ToBlock;
            for (int row = 0; row < rows; row++, z += band->ZRow, to += band->ToRow)
            {
                nint i = 0;
                for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
                {
                    if (next != 0)
                    {
                        TSimd.Prefetch(z + i + next);
                        TSimd.Prefetch(z + i + next + TSimd.Lanes);
                    }

                    TVector y0 = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                    TVector y1 = TSimd.Fma(TSimd.Load(z + i + TSimd.Lanes), scale, shift);
                    TVector a0 = TFunction.Value<TSimd, TVector>(y0), a1 = TFunction.Value<TSimd, TVector>(y1);
                    TSimd.Store(TGate.Value<TSimd, TVector>(a0, gate), to + i);
                    TSimd.Store(TGate.Value<TSimd, TVector>(a1, gate), to + i + TSimd.Lanes);
                }

                if (i < length)
                {
                    TVector a = TFunction.Value<TSimd, TVector>(TSimd.Fma(TSimd.Load(z + i), scale, shift));
                    TSimd.Store(TGate.Value<TSimd, TVector>(a, gate), to + i);
                }
            }
        }
    }

    private readonly struct SumsBody(BlockedBand* band, float* sums) : IActivationBody
    {
        private readonly BlockedBand* band = band;
        private readonly float* sums = sums;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction
        {
            int rows = Rows(band, false, band->To is not null, out nint length);
            for (nint block = 0; block < band->Blocks; block++)
            {
                nint slot = block * TSimd.Lanes;
                float* z = band->Z + block * band->ZBlock;
                if (band->To is null)
                {
                    BlockSums<TFunction>(z, band->ZRow, rows, length, band->Scale + slot, band->Shift + slot,
                        sums + slot);
                }
                else
                {
                    BlockStoredSums<TFunction>(z, band->ZRow, band->To + block * band->ToBlock, band->ToRow, rows,
                        length, band->Scale + slot, band->Shift + slot, sums + slot);
                }
            }
        }
    }

    /// <summary>Pixels 4m, 4m + 1, 4m + 2 and 4m + 3 of the block apart.</summary>
    private static void BlockSums<TFunction>(float* z, nint zRow, int rows, nint length, float* scales, float* shifts,
        float* sum)
        where TFunction : struct, IActivationFunction
    {
        TVector scale = TSimd.Load(scales), shift = TSimd.Load(shifts);
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        for (; rows > 0; rows--, z += zRow)
        {
            nint i = 0;
            for (; i <= length - 4 * TSimd.Lanes; i += 4 * TSimd.Lanes)
            {
                TVector y0 = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                TVector y1 = TSimd.Fma(TSimd.Load(z + i + TSimd.Lanes), scale, shift);
                s0 = TSimd.Add(s0, TFunction.Value<TSimd, TVector>(y0));
                s1 = TSimd.Add(s1, TFunction.Value<TSimd, TVector>(y1));
                TVector y2 = TSimd.Fma(TSimd.Load(z + i + 2 * TSimd.Lanes), scale, shift);
                TVector y3 = TSimd.Fma(TSimd.Load(z + i + 3 * TSimd.Lanes), scale, shift);
                s2 = TSimd.Add(s2, TFunction.Value<TSimd, TVector>(y2));
                s3 = TSimd.Add(s3, TFunction.Value<TSimd, TVector>(y3));
            }

            for (; i < length; i += TSimd.Lanes)
            {
                TVector y = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                TVector s = TSimd.Add(s0, TFunction.Value<TSimd, TVector>(y));
                (s0, s1, s2, s3) = (s1, s2, s3, s);
            }
        }

        AddTo(sum, TSimd.Add(TSimd.Add(s0, s2), TSimd.Add(s1, s3)));
    }

    /// <summary>The same sums of what is stored on the way.</summary>
    private static void BlockStoredSums<TFunction>(float* z, nint zRow, float* to, nint toRow, int rows, nint length,
        float* scales, float* shifts, float* sum)
        where TFunction : struct, IActivationFunction
    {
        TVector scale = TSimd.Load(scales), shift = TSimd.Load(shifts);
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        for (; rows > 0; rows--, z += zRow, to += toRow)
        {
            nint i = 0;
            for (; i <= length - 4 * TSimd.Lanes; i += 4 * TSimd.Lanes)
            {
                TVector y0 = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                TVector y1 = TSimd.Fma(TSimd.Load(z + i + TSimd.Lanes), scale, shift);
                TVector a0 = TFunction.Value<TSimd, TVector>(y0), a1 = TFunction.Value<TSimd, TVector>(y1);
                TSimd.Store(a0, to + i);
                TSimd.Store(a1, to + i + TSimd.Lanes);
                s0 = TSimd.Add(s0, a0);
                s1 = TSimd.Add(s1, a1);
                TVector y2 = TSimd.Fma(TSimd.Load(z + i + 2 * TSimd.Lanes), scale, shift);
                TVector y3 = TSimd.Fma(TSimd.Load(z + i + 3 * TSimd.Lanes), scale, shift);
                TVector a2 = TFunction.Value<TSimd, TVector>(y2), a3 = TFunction.Value<TSimd, TVector>(y3);
                TSimd.Store(a2, to + i + 2 * TSimd.Lanes);
                TSimd.Store(a3, to + i + 3 * TSimd.Lanes);
                s2 = TSimd.Add(s2, a2);
                s3 = TSimd.Add(s3, a3);
            }

            for (; i < length; i += TSimd.Lanes)
            {
                TVector a = TFunction.Value<TSimd, TVector>(TSimd.Fma(TSimd.Load(z + i), scale, shift));
                TSimd.Store(a, to + i);
                (s0, s1, s2, s3) = (s1, s2, s3, TSimd.Add(s0, a));
            }
        }

        AddTo(sum, TSimd.Add(TSimd.Add(s0, s2), TSimd.Add(s1, s3)));
    }

    /// <summary>Pixels 4m, 4m + 1, 4m + 2 and 4m + 3 of the block apart.</summary>
    private static void BlockMoments(BlockedBand* band, float* z, float* about, float* sum, float* square)
    {
        int rows = Rows(band, false, false, out nint length);
        nint zRow = band->ZRow;
        TVector k = TSimd.Load(about);
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
        TVector q0 = TSimd.Zero, q1 = TSimd.Zero, q2 = TSimd.Zero, q3 = TSimd.Zero;
        for (; rows > 0; rows--, z += zRow)
        {
            nint i = 0;
            for (; i <= length - 4 * TSimd.Lanes; i += 4 * TSimd.Lanes)
            {
                TVector d0 = TSimd.Sub(TSimd.Load(z + i), k);
                TVector d1 = TSimd.Sub(TSimd.Load(z + i + TSimd.Lanes), k);
                TVector d2 = TSimd.Sub(TSimd.Load(z + i + 2 * TSimd.Lanes), k);
                TVector d3 = TSimd.Sub(TSimd.Load(z + i + 3 * TSimd.Lanes), k);
                s0 = TSimd.Add(s0, d0);
                s1 = TSimd.Add(s1, d1);
                s2 = TSimd.Add(s2, d2);
                s3 = TSimd.Add(s3, d3);
                q0 = TSimd.Fma(d0, d0, q0);
                q1 = TSimd.Fma(d1, d1, q1);
                q2 = TSimd.Fma(d2, d2, q2);
                q3 = TSimd.Fma(d3, d3, q3);
            }

            for (; i < length; i += TSimd.Lanes)
            {
                TVector d = TSimd.Sub(TSimd.Load(z + i), k);
                (s0, s1, s2, s3) = (s1, s2, s3, TSimd.Add(s0, d));
                (q0, q1, q2, q3) = (q1, q2, q3, TSimd.Fma(d, d, q0));
            }
        }

        AddTo(sum, TSimd.Add(TSimd.Add(s0, s2), TSimd.Add(s1, s3)));
        AddTo(square, TSimd.Add(TSimd.Add(q0, q2), TSimd.Add(q1, q3)));
    }
}
