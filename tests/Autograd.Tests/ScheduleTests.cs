using Xunit;

namespace MuxKernels.Autograd.Tests;

public class ScheduleTests
{
    [Fact]
    public void The_warm_up_is_linear_and_ends_at_the_rate()
    {
        Schedule schedule = Schedule.Constant(1, 100, warmupSteps: 4);
        Assert.Equal([0.2, 0.4, 0.6, 0.8, 1, 1], Enumerable.Range(0, 6).Select(k => schedule.At(k)), Near);
        Assert.Equal(1, schedule.At(1000));
    }

    [Fact]
    public void Steps_fall_by_the_factor_after_each_period()
    {
        Schedule schedule = Schedule.Steps(1, 100, period: 3, factor: 0.1, warmupSteps: 1);
        Assert.Equal([0.5, 1, 1, 1, 0.1, 0.1, 0.1, 0.01], Enumerable.Range(0, 8).Select(k => schedule.At(k)), Near);
    }

    [Fact]
    public void The_cosine_falls_from_the_rate_to_the_end()
    {
        Schedule schedule = Schedule.Cosine(1, 10, warmupSteps: 2, final: 0.2);
        Assert.Equal(1, schedule.At(2), 1e-12);
        Assert.Equal(0.6, schedule.At(6), 1e-12);
        Assert.Equal(0.2, schedule.At(10), 1e-12);
        Assert.Equal(0.2, schedule.At(1000), 1e-12);
        double[] rates = [.. Enumerable.Range(2, 9).Select(k => schedule.At(k))];
        Assert.Equal(rates.OrderDescending(), rates);
    }

    [Fact]
    public void Numbers_out_of_range_are_errors()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Constant(-1, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Cosine(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Constant(1, 10, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Steps(1, 10, 0, 0.5));
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-12;
}
