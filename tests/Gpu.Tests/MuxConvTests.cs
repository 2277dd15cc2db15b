using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>MuxConv in one launch: against its definition for many geometries, and against its own three
/// steps.</summary>
public sealed class MuxConvTests
{
    private const int Count = 10;

    public static TheoryData<string> Directions =>
        ["muxconv.forward", "muxconv.backward-input", "muxconv.backward-weight"];

    [DeviceTheory("opencl")]
    [MemberData(nameof(Directions))]
    public void One_launch_agrees_with_the_definition_on_opencl(string operation)
    {
        KernelOperation<MuxConv.Args> muxConv = KernelRegistry.Get<MuxConv.Args>(operation);
        Check.Against(muxConv, Rows.Body(muxConv, "opencl"), count: Count, seed: 7);
    }

    [DeviceFact("opencl")]
    public void One_launch_agrees_with_three_steps_on_opencl() => Compare(Hardware.Device("opencl"), 10);

    [Fact]
    public void One_launch_agrees_with_three_steps_on_ilgpu_cpu() =>
        Compare(Hardware.Device("ilgpu-cpu"), new MuxConv.Args(new Shape(2, 12, 4, 4), [-1, 0, 1], 3));

    [Fact]
    public void Fused_kernels_agree_with_three_steps_on_the_processor()
    {
        using CpuDevice device = new(1);
        Compare(device, 30);
    }

    [Fact]
    public void Three_steps_refuse_padded_maps()
    {
        using MetaDevice device = new();
        ShapeException error = Assert.Throws<ShapeException>(() => new MuxConvSteps(device,
            new MuxConv.Args(new Shape(1, 4, 5, 5), -1, 3, oddMaps: OddMaps.Pad)));
        Assert.Contains("part 0 lies on a padded map", error.Message, StringComparison.Ordinal);
    }

    private static void Compare(Device device, int count)
    {
        bool Rearranged(MuxConv.Args a) => Enumerable.Range(0, a.Scales.Count).All(part =>
            a.Part(part).Y.Length == a.Part(part).Window.OutHeight * a.Part(part).Window.OutWidth
                * (long)a.Part(part).Transformed.C * a.X.N
            && a.Part(part).Transformed.Length == a.Part(part).Channels * (long)a.X.N * a.X.Pixels);
        foreach (MuxConv.Args args in
            Cases.Sample(Cases.For<MuxConv.Args>(), 10 * count, 3).Where(Rearranged).Take(count))
        {
            Compare(device, args);
        }
    }

    private static void Compare(Device device, MuxConv.Args args)
    {
        lock (device)
        {
            float[] x = Fill.Uniform(1, args.X.Length), w = Fill.Uniform(2, args.WeightLength);
            float[] dy = Fill.Uniform(3, args.Y.Length);
            using MuxConvSteps steps = new(device, args);
            View vx = Sent(device, x), vw = Sent(device, w), vdy = Sent(device, dy);
            (View y, View dx, View dw) = (device.Rent(dy.Length).View, device.Rent(x.Length).View, Sent(device, w));
            steps.Forward(vx, vw, y);
            Near("muxconv.forward", args, [x, w], Received(device, y), 0);
            steps.BackwardInput(vdy, vw, dx);
            Near("muxconv.backward-input", args, [dy, w], Received(device, dx), 0);
            device.Fill(dw, 0f);
            steps.BackwardWeight(vdy, vx, dw);
            Near("muxconv.backward-weight", args, [dy, x], Received(device, dw), args.X.N * args.Y.Pixels);
            foreach (View view in (View[])[vx, vw, vdy, y, dx, dw])
            {
                device.Return(view.Buffer!);
            }
        }
    }

    /// <summary>Both forms are within the bound of the reference; the steps may cut a weight's sum in other
    /// bands.</summary>
    private static void Near(string operation, MuxConv.Args args, float[][] inputs, float[] actual, long bands)
    {
        KernelOperation<MuxConv.Args> muxConv = KernelRegistry.Get<MuxConv.Args>(operation);
        (double[][] expected, double[][] bounds) = Check.Expected(muxConv, args, inputs);
        double widen = bands == 0 ? 1 : 1 + bands / 8.0;
        Check.Close(expected[0], actual, Array.ConvertAll(bounds[0], b => b * widen), $"{operation} in steps, {args}");
    }

    private static View Sent(Device device, float[] numbers)
    {
        View view = device.Rent(numbers.Length).View;
        device.Write(numbers, view);
        return view;
    }

    private static float[] Received(Device device, View view)
    {
        float[] numbers = new float[view.Length];
        device.Read(view, numbers);
        return numbers;
    }
}
