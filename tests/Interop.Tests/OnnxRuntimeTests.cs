using MuxKernels.Autograd;
using MuxKernels.Layers;
using MuxKernels.Peers;
using Xunit;
using Xunit.Abstractions;

namespace MuxKernels.Interop.Tests;

/// <summary>Exported models give in ONNX Runtime what the library computes eagerly.</summary>
public sealed class OnnxRuntimeTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string, bool> Networks
    {
        get
        {
            TheoryData<string, bool> data = [];
            foreach (string name in MuxNets.Names)
            {
                data.Add(name, false);
                data.Add(name, true);
            }

            return data;
        }
    }

    [OnnxRuntimeTheory]
    [MemberData(nameof(Networks))]
    public void Networks_agree_at_every_batch(string name, bool rewrite)
    {
        using CpuDevice device = new(1);
        using MuxNet network = OnnxCases.Network(name, device);
        NetworkSpec spec = network.Spec;
        Shape image = new(1, spec.ImageChannels, spec.ImageSize, spec.ImageSize);
        byte[] model = Onnx.ToBytes(Onnx.Model(network, image, new OnnxOptions { RewriteForPeer = rewrite }));
        foreach (int batch in new[] { 1, 2 })
        {
            Shape shape = image with { N = batch };
            float[] x = OnnxCases.Images(7, shape), y = new float[batch * spec.Classes];
            using OrtSession peer = new(model, null, shape);
            peer.Run(x, y);
            using Session session = new(device);
            float[] expected = network.Invoke(session.Input(shape, x)).ToArray();
            double error = OnnxAgreement.Error(expected, y);
            Assert.True(batch == 1 || OnnxAgreement.Error(y.AsSpan(0, spec.Classes), y.AsSpan(spec.Classes)) > 0.1,
                "the images make no difference");
            output.WriteLine($"{name}{(rewrite ? " rewritten" : "")}, batch {batch}: {error:E2}");
            Assert.True(error <= Tolerance, $"batch {batch}: {error:E2} of the largest logit");
        }
    }

    [OnnxRuntimeTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Single_operators_agree_over_a_spread_of_geometries(bool rewrite)
    {
        using CpuDevice device = new(1);
        (double worst, string where, int count) = (0, "", 0);
        foreach (OnnxCase test in OnnxCases.Operators())
        {
            double error = OnnxAgreement.Of(test, 2, rewrite, device, Run);
            Assert.True(error <= Tolerance, $"{test.Name}: {error:E2} of the largest output");
            (worst, where) = error > worst ? (error, test.Name) : (worst, where);
            count++;
        }

        output.WriteLine($"{count} cases, worst {worst:E2}: {where}");
    }

    [OnnxRuntimeFact]
    public void A_fixed_batch_takes_no_other()
    {
        using CpuDevice device = new(1);
        using MuxNet network = OnnxCases.Network("muxnet-tiny", device);
        Shape two = new(2, 1, 32, 32);
        byte[] model = Onnx.ToBytes(Onnx.Model(network, two, new OnnxOptions { FixedBatch = true }));
        using OrtSession peer = new(model, null, two);
        Assert.Equal(Shape.Matrix(2, 10), Assert.Single(peer.Outputs));
        Assert.Throws<PeerException>(() => new OrtSession(model, null, two with { N = 3 }));
    }

    private static float[] Run(OnnxModel model, Shape[] shapes, float[][] inputs)
    {
        using OrtSession session = new(Onnx.ToBytes(model), null, shapes);
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i].CopyTo(session.Input(i));
        }

        session.Run();
        return session.Output().ToArray();
    }
}
