namespace MuxKernels;

/// <summary>
/// Swish with what its value and its slope share kept beside: <c>σ(y)</c> is computed once, where a is; the gradient's
/// sums behind it take <c>f = y·σ</c> and <c>f' = σ + f·(1 − σ)</c> from there.
/// </summary>
internal static unsafe partial class BlockedNorm<TSimd, TVector>
{
    /// <summary><c>To = gate·y·σ(y)</c>, <c>Kept = σ(y)</c>; G and pooled are not read.</summary>
    public static void ForwardKeeping(BlockedBand* band)
    {
        int rows = KeptRows(band, false, out nint length);
        nint next = band->Next is null ? 0 : (nint)(band->Next - band->Z);
        for (nint block = 0; block < band->Blocks; block++)
        {
            nint slot = block * TSimd.Lanes;
            TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot);
            TVector gate = Of(band->Gate, slot, 1f);
            float* z = band->Z + block * band->ZBlock, to = band->To + block * band->ToBlock;
            float* kept = band->Kept + block * band->KeptBlock;
            for (int row = 0; row < rows; row++, z += band->ZRow, to += band->ToRow, kept += band->KeptRow)
            {
                for (nint i = 0; i < length; i += TSimd.Lanes)
                {
                    if (next != 0)
                    {
                        TSimd.Prefetch(z + i + next);
                    }

                    TVector y = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                    TVector s = Exp.Sigmoid<TSimd, TVector>(y);
                    TSimd.Store(s, kept + i);
                    TSimd.Store(TSimd.Mul(TSimd.Mul(y, s), gate), to + i);
                }
            }
        }
    }

    /// <summary>With σ from Kept: <c>To = gate·y·σ</c>; G and pooled are not read.</summary>
    public static void KeptForward(BlockedBand* band)
    {
        int rows = KeptRows(band, false, out nint length);
        nint next = band->Next is null ? 0 : (nint)(band->Next - band->Z);
        for (nint block = 0; block < band->Blocks; block++)
        {
            nint slot = block * TSimd.Lanes;
            TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot);
            TVector gate = Of(band->Gate, slot, 1f);
            float* z = band->Z + block * band->ZBlock, to = band->To + block * band->ToBlock;
            float* kept = band->Kept + block * band->KeptBlock;
            for (int row = 0; row < rows; row++, z += band->ZRow, to += band->ToRow, kept += band->KeptRow)
            {
                for (nint i = 0; i < length; i += TSimd.Lanes)
                {
                    if (next != 0)
                    {
                        TSimd.Prefetch(z + i + next);
                    }

                    TVector y = TSimd.Fma(TSimd.Load(z + i), scale, shift);
                    TSimd.Store(TSimd.Mul(TSimd.Mul(y, TSimd.Load(kept + i)), gate), to + i);
                }
            }
        }
    }

    /// <summary><c>Kept = σ(y)</c> and <c>sums[slot] += Σ y·σ(y)</c>. One row; gate, G and pooled are not
    /// read.</summary>
    public static void SumsKeeping(BlockedBand* band, float* sums)
    {
        for (int block = 0; block < band->Blocks; block++)
        {
            nint slot = (nint)block * TSimd.Lanes, length = (nint)band->Columns * TSimd.Lanes;
            TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot), sum = TSimd.Zero;
            float* z = band->Z + block * band->ZBlock, kept = band->Kept + block * band->KeptBlock;
            for (nint i = 0; i < length; i += TSimd.Lanes)
            {
                TVector y = TSimd.Fma(TSimd.Load(z + i), scale, shift), s = Exp.Sigmoid<TSimd, TVector>(y);
                TSimd.Store(s, kept + i);
                sum = TSimd.Fma(y, s, sum);
            }

            AddTo(sums + slot, sum);
        }
    }

    /// <summary>With σ from Kept: <c>To = A·d + B·z + C</c> with <c>d = (gate·G + pooled)·f'(y)</c>.</summary>
    public static void KeptGradient(BlockedBand* band, float* factors, float* slopes, float* constants)
    {
        int rows = band->Rows;
        nint length = (nint)band->Columns * TSimd.Lanes, gateRow = band->GateRow;
        if (gateRow == 0)
        {
            rows = KeptRows(band, true, out length);
        }

        TVector one = TSimd.Set(1f);
        for (nint block = 0; block < band->Blocks; block++)
        {
            nint slot = block * TSimd.Lanes;
            TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot);
            TVector gate = Of(band->Gate, slot, 1f), pooled = Of(band->Pooled, slot, 0f);
            TVector a = TSimd.Load(factors + slot), b = TSimd.Load(slopes + slot), c = TSimd.Load(constants + slot);
            float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
            float* to = band->To + block * band->ToBlock, kept = band->Kept + block * band->KeptBlock;
            for (int row = 0; row < rows; row++)
            {
                if (gateRow != 0)
                {
                    gate = Of(band->Gate, slot + row * gateRow, 1f);
                    pooled = Of(band->Pooled, slot + row * gateRow, 0f);
                }

                for (nint i = 0; i < length; i += TSimd.Lanes)
                {
                    TVector v = TSimd.Load(z + i), s = TSimd.Load(kept + i);
                    TVector f = TSimd.Mul(TSimd.Fma(v, scale, shift), s);
                    TVector d = TSimd.Mul(TSimd.Fma(TSimd.Load(g + i), gate, pooled),
                        TSimd.Fma(f, TSimd.Sub(one, s), s));
                    TSimd.Store(TSimd.Fma(d, a, TSimd.Fma(v, b, c)), to + i);
                }

                z += band->ZRow;
                g += band->GRow;
                to += band->ToRow;
                kept += band->KeptRow;
            }
        }
    }

    /// <summary>With σ from Kept: <c>d = G·f'(y)</c>, <c>sums[slot] += Σ d</c>, <c>products[slot] += Σ d·(z −
    /// about)</c>, <c>To = d</c>. One row; gate and pooled are not read.</summary>
    public static void KeptGradientSums(BlockedBand* band, float* about, float* sums, float* products)
    {
        for (int block = 0; block < band->Blocks; block++)
        {
            nint slot = (nint)block * TSimd.Lanes;
            BlockKeptGradientSums(band, block, about + slot, sums + slot, products + slot);
        }
    }

    /// <summary>With σ from Kept: the five sums of <c>GateGradientSums</c>, each kind that far from the one before. One
    /// row.</summary>
    public static void KeptGateGradientSums(BlockedBand* band, float* about, float* sums, nint kind)
    {
        for (int block = 0; block < band->Blocks; block++)
        {
            nint slot = (nint)block * TSimd.Lanes;
            BlockKeptGateGradientSums(band, block, about + slot, sums + slot, kind);
        }
    }

    /// <summary>Rows and their floats: one long row where rows follow one another in every map and in what is
    /// kept.</summary>
    private static int KeptRows(BlockedBand* band, bool readsG, out nint length)
    {
        int rows = Rows(band, readsG, true, out length);
        if (rows < band->Rows && band->KeptRow * band->Rows != length)
        {
            (rows, length) = (band->Rows, length / band->Rows);
        }

        return rows;
    }

    /// <summary>Even and odd pixels of the block apart.</summary>
    private static void BlockKeptGradientSums(BlockedBand* band, nint block, float* about, float* sum, float* product)
    {
        nint slot = block * TSimd.Lanes, length = (nint)band->Columns * TSimd.Lanes;
        TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot), k = TSimd.Load(about);
        TVector one = TSimd.Set(1f);
        float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
        float* to = band->To + block * band->ToBlock, kept = band->Kept + block * band->KeptBlock;
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, q0 = TSimd.Zero, q1 = TSimd.Zero;
        nint i = 0;
        for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
        {
            TVector z0 = TSimd.Load(z + i), z1 = TSimd.Load(z + i + TSimd.Lanes);
            TVector r0 = TSimd.Load(kept + i), r1 = TSimd.Load(kept + i + TSimd.Lanes);
            TVector f0 = TSimd.Mul(TSimd.Fma(z0, scale, shift), r0), f1 = TSimd.Mul(TSimd.Fma(z1, scale, shift), r1);
            TVector d0 = TSimd.Mul(TSimd.Load(g + i), TSimd.Fma(f0, TSimd.Sub(one, r0), r0));
            TVector d1 = TSimd.Mul(TSimd.Load(g + i + TSimd.Lanes), TSimd.Fma(f1, TSimd.Sub(one, r1), r1));
            TSimd.Store(d0, to + i);
            TSimd.Store(d1, to + i + TSimd.Lanes);
            s0 = TSimd.Add(s0, d0);
            s1 = TSimd.Add(s1, d1);
            q0 = TSimd.Fma(d0, TSimd.Sub(z0, k), q0);
            q1 = TSimd.Fma(d1, TSimd.Sub(z1, k), q1);
        }

        if (i < length)
        {
            TVector v = TSimd.Load(z + i), r = TSimd.Load(kept + i);
            TVector f = TSimd.Mul(TSimd.Fma(v, scale, shift), r);
            TVector d = TSimd.Mul(TSimd.Load(g + i), TSimd.Fma(f, TSimd.Sub(one, r), r));
            TSimd.Store(d, to + i);
            s0 = TSimd.Add(s0, d);
            q0 = TSimd.Fma(d, TSimd.Sub(v, k), q0);
        }

        AddTo(sum, TSimd.Add(s0, s1));
        AddTo(product, TSimd.Add(q0, q1));
    }

    private static void BlockKeptGateGradientSums(BlockedBand* band, nint block, float* about, float* sum, nint kind)
    {
        nint slot = block * TSimd.Lanes, length = (nint)band->Columns * TSimd.Lanes;
        TVector scale = TSimd.Load(band->Scale + slot), shift = TSimd.Load(band->Shift + slot), k = TSimd.Load(about);
        TVector one = TSimd.Set(1f);
        float* z = band->Z + block * band->ZBlock, g = band->G + block * band->GBlock;
        float* kept = band->Kept + block * band->KeptBlock;
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero, s4 = TSimd.Zero;
        for (nint i = 0; i < length; i += TSimd.Lanes)
        {
            TVector v = TSimd.Load(z + i), n = TSimd.Load(g + i), r = TSimd.Load(kept + i), d = TSimd.Sub(v, k);
            TVector value = TSimd.Mul(TSimd.Fma(v, scale, shift), r);
            TVector slope = TSimd.Fma(value, TSimd.Sub(one, r), r), steep = TSimd.Mul(n, slope);
            s0 = TSimd.Fma(n, value, s0);
            s1 = TSimd.Add(s1, steep);
            s2 = TSimd.Fma(steep, d, s2);
            s3 = TSimd.Add(s3, slope);
            s4 = TSimd.Fma(slope, d, s4);
        }

        AddTo(sum, s0);
        AddTo(sum + kind, s1);
        AddTo(sum + 2 * kind, s2);
        AddTo(sum + 3 * kind, s3);
        AddTo(sum + 4 * kind, s4);
    }
}
