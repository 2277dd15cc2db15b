namespace MuxKernels;

/// <summary>
/// The two row maps of every rearrangement by r: a fine row <c>f[w·r + j]</c> is taken apart into r coarse rows
/// <c>c_j[w]</c> and put together again. With r = 2 two vectors and one permutation for each half, else plain loops.
/// </summary>
internal static unsafe class PhaseRows
{
    /// <summary><c>c_j[w] ← f[w·r + j]</c> for the <paramref name="count"/> elements of f; coarse row j begins at
    /// <c>coarse + j·step</c> and gets <c>⌈(count − j)/r⌉</c> elements.</summary>
    public static void Split<TSimd, TVector>(float* fine, int count, int r, float* coarse, nint step)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (r == 2)
        {
            Split2<TSimd, TVector>(fine, count, coarse, coarse + step);
            return;
        }

        if (r == 1)
        {
            Copy<TSimd, TVector>(fine, coarse, count);
            return;
        }

        for (int j = 0; j < r; j++, coarse += step)
        {
            for (int from = j, w = 0; from < count; from += r, w++)
            {
                coarse[w] = fine[from];
            }
        }
    }

    /// <summary><c>f[w·r + j] ← c_j[w]</c> for the <paramref name="count"/> elements of f; the inverse of
    /// <see cref="Split{TSimd, TVector}"/>.</summary>
    public static void Merge<TSimd, TVector>(float* coarse, nint step, int r, float* fine, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (r == 2)
        {
            Merge2<TSimd, TVector>(coarse, coarse + step, fine, count);
            return;
        }

        if (r == 1)
        {
            Copy<TSimd, TVector>(coarse, fine, count);
            return;
        }

        for (int j = 0; j < r; j++, coarse += step)
        {
            for (int to = j, w = 0; to < count; to += r, w++)
            {
                fine[to] = coarse[w];
            }
        }
    }

    /// <summary>Copies a row; short rows cost a loop of vectors, not a call.</summary>
    public static void Copy<TSimd, TVector>(float* from, float* to, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int w = 0;
        for (; w <= count - TSimd.Lanes; w += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Load(from + w), to + w);
        }

        if (w < count)
        {
            TSimd.StorePartial(TSimd.LoadPartial(from + w, count - w), to + w, count - w);
        }
    }

    private static void Split2<TSimd, TVector>(float* fine, int count, float* even, float* odd)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, left = count;
        for (; left >= 2 * lanes; left -= 2 * lanes, fine += 2 * lanes, even += lanes, odd += lanes)
        {
            TVector a = TSimd.Load(fine), b = TSimd.Load(fine + lanes);
            TSimd.Store(TSimd.Even(a, b), even);
            TSimd.Store(TSimd.Odd(a, b), odd);
        }

        if (left > 0)
        {
            TVector a = TSimd.LoadPartial(fine, Math.Min(left, lanes));
            TVector b = left > lanes ? TSimd.LoadPartial(fine + lanes, left - lanes) : TSimd.Zero;
            TSimd.StorePartial(TSimd.Even(a, b), even, (left + 1) / 2);
            if (left > 1)
            {
                TSimd.StorePartial(TSimd.Odd(a, b), odd, left / 2);
            }
        }
    }

    private static void Merge2<TSimd, TVector>(float* even, float* odd, float* fine, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, left = count;
        for (; left >= 2 * lanes; left -= 2 * lanes, fine += 2 * lanes, even += lanes, odd += lanes)
        {
            TVector a = TSimd.Load(even), b = TSimd.Load(odd);
            TSimd.Store(TSimd.InterleaveLow(a, b), fine);
            TSimd.Store(TSimd.InterleaveHigh(a, b), fine + lanes);
        }

        if (left > 0)
        {
            TVector a = TSimd.LoadPartial(even, (left + 1) / 2);
            TVector b = left > 1 ? TSimd.LoadPartial(odd, left / 2) : TSimd.Zero;
            TSimd.StorePartial(TSimd.InterleaveLow(a, b), fine, Math.Min(left, lanes));
            if (left > lanes)
            {
                TSimd.StorePartial(TSimd.InterleaveHigh(a, b), fine + lanes, left - lanes);
            }
        }
    }
}
