namespace MuxKernels.Compare;

/// <summary>Weights and inputs of convolutions that are written as depthwise ones.</summary>
internal static class PeerWeights
{
    /// <summary>Two channels a group: the weights of each output channel for its own channel and for the other one of
    /// its pair.</summary>
    /// <param name="w"><c>[C, 2, taps]</c>.</param>
    /// <param name="taps">Taps of a kernel.</param>
    public static (float[] Own, float[] Other) Pairs(float[] w, int taps)
    {
        int channels = w.Length / (2 * taps);
        float[] own = new float[channels * taps], other = new float[channels * taps];
        for (int c = 0; c < channels; c++)
        {
            w.AsSpan((2 * c + c % 2) * taps, taps).CopyTo(own.AsSpan(c * taps));
            w.AsSpan((2 * c + 1 - c % 2) * taps, taps).CopyTo(other.AsSpan(c * taps));
        }

        return (own, other);
    }

    /// <summary>Planes with the two of each pair exchanged.</summary>
    public static float[] Swapped(float[] x, int pixels)
    {
        float[] swapped = new float[x.Length];
        for (int c = 0; c < x.Length / pixels; c++)
        {
            x.AsSpan((c ^ 1) * pixels, pixels).CopyTo(swapped.AsSpan(c * pixels));
        }

        return swapped;
    }

    /// <summary>Mixed kernels in the middle of the largest one, zeros around them.</summary>
    public static float[] Padded(in MixedConv.Args args, float[] w)
    {
        int last = args.Kernels.Count - 1;
        Window largest = args.PartWindow(last);
        float[] padded = new float[args.X.C * largest.Taps];
        for (int part = 0, channel = 0, from = 0; part <= last; part++)
        {
            Window window = args.PartWindow(part);
            int shift = largest.PadTop - window.PadTop;
            for (int c = 0; c < args.Channels[part]; c++, channel++)
            {
                for (int tap = 0; tap < window.Taps; tap++)
                {
                    int row = tap / window.Kernel + shift, column = tap % window.Kernel + shift;
                    padded[(channel * largest.Kernel + row) * largest.Kernel + column] = w[from++];
                }
            }
        }

        return padded;
    }
}
