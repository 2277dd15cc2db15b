using MuxKernels.Inference;
using MuxKernels.Inference.Tests;
using MuxKernels.Layers;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Plans of whole networks on devices, against eager execution on the processor.</summary>
public sealed class PlanTests
{
    /// <summary>Logits agree with the processor's to this share of the largest one.</summary>
    private const double Allowed = 2e-5;

    /// <summary>The same with maps that are rounded to eleven bits in between.</summary>
    private const double AllowedHalf = 5e-3;

    [DeviceTheory("opencl")]
    [InlineData("muxnet-m")]
    [InlineData("muxnet-xs")]
    public void Networks_agree_on_opencl(string name) => Agree("opencl", name);

    [DeviceTheory("cuda")]
    [InlineData("muxnet-tiny")]
    [InlineData("muxnet-m")]
    [InlineData("muxnet-xs")]
    public void Networks_agree_on_cuda(string name) => Agree("cuda", name);

    [DeviceFact("opencl")]
    public void Odd_operators_and_maps_with_several_readers_agree_on_opencl() => AgreeOdd("opencl");

    [DeviceFact("cuda")]
    public void Odd_operators_and_maps_with_several_readers_agree_on_cuda() => AgreeOdd("cuda");

    [Fact]
    public void A_small_network_agrees_on_ilgpu_cpu()
    {
        using CpuDevice cpu = new(1);
        using MuxNet network = new(MuxNets.Get("muxnet-tiny") with
        {
            Blocks = BlockGrammar.Parse("mux_r1_k3_s1_e2_c16_se0.5_p0.5_sg2_g2_nre"), HeadChannels = 8, ImageSize = 4,
        });
        Networks.Materialize(network, cpu);
        Agree(Hardware.Device("ilgpu-cpu"), network, cpu, new Shape(2, 1, 4, 4));
    }

    [DeviceFact("opencl")]
    public void A_network_with_float16_maps_agrees_on_opencl()
    {
        // Few geometries: most of the time goes into compiling their kernels.
        using CpuDevice cpu = new(2);
        using MuxNet network = new(MuxNets.Get("muxnet-tiny") with
        {
            Blocks = BlockGrammar.Parse(
                "ir_r1_k3_s2_e2_c16_nsw mux_r2_k3_s1_e6_c16_se0.5_p0.5_sg2_m-1.0.1_nsw ir_r1_k3_s1_e2_c16_nre"),
        });
        Networks.Materialize(network, cpu);
        Agree(Hardware.NetworkDevice("opencl"), network, cpu, new Shape(3, 1, 16, 16), halfMaps: true);
    }

    [DeviceTheory("cuda")]
    [InlineData("muxnet-m")]
    [InlineData("muxnet-xs")]
    public void Networks_with_float16_maps_agree_on_cuda(string name) => Agree("cuda", name, halfMaps: true);

    [DeviceFact("opencl")]
    public void Gates_agree_with_the_reference_on_opencl()
    {
        GpuDevice device = Hardware.NetworkDevice("opencl");
        foreach (SqueezeExcite.Args args in Cases.Sample(Cases.For<SqueezeExcite.Args>(), 10))
        {
            float[] small = Fill.Uniform(1, (long)args.X.N * args.X.C);
            float[][] numbers =
            [
                [.. small.Select(v => v * args.X.Pixels)], Fill.Uniform(2, args.ReduceWeight.Length),
                Fill.Uniform(3, args.ReduceBias.Length), Fill.Uniform(4, args.ExpandWeight.Length),
                Fill.Uniform(5, args.ExpandBias.Length),
            ];
            using ReferenceDevice reference = new();
            lock (device)
            {
                float[] expected = Gates(reference, args, numbers), actual = Gates(device, args, numbers);
                double bound = 1e-6 * (4 + args.X.C + args.Reduced);
                Check.Close(Array.ConvertAll(expected, v => (double)v), actual,
                    Array.ConvertAll(expected, _ => bound), args.ToString());
            }
        }
    }

    private static void Agree(string kind, string name, bool halfMaps = false)
    {
        using CpuDevice cpu = new(2);
        using MuxNet network = Networks.Build(name, cpu, 10);
        Agree(Hardware.NetworkDevice(kind), network, cpu, new Shape(2, network.Spec.ImageChannels, 32, 32), halfMaps);
    }

    private static void AgreeOdd(string kind)
    {
        using CpuDevice cpu = new(2);
        using OddNetwork odd = new();
        Networks.Materialize(odd, cpu);
        using ForkedNetwork forked = new();
        Networks.Materialize(forked, cpu);
        foreach (bool halfMaps in (bool[])[false, true])
        {
            Agree(Hardware.NetworkDevice(kind), odd, cpu, new Shape(2, 8, 12, 10), halfMaps);
            Agree(Hardware.NetworkDevice(kind), forked, cpu, new Shape(1, 6, 9, 7), halfMaps); // An odd number of numbers.
        }
    }

    /// <summary>Twice, with other images in between, and with the same bits.</summary>
    private static void Agree(GpuDevice device, Module network, CpuDevice cpu, Shape shape, bool halfMaps = false)
    {
        float[] x = Networks.Numbers(9, shape.Length), other = Networks.Numbers(10, shape.Length);
        float[] expected = Networks.Eager(network, cpu, shape, x), first = new float[expected.Length];
        float[] again = new float[expected.Length];
        lock (device)
        {
            using DevicePlan plan = DevicePlan.Of(network, device, shape, halfMaps);
            plan.Run(x, first);
            plan.Run(other, again);
            plan.Run(x, again);
            Assert.InRange(Networks.Error(expected, first), 0, halfMaps ? AllowedHalf : Allowed);
            Check.SameBits(first, again, "a second run");
            HostTransfers before = device.Transfers;
            plan.Run(x, again);
            Assert.Equal(new HostTransfers(1, sizeof(float) * shape.Length, 1, sizeof(float) * expected.Length),
                device.Transfers.Since(before));
            Assert.Equal(device.Name.StartsWith("cuda", StringComparison.Ordinal), plan.IsRecorded);
        }
    }

    private static float[] Gates(Device device, SqueezeExcite.Args args, float[][] numbers)
    {
        View[] views = [.. numbers.Select(n => device.Rent(n.Length).View)];
        for (int i = 0; i < views.Length; i++)
        {
            device.Write(numbers[i], views[i]);
        }

        View hidden = device.Rent(args.X.N * args.Reduced).View, gates = device.Rent(args.X.N * args.X.C).View;
        device.SqueezeExciteGates(args, views[0], views[1], views[2], views[3], views[4], hidden, gates);
        float[] result = new float[gates.Length];
        device.Read(gates, result);
        foreach (View view in (View[])[.. views, hidden, gates])
        {
            device.Return(view.Buffer!);
        }

        return result;
    }
}
