using MuxKernels.Autograd;
using Xunit;

namespace MuxKernels.Layers.Tests;

public class DeterminismTests
{
    private static readonly Shape Image = new(6, 1, 32, 32);

    /// <summary>Three steps of training with dropout: losses, parameters and running statistics, bit for bit.</summary>
    [Fact]
    public void A_seed_gives_the_same_bits_for_every_number_of_threads()
    {
        (float[] losses, float[][] state) = Train(1, 11);
        Assert.True(losses.Distinct().Count() == 3, string.Join(' ', losses));
        foreach (int threads in (int[])[2, 3])
        {
            (float[] l, float[][] s) = Train(threads, 11);
            Assert.Equal(losses, l);
            Assert.Equal(state, s);
        }

        Assert.NotEqual(losses, Train(1, 12).Losses);
    }

    /// <summary>Two threads that compute on one device, each in sessions of its own, do not disturb each other.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sessions_on_several_threads_share_a_device(int threads)
    {
        using CpuDevice device = new(threads);
        using MuxNet network = MuxNets.Build("muxnet-tiny");
        network.Materialize(device, 3);
        float[] alone = Logits(1), other = Logits(2);
        int wrong = 0;
        Thread[] workers = [.. Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (int i = 0; i < 40; i++)
            {
                bool same = Logits(1 + (ulong)t % 2).SequenceEqual(t % 2 == 0 ? alone : other);
                Interlocked.Add(ref wrong, same ? 0 : 1);
            }
        }))];
        Array.ForEach(workers, w => w.Start());
        Array.ForEach(workers, w => w.Join());
        Assert.Equal(0, wrong);

        float[] Logits(ulong seed)
        {
            using Session session = new(device);
            return network.Invoke(session.Input(Image, Numbers.Uniform(seed, Image))).ToArray();
        }
    }

    private static (float[] Losses, float[][] State) Train(int threads, ulong seed)
    {
        using CpuDevice device = new(threads);
        using MuxNet network = new(MuxNets.Get("muxnet-tiny") with { DropConnect = 0.2 });
        ParameterStore store = network.Materialize(device, seed);
        using AdamW optimizer = new(store, 0.003);
        float[] losses = new float[3];
        for (int step = 0; step < losses.Length; step++)
        {
            using Session session = new(device, training: true, record: true, seed: seed * 100 + (ulong)step);
            store.ZeroGradients();
            Tensor x = session.Input(Image, Numbers.Uniform((ulong)step, Image));
            Tensor loss = network.Invoke(x).CrossEntropy([0f, 1f, 2f, 3f, 4f, 5f], smoothing: 0.1f);
            losses[step] = loss.ToArray()[0];
            session.Backward(loss);
            optimizer.Step(maximumNorm: 1);
        }

        return (losses, Numbers.Read(network));
    }
}
