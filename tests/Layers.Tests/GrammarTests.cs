using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace MuxKernels.Layers.Tests;

public class GrammarTests
{
    [Fact]
    public void Every_key_is_read()
    {
        BlockSpec spec = BlockGrammar.ParseRow(
            "sp_r2_k3.5.7_s1_e4.5_c24_se0.75_nhs_p0.25_sg4_g2_m-1.0.2_mg2_pad_noskip");
        Assert.Equal(new BlockSpec
        {
            Kind = BlockKind.Multiplexed, Repeats = 2, Kernels = [3, 5, 7], Stride = 1, Expansion = 4.5, Channels = 24,
            SqueezeRatio = 0.75, Activation = ActivationKind.HardSwish, SplitRatio = 0.25, ShuffleGroups = 4,
            ChannelsPerGroup = 2, Scales = [-1, 0, 2], ScaleChannelsPerGroup = 2, OddMaps = OddMaps.Pad, NoSkip = true,
        }, spec);
        Assert.True(BlockGrammar.ParseRow("ds_k3_c8_pwact").PointwiseActivation);
        Assert.Equal([ActivationKind.Relu, ActivationKind.Relu6], BlockGrammar.Parse("ds_k3_c8_nre, ds_k3_c8_nre6")
            .Select(b => b.Activation));
    }

    [Theory]
    [InlineData("")]
    [InlineData("xx_k3_c8")]
    [InlineData("ds")]
    [InlineData("ds_k3")]
    [InlineData("ds_c8")]
    [InlineData("ds_k3_c8_q5")]
    [InlineData("ds_k3_c8_")]
    [InlineData("ds_k_c8")]
    [InlineData("ds_k3._c8")]
    [InlineData("ds_k0_c8")]
    [InlineData("ds_k3_c0")]
    [InlineData("ds_k3_c-8")]
    [InlineData("ds_k3_c99999999999")]
    [InlineData("ds_k3_c8_r0")]
    [InlineData("ir_k3_c8_e-2")]
    [InlineData("ir_k3_c8_ex")]
    [InlineData("ir_k3_c8_se1.5")]
    [InlineData("mux_k3_c8_p1.5")]
    [InlineData("mux_k3_c8_m")]
    [InlineData("mux_k3_c8_m1.x")]
    [InlineData("mux_k3_c8_sg0")]
    [InlineData("ds_k3_c8_nxx")]
    public void Rows_that_are_none_are_errors_that_quote_them(string row) =>
        Assert.Contains($"'{row}'", Assert.Throws<FormatException>(() => BlockGrammar.ParseRow(row)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Writing_and_reading_gives_every_row_back()
    {
        Gen<BlockSpec> specs =
            from kind in Gen.Elements(Enum.GetValues<BlockKind>())
            from numbers in Gen.Choose(1, 9).ArrayOf(9)
            from kernels in Gen.Elements(3, 5, 7).ArrayOf(3)
            from ratio in Gen.Choose(1, 1_000_000)
            from activation in Gen.Elements(ActivationKind.Relu, ActivationKind.Relu6, ActivationKind.Swish,
                ActivationKind.HardSwish)
            from flags in Gen.Elements(false, true).ArrayOf(4)
            let mux = kind == BlockKind.Multiplexed
            let scaled = mux && flags[0]
            select new BlockSpec
            {
                Kind = kind, Repeats = numbers[0], Stride = numbers[1], Channels = numbers[2] * 8,
                Kernels = flags[1] ? [kernels[0]] : [.. kernels],
                Expansion = kind == BlockKind.DepthwiseSeparable ? 1 : numbers[3] + ratio / 1e6,
                SqueezeRatio = numbers[4] % 2 == 0 ? 0 : ratio / 1e7,
                Activation = activation, NoSkip = flags[2], PointwiseActivation = flags[3],
                SplitRatio = mux ? ratio / 1e6 : 0.5, ShuffleGroups = mux ? numbers[5] : 2,
                ChannelsPerGroup = mux ? numbers[6] : 1, Scales = scaled ? [-1, numbers[7], 0] : default,
                ScaleChannelsPerGroup = scaled ? numbers[8] : 1,
                OddMaps = scaled && flags[2] ? OddMaps.Pad : OddMaps.Error,
            };
        Prop.ForAll(specs.ToArbitrary(), spec => BlockGrammar.ParseRow(BlockGrammar.Format(spec)) == spec)
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "blocks": []}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "blocks": null}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "blocks": [null]}""")]
    [InlineData("""{"name": null, "stem": 8, "head": 8, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "blocks": ["ds_k3"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "blocks": ["ds_k3_c8"], "depth": 3}""")]
    [InlineData("""{"name": "a", "stem": -8, "head": 8, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "classes": 0, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": "8", "head": 8, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "dropout": 1, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "dropConnect": -0.5, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "epsilon": 0, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "momentum": 2, "blocks": ["ds_k3_c8"]}""")]
    [InlineData("""{"name": "a", "stem": 8, "head": 8, "activation": "tanh", "blocks": ["ds_k3_c8"]}""")]
    public void Documents_that_are_no_network_are_errors(string json) =>
        Assert.NotEmpty(Assert.Throws<FormatException>(() => NetworkJson.Parse(json)).Message);

    [Fact]
    public void A_small_document_is_a_network()
    {
        NetworkSpec spec = NetworkJson.Parse(
            """{"name": "mine", "stem": 8, "head": 16, "classes": 3, "blocks": ["ds_k3_c8", "ir_k3_s2_e2_c16"]}""");
        Assert.Equal(("mine", 2, 3), (spec.Name, spec.Blocks.Count, spec.Classes));
        Assert.True(new MuxNet(spec).ParameterCount > 0);
    }

    [Fact]
    public void A_block_without_kernels_is_a_shape_error() => Assert.Throws<ShapeException>(
        () => new MuxNet(new NetworkSpec
        {
            Name = "a", StemChannels = 8, HeadChannels = 8,
            Blocks = [new BlockSpec { Kind = BlockKind.DepthwiseSeparable, Kernels = default, Channels = 8 }],
        }));

    [Theory]
    [InlineData("mux_k3_e4_c24_s2")]
    [InlineData("mux_k3_e4_c32")]
    [InlineData("mux_k3_e4_c24_p0")]
    [InlineData("mux_k3_e3_c18_g2")]
    [InlineData("mux_k3_e4_c20_m-1.0.1")]
    [InlineData("ds_r65536_k3_c24")]
    [InlineData("ds_r4096_k3_c24 ds_r1_k3_c24")]
    [InlineData("ds_k3_c65536 ds_k3_c65536")]
    [InlineData("ds_k3_c40000 ds_r4_k3_c40000")]
    [InlineData("ds_k65536_c24")]
    public void Blocks_that_do_not_fit_are_shape_errors(string row) => Assert.Throws<ShapeException>(
        () => new MuxNet(new NetworkSpec
        {
            Name = "a", StemChannels = 24, HeadChannels = 8, Blocks = BlockGrammar.Parse(row),
        }));
}
