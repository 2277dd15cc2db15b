using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// The weight gradient of a <see cref="BlockedMuxConv"/>. Packed sums are <c>[set][tap][L]</c> for each piece: four
/// sets of a sub-pixel piece (phases of y), else one. Every lane sums what it sees, vector by vector; lanes that hold
/// other pixels of the same fine channel (super-pixel pieces) meet when the sums are unpacked.
/// </summary>
internal sealed unsafe class BlockedMuxWeights : BlockedWindowGradient
{
    private readonly BlockedMuxPart[] parts;
    private readonly int[] offsets;
    private readonly int lanes;
    private readonly int columns;

    /// <summary>The weight gradient of a convolution.</summary>
    public BlockedMuxWeights(BlockedMuxConv of)
    {
        (parts, lanes, columns) = ([.. of.Parts], of.Lanes, of.OutWidth);
        offsets = new int[parts.Length];
        for (int piece = 0; piece < parts.Length; piece++)
        {
            offsets[piece] = PackedLength;
            PackedLength += Sets(parts[piece]) * parts[piece].Taps * lanes;
        }
    }

    public override int PackedLength { get; }

    public override void Run(int piece, float* x, int xBlockStride, int xRowStride, float* dy, int dyBlockStride,
        int dyRowStride, float* packed, int firstRow, int rows)
    {
        BlockedMuxWeightRows work = new()
        {
            X = x + (nint)firstRow * xRowStride,
            RowStride = xRowStride,
            BlockStride = xBlockStride,
            Dy = dy + (nint)firstRow * dyRowStride,
            DyRowStride = dyRowStride,
            DyBlockStride = dyBlockStride,
            Sums = packed + offsets[piece],
            Rows = rows,
            Columns = columns,
            Kernel = parts[piece].Kernel,
        };
        switch (lanes)
        {
            case 16:
                Run<Simd512, Vector512<float>>(parts[piece].Form, &work, firstRow);
                break;
            case 8:
                Run<Simd256, Vector256<float>>(parts[piece].Form, &work, firstRow);
                break;
            default:
                Run<Simd128, Vector128<float>>(parts[piece].Form, &work, firstRow);
                break;
        }
    }

    public override void Unpack(float* packed, Span<float> dw)
    {
        for (int piece = 0; piece < parts.Length; piece++)
        {
            BlockedMuxPart p = parts[piece];
            for (int lane = 0; lane < Sets(p) * lanes; lane++)
            {
                (int channel, int weight) = p.Lanes[lane];
                float* from = packed + offsets[piece] + (long)(lane / lanes) * p.Taps * lanes + lane % lanes;
                for (int tap = 0; tap < p.Taps && channel >= 0; tap++, from += lanes)
                {
                    dw[weight + p.TrueTap(tap)] += *from;
                }
            }
        }
    }

    private static int Sets(BlockedMuxPart part) => part.Form == BlockedMuxForm.Subpixel ? 4 : 1;

    private static void Run<TSimd, TVector>(BlockedMuxForm form, BlockedMuxWeightRows* work, int firstRow)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        switch (form)
        {
            case BlockedMuxForm.Plain:
                BlockedMuxWeightRows.Whole<TSimd, TVector, One>(work);
                break;
            case BlockedMuxForm.SuperpixelPair:
                BlockedMuxWeightRows.Fine<TSimd, TVector>(work, 0);
                work->Dy += work->DyBlockStride;
                BlockedMuxWeightRows.Fine<TSimd, TVector>(work, 1);
                break;
            case BlockedMuxForm.Superpixel:
                work->BlockStride = 0;
                BlockedMuxWeightRows.Fine<TSimd, TVector>(work, 0);
                break;
            default:
                Phases<TSimd, TVector>(work, firstRow);
                break;
        }
    }

    /// <summary>Rows and columns of each of the four phases: every second one, taps two apart. Both column phases
    /// together where there are registers for the sums of both.</summary>
    private static void Phases<TSimd, TVector>(BlockedMuxWeightRows* work, int firstRow)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        nint row = work->RowStride, dyRow = work->DyRowStride;
        float* x = work->X, dy = work->Dy, sums = work->Sums;
        int set = work->Kernel * work->Kernel * TSimd.Lanes, rows = work->Rows, columns = work->Columns;
        bool together = TSimd.Lanes == 16 && work->Kernel == 3;
        (work->RowStride, work->DyRowStride) = (2 * row, 2 * dyRow);
        for (int phase = 0; phase < 4; phase += together ? 2 : 1)
        {
            int skip = (phase / 2 + firstRow) % 2, right = phase % 2 * TSimd.Lanes;
            work->X = x + skip * row + right;
            work->Dy = dy + skip * dyRow + right;
            work->Sums = sums + phase * set;
            work->Rows = (rows + 1 - skip) / 2;
            if (together)
            {
                BlockedMuxWeightPhase3.Run<TSimd, TVector>(work);
            }
            else
            {
                work->Columns = columns / 2;
                BlockedMuxWeightRows.Whole<TSimd, TVector, Two>(work);
            }
        }
    }
}
