using MuxKernels.Autograd;
using MuxKernels.Measure;

namespace MuxKernels.Compare;

/// <summary>One or several convolutions whose figures are one row of the kernel table.</summary>
/// <param name="Name">Name of the row.</param>
/// <param name="Kernels">The convolutions with how often they count.</param>
internal sealed record KernelRow(string Name, IReadOnlyList<(Operator Operator, int Count)> Kernels)
{
    /// <summary>Convolutions of the table: those of MUXNet-m are read from its record.</summary>
    public static IReadOnlyList<KernelRow> All()
    {
        IReadOnlyList<(PointwiseConv.Args Args, int Count)> pointwise = ShapeTable.Of<PointwiseConv.Args>("muxnet-m");
        return
        [
            new("pointwise of MUXNet-m, 14² and wider", [.. pointwise.Where(p => p.Args.X.H >= 14).Select(Pointwise)]),
            new("pointwise of MUXNet-m, 7²", [.. pointwise.Where(p => p.Args.X.H == 7).Select(Pointwise)]),
            new("stem 3×3 s2 3→24 at 224²", [.. ShapeTable.Of<DenseConv.Args>("muxnet-m").Select(
                static d => ((Operator)new DenseConvOperator(d.Args), d.Count))]),
            Depthwise("depthwise 3×3 C96 at 56²", 96, 56, 3),
            Depthwise("depthwise 5×5 C480 at 14²", 480, 14, 5),
            Depthwise("depthwise 3×3 C24 at 112²", 24, 112, 3),
            Depthwise("depthwise 3×3 s2 C96 at 112²", 96, 112, 3, 2),
            Group("group-wise g = 2, 5×5 C240 at 14²", 240, 14, 5),
            Group("group-wise g = 2, 3×3 C120 at 28²", 120, 28, 3),
            Group("group-wise g = 2, 3×3 C48 at 56²", 48, 56, 3),
            Of("mixed 3,5,7,9 s2 C160 at 28²", new MixedConvOperator(new(Square(160, 28), [3, 5, 7, 9], stride: 2))),
            Of("mixed 3…11 s2 C448 at 14²", new MixedConvOperator(new(Square(448, 14), [3, 5, 7, 9, 11], stride: 2))),
            Of("MuxConv −1,0,1 C48 at 56², k = 3", new MuxConvOperator(new(Square(48, 56), [-1, 0, 1], 3))),
            Of("MuxConv −1,0,1 C48 at 56², k = 5", new MuxConvOperator(new(Square(48, 56), [-1, 0, 1], 5))),
        ];
    }

    private static (Operator Operator, int Count) Pointwise((PointwiseConv.Args Args, int Count) p) =>
        (new PointwiseConvOperator(p.Args), p.Count);

    private static KernelRow Depthwise(string name, int channels, int size, int kernel, int stride = 1) =>
        Of(name, new DepthwiseConvOperator(new(Square(channels, size), kernel, stride)));

    private static KernelRow Group(string name, int channels, int size, int kernel) =>
        Of(name, new GroupConvOperator(new(Square(channels, size), channels, kernel, channels / 2)));

    private static KernelRow Of(string name, Operator @operator) => new(name, [(@operator, 1)]);

    private static Shape Square(int channels, int size) => new(1, channels, size, size);
}

/// <summary>Whole mux blocks: a chain of equal ones, the time is that of one.</summary>
/// <param name="Name">Name of the row.</param>
/// <param name="Block">Block string.</param>
/// <param name="Channels">Channels of the map.</param>
/// <param name="Size">Side of the map.</param>
internal sealed record BlockRow(string Name, string Block, int Channels, int Size)
{
    /// <summary>Blocks of a chain.</summary>
    public const int Length = 4;

    /// <summary>The blocks of the table, which MUXNet-m has.</summary>
    public static IReadOnlyList<BlockRow> All { get; } =
    [
        new("whole mux block c80 e6 k5 at 14²", "mux_r1_k5_s1_e6_c80_se0.75_p0.5_sg2_g2_nsw", 80, 14),
        new("whole mux block c24 e4 k3 at 56²", "mux_r1_k3_s1_e4_c24_se0.75_p0.5_sg2_g2_nre", 24, 56),
    ];
}
