using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Autograd.Tests;

public class RecordTests
{
    private static readonly Shape Image = new(2, 1, 32, 32);

    /// <summary>The record is all there is to a network: computing its nodes again gives the same bits.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replaying_the_record_gives_the_same_bits(bool training)
    {
        using CpuDevice device = new(2);
        using MuxNet network = MuxNets.Build("muxnet-tiny");
        network.Materialize(device, 5);
        using Session session = new(device, training, record: true, seed: 9);
        Tensor x = session.Input(Image, Numbers.Floats(1, Image));
        Tensor y = network.Invoke(x).CrossEntropy([3f, 4f]);

        using Session again = new(device, training, record: true);
        Dictionary<Tensor, Tensor> copies = new() { [x] = again.Input(Image, x.ToArray()) };
        foreach (Node node in session.Record)
        {
            Tensor?[] inputs = [.. node.Inputs.Select(t => t is null or Parameter ? t : Copy(t))];
            again.Apply(node.Operator, inputs);
            foreach ((Tensor old, Tensor made) in node.Results.Zip(again.Record[^1].Results))
            {
                copies[old] = made;
                Assert.Equal(old.ToArray(), made.ToArray());
            }
        }

        Assert.Equal(y.ToArray(), copies[y].ToArray());
        Assert.Equal(session.Record.Select(n => n.Operator), again.Record.Select(n => n.Operator));

        Tensor Copy(Tensor t) => copies.TryGetValue(t, out Tensor? copy)
            ? copy
            : copies[t] = again.Input(t.Shape, t.ToArray());
    }

    [Fact]
    public void Nodes_carry_the_path_of_their_module()
    {
        using MetaDevice device = new();
        using Session session = new(device, record: true);
        MuxNets.Build("muxnet-m").Invoke(session.Placeholder(new Shape(1, 3, 64, 64)));
        string[] scopes = [.. session.Record.Select(n => n.Scope.TrimStart('.'))];
        Assert.Contains("conv_stem", scopes);
        Assert.Contains("blocks.3.0.conv_pw", scopes);
        Assert.Contains("classifier", scopes);
    }
}
