namespace MuxKernels.Testing;

public static partial class Cases
{
    private const int MaxParts = 4;

    private static CaseAxis[] Map => [CaseAxis.Images, CaseAxis.Size("H"), CaseAxis.Size("W")];

    /// <summary>Step, distance of taps, padding.</summary>
    private static CaseAxis[] Options =>
        [CaseAxis.Range("stride", 1, 3), CaseAxis.Of("dilation", 1, 1, 1, 2), CaseAxis.Of("padding", 0, 0, 1, 2, 3, 4)];

    private static void RegisterConvolutions()
    {
        Add([.. Map, CaseAxis.Channels(), CaseAxis.Channels("O")],
            v => new PointwiseConv.Args(new Shape(v[0], v[3], v[1], v[2]), v[4]),
            a => [a.X.N, a.X.H, a.X.W, a.X.C, a.Y.C], a => a.MultiplyAdds <= WorkLimit);
        Add([.. Map, .. Options, CaseAxis.Channels(), CaseAxis.Channels("O"), CaseAxis.Of("k", 1, 2, 3, 3, 3, 5, 7)],
            v => new DenseConv.Args(new Shape(v[0], v[6], v[1], v[2]), v[7], v[8], v[3], v[4], Padded(v[5])),
            a => [a.X.N, a.X.H, a.X.W, a.Window.Stride, a.Window.Dilation, Padded(a.Window.Padding), a.X.C, a.Y.C,
                a.Window.Kernel], a => a.MultiplyAdds <= WorkLimit);
        Add([.. Map, .. Options, CaseAxis.Channels(), CaseAxis.Range("k", 1, 11)],
            v => new DepthwiseConv.Args(new Shape(v[0], v[6], v[1], v[2]), v[7], v[3], v[4], Padded(v[5])),
            a => [a.X.N, a.X.H, a.X.W, a.Window.Stride, a.Window.Dilation, Padded(a.Window.Padding), a.X.C,
                a.Window.Kernel], a => a.MultiplyAdds <= WorkLimit);
        Add([.. Map, .. Options, CaseAxis.Range("groups", 1, 6), CaseAxis.Range("C/G", 1, 9),
                CaseAxis.Range("O/G", 1, 9), CaseAxis.Of("k", 1, 2, 3, 3, 4, 5, 7)],
            v => new GroupConv.Args(new Shape(v[0], v[6] * v[7], v[1], v[2]), v[6] * v[8], v[9], v[6], v[3], v[4],
                Padded(v[5])),
            a => [a.X.N, a.X.H, a.X.W, a.Window.Stride, a.Window.Dilation, Padded(a.Window.Padding), a.Groups,
                a.InPerGroup, a.OutPerGroup, a.Window.Kernel], a => a.MultiplyAdds <= WorkLimit);
        RegisterMixed();
        RegisterMux();
    }

    private static void RegisterMixed() =>
        Add([.. Map, .. Options, CaseAxis.Range("groups", MaxParts, 12), CaseAxis.Range("g", 1, 3),
                CaseAxis.Range("parts", 1, MaxParts), .. Enumerable.Range(0, MaxParts).Select(Kernel)],
            v => new MixedConv.Args(new Shape(v[0], v[6] * v[7], v[1], v[2]), List(v, 9, v[8]), v[7], v[3], v[4],
                Padded(v[5])),
            a => [a.X.N, a.X.H, a.X.W, a.Stride, a.Dilation, Padded(a.Padding), a.X.C / a.ChannelsPerGroup,
                a.ChannelsPerGroup, a.Kernels.Count, .. Extended(a.Kernels, 1)],
            a => a.MultiplyAdds <= WorkLimit);

    /// <summary>Channels are the parts' multiple (r² for super-pixel parts) and a remainder; sizes the multiple of a
    /// power of two and a remainder, so that every sign of scale and every odd map comes up.</summary>
    private static void RegisterMux()
    {
        CaseAxis[] scales = [.. Enumerable.Range(0, MaxParts).Select(i => CaseAxis.Of($"scale {i}", 0, -1, -1, 1, 1))];
        CaseAxis[] axes =
        [
            CaseAxis.Images, CaseAxis.Size("H"), CaseAxis.Size("W"), CaseAxis.Of("unit H", 1, 1, 2, 4),
            CaseAxis.Of("unit W", 1, 1, 2, 4), CaseAxis.Of("stride", 1, 1, 1, 2), CaseAxis.Of("dilation", 1, 1, 1, 2),
            CaseAxis.Of("g", 1, 1, 1, 2, 3), CaseAxis.Of("odd maps", 0, 1, 2), CaseAxis.Of("r", 2, 2, 2, 2, 3),
            CaseAxis.Of("split", 1, 1, 1, 2), CaseAxis.Range("C", 1, 36), CaseAxis.Of("unit C", 1, 4, 4, 12),
            CaseAxis.Range("parts", 1, MaxParts), CaseAxis.Of("one kernel", 1, 0), .. scales,
            .. Enumerable.Range(0, MaxParts).Select(Kernel),
        ];
        Add(axes,
            v => new MuxConv.Args(new Shape(v[0], v[11] * v[12], v[1] * v[3], v[2] * v[4]), List(v, 15, v[13]),
                List(v, 15 + MaxParts, v[14] == 1 ? 1 : v[13]), v[7], v[5], v[6], (OddMaps)v[8], v[9],
                v[10] == 1 ? 1 : v[9] * v[9]),
            a => [a.X.N, a.X.H, a.X.W, 1, 1, a.Stride, a.Dilation, a.ChannelsPerGroup, (int)a.OddMaps, a.Factor,
                a.Channels == ChannelParts.Split(a.X.C, a.Scales.Count) ? 1 : 2, a.X.C, 1, a.Scales.Count,
                a.Kernels.Count == 1 ? 1 : 0, .. Extended(a.Scales, 0), .. Extended(a.Kernels, 1)],
            a => a.MultiplyAdds <= WorkLimit);
    }

    private static CaseAxis Kernel(int part) => CaseAxis.Of($"k {part}", 1, 3, 3, 5, 7, 9);

    private static IntList List(int[] values, int first, int count) => IntList.Create(values.AsSpan(first, count));

    private static int[] Extended(IntList list, int plain) =>
        [.. list.Concat(Enumerable.Repeat(plain, MaxParts)).Take(MaxParts)];

    private static Padding Padded(int code) => code switch
    {
        0 => Padding.Symmetric,
        1 => Padding.Same,
        _ => Padding.Of(code - 2),
    };

    private static int Padded(Padding padding) => padding.Kind switch
    {
        PaddingKind.Symmetric => 0,
        PaddingKind.Same => 1,
        _ => padding.Amount + 2,
    };
}
