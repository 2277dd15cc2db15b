using System.Runtime.CompilerServices;

namespace MuxKernels;

internal static unsafe partial class BlockedNorm<TSimd, TVector>
{
    /// <summary>Floats by which maps are asked for ahead of a function with exp, a page: the processor alone does not
    /// look so far where a vector takes that long. Nothing is read there.</summary>
    private const int Ahead = 1024;

    /// <summary><c>sums[slot] += Σ G·f(y)</c>: the gradient of the gate. Gate and pooled are not read.</summary>
    public static void GateSums(ActivationKind kind, BlockedBand* band, float* sums) =>
        Activation.Choose(kind, new GateSumsBody(band, sums));

    /// <summary>With <c>d = (gate·G + pooled)·f'(y)</c>: <c>sums[slot] += Σ d</c>,
    /// <c>products[slot] += Σ d·(z − about)</c>; <c>To = d</c> where there is a To.</summary>
    public static void GradientSums(ActivationKind kind, BlockedBand* band, float* about, float* sums,
        float* products) => Activation.Choose(kind, new GradientSumsBody(band, about, sums, products));

    /// <summary>The same with all products behind all sums.</summary>
    public static void GradientSums(ActivationKind kind, BlockedBand* band, float* about, float* sums) =>
        GradientSums(kind, band, about, sums, sums + (nint)band->Blocks * TSimd.Lanes);

    /// <summary><c>To = A·d + B·z + C</c>, d as in <c>GradientSums</c>. Where d itself stands in G: no
    /// function, no gate, nothing pooled; then scale and shift are not read.</summary>
    public static void Gradient(ActivationKind kind, BlockedBand* band, float* a, float* b, float* c) =>
        Activation.Choose(kind, new GradientBody(band, a, b, c));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Delta<TFunction, TGate>(TVector z, TVector g, TVector scale, TVector shift, TVector gate,
        TVector pooled)
        where TFunction : struct, IActivationFunction
        where TGate : struct, IBlockedNormGate
    {
        TVector d = TGate.Gradient<TSimd, TVector>(g, gate, pooled);
        return typeof(TFunction) == typeof(Activation.Identity) ? d
            : TSimd.Mul(d, TFunction.Slope<TSimd, TVector>(TSimd.Fma(z, scale, shift)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskFor<TFunction>(float* z, float* g)
        where TFunction : struct, IActivationFunction
    {
        if (typeof(TFunction) == typeof(Activation.Swish))
        {
            TSimd.Prefetch(z + Ahead);
            TSimd.Prefetch(g + Ahead);
            if (TSimd.Lanes == 16)
            {
                TSimd.Prefetch(z + Ahead + TSimd.Lanes);
                TSimd.Prefetch(g + Ahead + TSimd.Lanes);
            }
        }
    }

    private readonly struct GateSumsBody(BlockedBand* band, float* sums) : IActivationBody
    {
        private readonly BlockedBand* band = band;
        private readonly float* sums = sums;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction
        {
            for (int block = 0; block < band->Blocks; block++)
            {
                BlockGateSums<TFunction>(band, block, sums + (nint)block * TSimd.Lanes);
            }
        }
    }

    /// <summary>Even and odd pixels of the block apart.</summary>
    private static void BlockGateSums<TFunction>(BlockedBand* band, nint block, float* sum)
        where TFunction : struct, IActivationFunction
    {
        int rows = Rows(band, true, false, out nint length);
        nint slot = block * TSimd.Lanes, zRow = band->ZRow, gRow = band->GRow;
        TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot);
        float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero;
        for (; rows > 0; rows--, z += zRow, g += gRow)
        {
            nint i = 0;
            for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
            {
                AskFor<TFunction>(z + i, g + i);
                TVector y0 = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                TVector y1 = TSimd.Fma(TSimd.Load(z + i + TSimd.Lanes), scale, shift);
                s0 = TSimd.Fma(TFunction.Value<TSimd, TVector>(y0), TSimd.Load(g + i), s0);
                s1 = TSimd.Fma(TFunction.Value<TSimd, TVector>(y1), TSimd.Load(g + i + TSimd.Lanes), s1);
            }

            if (i < length)
            {
                TVector y = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                (s0, s1) = (s1, TSimd.Fma(TFunction.Value<TSimd, TVector>(y), TSimd.Load(g + i), s0));
            }
        }

        AddTo(sum, TSimd.Add(s0, s1));
    }

    private readonly struct GradientSumsBody(BlockedBand* band, float* about, float* sums, float* products)
        : IActivationBody
    {
        private readonly BlockedBand* band = band;
        private readonly float* about = about, sums = sums, products = products;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction
        {
            if (band->Gate is null && band->Pooled is null)
            {
                Run<TFunction, BlockedNormOpen>();
            }
            else
            {
                Run<TFunction, BlockedNormGated>();
            }
        }

        private void Run<TFunction, TGate>()
            where TFunction : struct, IActivationFunction
            where TGate : struct, IBlockedNormGate
        {
            for (int block = 0; block < band->Blocks; block++)
            {
                nint slot = (nint)block * TSimd.Lanes;
                if (band->To is null)
                {
                    BlockGradientSums<TFunction, TGate>(band, block, about + slot, sums + slot, products + slot);
                }
                else
                {
                    BlockStoredGradientSums<TFunction, TGate>(band, block, about + slot, sums + slot, products + slot);
                }
            }
        }
    }

    /// <summary>Even and odd pixels of the block apart.</summary>
    private static void BlockGradientSums<TFunction, TGate>(BlockedBand* band, nint block, float* about, float* sum,
        float* product)
        where TFunction : struct, IActivationFunction
        where TGate : struct, IBlockedNormGate
    {
        int rows = Rows(band, true, false, out nint length);
        nint slot = block * TSimd.Lanes, zRow = band->ZRow, gRow = band->GRow;
        TVector scale = Of(band->Scale, slot, 1f), shift = Of(band->Shift, slot, 0f), k = TSimd.Load(about);
        TVector gate = Of(band->Gate, slot, 1f), pooled = Of(band->Pooled, slot, 0f);
        float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, q0 = TSimd.Zero, q1 = TSimd.Zero;
        for (; rows > 0; rows--, z += zRow, g += gRow)
        {
            nint i = 0;
            for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
            {
                AskFor<TFunction>(z + i, g + i);
                TVector z0 = TSimd.Load(z + i), z1 = TSimd.Load(z + i + TSimd.Lanes);
                TVector d0 = Delta<TFunction, TGate>(z0, TSimd.Load(g + i), scale, shift, gate, pooled);
                TVector d1 = Delta<TFunction, TGate>(z1, TSimd.Load(g + i + TSimd.Lanes), scale, shift, gate, pooled);
                s0 = TSimd.Add(s0, d0);
                s1 = TSimd.Add(s1, d1);
                q0 = TSimd.Fma(d0, TSimd.Sub(z0, k), q0);
                q1 = TSimd.Fma(d1, TSimd.Sub(z1, k), q1);
            }

            if (i < length)
            {
                TVector v = TSimd.Load(z + i);
                TVector d = Delta<TFunction, TGate>(v, TSimd.Load(g + i), scale, shift, gate, pooled);
                (s0, s1) = (s1, TSimd.Add(s0, d));
                (q0, q1) = (q1, TSimd.Fma(d, TSimd.Sub(v, k), q0));
            }
        }

        AddTo(sum, TSimd.Add(s0, s1));
        AddTo(product, TSimd.Add(q0, q1));
    }

    /// <summary>The same sums of what is stored on the way.</summary>
    private static void BlockStoredGradientSums<TFunction, TGate>(BlockedBand* band, nint block, float* about,
        float* sum, float* product)
        where TFunction : struct, IActivationFunction
        where TGate : struct, IBlockedNormGate
    {
        int rows = Rows(band, true, true, out nint length);
        nint slot = block * TSimd.Lanes, zRow = band->ZRow, gRow = band->GRow, toRow = band->ToRow;
        TVector scale = Of(band->Scale, slot, 1f), shift = Of(band->Shift, slot, 0f), k = TSimd.Load(about);
        TVector gate = Of(band->Gate, slot, 1f), pooled = Of(band->Pooled, slot, 0f);
        float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
        float* to = band->To + block * band->ToBlock;
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, q0 = TSimd.Zero, q1 = TSimd.Zero;
        for (; rows > 0; rows--, z += zRow, g += gRow, to += toRow)
        {
            nint i = 0;
            for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
            {
                AskFor<TFunction>(z + i, g + i);
                TVector z0 = TSimd.Load(z + i), z1 = TSimd.Load(z + i + TSimd.Lanes);
                TVector d0 = Delta<TFunction, TGate>(z0, TSimd.Load(g + i), scale, shift, gate, pooled);
                TVector d1 = Delta<TFunction, TGate>(z1, TSimd.Load(g + i + TSimd.Lanes), scale, shift, gate, pooled);
                TSimd.Store(d0, to + i);
                TSimd.Store(d1, to + i + TSimd.Lanes);
                s0 = TSimd.Add(s0, d0);
                s1 = TSimd.Add(s1, d1);
                q0 = TSimd.Fma(d0, TSimd.Sub(z0, k), q0);
                q1 = TSimd.Fma(d1, TSimd.Sub(z1, k), q1);
            }

            if (i < length)
            {
                TVector v = TSimd.Load(z + i);
                TVector d = Delta<TFunction, TGate>(v, TSimd.Load(g + i), scale, shift, gate, pooled);
                TSimd.Store(d, to + i);
                (s0, s1) = (s1, TSimd.Add(s0, d));
                (q0, q1) = (q1, TSimd.Fma(d, TSimd.Sub(v, k), q0));
            }
        }

        AddTo(sum, TSimd.Add(s0, s1));
        AddTo(product, TSimd.Add(q0, q1));
    }

    private readonly struct GradientBody(BlockedBand* band, float* a, float* b, float* c) : IActivationBody
    {
        private readonly BlockedBand* band = band;
        private readonly float* a = a, b = b, c = c;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction
        {
            if (band->Gate is null && band->Pooled is null)
            {
                Gradient<TFunction, BlockedNormOpen>(band, a, b, c);
            }
            else
            {
                Gradient<TFunction, BlockedNormGated>(band, a, b, c);
            }
        }
    }

    private static void Gradient<TFunction, TGate>(BlockedBand* band, float* factors, float* slopes, float* constants)
        where TFunction : struct, IActivationFunction
        where TGate : struct, IBlockedNormGate
    {
        int rows = band->Rows;
        nint length = (nint)band->Columns * TSimd.Lanes, gateRow = band->GateRow;
        if (gateRow == 0)
        {
            rows = Rows(band, true, true, out length);
        }

        for (nint block = 0; block < band->Blocks; block++)
        {
            nint slot = block * TSimd.Lanes;
            TVector scale = Of(band->Scale, slot, 1f), shift = Of(band->Shift, slot, 0f);
            TVector gate = Of(band->Gate, slot, 1f), pooled = Of(band->Pooled, slot, 0f);
            TVector a = TSimd.Load(factors + slot), b = TSimd.Load(slopes + slot), c = TSimd.Load(constants + slot);
            float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
            float* to = band->To + block * band->ToBlock;
            for (int row = 0; row < rows; row++, z += band->ZRow, g += band->GRow, to += band->ToRow)
            {
                if (gateRow != 0)
                {
                    gate = Of(band->Gate, slot + row * gateRow, 1f);
                    pooled = Of(band->Pooled, slot + row * gateRow, 0f);
                }

                nint i = 0;
                for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
                {
                    AskFor<TFunction>(z + i, g + i);
                    TVector z0 = TSimd.Load(z + i), z1 = TSimd.Load(z + i + TSimd.Lanes);
                    TVector d0 = Delta<TFunction, TGate>(z0, TSimd.Load(g + i), scale, shift, gate, pooled);
                    TVector d1 = Delta<TFunction, TGate>(z1, TSimd.Load(g + i + TSimd.Lanes), scale, shift, gate,
                        pooled);
                    TSimd.Store(TSimd.Fma(d0, a, TSimd.Fma(z0, b, c)), to + i);
                    TSimd.Store(TSimd.Fma(d1, a, TSimd.Fma(z1, b, c)), to + i + TSimd.Lanes);
                }

                if (i < length)
                {
                    TVector v = TSimd.Load(z + i);
                    TVector d = Delta<TFunction, TGate>(v, TSimd.Load(g + i), scale, shift, gate, pooled);
                    TSimd.Store(TSimd.Fma(d, a, TSimd.Fma(v, b, c)), to + i);
                }
            }
        }
    }
}
