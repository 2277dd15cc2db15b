using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>MuxConv in one launch against its definition in plain loops.</summary>
public sealed class MuxConvTests
{
    [DeviceFact("opencl")]
    public void Forward_agrees_on_opencl() => Forward("opencl", 150);

    [Fact]
    public void Forward_agrees_on_ilgpu_cpu() => Forward("ilgpu-cpu", 4);

    [DeviceFact("opencl")]
    public void Backward_input_agrees_on_opencl() => BackwardInput("opencl", 150);

    [DeviceFact("opencl")]
    public void Backward_weight_agrees_on_opencl() => BackwardWeight("opencl", 150);

    private static void Forward(string kind, int count) => Check.ForAll("muxconv forward", Cases.For<MuxConv.Args>(), a =>
    {
        float[] x = Fill.Uniform(1, a.X.Length), w = Fill.Uniform(2, a.WeightLength), y = new float[a.Y.Length];
        double[] expected = new double[y.Length], bound = new double[y.Length];
        MuxConv.ForwardReference<double>(a, Doubles(x), Doubles(w), expected);
        MuxConv.ForwardReference<double>(a, Magnitudes(x), Magnitudes(w), bound);
        OnDevice(kind, [x, w], y, (d, v, to) => d.MuxConvForward(a, v[0], v[1], to));
        return Check.Difference(expected, y, Bounds(bound, 200), a.Y);
    }, count);

    private static void BackwardInput(string kind, int count) =>
        Check.ForAll("muxconv backward input", Cases.For<MuxConv.Args>(), a =>
        {
            float[] dy = Fill.Uniform(1, a.Y.Length), w = Fill.Uniform(2, a.WeightLength), dx = new float[a.X.Length];
            double[] expected = new double[dx.Length], bound = new double[dx.Length];
            MuxConv.BackwardInputReference<double>(a, Doubles(dy), Doubles(w), expected);
            MuxConv.BackwardInputReference<double>(a, Magnitudes(dy), Magnitudes(w), bound);
            OnDevice(kind, [dy, w], dx, (d, v, to) => d.MuxConvBackwardInput(a, v[0], v[1], to));
            return Check.Difference(expected, dx, Bounds(bound, 200), a.X);
        }, count);

    private static void BackwardWeight(string kind, int count) =>
        Check.ForAll("muxconv backward weight", Cases.For<MuxConv.Args>(), a =>
        {
            float[] dy = Fill.Uniform(1, a.Y.Length), x = Fill.Uniform(2, a.X.Length), dw = new float[a.WeightLength];
            double[] expected = new double[dw.Length], bound = new double[dw.Length];
            MuxConv.BackwardWeightReference<double>(a, Doubles(dy), Doubles(x), expected);
            MuxConv.BackwardWeightReference<double>(a, Magnitudes(dy), Magnitudes(x), bound);
            OnDevice(kind, [dy, x], dw, (d, v, to) => d.MuxConvBackwardWeight(a, v[0], v[1], to));
            return Check.Difference(expected, dw, Bounds(bound, 200), a.Weight);
        }, count);

    private static void OnDevice(string kind, float[][] inputs, float[] output, Action<GpuDevice, View[], View> run)
    {
        GpuDevice device = Hardware.Device(kind);
        lock (device)
        {
            View[] views = [.. inputs.Select(i => device.Rent(i.Length).View)];
            View to = device.Rent(output.Length).View;
            for (int i = 0; i < views.Length; i++)
            {
                device.Write(inputs[i], views[i]);
            }

            device.Write(output, to);
            run(device, views, to);
            device.Read(to, output);
            foreach (View v in (View[])[.. views, to])
            {
                device.Return(v.Buffer!);
            }
        }
    }

    private static double[] Doubles(float[] x) => Array.ConvertAll(x, v => (double)v);

    private static double[] Magnitudes(float[] x) => Array.ConvertAll(x, v => (double)Math.Abs(v));

    private static double[] Bounds(double[] magnitudes, long depth) =>
        Array.ConvertAll(magnitudes, m => ErrorBound.Sum(depth, m));
}
