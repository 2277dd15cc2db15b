namespace MuxKernels;

/// <summary>
/// The two maps of every rearrangement by r, a plane at a time: fine pixel <c>(h·r + i, w·r + j)</c> and pixel
/// <c>(h, w)</c> of coarse plane <c>i·r + j</c> change places. r = 1 copies; r = 2 takes two vectors and one
/// permutation for each half; else plain loops. Rows are either exact (nothing behind them is written) or filled up
/// with zeros in whole vectors, in ascending order, so that a row may spill into the next.
/// </summary>
internal static unsafe class PhaseRows
{
    /// <summary>Takes <paramref name="rows"/>×<paramref name="columns"/> fine pixels apart.</summary>
    /// <param name="fine">First fine pixel.</param>
    /// <param name="finePitch">From one fine row to the next.</param>
    /// <param name="rows">Fine rows.</param>
    /// <param name="columns">Fine columns; phase j gets <c>⌈(columns − j)/r⌉</c> of them.</param>
    /// <param name="r">Factor.</param>
    /// <param name="coarse">First pixel of coarse plane 0.</param>
    /// <param name="coarsePitch">From one coarse row to the next.</param>
    /// <param name="step">From one coarse plane to the next.</param>
    /// <param name="fill">Elements of a coarse row up to which zeros follow, or 0 for exact rows.</param>
    public static void Split<TSimd, TVector>(float* fine, nint finePitch, int rows, int columns, int r, float* coarse,
        nint coarsePitch, nint step, int fill)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (r == 1)
        {
            Copy<TSimd, TVector>(fine, finePitch, coarse, coarsePitch, rows, columns, fill);
            return;
        }

        for (int i = 0; i < r; i++, fine += finePitch, coarse += r * step)
        {
            int each = (rows - i + r - 1) / r;
            if (r == 2)
            {
                Split2<TSimd, TVector>(fine, 2 * finePitch, each, columns, coarse, coarse + step, coarsePitch, fill);
                continue;
            }

            for (int h = 0; h < each; h++)
            {
                float* from = fine + h * r * finePitch;
                for (int j = 0; j < r; j++)
                {
                    float* to = coarse + j * step + h * coarsePitch;
                    int w = 0;
                    for (int f = j; f < columns; f += r, w++)
                    {
                        to[w] = from[f];
                    }

                    Zero<TSimd, TVector>(to + w, fill - w);
                }
            }
        }
    }

    /// <summary>Puts <paramref name="rows"/>×<paramref name="columns"/> fine pixels together; the inverse of
    /// <see cref="Split{TSimd, TVector}"/> with the same parameters.</summary>
    public static void Merge<TSimd, TVector>(float* coarse, nint coarsePitch, nint step, int r, float* fine,
        nint finePitch, int rows, int columns, int fill)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        if (r == 1)
        {
            Copy<TSimd, TVector>(coarse, coarsePitch, fine, finePitch, rows, columns, fill);
            return;
        }

        if (r == 2)
        {
            Merge2<TSimd, TVector>(coarse, coarsePitch, step, fine, finePitch, rows, columns, fill);
            return;
        }

        for (int h = 0; h < rows; h++, fine += finePitch)
        {
            for (int j = 0; j < r; j++)
            {
                float* from = coarse + (h % r * r + j) * step + h / r * coarsePitch;
                for (int f = j; f < columns; f += r)
                {
                    fine[f] = *from++;
                }
            }

            Zero<TSimd, TVector>(fine + columns, fill - columns);
        }
    }

    /// <summary>Zeros from p on, at most a vector more than asked for.</summary>
    public static void Zero<TSimd, TVector>(float* p, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (; count > 0; count -= TSimd.Lanes, p += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Zero, p);
        }
    }

    private static void Copy<TSimd, TVector>(float* from, nint fromPitch, float* to, nint toPitch, int rows,
        int columns, int fill)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, tail = columns % lanes, whole = columns - tail;
        for (; rows > 0; rows--, from += fromPitch, to += toPitch)
        {
            int w = 0;
            for (; w < whole; w += lanes)
            {
                TSimd.Store(TSimd.Load(from + w), to + w);
            }

            if (fill > 0)
            {
                if (tail > 0)
                {
                    TSimd.Store(TSimd.LoadPartial(from + w, tail), to + w);
                    w += lanes;
                }

                for (; w < fill; w += lanes)
                {
                    TSimd.Store(TSimd.Zero, to + w);
                }
            }
            else if (tail > 0)
            {
                TSimd.StorePartial(TSimd.LoadPartial(from + w, tail), to + w, tail);
            }
        }
    }

    private static void Split2<TSimd, TVector>(float* fine, nint finePitch, int rows, int columns, float* even,
        float* odd, nint pitch, int fill)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, tail = columns % (2 * lanes), whole = (columns - tail) / 2;
        for (; rows > 0; rows--, fine += finePitch, even += pitch, odd += pitch)
        {
            int w = 0;
            for (; w < whole; w += lanes)
            {
                TVector a = TSimd.Load(fine + 2 * w), b = TSimd.Load(fine + 2 * w + lanes);
                TSimd.Store(TSimd.Even(a, b), even + w);
                TSimd.Store(TSimd.Odd(a, b), odd + w);
            }

            if (tail > 0)
            {
                TVector a = TSimd.LoadPartial(fine + 2 * w, Math.Min(tail, lanes));
                TVector b = tail > lanes ? TSimd.LoadPartial(fine + 2 * w + lanes, tail - lanes) : TSimd.Zero;
                if (fill > 0)
                {
                    TSimd.Store(TSimd.Even(a, b), even + w);
                    TSimd.Store(TSimd.Odd(a, b), odd + w);
                    w += lanes;
                }
                else
                {
                    TSimd.StorePartial(TSimd.Even(a, b), even + w, (tail + 1) / 2);
                    if (tail > 1)
                    {
                        TSimd.StorePartial(TSimd.Odd(a, b), odd + w, tail / 2);
                    }
                }
            }

            for (; w < fill; w += lanes)
            {
                TSimd.Store(TSimd.Zero, even + w);
                TSimd.Store(TSimd.Zero, odd + w);
            }
        }
    }

    private static void Merge2<TSimd, TVector>(float* coarse, nint pitch, nint step, float* fine, nint finePitch,
        int rows, int columns, int fill)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, tail = columns % (2 * lanes), whole = columns - tail;
        float* even = coarse, other = coarse + 2 * step;
        for (; rows > 0; rows--, fine += finePitch)
        {
            float* odd = even + step;
            int w = 0;
            for (; w < whole; w += 2 * lanes)
            {
                TVector a = TSimd.Load(even + w / 2), b = TSimd.Load(odd + w / 2);
                TSimd.Store(TSimd.InterleaveLow(a, b), fine + w);
                TSimd.Store(TSimd.InterleaveHigh(a, b), fine + w + lanes);
            }

            if (tail > 0)
            {
                TVector a = TSimd.LoadPartial(even + w / 2, (tail + 1) / 2);
                TVector b = tail > 1 ? TSimd.LoadPartial(odd + w / 2, tail / 2) : TSimd.Zero;
                if (fill > 0)
                {
                    TSimd.Store(TSimd.InterleaveLow(a, b), fine + w);
                    TSimd.Store(TSimd.InterleaveHigh(a, b), fine + w + lanes);
                    w += 2 * lanes;
                }
                else
                {
                    TSimd.StorePartial(TSimd.InterleaveLow(a, b), fine + w, Math.Min(tail, lanes));
                    if (tail > lanes)
                    {
                        TSimd.StorePartial(TSimd.InterleaveHigh(a, b), fine + w + lanes, tail - lanes);
                    }
                }
            }

            for (; w < fill; w += lanes)
            {
                TSimd.Store(TSimd.Zero, fine + w);
            }

            float* next = other; // Rows of the upper phases and of the lower ones take turns.
            other = even + pitch;
            even = next;
        }
    }
}
