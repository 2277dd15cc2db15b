using MuxKernels.Autograd;
using MuxKernels.Data;
using MuxKernels.Layers;
using MuxKernels.Training;
using MuxKernels.Training.Tests;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Networks that train wholly on a device: what is copied, what moving changes, what happens where memory
/// ends.</summary>
public sealed class TrainingTests
{
    private const int Batch = 32;

    [DeviceFact("opencl")]
    public void A_training_step_copies_the_batch_up_and_loss_logits_and_norm_down()
    {
        GpuDevice device = Hardware.NetworkDevice("opencl");
        HostTransfers Of(int batches)
        {
            lock (device)
            {
                HostTransfers before = device.Transfers;
                using MuxNet network = new(Small.Spec);
                ImageDataset test = Small.Test.Take(Batch);
                new Trainer(network, device, Small.Train.Take(batches * Batch), test,
                    Small.Options with { Epochs = 1 }).Run();
                return device.Transfers.Since(before);
            }
        }

        Of(1); // the kernels' tables
        HostTransfers one = Of(1), two = Of(2), step = two.Since(one);
        Assert.Equal(new HostTransfers(2, sizeof(float) * (Batch * 32 * 32 + Batch), 3,
            sizeof(float) * (1 + Batch * 10) + sizeof(double)), step);
    }

    [DeviceFact("opencl")]
    public void A_planned_training_has_the_bits_of_one_operator_by_operator_on_opencl() => PlannedAsEager("opencl");

    [DeviceFact("cuda")]
    public void A_planned_training_has_the_bits_of_one_operator_by_operator_on_cuda() => PlannedAsEager("cuda");

    [DeviceTheory("opencl")]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.AdamW)]
    public void Moving_a_network_while_it_trains_changes_results_within_the_bound(OptimizerKind kind)
    {
        GpuDevice gpu = Hardware.NetworkDevice("opencl");
        using CpuDevice cpu = new(2);
        (float[] losses, float[] start, float[] end) stayed = Train(kind, [cpu, cpu, cpu]), moved;
        lock (gpu)
        {
            moved = Train(kind, [cpu, gpu, cpu]);
        }

        Assert.Equal(stayed.start, moved.start);
        Assert.Equal(stayed.losses[..2], moved.losses[..2]);
        for (int step = 2; step < stayed.losses.Length; step++)
        {
            Assert.Equal(stayed.losses[step], moved.losses[step], 2e-4f * stayed.losses[step]);
        }

        // What training has changed is the same but for a thousandth.
        double change = Norm(stayed.end.Zip(stayed.start, (a, b) => a - b));
        double distance = Norm(stayed.end.Zip(moved.end, (a, b) => a - b));
        Assert.True(distance <= 2e-3 * change, $"moved by {distance:e2} of {change:e2}");
        Assert.NotEqual(0, distance);
    }

    [Fact]
    public void Memory_that_ends_in_training_leaves_process_device_and_checkpoint_intact()
    {
        const long Limit = 1_000_000;
        using TemporaryFolder folder = new();
        TrainingOptions options = Small.Options with { Epochs = 2 };
        (_, float[] expected) = Small.Run(options);
        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() => Small.Run(options with { Output = folder.Path }, 1,
            stop.Token, _ => stop.Cancel()));
        byte[] checkpoint = File.ReadAllBytes(folder.File("last.safetensors"));

        using GpuDevice device = GpuDevice.Open("ilgpu-cpu", Limit);
        options = options with { Output = folder.Path, Resume = true };
        using (MuxNet network = new(Small.Spec))
        {
            OutOfMemoryException error = Assert.ThrowsAny<OutOfMemoryException>(() =>
                new Trainer(network, device, Small.Train, Small.Test, options).Run());
            Assert.Matches(@"ilgpu-cpu \(.*\) can't give [\d,]+ bytes more: [\d,]+ of 1,000,000 bytes are in use",
                error.Message);
        }

        // Nothing is left on the device, and everything of the checkpoint.
        DeviceBuffer whole = device.Rent(225_000);
        device.Return(whole);
        Assert.Equal(checkpoint, File.ReadAllBytes(folder.File("last.safetensors")));
        (_, float[] resumed) = Small.Run(options);
        Assert.Equal(expected, resumed);
    }

    [Fact]
    public void A_network_that_does_not_fit_on_a_device_stays_where_it_was()
    {
        // Room for the numbers, not for their gradients.
        using CpuDevice cpu = new(1);
        using MuxNet network = new(Small.Spec);
        network.Materialize(cpu, 3);
        long room = network.ParameterCount * sizeof(float) * 3 / 2;
        using GpuDevice device = GpuDevice.Open("ilgpu-cpu", room);
        float[] before = Small.State(network);
        Assert.ThrowsAny<OutOfMemoryException>(() => network.MoveTo(device));
        Assert.Equal(before, Small.State(network));
        Assert.Same(cpu, network.Store!.Device);
        device.Return(device.Rent((int)network.ParameterCount));
        using GpuDevice large = GpuDevice.Open("ilgpu-cpu");
        network.MoveTo(large);
        Assert.Same(large, network.Store.Device);
        Assert.Equal(before, Small.State(network));
    }

    /// <summary>The recorded session's numbers, to the bit, with averages and coins.</summary>
    private static void PlannedAsEager(string kind)
    {
        GpuDevice device = Hardware.NetworkDevice(kind);
        float[] Of(bool planned)
        {
            lock (device)
            {
                using MuxNet network = new(Small.Spec);
                Trainer trainer = new(network, device, Small.Train.Take(2 * Batch), Small.Test.Take(Batch),
                    Small.Options with { Epochs = 1, Planned = planned, Average = 0.9 });
                trainer.Run();
                Assert.Equal(planned, trainer.Obstacle is null);
                return Small.State(network);
            }
        }

        Assert.Equal(Of(planned: false), Of(planned: true));
    }

    /// <summary>Six steps, two on each device; optimizers take over from each other.</summary>
    private static (float[] Losses, float[] Start, float[] End) Train(OptimizerKind kind, Device[] devices)
    {
        using MuxNet network = new(Small.Spec);
        network.Materialize(devices[0], 5);
        float[] start = Small.State(network);
        Optimizer? optimizer = null;
        List<float> losses = [];
        Loader loader = new(Small.Train, new LoaderOptions
        {
            BatchSize = Batch, Transforms = Preprocessing.Of(Small.Train).Transforms(augment: false),
        });
        foreach (Batch batch in loader.Epoch(0))
        {
            Device device = devices[batch.Number / 2];
            if (batch.Number % 2 == 0)
            {
                ParameterStore store = network.MoveTo(device);
                Optimizer next = kind == OptimizerKind.Sgd
                    ? new Sgd(store, 0.02, 0.9, 1e-4, nesterov: true)
                    : new AdamW(store, 0.001);
                if (optimizer is not null)
                {
                    next.Continue(optimizer);
                    optimizer.Dispose();
                }

                optimizer = next;
            }

            using Session session = new(device, training: true, record: true, seed: (ulong)batch.Number);
            Tensor loss = network.Invoke(session.Input(batch.Shape, batch.Images)).CrossEntropy(batch.Labels, 0.1f);
            losses.Add(loss.ToArray()[0]);
            session.Backward(loss);
            optimizer!.Step(5);
        }

        optimizer!.Dispose();
        return ([.. losses], start, Small.State(network));
    }

    private static double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(v => (double)v * v));
}
