using MuxKernels.Autograd;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Interop.Tests;

/// <summary>What exported models have and mean, without any runtime.</summary>
public sealed class OnnxModelTests : IDisposable
{
    private readonly Files files = new();
    private readonly CpuDevice device = new(1);

    public void Dispose()
    {
        files.Dispose();
        device.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Single_operators_mean_what_eager_computes(bool rewrite)
    {
        foreach (OnnxCase test in OnnxCases.Operators())
        {
            double error = OnnxAgreement.Of(test, 2, rewrite, device, OnnxEvaluator.Run);
            Assert.True(error <= 2e-6, $"{test.Name}: {error:E2} of the largest output");
        }
    }

    [Theory]
    [InlineData("muxnet-tiny", 32, false)]
    [InlineData("muxnet-tiny", 32, true)]
    [InlineData("muxnet-xs", 64, false)]
    [InlineData("muxnet-xs", 64, true)]
    public void Networks_mean_what_eager_computes(string name, int size, bool rewrite)
    {
        using MuxNet network = OnnxCases.Network(name, device);
        Shape shape = new(2, network.Spec.ImageChannels, size, size);
        OnnxModel model = Onnx.Model(network, shape with { N = 1 }, new OnnxOptions { RewriteForPeer = rewrite });
        float[] x = OnnxCases.Images(7, shape);
        using Session session = new(device);
        float[] y = network.Invoke(session.Input(shape, x)).ToArray();
        double error = OnnxAgreement.Error(y, OnnxEvaluator.Run(model, [shape], [x]));
        Assert.True(error <= 1e-5, $"{error:E2} of the largest logit");
        double spread = OnnxAgreement.Error(y.AsSpan(0, y.Length / 2), y.AsSpan(y.Length / 2));
        Assert.True(spread > 0.02, $"the images make a difference of {spread:E2} only");
    }

    [Fact]
    public void The_graph_of_the_tiny_network_is_the_stored_one()
    {
        using MuxNet network = OnnxCases.Network("muxnet-tiny", device);
        OnnxModel model = Onnx.Model(network, new Shape(1, 1, 32, 32));
        string text = string.Join('\n', model.Inputs.Select(v => $"input {v}")
            .Concat(model.Nodes.Select(n => n.ToString())).Concat(model.Outputs.Select(v => $"output {v}"))
            .Concat(model.Initializers.Select(t => t.ToString()))) + "\n";
        string stored = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "onnx-tiny.txt"));
        Assert.Equal(stored.ReplaceLineEndings("\n"), text);
    }

    [Fact]
    public void The_same_record_gives_the_same_bytes_and_reading_gives_the_model_back()
    {
        using MuxNet network = OnnxCases.Network("muxnet-tiny", device);
        OnnxOptions options = new() { Metadata = [new("note", "größer")] };
        OnnxModel model = Onnx.Model(network, new Shape(1, 1, 32, 32), options);
        string path = files.Path("tiny.onnx");
        Onnx.Write(path, model);
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal(Onnx.ToBytes(Onnx.Model(network, new Shape(1, 1, 32, 32), options)), bytes);
        Assert.Equal(["tiny.onnx"], files.Names());
        OnnxModel read = Onnx.Read(path);
        Assert.Equal(bytes, Onnx.ToBytes(read));
        Assert.Equal((8, 17, "muxnet-tiny", "MuxKernels"), (read.IrVersion, read.Opset, read.Name, read.Producer));
        Assert.Equal(options.Metadata, read.Metadata);
        Assert.Equal(model.Nodes.Select(n => n.ToString()), read.Nodes.Select(n => n.ToString()));
    }

    [Fact]
    public void Weights_have_the_state_dictionary_s_names_and_numbers()
    {
        using MuxNet network = OnnxCases.Network("muxnet-m-spatial", device);
        OnnxModel model = Onnx.Model(network, new Shape(1, 3, 224, 224));
        Dictionary<string, OnnxTensor> written = model.Initializers.Where(t => t.Type == OnnxType.Float)
            .ToDictionary(t => t.Name);
        foreach (StateEntry entry in network.State().Where(e => e.Counter is null))
        {
            Assert.True(written.Remove(entry.Name, out OnnxTensor? tensor), entry.Name);
            Assert.Equal(entry.Shape.Axes.Select(a => (long)a), tensor.Shape);
            float[] values = new float[entry.Shape.Length];
            device.Read(entry.Data, values);
            Assert.Equal(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
                tensor.Data.ToArray());
        }

        Assert.Empty(written);
        Assert.Equal(model.Nodes.Count, model.Nodes.Select(n => n.Name).Distinct().Count());
        Assert.Contains(model.Nodes, n => n.Name == "blocks.2.0.conv_pw/Conv");
    }

    [Fact]
    public void The_rewritten_form_has_no_pairs_and_no_mixed_kernels_left()
    {
        using MuxNet network = OnnxCases.Network("muxnet-m", device);
        Shape image = new(1, 3, 224, 224);
        (int plainPairs, int plainSplits) = Count(Onnx.Model(network, image));
        Assert.Equal((11, 14), (plainPairs, plainSplits));
        (int pairs, int splits) = Count(Onnx.Model(network, image, new OnnxOptions { RewriteForPeer = true }));
        Assert.Equal((0, 11), (pairs, splits));

        static (int Pairs, int Splits) Count(OnnxModel model)
        {
            Dictionary<string, OnnxTensor> constants = model.Initializers.ToDictionary(t => t.Name);
            return (model.Nodes.Count(n => n.Type == "Conv" && constants[n.Inputs[1]].Shape[1] == 2
                && constants[n.Inputs[1]].Shape[2] > 1), model.Nodes.Count(n => n.Type == "Split"));
        }
    }

    [Fact]
    public void Only_what_the_outputs_need_is_written_and_outputs_may_be_several()
    {
        using MuxNet network = OnnxCases.Network("muxnet-tiny", device);
        using Session session = new(device, record: true);
        Tensor x = session.Constant(1, new Shape(1, 1, 32, 32));
        IReadOnlyList<Tensor> maps = network.Features(x, [new FeaturePoint(1), new FeaturePoint(2, IsExpanded: true)]);
        network.Invoke(x).CrossEntropy([3]);
        OnnxModel model = Onnx.Model(session.Record, [x], [maps[0], maps[1], maps[0], x]);
        Assert.Equal(["y0", "y1", "y2", "y3"], model.Outputs.Select(v => v.Name));
        Assert.DoesNotContain(model.Nodes, n => n.Type == "Gemm");
        Assert.Equal(2, model.Nodes.Count(n => n.Type == "Identity"));
        float[] values = x.ToArray();
        Assert.True(OnnxAgreement.Error(maps[0].ToArray(), OnnxEvaluator.Run(model, [x.Shape], [values])) < 2e-6);
    }

    [Fact]
    public void What_belongs_to_training_is_told_with_its_module()
    {
        using MuxNet network = OnnxCases.Network("muxnet-tiny", device);
        using MetaDevice meta = new();
        using Session session = new(meta, training: true, record: true);
        Tensor x = session.Placeholder(new Shape(2, 1, 32, 32)), y = network.Invoke(x);
        OnnxException e = Assert.Throws<OnnxException>(() => Onnx.Model(session.Record, [x], [y]));
        Assert.Equal("ONNX: operator 'BatchNormTrain' of module 'bn1' has no ONNX form; it belongs to training, record "
            + "the network with training: false.", e.Message);
        using Session loss = new(device, record: true);
        Tensor logits = loss.Constant(1, Shape.Matrix(1, 4));
        Tensor mean = logits.CrossEntropy([2]);
        e = Assert.Throws<OnnxException>(() => Onnx.Model(loss.Record, [logits], [mean]));
        Assert.Contains("'SoftmaxCrossEntropy'", e.Message, StringComparison.Ordinal);
        Assert.Contains("export the logits", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_operator_of_one_s_own_is_told_by_name()
    {
        using Session session = new(device, record: true);
        Tensor x = session.Constant(1, new Shape(1, 2, 3, 4)), y = x.Record(new CubeOperator(x.Shape));
        OnnxException e = Assert.Throws<OnnxException>(() => Onnx.Model(session.Record, [x], [y]));
        Assert.Contains("'Cube' of the outermost module has no ONNX form", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constants_must_have_numbers_and_must_not_tie_the_batch()
    {
        using MetaDevice meta = new();
        using Session empty = new(meta, record: true);
        Tensor x = empty.Placeholder(new Shape(1, 2, 3, 4));
        Tensor y = x.PointwiseConv(empty.Placeholder(new Shape(3, 2, 1, 1)));
        OnnxException e = Assert.Throws<OnnxException>(() => Onnx.Model(empty.Record, [x], [y]));
        Assert.Contains("no numbers on meta", e.Message, StringComparison.Ordinal);
        using Session session = new(device, record: true);
        x = session.Constant(1, new Shape(2, 2, 3, 4));
        y = x.Plus(session.Constant(2, x.Shape));
        e = Assert.Throws<OnnxException>(() => Onnx.Model(session.Record, [x], [y]));
        Assert.Contains("fixed batch", e.Message, StringComparison.Ordinal);
        Assert.Single(Onnx.Model(session.Record, [x], [y], new OnnxOptions { FixedBatch = true }).Initializers);
        using Session computed = new(device, record: true);
        x = computed.Constant(1, new Shape(1, 3, 1, 1));
        y = x.PointwiseConv(x.Plus(x));
        Assert.Throws<OnnxException>(() => Onnx.Model(computed.Record, [x], [y]));
        using MuxNet bare = MuxNets.Build("muxnet-tiny");
        Assert.Throws<InvalidOperationException>(() => Onnx.Model(bare, new Shape(1, 1, 32, 32)));
    }

    [Fact]
    public void More_than_the_format_s_2_GiB_is_told_before_anything_is_written()
    {
        byte[] block = new byte[1 << 29];
        OnnxModel model = new()
        {
            Initializers = [.. Enumerable.Range(0, 5).Select(i =>
                new OnnxTensor($"w{i}", OnnxType.Float, [1 << 27], block))],
        };
        OnnxException e = Assert.Throws<OnnxException>(() => Onnx.Write(files.Path("huge.onnx"), model));
        Assert.Contains("huge.onnx: the model would have 268435", e.Message, StringComparison.Ordinal);
        Assert.Throws<OnnxException>(() => Onnx.ToBytes(model));
        Assert.Empty(files.Names());
    }

    private sealed record CubeOperator(Shape X) : Operator
    {
        public override IReadOnlyList<Shape> Results => [X];

        public override void Forward(Device device, Operands o) => device.Copy(o.X, o.Y);

        public override void Backward(Device device, Operands o) => device.Copy(o.Dy, o.Dx);
    }
}
