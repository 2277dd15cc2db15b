using System.Text.Json;
using Xunit;

namespace MuxKernels.Layers.Tests;

/// <summary>State dictionaries are the reference implementation's: its weights load unchanged.</summary>
public class StateTests
{
    [Theory]
    [InlineData("muxnet_m", 413)]
    [InlineData("muxnet_xs", 431)]
    public void Names_shapes_and_order_are_the_references(string name, int count)
    {
        using JsonDocument manifest = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "manifest.json")));
        string[] expected = [.. manifest.RootElement.GetProperty("nets").GetProperty(name).GetProperty("tensors")
            .EnumerateArray().Select(t =>
                $"{t.GetProperty("name").GetString()} [{string.Join(", ", Axes(t))}]")];
        string[] ours = [.. MuxNets.Build(name).State().Select(e =>
            $"{e.Name} [{(e.Counter is null ? string.Join(", ", Axes(e.Shape)) : "")}]")];
        Assert.Equal(count, expected.Length);
        Assert.Equal(expected, ours);
    }

    [Fact]
    public void Only_the_classifier_depends_on_the_classes()
    {
        IReadOnlyList<StateEntry> a = MuxNets.Build("muxnet-l", 1000).State(), b = MuxNets.Build("muxnet-l", 7).State();
        string[] different = [.. a.Zip(b).Where(p => p.First.Shape != p.Second.Shape).Select(p => p.First.Name)];
        Assert.Equal(["classifier.weight", "classifier.bias"], different);
        Assert.Equal(a.Select(e => e.Name), b.Select(e => e.Name));
    }

    [Fact]
    public void Parts_of_a_parameter_lie_one_after_the_other()
    {
        using CpuDevice device = new(1);
        using MixedConv2d layer = new(7, [3, 5, 7]);
        layer.Materialize(device);
        IReadOnlyList<StateEntry> state = layer.State();
        Assert.Equal(["0.weight", "1.weight", "2.weight"], state.Select(e => e.Name));
        Assert.Equal([0, 27, 77], state.Select(e => e.Data.Offset));
        Assert.Equal([27, 50, 98], state.Select(e => e.Gradient.Length));
    }

    [Fact]
    public void A_name_twice_is_an_error() => Assert.Throws<ArgumentException>(() => new Twice());

    private static IEnumerable<int> Axes(JsonElement tensor) =>
        tensor.GetProperty("shape").EnumerateArray().Select(a => a.GetInt32());

    private static int[] Axes(Shape shape) => shape.Rank switch
    {
        1 => [shape.N],
        2 => [shape.N, shape.C],
        _ => [shape.N, shape.C, shape.H, shape.W],
    };

    private sealed class Twice : Module
    {
        public Twice()
        {
            Parameter("weight", Shape.Vector(1), MuxKernels.Autograd.Initialization.Zeros);
            Parameter("weight", Shape.Vector(1), MuxKernels.Autograd.Initialization.Zeros);
        }

        protected override MuxKernels.Autograd.Tensor Forward(MuxKernels.Autograd.Tensor x) => x;
    }
}
