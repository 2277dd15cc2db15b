using MuxKernels.Autograd;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Training.Tests;

/// <summary>Training plans beside the recorded session: loss, logits, gradients, running statistics,
/// counters.</summary>
public class TrainingPlanTests
{
    private const ulong Seed = 77;

    [Theory]
    [InlineData("muxnet-tiny", 6, 32, 16, 1e-3)]
    [InlineData("muxnet-tiny", 6, 32, 16, 1e-3, Recompute.Never)]
    [InlineData("muxnet-tiny", 6, 32, 16, 1e-3, Recompute.Always)]
    [InlineData("small", 8, 32, 8, 1e-3, Recompute.Never)]
    [InlineData("muxnet-xs", 4, 64, 16, 1e-2, Recompute.Never)]
    [InlineData("muxnet-xs", 4, 64, 4, 1e-2, Recompute.Always)]
    [InlineData("muxnet-tiny", 6, 32, 8, 1e-3)]
    [InlineData("muxnet-tiny", 6, 32, 4, 1e-3)]
    [InlineData("small", 8, 32, 16, 1e-3)]
    [InlineData("small", 8, 32, 8, 1e-3)]
    [InlineData("pairs", 8, 32, 16, 1e-3)]
    [InlineData("pairs", 8, 32, 8, 1e-3)]
    [InlineData("pairs", 8, 32, 4, 1e-3)]
    [InlineData("muxnet-m", 4, 64, 16, 1e-2)]
    [InlineData("muxnet-m", 4, 64, 8, 1e-2)]
    [InlineData("muxnet-xs", 4, 64, 16, 1e-2)]
    [InlineData("muxnet-xs", 4, 64, 4, 1e-2)]
    [InlineData("muxnet-m-spatial", 4, 64, 16, 1e-2)]
    [InlineData("muxnet-s", 4, 64, 16, 1e-2)]
    public void A_step_gives_the_session_s_gradients(string name, int batch, int size, int lanes, double bound,
        Recompute recompute = Recompute.Auto)
    {
        // Relu units of the large networks whose input is nearer to zero than float32 rounds fall on either side, and
        // sixteen values of a map make statistics that carry that through the network.
        using CpuDevice device = new(2);
        using MuxNet network = Network(name, device);
        Shape shape = new(batch, network.Spec.ImageChannels, size, size);
        (float[] images, float[] labels) = Batch(shape, network.Spec.Classes);
        float[] buffers = [.. CpuDevice.Span(network.Store!.Buffers)];
        Numbers eager = Eager(network, device, shape, images, labels);
        long counted = Counts(network);
        buffers.CopyTo(CpuDevice.Span(network.Store.Buffers));

        using TrainingPlan plan = TrainingPlan.Of(network, shape, 0.1f, Math.Min(lanes, Widest), recompute);
        Assert.Equal(counted, Counts(network));
        Numbers planned = Planned(network, plan, images, labels);

        Assert.Equal(counted + counted, Counts(network));
        Assert.Equal(eager.Loss, planned.Loss, 1e-5 * eager.Loss);
        AssertNear(eager.Logits, planned.Logits, 1e-4);
        AssertNear(eager.Buffers, planned.Buffers, 1e-4);
        int at = 0;
        double all = Norm(eager.Gradients);
        foreach (Parameter p in network.Store.Parameters.Where(p => p.IsTrained))
        {
            Range own = at..(at + (int)p.Shape.Length);
            at = own.End.Value;
            float[] want = eager.Gradients[own], found = planned.Gradients[own];
            double distance = Norm([.. want.Zip(found, (a, b) => a - b)]);

            // Shifts in front of another normalisation have no gradient but rounding.
            Assert.True(distance <= bound * Norm(want) + 1e-6 * all,
                $"{name}: {p.Parts[0].Name} {p.Shape} at {own.Start}: off by {distance:e2} of {Norm(want):e2}");
        }
    }

    [Theory]
    [InlineData("small", Recompute.Auto)]
    [InlineData("pairs", Recompute.Never)]
    [InlineData("muxnet-xs", Recompute.Always)]
    [InlineData("muxnet-xs", Recompute.Never)]
    public void Every_number_of_threads_gives_the_same_bits(string name, Recompute recompute)
    {
        Numbers? first = null;
        for (int threads = 1; threads <= 3; threads++)
        {
            using CpuDevice device = new(threads);
            using MuxNet network = Network(name, device);
            Shape shape = new(5, network.Spec.ImageChannels, 64, 64);
            (float[] images, float[] labels) = Batch(shape, network.Spec.Classes);
            using TrainingPlan plan = TrainingPlan.Of(network, shape, recompute: recompute);
            _ = Planned(network, plan, images, labels);
            Numbers now = Planned(network, plan, images, labels);
            if (first is not null)
            {
                Assert.Equal(first.Loss, now.Loss);
                Assert.Equal(first.Logits, now.Logits);
                Assert.Equal(first.Gradients, now.Gradients);
                Assert.Equal(first.Buffers, now.Buffers);
            }

            first = now;
        }
    }

    [Fact]
    public void What_is_kept_costs_memory()
    {
        using CpuDevice device = new(1);
        using MuxNet network = Network("muxnet-xs", device);
        long[] bytes = [.. new[] { Recompute.Always, Recompute.Auto, Recompute.Never }.Select(r =>
        {
            using TrainingPlan plan = TrainingPlan.Of(network, new Shape(4, 3, 64, 64), recompute: r);
            return plan.ArenaBytes;
        })];
        Assert.InRange(bytes[1], bytes[0] + 1, bytes[2] - 1);
        Assert.InRange(bytes[2], bytes[0] + 1, 2 * bytes[0]);
    }

    [Fact]
    public void Gradients_are_added_to_what_is_there()
    {
        using CpuDevice device = new(1);
        using MuxNet network = Network("muxnet-tiny", device);
        Shape shape = new(4, 1, 32, 32);
        (float[] images, float[] labels) = Batch(shape, network.Spec.Classes);
        using TrainingPlan plan = TrainingPlan.Of(network, shape);
        network.Store!.ZeroGradients();
        plan.Step(images, labels, seed: Seed);
        float[] once = [.. CpuDevice.Span(network.Store.Gradients)];
        plan.Step(images, labels, seed: Seed);
        AssertNear([.. once.Select(g => 2 * g)], [.. CpuDevice.Span(network.Store.Gradients)], 1e-5);
    }

    [Fact]
    public void Wrong_lengths_and_devices_are_named()
    {
        using CpuDevice device = new(1);
        using MuxNet network = Network("muxnet-tiny", device);
        using TrainingPlan plan = TrainingPlan.Of(network, new Shape(4, 1, 32, 32));
        Assert.Contains("[4, 1, 32, 32]", Assert.Throws<ShapeException>(() =>
            plan.Step(new float[17], new float[4])).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => plan.Step(new float[4096], new float[3]));
        Assert.Throws<ShapeException>(() => plan.Step(new float[4096], new float[4], new float[7]));
        using MuxNet bare = MuxNets.Build("muxnet-tiny");
        Assert.Contains("processor", Assert.Throws<NotSupportedException>(() =>
            TrainingPlan.Of(bare, new Shape(4, 1, 32, 32))).Message, StringComparison.Ordinal);
    }

    private static int Widest => Simd512.IsSupported ? 16 : Simd256.IsSupported ? 8 : 4;

    private static MuxNet Network(string name, CpuDevice device)
    {
        MuxNet network = name switch
        {
            "small" => new MuxNet(Small.Spec),
            "pairs" => new MuxNet(Small.Spec with
            {
                Blocks =
                [
                    .. BlockGrammar.Parse("ds_r1_k3_s1_c16_nsw"),
                    .. BlockGrammar.Parse("mux_r2_k3_s1_e6_c16_se0.5_p1_sg2_m-1.0.1_mg2_nsw"),
                    .. BlockGrammar.Parse("mux_r1_k5_s1_e8_c16_p0.5_sg2_m1.-1_mg4_nsw"),
                ],
            }),
            _ => MuxNets.Build(name),
        };
        network.Materialize(device, 3);
        return network;
    }

    private static (float[] Images, float[] Labels) Batch(Shape shape, int classes)
    {
        Random random = new(5);
        return ([.. Enumerable.Range(0, (int)shape.Length).Select(_ => random.NextSingle() * 2 - 1)],
            [.. Enumerable.Range(0, shape.N).Select(i => (float)(i * 3 % classes))]);
    }

    private static long Counts(MuxNet network) => network.State().Sum(e => e.Counter?.Value ?? 0);

    private static Numbers Eager(MuxNet network, CpuDevice device, Shape shape, float[] images, float[] labels)
    {
        network.Store!.ZeroGradients();
        using Session session = new(device, training: true, record: true, Seed);
        Tensor logits = network.Invoke(session.Input(shape, images)), loss = logits.CrossEntropy(labels, 0.1f);
        float[] y = logits.ToArray();
        float value = loss.ToArray()[0];
        session.Backward(loss);
        return Taken(network, value, y);
    }

    private static Numbers Planned(MuxNet network, TrainingPlan plan, float[] images, float[] labels)
    {
        network.Store!.ZeroGradients();
        float[] logits = new float[labels.Length * network.Spec.Classes];
        float loss = plan.Step(images, labels, logits, Seed);
        return Taken(network, loss, logits);
    }

    private static Numbers Taken(MuxNet network, float loss, float[] logits) => new(loss, logits,
        [.. CpuDevice.Span(network.Store!.Gradients)], [.. CpuDevice.Span(network.Store.Buffers)]);

    private static void AssertNear(float[] want, float[] found, double bound)
    {
        Assert.Equal(want.Length, found.Length);
        double distance = Norm([.. want.Zip(found, (a, b) => a - b)]);
        Assert.True(distance <= bound * Norm(want), $"off by {distance:e2} of {Norm(want):e2}");
    }

    private static double Norm(float[] x) => Math.Sqrt(x.Sum(v => (double)v * v));

    private sealed record Numbers(float Loss, float[] Logits, float[] Gradients, float[] Buffers);
}
