namespace MuxKernels;

/// <summary>Rows of x and dy whose products are added to the sums of one set of weights.</summary>
internal unsafe struct BlockedMuxWeightRows
{
    /// <summary>The pixel of x at the first pixel of dy (of a super-pixel piece in its first block).</summary>
    public float* X;

    /// <summary>Floats from one row of x to the next, and from one row of taps to the next.</summary>
    public nint RowStride;

    /// <summary>Floats between the two blocks of x of a super-pixel pair, 0 in a single block.</summary>
    public nint BlockStride;

    /// <summary>The first pixel of dy.</summary>
    public float* Dy;

    /// <summary>Floats from one row of dy to the next.</summary>
    public nint DyRowStride;

    /// <summary>Floats between the two blocks of dy of a super-pixel pair.</summary>
    public nint DyBlockStride;

    /// <summary>Sums, <c>[kernel²][L]</c>, added to.</summary>
    public float* Sums;

    /// <summary>Rows of dy.</summary>
    public int Rows;

    /// <summary>Columns of dy.</summary>
    public int Columns;

    /// <summary>Taps along each axis.</summary>
    public int Kernel;

    /// <summary>Plain and sub-pixel pieces: taps TStep pixels apart.</summary>
    public static void Whole<TSimd, TVector, TStep>(BlockedMuxWeightRows* work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value * TSimd.Lanes;
        int kernel = work->Kernel;
        switch (kernel)
        {
            case 3:
                Whole3<TSimd, TVector, TStep>(work);
                break;
            case 5:
                Whole5<TSimd, TVector, TStep>(work);
                break;
            default:
                for (int tap = 0; tap < kernel * kernel; tap++)
                {
                    float* x = work->X + (tap / kernel - kernel / 2) * work->RowStride
                        + (tap % kernel - kernel / 2) * step;
                    BlockedMuxWeightTap.Run<TSimd, TVector, TStep, One>(work, x, x, work->Sums + tap * TSimd.Lanes);
                }

                break;
        }
    }

    /// <summary>Super-pixel pieces: taps half a vector apart.</summary>
    /// <param name="work">The rows.</param>
    /// <param name="phase">The fine row of a pixel that the block of dy holds.</param>
    public static void Fine<TSimd, TVector>(BlockedMuxWeightRows* work, int phase)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        switch (work->Kernel)
        {
            case 3:
                Fine3<TSimd, TVector>(work, phase);
                break;
            case 5:
                Fine5<TSimd, TVector>(work, phase);
                break;
            default:
                FineTaps<TSimd, TVector>(work, phase);
                break;
        }
    }

    /// <summary>Column 0 of a fine row, or of the two rows that it lies between: that and the next.</summary>
    private readonly float* FineRow(int fine) => X + (fine >> 1) * RowStride + (fine & 1) * BlockStride;

    private static void Whole3<TSimd, TVector, TStep>(BlockedMuxWeightRows* work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        if (TSimd.Lanes == 16 && work->Columns % 7 == 0)
        {
            BlockedMuxWeightWhole3.Run<TSimd, TVector, TStep, Seven>(work);
        }
        else if (work->Columns % 4 == 0)
        {
            BlockedMuxWeightWhole3.Run<TSimd, TVector, TStep, Four>(work);
        }
        else
        {
            BlockedMuxWeightWhole3.Run<TSimd, TVector, TStep, Two>(work);
        }
    }

    /// <summary>All taps at once, or, with 16 registers, two rows of taps, two more and the last.</summary>
    private static void Whole5<TSimd, TVector, TStep>(BlockedMuxWeightRows* work)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        if (TSimd.Lanes == 16)
        {
            BlockedMuxWeightWhole5.Run<TSimd, TVector, TStep>(work);
        }
        else
        {
            BlockedMuxWeightRows5.Run<TSimd, TVector, TStep, Two>(work, 0);
            BlockedMuxWeightRows5.Run<TSimd, TVector, TStep, Two>(work, 2);
            BlockedMuxWeightRows5.Run<TSimd, TVector, TStep, One>(work, 4);
        }
    }

    private static void Fine3<TSimd, TVector>(BlockedMuxWeightRows* work, int phase)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint sumRow = 3 * TSimd.Lanes;
        if (work->BlockStride == 0)
        {
            BlockedMuxWeightFine.Run<TSimd, TVector, Three, Three, Two>(work, work->FineRow(-2), work->FineRow(0),
                work->FineRow(2), work->Sums, sumRow);
        }
        else
        {
            BlockedMuxWeightFine.Run<TSimd, TVector, Three, Three, One>(work, work->FineRow(phase - 1),
                work->FineRow(phase), work->FineRow(phase + 1), work->Sums, sumRow);
        }
    }

    /// <summary>Every second row of taps together; with 16 registers one by one, since two need one register
    /// more.</summary>
    private static void Fine5<TSimd, TVector>(BlockedMuxWeightRows* work, int phase)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint row = 5 * TSimd.Lanes;
        bool single = work->BlockStride == 0;
        if (TSimd.Lanes != 16)
        {
            for (int tap = 0; tap < 5; tap++)
            {
                int fine = phase + tap - 2;
                float* x = work->FineRow(fine), below = x + work->RowStride, sums = work->Sums + tap * row;
                if (single && (fine & 1) != 0)
                {
                    BlockedMuxWeightFine.Run<TSimd, TVector, Five, One, Two>(work, x, below, x, sums, row);
                }
                else
                {
                    BlockedMuxWeightFine.Run<TSimd, TVector, Five, One, One>(work, x, x, x, sums, row);
                }
            }

            return;
        }

        float* first = work->FineRow(phase - 2), second = work->FineRow(phase), third = work->FineRow(phase + 2);
        BlockedMuxWeightFine.Run<TSimd, TVector, Five, Three, One>(work, first, second, third, work->Sums, 2 * row);
        if (single)
        {
            BlockedMuxWeightFine.Run<TSimd, TVector, Five, Two, Two>(work, first, second, third, work->Sums + row,
                2 * row);
        }
        else
        {
            first = work->FineRow(phase - 1);
            second = work->FineRow(phase + 1);
            BlockedMuxWeightFine.Run<TSimd, TVector, Five, Two, One>(work, first, second, second, work->Sums + row,
                2 * row);
        }
    }

    private static void FineTaps<TSimd, TVector>(BlockedMuxWeightRows* work, int phase)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int kernel = work->Kernel, reach = kernel / 2;
        for (int tap = 0; tap < kernel * kernel; tap++)
        {
            int fine = phase + tap / kernel - reach;
            float* x = work->FineRow(fine) + (tap % kernel - reach) * (TSimd.Lanes / 2), below = x + work->RowStride;
            float* sum = work->Sums + tap * TSimd.Lanes;
            if (work->BlockStride == 0 && (fine & 1) != 0)
            {
                BlockedMuxWeightTap.Run<TSimd, TVector, One, Two>(work, x, below, sum);
            }
            else
            {
                BlockedMuxWeightTap.Run<TSimd, TVector, One, One>(work, x, x, sum);
            }
        }
    }
}
