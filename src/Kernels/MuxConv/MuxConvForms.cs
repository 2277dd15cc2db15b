using System.Diagnostics;

namespace MuxKernels;

/// <summary>Times of one direction of a MuxConv on a device, in milliseconds.</summary>
/// <param name="Fused">Median of the fused kernels.</param>
/// <param name="Steps">Median of the same by <see cref="MuxConvSteps"/>.</param>
public readonly record struct MuxConvTimes(double Fused, double Steps)
{
    /// <summary>How many times as long the steps take.</summary>
    public double Ratio => Steps / Fused;
}

/// <summary>Fused against three-step form on one device: medians of rounds in which both take turns.</summary>
/// <param name="Forward">y.</param>
/// <param name="BackwardInput">dx.</param>
/// <param name="BackwardWeight">dw; the steps have the rearranged x from forward.</param>
public readonly record struct MuxConvForms(MuxConvTimes Forward, MuxConvTimes BackwardInput,
    MuxConvTimes BackwardWeight)
{
    /// <summary>Measures both forms on a device.</summary>
    /// <param name="device">Where.</param>
    /// <param name="args">Geometry.</param>
    /// <param name="rounds">Rounds of each direction; the median counts.</param>
    /// <param name="milliseconds">Each time of a round is that of at least this long a run.</param>
    /// <exception cref="ShapeException">Parts on padded maps; see <see cref="MuxConvSteps"/>.</exception>
    public static MuxConvForms Measure(Device device, MuxConv.Args args, int rounds = 15, double milliseconds = 5)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        using MuxConvSteps steps = new(device, args);
        DeviceBuffer x = Filled(device, args.X), w = Filled(device, args.Weight), y = Filled(device, args.Y);
        DeviceBuffer dy = Filled(device, args.Y), dx = Filled(device, args.X), dw = Filled(device, args.Weight);
        MuxConvForms result = new(
            Compare(device, rounds, milliseconds, () => device.MuxConvForward(args, x.View, w.View, y.View),
                () => steps.Forward(x.View, w.View, y.View)),
            Compare(device, rounds, milliseconds, () => device.MuxConvBackwardInput(args, dy.View, w.View, dx.View),
                () => steps.BackwardInput(dy.View, w.View, dx.View)),
            Compare(device, rounds, milliseconds, () => device.MuxConvBackwardWeight(args, dy.View, x.View, dw.View),
                () => steps.BackwardWeight(dy.View, x.View, dw.View)));
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[x, w, y, dy, dx, dw])
        {
            device.Return(buffer);
        }

        return result;
    }

    private static MuxConvTimes Compare(Device device, int rounds, double milliseconds, Action fused, Action steps)
    {
        int fusedCount = Count(device, milliseconds, fused), stepsCount = Count(device, milliseconds, steps);
        double[] fusedTimes = new double[rounds], stepsTimes = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            fusedTimes[round] = Time(device, fusedCount, fused);
            stepsTimes[round] = Time(device, stepsCount, steps);
        }

        return new MuxConvTimes(Median(fusedTimes), Median(stepsTimes));
    }

    /// <summary>Calls that take as long as asked for, after two that warm up.</summary>
    private static int Count(Device device, double milliseconds, Action call)
    {
        Time(device, 1, call);
        return (int)Math.Clamp(Math.Ceiling(milliseconds / Time(device, 1, call)), 1, 1000);
    }

    private static double Time(Device device, int count, Action call)
    {
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            call();
        }

        device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / count;
    }

    private static double Median(double[] times)
    {
        Array.Sort(times);
        return times[times.Length / 2];
    }

    /// <summary>Numbers between −1 and 1.</summary>
    private static DeviceBuffer Filled(Device device, Shape shape)
    {
        float[] numbers = new float[shape.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i * 37 % 101 / 50f - 1f;
        }

        DeviceBuffer buffer = device.Rent(numbers.Length);
        device.Write(numbers, buffer.View);
        return buffer;
    }
}
