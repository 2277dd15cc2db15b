using Xunit;

namespace MuxKernels.Layers.Tests;

public class SummaryTests
{
    [Theory]
    [InlineData("muxnet-m", 3_354_276, 218_470_680, 216_808_112, false)]
    [InlineData("muxnet-l", 4_041_178, 318_707_448, 316_454_832, false)]
    [InlineData("muxnet-xs", 1_801_674, 66_101_608, 65_344_208, true)]
    [InlineData("muxnet-s", 2_397_840, 117_581_344, 116_340_832, true)]
    public void Counts_are_the_papers(string name, long parameters, long madds, long linear, bool derived)
    {
        MuxNet network = MuxNets.Build(name);
        Summary summary = Summary.Of(network, new Shape(1, 3, 224, 224));
        Assert.Equal((parameters, madds, linear),
            (summary.Parameters, summary.MultiplyAdds, summary.MultiplyAddsLinear));
        Assert.Equal(parameters, summary.Layers.Sum(l => l.Parameters));
        Assert.Equal(derived, network.Spec.IsDerived);
    }

    [Theory]
    [InlineData(10, 2_086_086)]
    [InlineData(100, 2_201_376)]
    public void Fewer_classes_have_fewer_parameters(int classes, long parameters) =>
        Assert.Equal(parameters, MuxNets.Build("muxnet-m", classes).ParameterCount);

    [Fact]
    public void Spatial_m_has_the_specified_size()
    {
        Summary summary = Summary.Of(MuxNets.Build("muxnet-m-spatial"), new Shape(1, 3, 224, 224));
        Assert.Equal(208.4, summary.MultiplyAdds / 1e6, 0.05);
        Assert.Equal(3.35, summary.Parameters / 1e6, 0.005);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Grammar_and_json_give_every_network_back(string name)
    {
        NetworkSpec spec = MuxNets.Get(name);
        NetworkSpec again = NetworkJson.Parse(NetworkJson.Format(spec));
        Assert.Equal(spec.Blocks, again.Blocks);
        Assert.Equal(spec with { Blocks = [] }, again with { Blocks = [] });
    }

    public static TheoryData<string> Names() => [.. MuxNets.Names];
}
