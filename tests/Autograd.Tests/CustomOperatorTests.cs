using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Autograd.Tests;

/// <summary>An operator that the library has not: it needs no change of the library.</summary>
public class CustomOperatorTests
{
    private static readonly Shape Map = new(2, 3, 4, 4);

    [Fact]
    public void It_works_forward_on_every_device()
    {
        float[] x = Numbers.Floats(1, Map);
        using ReferenceDevice reference = new();
        using CpuDevice cpu = new(1);
        foreach (Device device in (Device[])[reference, cpu])
        {
            using Session session = new(device);
            Assert.Equal(x.Select(v => v * v * v), new CubeLayer().Invoke(session.Input(Map, x)).ToArray(), Near);
        }
    }

    [Fact]
    public void It_works_backward() =>
        Assert.Empty(GradientCheck.Run(x => x[0].Record(new CubeOperator(Map)).Plus(x[0]),
            [(Map, Numbers.Doubles(2, Map))]));

    [Fact]
    public void It_works_in_a_summary()
    {
        Summary summary = Summary.Of(new CubeLayer(), Map);
        LayerSummary layer = Assert.Single(summary.Layers);
        Assert.Equal(("Cube", Map, 2 * Map.Length), (layer.Type, layer.Output, layer.MultiplyAdds));
    }

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-6;

    private sealed record CubeOperator(Shape X) : Operator
    {
        public override IReadOnlyList<Shape> Results => [X];

        public override long MultiplyAdds => 2 * X.Length;

        public override void Forward(Device device, Operands o) =>
            device.Write(Array.ConvertAll(Read(device, o.X), x => x * x * x), o.Y);

        public override void Backward(Device device, Operands o)
        {
            double[] x = Read(device, o.X), dy = Read(device, o.Dy);
            device.Write(x.Select((v, i) => 3 * v * v * dy[i]).ToArray(), o.Dx);
        }

        private static double[] Read(Device device, View view)
        {
            double[] values = new double[view.Length];
            device.Read(view, values);
            return values;
        }
    }

    private sealed class CubeLayer : Module
    {
        protected override Tensor Forward(Tensor x) => x.Record(new CubeOperator(x.Shape));
    }
}
