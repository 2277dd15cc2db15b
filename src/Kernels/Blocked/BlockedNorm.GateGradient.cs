namespace MuxKernels;

internal static unsafe partial class BlockedNorm<TSimd, TVector>
{
    /// <summary>Sums of <c>GateGradientSums</c> for each slot.</summary>
    public const int GateGradientKinds = 5;

    /// <summary>
    /// Everything that the gradient of a gated map needs from it, in one pass before gate gradient and pooled part are
    /// known: to <c>sums[k·slots + slot]</c> are added <c>Σ G·f(y)</c>, <c>Σ G·f'(y)</c>,
    /// <c>Σ G·f'(y)·(z − about)</c>, <c>Σ f'(y)</c>, <c>Σ f'(y)·(z − about)</c>. Gate and pooled are not read.
    /// </summary>
    public static void GateGradientSums(ActivationKind kind, BlockedBand* band, float* about, float* sums) =>
        GateGradientSums(kind, band, about, sums, (nint)band->Blocks * TSimd.Lanes);

    /// <summary>The same with a distance of their own between the kinds.</summary>
    public static void GateGradientSums(ActivationKind kind, BlockedBand* band, float* about, float* sums, nint slots) =>
        Activation.Choose(kind, new GateGradientSumsBody(band, about, sums, slots));

    /// <summary>The sums of <c>GradientSums</c> from those of <c>GateGradientSums</c>, once gate and
    /// pooled are known: <c>Σ d = gate·ΣGf' + pooled·Σf'</c>, <c>Σ d(z − about)</c> likewise; written.</summary>
    /// <param name="slots">Slots, a multiple of the lanes.</param>
    /// <param name="gate">Factors, one for each slot.</param>
    /// <param name="pooled">What is added, one for each slot.</param>
    /// <param name="kinds">The five sums of one image.</param>
    /// <param name="sums">Memory for two sums of each slot.</param>
    public static void CombineSums(int slots, float* gate, float* pooled, float* kinds, float* sums)
    {
        for (nint i = 0; i < slots; i += TSimd.Lanes)
        {
            TVector g = TSimd.Load(gate + i), p = TSimd.Load(pooled + i);
            float* k = kinds + i;
            TVector s = TSimd.Mul(p, TSimd.Load(k + 3 * (nint)slots));
            TVector q = TSimd.Mul(p, TSimd.Load(k + 4 * (nint)slots));
            TSimd.Store(TSimd.Fma(g, TSimd.Load(k + slots), s), sums + i);
            TSimd.Store(TSimd.Fma(g, TSimd.Load(k + 2 * (nint)slots), q), sums + slots + i);
        }
    }

    private readonly struct GateGradientSumsBody(BlockedBand* band, float* about, float* sums, nint slots)
        : IActivationBody
    {
        private readonly BlockedBand* band = band;
        private readonly float* about = about, sums = sums;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction
        {
            for (int block = 0; block < band->Blocks; block++)
            {
                nint slot = (nint)block * TSimd.Lanes;
                BlockGateGradientSums<TFunction>(band, block, about + slot, sums + slot, slots);
            }
        }
    }

    /// <summary>One pixel after the other: five chains of additions that wait for each other less than the function
    /// takes.</summary>
    private static void BlockGateGradientSums<TFunction>(BlockedBand* band, nint block, float* about, float* sum,
        nint slots)
        where TFunction : struct, IActivationFunction
    {
        int rows = Rows(band, true, false, out nint length);
        nint slot = block * TSimd.Lanes;
        nint zRow = band->ZRow, gRow = band->GRow;
        TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot);
        TVector k = TSimd.Load(about);
        float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero, s4 = TSimd.Zero;
        for (; rows > 0; rows--, z += zRow, g += gRow)
        {
            for (nint i = 0; i < length; i += TSimd.Lanes)
            {
                if (typeof(TFunction) == typeof(Activation.Swish))
                {
                    TSimd.Prefetch(z + i + Ahead);
                    TSimd.Prefetch(g + i + Ahead);
                }

                TVector v = TSimd.Load(z + i), n = TSimd.Load(g + i), d = TSimd.Sub(v, k);
                TVector slope = TFunction.Slope<TSimd, TVector>(TSimd.Fma(v, scale, shift), out TVector value);
                TVector steep = TSimd.Mul(n, slope);
                s0 = TSimd.Fma(n, value, s0);
                s1 = TSimd.Add(s1, steep);
                s2 = TSimd.Fma(steep, d, s2);
                s3 = TSimd.Add(s3, slope);
                s4 = TSimd.Fma(slope, d, s4);
            }
        }

        AddTo(sum, s0);
        AddTo(sum + slots, s1);
        AddTo(sum + 2 * slots, s2);
        AddTo(sum + 3 * slots, s3);
        AddTo(sum + 4 * slots, s4);
    }
}
