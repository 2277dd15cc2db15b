using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using Xunit;
using Half = ILGPU.Half;

namespace MuxKernels.Tests;

/// <summary>What CUDA devices get for convolutions, compiled for sm_90 without one: registers, wide accesses, shared
/// memory and the multiply-adds for each access.</summary>
public sealed partial class ConvCodeTests
{
    /// <summary>Kernels by what is in their code: 16-byte loads from memory, 16-byte stores, multiplications and
    /// 16-byte loads from shared memory in straight code.</summary>
    private static readonly Dictionary<string, (MethodInfo Kernel, int Loads, int Stores, int Products, int Shared)>
        Kernels = new(StringComparer.Ordinal)
        {
            // 64 multiply-adds for each four reads of shared memory.
            ["tile 128×128"] = (TiledProduct.Body<float, SingleElement, Tile128x128, DepthQuads, IndexQuads,
                Yes, Plain>().Method,
                2, 16, 64, 4),
            ["tile 64×64, gradient of the weight"] =
                (TiledProduct.Body<float, SingleElement, Tile64x64, DepthQuads, DepthQuads, Yes,
                Plain>().Method, 4, 16, 64, 4),
            ["tile 32×128, swish"] = (TiledProduct.Body<float, SingleElement, Tile32x128, DepthQuads, IndexQuads, Yes,
                Epilogue<Swish, No, No, No>>().Method, 5, 16, 64, 4),
            ["deep 32×32, swish, gate, residual, sums"] = (DeepProduct.Body<float, SingleElement, Tile32x32,
                DepthQuads, IndexQuads,
                Yes, Epilogue<Swish, Yes, Yes, Yes>>().Method, 3, 1, 16, 6),
            ["tile 64×128, number by number"] = (TiledProduct.Body<float, SingleElement, Tile64x128,
                DepthSingles, IndexSingles, No,
                Plain>().Method, 0, 0, 64, 4),

            // 6 rows of 3 quads for 16 outputs of 9 taps.
            ["depthwise 3×3"] = (Strip<float, SingleElement, PlainForm<Window3x3S1>, WideLoad, WideStore, Plain>(),
                18, 4, 144, 0),
            ["depthwise 5×5, swish, sums"] = (Strip<float, SingleElement, PlainForm<Window5x5S1>, WideLoad, WideStore,
                Epilogue<Swish, No, No, Yes>>(), 24, 4, 400, 0),
            ["depthwise 7×7, stride 2"] = (Strip<float, SingleElement, PlainForm<Window7x7S2>, WideLoad, NarrowStore,
                Plain>(), 52, 0, 784, 0),
            ["multiplexed 3×3, hard swish, sums"] = (Strip<float, SingleElement,
                Forms<SubForm<Sub3x3>, Forms<SuperForm<Fine3x3>, PlainForm<Window3x3S1>>>, WideLoad, WideStore,
                Epilogue<HardSwish, No, No, Yes>>(), 72, 16, 576, 0),
            ["multiplexed 3×3, number by number"] = (Strip<float, SingleElement,
                Forms<SubForm<Sub3x3>, Forms<SuperForm<Fine3x3>, PlainForm<Window3x3S1>>>, NarrowLoad, NarrowStore,
                Plain>(), 0, 0, 576, 0),
            ["any"] = (Strip<float, SingleElement, AnyForm, NarrowLoad, NarrowStore, Epilogue<Relu6, Yes, Yes, Yes>>(),
                0, 0, 1, 0),
            ["tile 128×128, float16"] = (TiledProduct.Body<Half, HalfElement, Tile128x128, DepthQuads, IndexQuads, Yes,
                Epilogue<Swish, No, Yes, No>>().Method, 1, 0, 64, 4),
            ["depthwise 3×3, float16"] = (Strip<Half, HalfElement, PlainForm<Window3x3S1>, WideLoad, WideStore,
                Plain>(), 0, 0, 144, 0),
        };

    private delegate void Strips<T>(ArrayView<T> x, ArrayView<float> w, ArrayView<T> y, ArrayView<StripPart> parts,
        EpilogueViews<T> views, StripShape g)
        where T : unmanaged;

    public static TheoryData<string> Names => [.. Kernels.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Code_for_sm_90_stays_in_registers_and_moves_16_bytes_at_once(string name)
    {
        (MethodInfo kernel, int loads, int stores, int products, int shared) = Kernels[name];
        string code = PtxCompiler.Compile(kernel);
        PtxText.Check(code);
        Assert.Equal(shared, SharedLoad().Count(code));
        if (loads > 0)
        {
            Assert.InRange(PtxText.WideLoad().Count(code), loads - 12, loads + 4);
        }

        Assert.Equal(stores, PtxText.WideStore().Count(code));
        Assert.True(Multiplication().Count(code) >= products, $"{Multiplication().Count(code)} multiplications");
    }

    /// <summary>float16 maps move four numbers with one access too.</summary>
    [Theory]
    [InlineData("tile 128×128, float16")]
    [InlineData("depthwise 3×3, float16")]
    public void Half_maps_move_four_numbers_at_once(string name)
    {
        string code = PtxCompiler.Compile(Kernels[name].Kernel);
        Assert.Matches(@"ld\.global\S*\.v4\.b16", code);
        Assert.Matches(@"st\.global\S*\.v4\.b16", code);
        Assert.Matches(@"cvt\.f32\.f16", code);
    }

    [GeneratedRegex(@"ld\.shared\.v4\.f32")]
    private static partial Regex SharedLoad();

    [GeneratedRegex(@"\bmul\.(rn\.)?f32|\bfma\.rn\.f32")]
    private static partial Regex Multiplication();

    private static MethodInfo Strip<T, TElement, TForm, TLoad, TStore, TEpilogue>()
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TForm : struct, IStripForm
        where TLoad : struct, IStripLoad
        where TStore : struct, IStripStore
        where TEpilogue : struct, IEpilogue =>
        ((Strips<T>)StripKernels.StripKernel<T, TElement, TForm, TLoad, TStore, TEpilogue>).Method;
}
