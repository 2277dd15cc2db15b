using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <content>Weights straight from a network's own layout, whose channels stand in any slots of the maps: training packs
/// them anew at every step.</content>
internal static unsafe partial class BlockedPointwise<TSimd, TVector>
{
    /// <summary>Packs weights of <c>y[o] = Σᵢ w[o, i]·x[i]</c>.</summary>
    /// <param name="w">Weights; output channel o begins at <c>o·wRow</c>.</param>
    /// <param name="wRow">Floats from one output channel to the next.</param>
    /// <param name="inChannel">Input channel of each term of the sums, or −1: its weights are zero.</param>
    /// <param name="outChannel">Output channel of each lane, or −1: its weights are zero, as are those of lanes that
    /// fill the last block.</param>
    /// <param name="packed">64-byte aligned memory of <see cref="PackedLength"/> floats for as many terms and blocks.
    /// </param>
    public static void Pack(ReadOnlySpan<float> w, int wRow, ReadOnlySpan<int> inChannel,
        ReadOnlySpan<int> outChannel, float* packed) => PackSlots(w, outChannel, wRow, inChannel, 1, packed);

    /// <summary>Packs weights of the input gradient <c>dx[i] = Σₒ w[o, i]·dy[o]</c>, a 1×1 convolution of dy: terms are
    /// output channels, lanes are input channels.</summary>
    /// <param name="w">Weights; output channel o begins at <c>o·wRow</c>.</param>
    /// <param name="wRow">Floats from one output channel to the next.</param>
    /// <param name="inChannel">Input channel of each lane, or −1: its weights are zero, as are those of lanes that fill
    /// the last block.</param>
    /// <param name="outChannel">Output channel of each term of the sums, or −1: its weights are zero.</param>
    /// <param name="packed">64-byte aligned memory of <see cref="PackedLength"/> floats for as many terms and blocks.
    /// </param>
    public static void PackTransposed(ReadOnlySpan<float> w, int wRow, ReadOnlySpan<int> inChannel,
        ReadOnlySpan<int> outChannel, float* packed) => PackSlots(w, inChannel, 1, outChannel, wRow, packed);

    /// <summary>Packs column after column,
    /// <c>packed[t][lane] = w[lanes[lane]·laneStep + terms[t]·termStep]</c>.</summary>
    private static void PackSlots(ReadOnlySpan<float> w, ReadOnlySpan<int> lanes, int laneStep,
        ReadOnlySpan<int> terms, int termStep, float* packed)
    {
        int blocks = (lanes.Length + TSimd.Lanes - 1) / TSimd.Lanes;
        int lastLane = BlockedSlots.Last(lanes), lastTerm = BlockedSlots.Last(terms);
        if (lastLane < 0 || lastTerm < 0)
        {
            new Span<float>(packed, PackedLength(terms.Length, blocks)).Clear();
            return;
        }

        bool rows = termStep == 1 && BlockedSlots.AreDistinct(terms, lastTerm);
        fixed (float* from = w[..checked(lastLane * laneStep + lastTerm * termStep + 1)])
        {
            for (int column = 0; column < Columns(blocks); column++)
            {
                int vectors = Vectors(column, blocks), row = vectors * TSimd.Lanes;
                for (int v = 0; v < vectors; v++)
                {
                    int first = (column * ColumnVectors + v) * TSimd.Lanes;
                    ReadOnlySpan<int> some = lanes[first..Math.Min(first + TSimd.Lanes, lanes.Length)];
                    float* to = packed + v * TSimd.Lanes;
                    if (rows)
                    {
                        PackRows(from, some, laneStep, terms, lastTerm + 1, to, row);
                    }
                    else
                    {
                        PackVector(from, some, laneStep, terms, termStep, to, row);
                    }
                }

                packed += (nint)terms.Length * row;
            }
        }
    }

    /// <summary>One vector of lanes, all terms, a number at a time or, where channels follow one another, a vector.
    /// </summary>
    [SkipLocalsInit]
    private static void PackVector(float* w, ReadOnlySpan<int> lanes, int laneStep, ReadOnlySpan<int> terms,
        int termStep, float* packed, int row)
    {
        int* offsets = stackalloc int[TSimd.Lanes];
        bool together = laneStep == 1 && lanes.Length == TSimd.Lanes && BlockedSlots.Follow(lanes), holes = false;
        for (int lane = 0; lane < TSimd.Lanes; lane++)
        {
            bool hole = lane >= lanes.Length || lanes[lane] < 0;
            holes |= hole;
            offsets[lane] = hole ? 0 : lanes[lane] * laneStep;
        }

        for (int t = 0; t < terms.Length; t++, packed += row)
        {
            float* from = w + (nint)terms[t] * termStep;
            if (terms[t] < 0)
            {
                TSimd.Store(TSimd.Zero, packed);
            }
            else if (together)
            {
                TSimd.Store(TSimd.Load(from + *offsets), packed);
            }
            else
            {
                for (int lane = 0; lane < TSimd.Lanes; lane += 4)
                {
                    packed[lane] = from[offsets[lane]];
                    packed[lane + 1] = from[offsets[lane + 1]];
                    packed[lane + 2] = from[offsets[lane + 2]];
                    packed[lane + 3] = from[offsets[lane + 3]];
                }

                for (int lane = 0; holes && lane < TSimd.Lanes; lane++)
                {
                    packed[lane] = lane >= lanes.Length || lanes[lane] < 0 ? 0f : packed[lane];
                }
            }
        }
    }

    /// <summary>One vector of lanes whose weights lie in rows: squares of L channels of L lanes are transposed, and
    /// each channel's vector goes to its term.</summary>
    [SkipLocalsInit]
    private static void PackRows(float* w, ReadOnlySpan<int> lanes, int laneStep, ReadOnlySpan<int> terms,
        int channels, float* packed, int row)
    {
        float* memory = stackalloc float[2 * TSimd.Lanes * TSimd.Lanes + 16];
        float* square = TileEpilogue<TSimd, TVector>.Align(memory), other = square + TSimd.Lanes * TSimd.Lanes;
        int* places = stackalloc int[BlockedSlots.MostDistinct];
        BlockedSlots.Places(terms, new Span<int>(places, channels));
        for (int t = 0; t < terms.Length; t++)
        {
            if (terms[t] < 0)
            {
                TSimd.Store(TSimd.Zero, packed + (nint)t * row);
            }
        }

        for (int first = 0; first < channels; first += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, channels - first);
            for (int lane = 0; lane < TSimd.Lanes; lane++)
            {
                float* from = lane < lanes.Length && lanes[lane] >= 0 ? w + (nint)lanes[lane] * laneStep + first : null;
                TVector v = from == null ? TSimd.Zero
                    : count == TSimd.Lanes ? TSimd.Load(from) : TSimd.LoadPartial(from, count);
                TSimd.Store(v, square + lane * TSimd.Lanes);
            }

            float* result = Transpose(square, other);
            for (int c = 0; c < count; c++)
            {
                if (places[first + c] >= 0)
                {
                    TSimd.Store(TSimd.Load(result + c * TSimd.Lanes), packed + (nint)places[first + c] * row);
                }
            }
        }
    }

    /// <summary>Transposes L×L numbers; the result stands in one of the two squares.</summary>
    private static float* Transpose(float* square, float* other)
    {
        // Number e of row r stands at place (r, e). Interleaving rows r and r + L/2 turns the bits of the two left by
        // one; after log₂ L such rounds rows and numbers have changed places. Two rounds at a time.
        int round = 1, quarter = TSimd.Lanes * TSimd.Lanes / 4;
        for (; 2 * round < TSimd.Lanes; round *= 4)
        {
            float* from = square, to = other;
            for (int i = 0; i < TSimd.Lanes / 4; i++, from += TSimd.Lanes, to += 4 * TSimd.Lanes)
            {
                TVector a = TSimd.Load(from), b = TSimd.Load(from + quarter);
                TVector c = TSimd.Load(from + 2 * quarter), d = TSimd.Load(from + 3 * quarter);
                TVector low = TSimd.InterleaveLow(a, c), high = TSimd.InterleaveHigh(a, c);
                a = TSimd.InterleaveLow(b, d);
                b = TSimd.InterleaveHigh(b, d);
                TSimd.Store(TSimd.InterleaveLow(low, a), to);
                TSimd.Store(TSimd.InterleaveHigh(low, a), to + TSimd.Lanes);
                TSimd.Store(TSimd.InterleaveLow(high, b), to + 2 * TSimd.Lanes);
                TSimd.Store(TSimd.InterleaveHigh(high, b), to + 3 * TSimd.Lanes);
            }

            from = square;
            square = other;
            other = from;
        }

        if (round == TSimd.Lanes)
        {
            return square;
        }

        for (int i = 0; i < TSimd.Lanes / 2; i++)
        {
            TVector a = TSimd.Load(square + i * TSimd.Lanes), b = TSimd.Load(square + 2 * quarter + i * TSimd.Lanes);
            TSimd.Store(TSimd.InterleaveLow(a, b), other + 2 * i * TSimd.Lanes);
            TSimd.Store(TSimd.InterleaveHigh(a, b), other + (2 * i + 1) * TSimd.Lanes);
        }

        return other;
    }
}
