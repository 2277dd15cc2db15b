namespace MuxKernels;

public sealed partial class ReferenceDevice
{
    private delegate void Plain<TArgs>(in TArgs args, ReadOnlySpan<double> x, ReadOnlySpan<double> w, Span<double> y);

    /// <inheritdoc/>
    public override void PointwiseConvFused(in PointwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, static (in a, x, w, y) =>
            PointwiseConv.ForwardReference(a, x, w, [], y));

    /// <inheritdoc/>
    public override void DenseConvFused(in DenseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, static (in a, x, w, y) =>
            DenseConv.ForwardReference(a, x, w, [], y));

    /// <inheritdoc/>
    public override void DepthwiseConvFused(in DepthwiseConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, static (in a, x, w, y) =>
            DepthwiseConv.ForwardReference(a, x, w, [], y));

    /// <inheritdoc/>
    public override void GroupConvFused(in GroupConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, static (in a, x, w, y) =>
            GroupConv.ForwardReference(a, x, w, [], y));

    /// <inheritdoc/>
    public override void MixedConvFused(in MixedConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, static (in a, x, w, y) =>
            MixedConv.ForwardReference(a, x, w, y));

    /// <inheritdoc/>
    public override void MuxConvFused(in MuxConv.Args args, View x, View w, in ConvFusion fusion, View y) =>
        Fused(args, args.X, args.Y, x, w, fusion, y, static (in a, x, w, y) =>
            MuxConv.ForwardReference(a, x, w, y));

    /// <inheritdoc/>
    public override void SqueezeExciteGates(in SqueezeExcite.Args args, View sums, View w1, View b1, View w2, View b2,
        View hidden, View gates)
    {
        // The gates are what is left of maps of one pixel that are 1, whose means are given.
        SqueezeExcite.Args one = new(args.X with { H = 1, W = 1 }, args.Reduced, args.Activation, args.Gate);
        int channels = args.X.C, kept = one.Saved.C;
        int pixels = args.X.Pixels;
        double[] means = Array.ConvertAll(Span(sums).ToArray(), s => s / pixels), saved = new double[one.Saved.Length];
        SqueezeExcite.ForwardReference<double>(one, means, Span(w1), Span(b1), Span(w2), Span(b2), Span(gates), saved);
        for (int n = 0; n < args.X.N; n++)
        {
            saved.AsSpan(n * kept + channels + args.Reduced, args.Reduced).CopyTo(Span(hidden)[(n * args.Reduced)..]);
            for (int c = 0; c < channels; c++)
            {
                double a = saved[n * kept + channels + 2 * args.Reduced + c];
                Span(gates)[n * channels + c] = Activation.Value(args.Gate, a);
            }
        }
    }

    private static void Fused<TArgs>(in TArgs args, Shape from, Shape to, View x, View w, in ConvFusion f, View y,
        Plain<TArgs> plain)
    {
        f.CheckPlaces(from, to, nameof(ReferenceDevice));
        double[] input = new double[from.Length], z = new double[to.Length];
        int inputs = f.InputStride > 0 ? f.InputStride : from.C, outputs = f.OutputStride > 0 ? f.OutputStride : to.C;
        Span<double> map = Span(x), gate = Span(f.Gate), scale = Span(f.Scale), shift = Span(f.Shift);
        Span<double> residual = Span(f.Residual), sums = Span(f.Sums), result = Span(y);
        for (int i = 0; i < input.Length; i++)
        {
            int plane = i / from.Pixels, n = plane / from.C, c = plane % from.C;
            int there = (n * inputs + (f.InputChannels?[c] ?? c)) * from.Pixels + i % from.Pixels;
            input[i] = map[there] * (gate.IsEmpty ? 1 : gate[plane]);
        }

        plain(args, input, Span(w), z);
        sums.Clear();
        for (int i = 0; i < z.Length; i++)
        {
            int plane = i / to.Pixels, n = plane / to.C, o = plane % to.C;
            int there = (n * outputs + (f.OutputChannels?[o] ?? o)) * to.Pixels + i % to.Pixels;
            double a = (scale.IsEmpty ? 1 : scale[o]) * z[i] + (shift.IsEmpty ? 0 : shift[o]);
            double value = Activation.Value(f.Activation, a) + (residual.IsEmpty ? 0 : residual[there]);
            if (!sums.IsEmpty)
            {
                sums[plane] += value;
            }

            if (!f.SumsOnly)
            {
                result[there] = value;
            }
        }
    }
}
