using ILGPU;
using ILGPU.Runtime;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>What is fused into convolutions beyond the registry's fused operations: channels anywhere, sums alone,
/// every activation, and what can't be.</summary>
public sealed class FusionTests
{
    public static TheoryData<ActivationKind> Activations => [.. Enum.GetValues<ActivationKind>()];

    /// <summary>A channel-multiplexed block in three launches: the processed half of the map is read where it lies and
    /// written, shuffled, where it lay; the other half never moves. Against the operations one by one.</summary>
    [DeviceTheory("opencl")]
    [InlineData(16, 14)]
    [InlineData(8, 7)]
    public void A_mux_block_in_place_agrees_with_its_operations_on_opencl(int channels, int size)
    {
        GpuDevice device = Hardware.Device("opencl");
        lock (device)
        {
            Block(device, channels, size);
        }
    }

    [Fact]
    public void A_mux_block_in_place_agrees_with_its_operations_on_ilgpu_cpu()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        lock (device)
        {
            Block(device, 4, 4);
        }
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void Every_activation_is_fused_as_it_is_alone(ActivationKind kind)
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        lock (device)
        {
            PointwiseConv.Args args = new(new Shape(1, 3, 2, 3), 4);
            using Memory memory = new(device.Accelerator);
            float[] x = Fill.Uniform(1, args.X.Length, -4f, 4f), w = Fill.Uniform(2, args.Weight.Length, -2f, 2f);
            ArrayView<float> y = memory.Of(new float[24]), sums = memory.Of(new float[4]);
            PointwiseConvGpu.Forward(device.Stream, args, memory.Of(x), memory.Of(w), new GpuFusion<float>
            {
                Activation = kind,
                Sums = sums,
            }, y, memory.Of(new float[PointwiseConvGpu.FusedScratchLength(args)]));
            float[] z = new float[24], expected = new float[24], total = new float[4];
            PointwiseConv.ForwardReference<float>(args, x, w, [], z);
            Activation.Forward(new Activation.Args(args.Y, kind), z, expected);
            for (int i = 0; i < 24; i++)
            {
                total[i / 6] += expected[i];
            }

            Near(expected, memory.Back(y), 3e-5);
            Near(total, memory.Back(sums), 2e-4);
        }
    }

    [Fact]
    public void Sums_alone_store_no_map()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        lock (device)
        {
            DepthwiseConv.Args args = new(new Shape(2, 3, 5, 4), 3);
            using Memory memory = new(device.Accelerator);
            float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.Weight.Length);
            ArrayView<float> sums = memory.Of(new float[6]);
            DepthwiseConvGpu.Forward(device.Stream, args, memory.Of(x), memory.Of(w), new GpuFusion<float>
            {
                Sums = sums,
                SumsOnly = true,
            }, default(ArrayView<float>), memory.Of(new float[DepthwiseConvGpu.FusedScratchLength(args)]));
            float[] y = new float[args.Y.Length], total = new float[6];
            DepthwiseConv.ForwardReference<float>(args, x, w, [], y);
            for (int i = 0; i < y.Length; i++)
            {
                total[i / args.Y.Pixels] += y[i];
            }

            Near(total, memory.Back(sums), 1e-5);
        }
    }

    [Fact]
    public void What_does_not_fit_is_an_error()
    {
        GpuDevice device = Hardware.Device("ilgpu-cpu");
        lock (device)
        {
            PointwiseConv.Args args = new(new Shape(1, 2, 2, 2), 3);
            using Memory memory = new(device.Accelerator);
            ArrayView<float> x = memory.Of(new float[8]), w = memory.Of(new float[6]), y = memory.Of(new float[12]);
            void Fails(string part, GpuFusion<float> fusion, ArrayView<float> output)
            {
                ShapeException error = Assert.Throws<ShapeException>(() =>
                    PointwiseConvGpu.Forward(device.Stream, args, x, w, fusion, output));
                Assert.Contains(part, error.Message, StringComparison.Ordinal);
            }

            Fails("scale has 8 elements, expected 3", new GpuFusion<float> { Scale = x }, y);
            Fails("gate has 6 elements, expected 2", new GpuFusion<float> { Gate = w }, y);
            Fails("residual has 8 elements, expected 12", new GpuFusion<float> { Residual = x }, y);
            Fails("scratch has 0 elements", new GpuFusion<float> { Sums = y.SubView(0, 3) }, y);
            Fails("expected a view where only sums are", new GpuFusion<float> { SumsOnly = true }, default);
            Fails("x has 8 elements, expected 16", new GpuFusion<float> { InputStride = 4 }, y);
            Fails("at least 2 and 3", new GpuFusion<float> { OutputStride = 2 }, y);
            Fails("inputChannels has 3 elements", new GpuFusion<float> { InputChannels = memory.Of([0, 1, 2]) }, y);
            x = y;
            Fails("y overlaps x", new GpuFusion<float> { InputStride = 3 }, y);
        }
    }

    private static void Block(GpuDevice device, int channels, int size)
    {
        Shape map = new(2, channels, size, size), half = map with { C = channels / 2 };
        PointwiseConv.Args expand = new(half, 2 * channels);
        DepthwiseConv.Args window = new(expand.Y, 3);
        PointwiseConv.Args project = new(window.Y, half.C);
        float[] x = Fill.Uniform(1, map.Length), w1 = Fill.Uniform(2, expand.Weight.Length);
        float[] w2 = Fill.Uniform(3, window.Weight.Length), w3 = Fill.Uniform(4, project.Weight.Length);
        using Memory memory = new(device.Accelerator);

        // The map's channels lie in the order of another permutation, as behind earlier blocks.
        int[] place = [.. Enumerable.Range(0, channels).Select(c => (5 * c + 3) % channels)];
        ArrayView<int> processed = memory.Of(place[..half.C]);
        float[] laid = new float[x.Length];
        Lay(x, laid, place, map, forth: true);
        ArrayView<float> y = memory.Of(laid), a = memory.Of(new float[expand.Y.Length]);
        ArrayView<float> b = memory.Of(new float[window.Y.Length]);
        PointwiseConvGpu.Forward(device.Stream, expand, y, memory.Of(w1), new GpuFusion<float>
        {
            Activation = ActivationKind.Relu,
            InputStride = channels,
            InputChannels = processed,
        }, a);
        DepthwiseConvGpu.Forward(device.Stream, window, a, memory.Of(w2), new GpuFusion<float>
        {
            Activation = ActivationKind.Relu6,
        }, b);
        PointwiseConvGpu.Forward(device.Stream, project, b, memory.Of(w3), new GpuFusion<float>
        {
            Residual = y,
            OutputStride = channels,
            OutputChannels = processed,
        }, y);

        float[] first = new float[half.Length], e = new float[expand.Y.Length], d = new float[window.Y.Length];
        float[] f = new float[half.Length], joined = new float[x.Length], found = new float[x.Length];
        ChannelSlice.Forward(new ChannelSlice.Args(map, 0, half.C), x, first);
        PointwiseConv.ForwardReference<float>(expand, first, w1, [], e);
        Activation.Forward(new Activation.Args(expand.Y, ActivationKind.Relu), e, e);
        DepthwiseConv.ForwardReference<float>(window, e, w2, [], d);
        Activation.Forward(new Activation.Args(window.Y, ActivationKind.Relu6), d, d);
        PointwiseConv.ForwardReference<float>(project, d, w3, [], f);
        MuxJoin.Forward(new MuxJoin.Args(map, half.C, 2, true), f, x, joined);

        // Where channels lie after the shuffle: channel k·2 + q of the result is channel q·C/2 + k of the list.
        int[] shuffled = [.. Enumerable.Range(0, channels).Select(c => place[c % 2 * half.C + c / 2])];
        Lay(memory.Back(y), found, shuffled, map, forth: false);
        Near(joined, found, 1e-4);
    }

    /// <summary>Moves channel c to its place, or back.</summary>
    private static void Lay(float[] x, float[] y, int[] place, Shape map, bool forth)
    {
        for (int i = 0; i < x.Length; i++)
        {
            int plane = i / map.Pixels, n = plane / map.C, c = plane % map.C;
            int there = (n * map.C + place[c]) * map.Pixels + i % map.Pixels;
            if (forth)
            {
                y[there] = x[i];
            }
            else
            {
                y[i] = x[there];
            }
        }
    }

    private static void Near(float[] expected, float[] actual, double bound) =>
        Check.Close(Array.ConvertAll(expected, v => (double)v), actual,
            Array.ConvertAll(expected, v => bound * (1 + Math.Abs(v))));

    /// <summary>Device memory of a test.</summary>
    private sealed class Memory(Accelerator accelerator) : IDisposable
    {
        private readonly List<MemoryBuffer> buffers = [];

        public ArrayView<T> Of<T>(T[] numbers)
            where T : unmanaged
        {
            MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D(numbers);
            buffers.Add(buffer);
            return buffer.View.BaseView;
        }

        public float[] Back(ArrayView<float> view)
        {
            float[] numbers = new float[view.Length];
            view.CopyToCPU(accelerator.DefaultStream, numbers.AsSpan());
            accelerator.DefaultStream.Synchronize();
            return numbers;
        }

        public void Dispose() => buffers.ForEach(b => b.Dispose());
    }
}
