using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using Xunit;
using Half = ILGPU.Half;

namespace MuxKernels.Tests;

/// <summary>Products on tensor cores: what CUDA devices get for them, compiled for sm_90 without one, rounding to TF32,
/// and what devices without tensor cores say.</summary>
public sealed partial class TensorTests
{
    private const string Missing = " has no tensor cores that these kernels reach, expected a CUDA device of compute "
        + "capability 8.0 or newer.";

    /// <summary>Kernels by what is in their code: multiplications of squares, 16-byte loads from and stores to memory,
    /// and loads of factors from shared memory.</summary>
    private static readonly Dictionary<string, (MethodInfo Kernel, int Products, int Loads, int Stores, int Factors)>
        Kernels = new(StringComparer.Ordinal)
        {
            ["128×128"] =
                (TensorProduct.Body<float, SingleElement, Tile128x128, DepthQuads, IndexQuads, Yes,
                Plain>().Method, 32, 4, 16, 48),
            ["128×128, gradient of the input"] =
                (TensorProduct.Body<float, SingleElement, Tile128x128, IndexQuads, IndexQuads, Yes,
                Plain>().Method, 32, 4, 16, 48),
            ["64×128, gradient of the weight"] =
                (TensorProduct.Body<float, SingleElement, Tile64x128, DepthQuads, DepthQuads, Yes,
                Plain>().Method, 32, 6, 16, 48),
            ["64×64, sums"] = (TensorProduct.Body<float, SingleElement, Tile64x64, DepthQuads, IndexQuads, Yes,
                Epilogue<Relu, No, No, Yes>>().Method, 16, 4, 8, 32),
            ["32×128, swish"] = (TensorProduct.Body<float, SingleElement, Tile32x128, DepthQuads, IndexQuads, Yes,
                Epilogue<Swish, No, No, No>>().Method, 16, 5, 8, 32),
            ["64×128, hard swish, gate, residual, sums"] = (TensorProduct.Body<float, SingleElement, Tile64x128,
                DepthQuads,
                IndexQuads, Yes, Epilogue<HardSwish, Yes, Yes, Yes>>().Method, 32, 22, 16, 48),
            ["128×128, number by number"] =
                (TensorProduct.Body<float, SingleElement, Tile128x128, DepthSingles, IndexSingles, No,
                Plain>().Method, 32, 0, 0, 48),
            ["128×128, float16"] = (TensorProduct.Body<Half, HalfElement, Tile128x128, DepthQuads, IndexQuads, Yes,
                Epilogue<Swish, No, Yes, No>>().Method, 32, 2, 0, 48),
        };

    public static TheoryData<string> Names => [.. Kernels.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Code_for_sm_90_multiplies_on_tensor_cores_and_stays_in_registers(string name)
    {
        (MethodInfo kernel, int products, int loads, int stores, int factors) = Kernels[name];
        string code = PtxCompiler.Compile(kernel);
        Assert.Equal(products, Squares().Count(code));
        PtxText.Check(code);
        Assert.Matches(@"\.shared\s+\.align", code);
        Assert.Equal(factors, SharedNumber().Count(code));
        Assert.Equal(loads, PtxText.WideLoad().Count(code));
        Assert.Equal(stores, PtxText.WideStore().Count(code));
    }

    /// <summary>Registers are declared once and before what uses them; sums leave them for the shared window. Warps
    /// meet before they multiply, and around each 16 rows that they lay down.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Code_for_sm_90_keeps_sums_in_registers_of_its_own(string name)
    {
        string code = PtxCompiler.Compile(Kernels[name].Kernel);
        int declared = code.IndexOf(".reg .f32 %mma<64>;", StringComparison.Ordinal);
        Assert.True(declared > 0);
        Assert.Equal(declared, code.LastIndexOf(".reg .f32 %mma", StringComparison.Ordinal));
        Assert.True(declared < code.IndexOf("%mma0,", StringComparison.Ordinal));
        Assert.Equal(64, Cleared().Matches(code).Select(m => m.Value).Distinct().Count());
        int stored = code.Contains("%mma63}, {", StringComparison.Ordinal) ? 64 : 32;
        Assert.Equal(Enumerable.Range(0, stored / 2).Select(i => $"%mma{2 * i}, %mma{2 * i + 1}"),
            SharedPair().Matches(code).Select(m => m.Groups[1].Value)
                .OrderBy(p => int.Parse(p[4..p.IndexOf(',', StringComparison.Ordinal)])));
        Assert.Equal(1 + (stored / 8), Meeting().Count(code));
    }

    [Theory]
    [InlineData(0x00000000u, 0x00000000u)]
    [InlineData(0x3F800000u, 0x3F800000u)]
    [InlineData(0x3F800FFFu, 0x3F800000u)]
    [InlineData(0x3F801000u, 0x3F802000u)]
    [InlineData(0xBF801000u, 0xBF802000u)]
    [InlineData(0x3F802FFFu, 0x3F802000u)]
    [InlineData(0x3F803000u, 0x3F804000u)]
    [InlineData(0x3FFFF000u, 0x40000000u)]
    [InlineData(0x00000FFFu, 0x00000000u)]
    [InlineData(0x80001000u, 0x80002000u)]
    [InlineData(0x7F7FEFFFu, 0x7F7FE000u)]
    [InlineData(0x7F7FF000u, 0x7F800000u)]
    [InlineData(0x7F800000u, 0x7F800000u)]
    [InlineData(0xFF800000u, 0xFF800000u)]
    [InlineData(0x7FC00000u, 0x7FC00000u)]
    [InlineData(0xFFFFFFFFu, 0xFFFFFFFFu)]
    public void Rounding_takes_the_nearest_and_ties_away_from_zero(uint bits, uint expected) =>
        Assert.Equal(expected, BitConverter.SingleToUInt32Bits(Tf32.Round(BitConverter.UInt32BitsToSingle(bits))));

    [Fact]
    public void Devices_without_tensor_cores_say_so()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        Assert.False(device.HasTensorCores);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => device.Precision = ProductPrecision.TensorFloat32);
        Assert.Equal($"ilgpu-cpu ({device.Accelerator.Name}){Missing}", error.Message);
        Assert.Equal(ProductPrecision.Single, device.Precision);
        device.Precision = ProductPrecision.Single;
        using CpuDevice cpu = new(1);
        Assert.Equal($"cpu{Missing}", Assert.Throws<InvalidOperationException>(
            () => cpu.Precision = ProductPrecision.TensorFloat32).Message);
    }

    [Fact]
    public void Entry_points_without_tensor_cores_say_so()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        ArrayView<float> none = ArrayView<float>.Empty;
        const ProductPrecision Tf32 = ProductPrecision.TensorFloat32;
        PointwiseConv.Args args = new(new Shape(1, 2, 3, 3), 4);
        Linear.Args linear = new(2, 3, 4);
        (string Name, Action Call)[] calls =
        [
            ("PointwiseConvGpu.Forward",
                () => PointwiseConvGpu.Forward(device.Stream, args, none, none, none, none, Tf32)),
            ("PointwiseConvGpu.Forward", () => PointwiseConvGpu.Forward(device.Stream, args, none, none,
                new GpuFusion<float> { Precision = Tf32 }, none)),
            ("PointwiseConvGpu.Forward", () => PointwiseConvGpu.Forward(device.Stream, args, ArrayView<Half>.Empty,
                none, new GpuFusion<Half> { Precision = Tf32 }, ArrayView<Half>.Empty)),
            ("PointwiseConvGpu.BackwardInput",
                () => PointwiseConvGpu.BackwardInput(device.Stream, args, none, none, none, Tf32)),
            ("PointwiseConvGpu.BackwardWeight",
                () => PointwiseConvGpu.BackwardWeight(device.Stream, args, none, none, none, none, Tf32)),
            ("LinearGpu.Forward", () => LinearGpu.Forward(device.Stream, linear, none, none, none, none, Tf32)),
            ("LinearGpu.BackwardInput", () => LinearGpu.BackwardInput(device.Stream, linear, none, none, none, Tf32)),
            ("LinearGpu.BackwardWeight",
                () => LinearGpu.BackwardWeight(device.Stream, linear, none, none, none, none, Tf32)),
        ];
        foreach ((string name, Action call) in calls)
        {
            Assert.Equal($"{name}: precision is TensorFloat32, expected Single on {device.Accelerator.Name}, which has "
                + "no tensor cores that these kernels reach; CUDA devices of compute capability 8.0 or newer have.",
                Assert.Throws<ShapeException>(call).Message);
        }

        Assert.Contains("precision is 7, expected Single or TensorFloat32", Assert.Throws<ShapeException>(() =>
            LinearGpu.Forward(device.Stream, linear, none, none, none, none, (ProductPrecision)7)).Message,
            StringComparison.Ordinal);
    }

    [GeneratedRegex(@"mma\.sync\.aligned\.m16n8k8\.row\.col\.f32\.tf32\.tf32\.f32 ")]
    private static partial Regex Squares();

    [GeneratedRegex(@"ld\.shared\.[bfus]32")]
    private static partial Regex SharedNumber();

    [GeneratedRegex(@"bar\.warp\.sync\s+4294967295;")]
    private static partial Regex Meeting();

    [GeneratedRegex(@"mov\.f32 %mma\d+, 0f00000000;")]
    private static partial Regex Cleared();

    [GeneratedRegex(@"st\.shared\.v2\.f32 \[\s*%rd\d+(?:\+\d+)?\], \{(%mma\d+, %mma\d+)\};")]
    private static partial Regex SharedPair();
}
