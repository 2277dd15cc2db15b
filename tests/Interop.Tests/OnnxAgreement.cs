using MuxKernels.Autograd;
using Xunit;

namespace MuxKernels.Interop.Tests;

/// <summary>Runs a record eagerly and its ONNX model in something else, and compares.</summary>
internal static class OnnxAgreement
{
    /// <summary>What runs a model: bytes and inputs in, output out.</summary>
    public delegate float[] Runner(OnnxModel model, Shape[] shapes, float[][] inputs);

    /// <summary>The largest error of a case beside the largest output.</summary>
    public static double Of(OnnxCase test, int batch, bool rewrite, CpuDevice device, Runner run)
    {
        // Described at batch 1, run at any: nothing of the batch may stick in the model.
        OnnxModel model;
        using (Session session = new(device, record: true))
        {
            Tensor[] inputs = [.. test.Inputs.Select((s, i) => session.Constant(50 + i, s))];
            Tensor y = test.Compute(session, inputs);
            model = Onnx.Model(session.Record, inputs, [y], new OnnxOptions { RewriteForPeer = rewrite });
        }

        model = Onnx.Read(Onnx.ToBytes(model), "memory");
        Shape[] shapes = [.. test.Inputs.Select(s => Batched(s, batch))];
        float[][] x = [.. shapes.Select((s, i) => OnnxCases.Values(60 + i, s.Length))];
        float[] got = run(model, shapes, x);
        int each = got.Length / batch;
        double worst = 0;
        for (int n = 0; n < batch; n++)
        {
            using Session session = new(device);
            Tensor[] one = [.. test.Inputs.Select((s, i) =>
                session.Input(s, x[i].AsSpan((int)s.Length * n, (int)s.Length)))];
            float[] expected = test.Compute(session, one).ToArray();
            Assert.Equal(expected.Length * batch, got.Length);
            worst = Math.Max(worst, Error(expected, got.AsSpan(each * n, each)));
        }

        return worst;
    }

    /// <summary><c>max |a − b| / max |a|</c>.</summary>
    public static double Error(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double error = 0, largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(expected[i]) && float.IsFinite(actual[i]));
            error = Math.Max(error, Math.Abs((double)expected[i] - actual[i]));
            largest = Math.Max(largest, Math.Abs((double)expected[i]));
        }

        return largest == 0 ? error : error / largest;
    }

    private static Shape Batched(Shape s, int batch) =>
        s.Rank == 2 ? Shape.Matrix(s.N * batch, s.C) : s with { N = s.N * batch };
}
