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
    public void Whole<TSimd, TVector, TStep>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TStep : struct, ICount
    {
        nint step = TStep.Value * TSimd.Lanes;
        int reach = Kernel / 2;
        fixed (BlockedMuxWeightRows* work = &this)
        {
            for (int tap = 0; tap < Kernel * Kernel; tap++)
            {
                float* x = X + (tap / Kernel - reach) * RowStride + (tap % Kernel - reach) * step;
                BlockedMuxWeightTap.Run<TSimd, TVector, TStep, One>(work, x, x, Sums + tap * TSimd.Lanes);
            }
        }
    }

    /// <summary>Super-pixel pieces: taps half a vector apart.</summary>
    /// <param name="phase">The fine row of a pixel that the block of dy holds.</param>
    public void Fine<TSimd, TVector>(int phase)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int reach = Kernel / 2;
        fixed (BlockedMuxWeightRows* work = &this)
        {
            for (int tap = 0; tap < Kernel * Kernel; tap++)
            {
                int fine = phase + tap / Kernel - reach;
                float* x = X + (fine >> 1) * RowStride + (fine & 1) * BlockStride
                    + (tap % Kernel - reach) * (TSimd.Lanes / 2), below = x + RowStride;
                if ((fine & 1) != 0 && BlockStride == 0)
                {
                    BlockedMuxWeightTap.Run<TSimd, TVector, One, Two>(work, x, below, Sums + tap * TSimd.Lanes);
                }
                else
                {
                    BlockedMuxWeightTap.Run<TSimd, TVector, One, One>(work, x, x, Sums + tap * TSimd.Lanes);
                }
            }
        }
    }
}
