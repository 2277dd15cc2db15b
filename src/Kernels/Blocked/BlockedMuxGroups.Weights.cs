using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

internal sealed unsafe partial class BlockedMuxGroups
{
    /// <summary>The weight gradient: packed sums stand like the packed weights; the four sets of a super-pixel piece
    /// belong to the same weights and meet when they are unpacked.</summary>
    private sealed class Gradient(BlockedMuxGroups window) : BlockedWindowGradient
    {
        /// <summary>Terms whose sums stand in registers together.</summary>
        private const int Together = 8;

        /// <inheritdoc/>
        public override int PackedLength => window.PackedLength;

        /// <inheritdoc/>
        public override void Run(int piece, float* x, int xBlockStride, int xRowStride, float* dy, int dyBlockStride,
            int dyRowStride, float* packed, int firstRow, int rows)
        {
            Band band = new()
            {
                X = x,
                XBlock = xBlockStride,
                XRow = xRowStride,
                Dy = dy,
                DyBlock = dyBlockStride,
                DyRow = dyRowStride,
                Sums = packed + window.own[piece].PackedOffset,
                First = firstRow,
                Rows = rows,
                Width = window.OutWidth,
            };
            switch (window.Lanes)
            {
                case 16:
                    Run<Simd512, Vector512<float>>(window.own[piece], window.g, &band);
                    break;
                case 8:
                    Run<Simd256, Vector256<float>>(window.own[piece], window.g, &band);
                    break;
                default:
                    Run<Simd128, Vector128<float>>(window.own[piece], window.g, &band);
                    break;
            }
        }

        /// <inheritdoc/>
        public override void Unpack(float* packed, Span<float> dw)
        {
            foreach (Piece p in window.own)
            {
                float* from = packed + p.PackedOffset;
                for (int row = 0; row < p.Sets * window.g; row++)
                {
                    (int set, int o) = Math.DivRem(row, window.g);
                    for (int term = 0; term < p.Terms; term++, from += window.Lanes)
                    {
                        (int i, int tap) = Math.DivRem(term, p.Taps);
                        for (int lane = 0; lane < p.Groups.Length; lane++)
                        {
                            dw[p.Weight(set, lane, o, i, tap)] += from[lane];
                        }
                    }
                }
            }
        }

        /// <summary>Each set and output member with the outputs that it makes: all of a block, or every second row and
        /// column.</summary>
        [SkipLocalsInit]
        private static void Run<TSimd, TVector>(Piece piece, int g, Band* band)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            nint* offsets = stackalloc nint[piece.Terms];
            Outputs outputs = new()
            {
                XRow = piece.Step * band->XRow,
                DyRow = piece.Step * band->DyRow,
                Step = piece.Step * TSimd.Lanes,
            };
            for (int set = 0; set < piece.Sets; set++)
            {
                piece.Offsets(piece.Step > 1 ? 0 : set, TSimd.Lanes, band->XBlock, band->XRow, offsets);
                (int down, int right) = piece.Step > 1 ? ((set / 2 + band->First) % 2, set % 2) : (0, 0);
                outputs.X = band->X + (nint)(band->First + down) * band->XRow + right * TSimd.Lanes;
                outputs.Rows = (band->Rows + piece.Step - 1 - down) / piece.Step;
                outputs.Columns = (band->Width + piece.Step - 1 - right) / piece.Step;
                for (int o = 0; o < g; o++)
                {
                    outputs.Dy = band->Dy + (nint)piece.OutBlock(set, o) * band->DyBlock
                        + (nint)(band->First + down) * band->DyRow + right * TSimd.Lanes;
                    float* sums = band->Sums + ((nint)set * g + o) * piece.Terms * TSimd.Lanes;
                    int term = 0;
                    for (; term <= piece.Terms - Together; term += Together)
                    {
                        Eight<TSimd, TVector>(&outputs, offsets + term, sums + term * TSimd.Lanes);
                    }

                    for (; term < piece.Terms; term++)
                    {
                        One<TSimd, TVector>(&outputs, offsets[term], sums + term * TSimd.Lanes);
                    }
                }
            }
        }

        /// <summary>Eight terms: eight sums and one dy.</summary>
        private static void Eight<TSimd, TVector>(Outputs* of, nint* offsets, float* sums)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            TVector s0 = TSimd.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
            nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3];
            nint o4 = offsets[4], o5 = offsets[5], o6 = offsets[6], o7 = offsets[7];
            nint end = (nint)of->Columns * of->Step, step = of->Step;
            float* x = of->X, dy = of->Dy;
            for (int rows = of->Rows; rows > 0; rows--, x += of->XRow, dy += of->DyRow)
            {
                for (nint at = 0; at < end; at += step)
                {
                    TVector d = TSimd.Load(dy + at);
                    float* p = x + at;
                    s0 = TSimd.Fma(d, TSimd.Load(p + o0), s0);
                    s1 = TSimd.Fma(d, TSimd.Load(p + o1), s1);
                    s2 = TSimd.Fma(d, TSimd.Load(p + o2), s2);
                    s3 = TSimd.Fma(d, TSimd.Load(p + o3), s3);
                    s4 = TSimd.Fma(d, TSimd.Load(p + o4), s4);
                    s5 = TSimd.Fma(d, TSimd.Load(p + o5), s5);
                    s6 = TSimd.Fma(d, TSimd.Load(p + o6), s6);
                    s7 = TSimd.Fma(d, TSimd.Load(p + o7), s7);
                }
            }

            int lanes = TSimd.Lanes;
            TSimd.Store(TSimd.Add(TSimd.Load(sums), s0), sums);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + lanes), s1), sums + lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 2 * lanes), s2), sums + 2 * lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 3 * lanes), s3), sums + 3 * lanes);
            sums += 4 * lanes;
            TSimd.Store(TSimd.Add(TSimd.Load(sums), s4), sums);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + lanes), s5), sums + lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 2 * lanes), s6), sums + 2 * lanes);
            TSimd.Store(TSimd.Add(TSimd.Load(sums + 3 * lanes), s7), sums + 3 * lanes);
        }

        private static void One<TSimd, TVector>(Outputs* of, nint offset, float* sums)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            TVector sum = TSimd.Zero;
            nint end = (nint)of->Columns * of->Step, step = of->Step;
            float* x = of->X + offset, dy = of->Dy;
            for (int rows = of->Rows; rows > 0; rows--, x += of->XRow, dy += of->DyRow)
            {
                for (nint at = 0; at < end; at += step)
                {
                    sum = TSimd.Fma(TSimd.Load(dy + at), TSimd.Load(x + at), sum);
                }
            }

            TSimd.Store(TSimd.Add(TSimd.Load(sums), sum), sums);
        }

        /// <summary>What a call is asked for.</summary>
        private struct Band
        {
            public float* X;
            public nint XBlock;
            public nint XRow;
            public float* Dy;
            public nint DyBlock;
            public nint DyRow;
            public float* Sums;
            public int First;
            public int Rows;
            public int Width;
        }

        /// <summary>Outputs of one block that share their weights, and their own pixels of x.</summary>
        private struct Outputs
        {
            public float* X;
            public nint XRow;
            public float* Dy;
            public nint DyRow;
            public int Step;
            public int Rows;
            public int Columns;
        }
    }
}
