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

    private static void PackSlots(ReadOnlySpan<float> w, ReadOnlySpan<int> lanes, int laneStep,
        ReadOnlySpan<int> terms, int termStep, float* packed)
    {
        int blocks = (lanes.Length + TSimd.Lanes - 1) / TSimd.Lanes;
        for (int column = 0; column < Columns(blocks); column++)
        {
            int vectors = Vectors(column, blocks), row = vectors * TSimd.Lanes;
            for (int v = 0; v < vectors; v++)
            {
                int first = (column * ColumnVectors + v) * TSimd.Lanes;
                PackVector(w, lanes[first..Math.Min(first + TSimd.Lanes, lanes.Length)], laneStep, terms, termStep,
                    packed + v * TSimd.Lanes, row);
            }

            packed += (nint)terms.Length * row;
        }
    }

    /// <summary>One vector of lanes, all terms.</summary>
    private static void PackVector(ReadOnlySpan<float> w, ReadOnlySpan<int> lanes, int laneStep,
        ReadOnlySpan<int> terms, int termStep, float* packed, int row)
    {
        bool together = laneStep == 1 && BlockedSlots.Follow(lanes);
        for (int i = 0; i < terms.Length; i++, packed += row)
        {
            Span<float> to = new(packed, TSimd.Lanes);
            if (terms[i] < 0)
            {
                to.Clear();
            }
            else if (together)
            {
                w.Slice(terms[i] * termStep + lanes[0], lanes.Length).CopyTo(to);
                to[lanes.Length..].Clear();
            }
            else
            {
                int at = terms[i] * termStep;
                for (int lane = 0; lane < to.Length; lane++)
                {
                    to[lane] = lane >= lanes.Length || lanes[lane] < 0 ? 0f : w[at + lanes[lane] * laneStep];
                }
            }
        }
    }
}
