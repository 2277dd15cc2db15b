using System.Runtime.CompilerServices;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Inference.Tests;

/// <summary>What a plan promises beside right numbers.</summary>
public class PromiseTests
{
    public static TheoryData<string> Published => ["muxnet-xs", "muxnet-s", "muxnet-m", "muxnet-m-spatial", "muxnet-l"];

    [Theory]
    [MemberData(nameof(Published))]
    public void Has_no_movement_step(string name)
    {
        using CpuDevice device = new(1);
        using MuxNet network = Networks.Build(name, device);
        using InferencePlan plan = InferencePlan.Of(network, new Shape(1, 3, 224, 224));
        Assert.Empty(plan.Steps.Where(s => s.IsMovement).Select(s => s.Name));
        Assert.All(plan.Steps, s => Assert.NotEqual("NCHW", s.Layout));
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void Owns_little_memory(string name)
    {
        using CpuDevice device = new(1);
        using MuxNet network = Networks.Build(name, device);
        Shape shape = new(1, 3, 224, 224);
        using InferencePlan plan = InferencePlan.Of(network, shape);
        long weights = sizeof(float) * network.Parameters().Sum(p => p.Shape.Length);
        long pair = Summary.Of(network, shape).Layers.Zip(Summary.Of(network, shape).Layers.Skip(1))
            .Max(p => p.First.Bytes + p.Second.Bytes);
        Assert.True(plan.Bytes <= 1.6 * weights + pair,
            $"{plan.Bytes} bytes, weights {weights}, largest pair of activations {pair}");
    }

    [Theory]
    [InlineData("muxnet-m", 1, 224)]
    [InlineData("muxnet-m", 5, 96)]
    [InlineData("muxnet-m-spatial", 2, 96)]
    [InlineData("muxnet-xs", 3, 224)]
    [InlineData("muxnet-tiny", 7, 32)]
    public void Has_the_same_bits_for_every_number_of_threads(string name, int batch, int size)
    {
        using CpuDevice device = new(1);
        using MuxNet network = Networks.Build(name, device);
        Shape shape = new(batch, network.Spec.ImageChannels, size, size);
        float[] x = Networks.Numbers(1, shape.Length);
        float[]? first = null;
        foreach (int threads in (int[])[1, 2, 3, 4])
        {
            using InferencePlan plan = InferencePlan.Of(network, shape, new PlanOptions { Threads = threads });
            float[] y = new float[plan.Output.Length];
            for (int run = 0; run < 3; run++)
            {
                Array.Clear(y);
                plan.Run(x, y);
                first ??= [.. y];
                Assert.Equal(first, y);
            }
        }
    }

    [Theory]
    [InlineData(32, 32)]
    [InlineData(33, 47)]
    [InlineData(96, 64)]
    [InlineData(160, 160)]
    [InlineData(225, 97)]
    public void Takes_any_size_that_the_network_takes(int height, int width)
    {
        using CpuDevice device = new(2);
        using MuxNet network = Networks.Build("muxnet-m", device, classes: 10);
        Shape shape = new(1, 3, height, width);
        float[] x = Networks.Numbers(2, shape.Length);
        float[] expected = Networks.Eager(network, device, shape, x);
        using InferencePlan plan = InferencePlan.Of(network, shape);
        float[] y = new float[10];
        plan.Run(x, y);
        Assert.True(Networks.Error(expected, y) < 1e-5);
    }

    [Fact]
    public void Takes_a_range_of_batches()
    {
        using CpuDevice device = new(1);
        using MuxNet network = Networks.Build("muxnet-tiny", device);
        Shape shape = new(6, 1, 32, 32);
        float[] x = Networks.Numbers(3, shape.Length);
        using InferencePlan plan = InferencePlan.Of(network, shape, new PlanOptions { MinBatch = 1, Threads = 2 });
        float[] all = new float[60];
        plan.Run(x, all);
        for (int n = 1; n <= 6; n++)
        {
            float[] y = new float[10 * n];
            plan.Run(x.AsSpan(0, 1024 * n), y);
            Assert.True(Networks.Error(all[..(10 * n)], y) < 1e-6);
        }

        ShapeException more = Assert.Throws<ShapeException>(() => plan.Run(new float[7 * 1024], new float[70]));
        Assert.Contains("1 … 6 images [1, 1, 32, 32]", more.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_what_is_wrong_with_arguments()
    {
        using CpuDevice device = new(1);
        using MuxNet network = Networks.Build("muxnet-tiny", device);
        Shape shape = new(2, 1, 32, 32);
        using InferencePlan plan = InferencePlan.Of(network, shape);
        float[] x = new float[2048], y = new float[20];
        Assert.Contains("expected those of [2, 1, 32, 32]",
            Assert.Throws<ShapeException>(() => plan.Run(x.AsSpan(1), y)).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => plan.Run(x, y.AsSpan(1)));
        Assert.Throws<ShapeException>(() => plan.Run(x, x.AsSpan(0, 20)));
        Assert.Throws<ShapeException>(() => InferencePlan.Of(network, new Shape(1, 3, 32, 32)));
        Assert.Throws<ShapeException>(() => InferencePlan.Of(network, shape, new PlanOptions { MinBatch = 3 }));
        Assert.Throws<ShapeException>(() => InferencePlan.Of(network, shape, new PlanOptions { Threads = -1 }));
        using MuxNet bare = MuxNets.Build("muxnet-tiny");
        Assert.Contains("no memory yet",
            Assert.Throws<InvalidOperationException>(() => InferencePlan.Of(bare, shape)).Message,
            StringComparison.Ordinal);
        plan.Dispose();
        Assert.Throws<ObjectDisposedException>(() => plan.Run(x, y));
    }

    [Fact]
    public void Lets_a_NaN_through()
    {
        using CpuDevice device = new(1);
        using MuxNet network = Networks.Build("muxnet-tiny", device);
        Shape shape = new(2, 1, 32, 32);
        using InferencePlan plan = InferencePlan.Of(network, shape);
        float[] x = Networks.Numbers(4, shape.Length), y = new float[20], clean = new float[20];
        plan.Run(x, clean);
        x[1024 + 500] = float.NaN;
        plan.Run(x, y);
        Assert.Equal(clean[..10], y[..10]);
        Assert.All(y[10..], v => Assert.True(float.IsNaN(v)));
        x[1024 + 500] = 0.25f;
        plan.Run(x, y);
        Assert.All(y, v => Assert.True(float.IsFinite(v))); // Nothing of it stays in the arena.
    }

    [Fact]
    public void Does_not_keep_the_network()
    {
        (WeakReference network, InferencePlan plan) = Forget();
        for (int i = 0; i < 10 && network.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(network.IsAlive);
        plan.Run(new float[1024], new float[10]);
        plan.Dispose();
    }

    [Fact]
    public void Several_plans_run_side_by_side()
    {
        using CpuDevice device = new(1);
        using MuxNet network = Networks.Build("muxnet-tiny", device);
        Shape shape = new(1, 1, 32, 32);
        float[] x = Networks.Numbers(6, shape.Length), expected = new float[10];
        using (InferencePlan one = InferencePlan.Of(network, shape))
        {
            one.Run(x, expected);
        }

        int wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            using InferencePlan plan = InferencePlan.Of(network, shape, new PlanOptions { Threads = 1 + t % 2 });
            float[] y = new float[10];
            for (int run = 0; run < 50; run++)
            {
                plan.Run(x, y);
                if (!y.AsSpan().SequenceEqual(expected))
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.Equal(0, wrong);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Network, InferencePlan Plan) Forget()
    {
        CpuDevice device = new(1);
        MuxNet network = Networks.Build("muxnet-tiny", device);
        InferencePlan plan = InferencePlan.Of(network, new Shape(1, 1, 32, 32));
        network.Dispose();
        device.Dispose();
        return (new WeakReference(network), plan);
    }
}
