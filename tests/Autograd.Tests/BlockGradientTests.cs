using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Autograd.Tests;

/// <summary>Gradients of whole blocks: of their input and of every parameter.</summary>
public class BlockGradientTests
{
    private const double Step = 1e-5;
    private const double Tolerance = 2e-6;

    [Theory]
    [InlineData("ds_k3_c6_se0.25_nsw", 6, 6, 5)]
    [InlineData("ds_k5_s2_c8_se0.5_nhs_pwact", 6, 6, 5)]
    [InlineData("ir_k3_s1_e2_c6_se0.5_nsw", 6, 5, 4)]
    [InlineData("ir_k3.5.7_s2_e3_c8_se0.5_nsw", 6, 6, 7)]
    [InlineData("ir_k3_s1_e2_c6_nsw_noskip", 6, 5, 4)]
    [InlineData("mux_k3_e4_c8_se0.75_p0.5_sg2_g2_nsw", 8, 5, 4)]
    [InlineData("mux_k3.5_e4_c8_p0.75_sg2_g2_nhs", 8, 5, 4)]
    [InlineData("mux_k3_e3_c16_se0.5_p0.5_sg2_m-1.0.1_nsw", 16, 4, 6)]
    [InlineData("mux_k3_e6_c16_se0.5_p0.5_sg4_m-1.0.1_mg2_nsw", 16, 4, 4)]
    [InlineData("mux_k3.5.3_e3_c16_p0.5_sg2_m-1.0.1_pad_nsw", 16, 5, 7)]
    public void Blocks_agree_with_central_differences(string row, int channels, int height, int width)
    {
        BlockSpec spec = BlockGrammar.ParseRow(row);
        foreach (bool training in (bool[])[false, true])
        {
            using ReferenceDevice device = new();
            using Block block = Block.Create(spec, channels, spec.Stride);
            Check(block, device, new Shape(3, channels, height, width), training);
        }
    }

    private static void Check(Block block, ReferenceDevice device, Shape shape, bool training)
    {
        ParameterStore store = block.Materialize(device, 7);
        foreach ((StateEntry entry, int i) in block.State().Select((e, i) => (e, i)).Where(p => p.e.Counter is null))
        {
            bool around1 = entry.Shape.Rank == 1 && !entry.Name.EndsWith("bias", StringComparison.Ordinal);
            double scale = entry.Shape.Rank == 1 ? 0.3 : Math.Sqrt(3.0 / entry.Shape.ImageLength);
            device.Write(Numbers.Doubles((ulong)i + 31, entry.Shape, scale, around1 ? 1 : 0), entry.Data);
        }

        double[] x = Numbers.Doubles(3, shape, 1.5), c = [];
        double[] dx;
        using (Session session = new(device, training, record: true))
        {
            Tensor input = session.Input(shape, x, needsGradient: true);
            Tensor y = block.Invoke(input);
            c = Numbers.Doubles(4, y.Shape);
            session.Backward([y], [c]);
            dx = input.GradientToDoubles();
        }

        double[] Gradient(View view)
        {
            double[] values = new double[view.Length];
            device.Read(view, values);
            return values;
        }

        double[] dp = Gradient(store.Gradients), p = Gradient(store.Values);
        double Loss()
        {
            device.Write(p, store.Values);
            using Session session = new(device, training);
            return block.Invoke(session.Input(shape, x)).ToDoubles().Zip(c, (a, b) => a * b).Sum();
        }

        double largest = dp.Max(Math.Abs);
        AssertNear("x", x, dx, Math.Max(largest, dx.Max(Math.Abs)), Loss);
        int offset = 0;
        foreach (Parameter parameter in block.Parameters().Where(q => q.IsTrained))
        {
            int length = (int)parameter.Shape.Length;
            AssertNear(parameter.Parts[0].Name, p, dp, largest, Loss, offset, length);
            offset += length;
        }
    }

    private static void AssertNear(string name, double[] values, double[] gradient, double largest, Func<double> loss,
        int offset = 0, int length = 0)
    {
        length = length == 0 ? values.Length : length;
        for (int k = 0; k < Math.Min(length, 6); k++)
        {
            int i = offset + (length <= 6 ? k : (int)(SplitMix.Hash((ulong)(offset + k)) % (ulong)length));
            double saved = values[i];
            values[i] = saved + Step;
            double above = loss();
            values[i] = saved - Step;
            double below = loss();
            values[i] = saved;
            double numeric = (above - below) / (2 * Step);
            Assert.True(Math.Abs(numeric - gradient[i]) <= Tolerance * largest,
                $"{name}[{i - offset}]: gradient {gradient[i]}, central difference {numeric}");
        }
    }
}
