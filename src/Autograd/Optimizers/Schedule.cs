namespace MuxKernels.Autograd;

/// <summary>
/// Learning rate as a function of the step: a linear warm-up, then a constant, steps, or a cosine to zero.
/// </summary>
public sealed record Schedule
{
    private Schedule(string kind, double rate, long totalSteps, long warmupSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(warmupSteps);
        (Kind, Rate, TotalSteps, WarmupSteps) = (kind, rate, totalSteps, warmupSteps);
    }

    /// <summary><c>constant</c>, <c>step</c> or <c>cosine</c>.</summary>
    public string Kind { get; }

    /// <summary>The rate after the warm-up.</summary>
    public double Rate { get; }

    /// <summary>Steps of the whole training.</summary>
    public long TotalSteps { get; }

    /// <summary>Steps of the linear warm-up from <c>rate/(warm-up + 1)</c>.</summary>
    public long WarmupSteps { get; }

    /// <summary>For steps: after how many steps the rate falls.</summary>
    public long Period { get; private init; } = 1;

    /// <summary>For steps: the factor at each fall.</summary>
    public double Factor { get; private init; } = 1;

    /// <summary>For the cosine: the rate at the end.</summary>
    public double Final { get; private init; }

    /// <summary>The same rate throughout.</summary>
    public static Schedule Constant(double rate, long totalSteps, long warmupSteps = 0) =>
        new("constant", rate, totalSteps, warmupSteps);

    /// <summary>Multiplied by <paramref name="factor"/> every <paramref name="period"/> steps.</summary>
    public static Schedule Steps(double rate, long totalSteps, long period, double factor, long warmupSteps = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(period, 1);
        return new Schedule("step", rate, totalSteps, warmupSteps) { Period = period, Factor = factor };
    }

    /// <summary>Half a cosine from the rate to <paramref name="final"/> after the warm-up.</summary>
    public static Schedule Cosine(double rate, long totalSteps, long warmupSteps = 0, double final = 0) =>
        new("cosine", rate, totalSteps, warmupSteps) { Final = final };

    /// <summary>Rate of step <paramref name="step"/>, 0 … total − 1; beyond the end the last rate.</summary>
    public double At(long step)
    {
        if (step < WarmupSteps)
        {
            return Rate * (step + 1) / (WarmupSteps + 1);
        }

        switch (Kind)
        {
            case "step":
                return Rate * Math.Pow(Factor, (step - WarmupSteps) / Period);
            case "cosine":
                double length = Math.Max(1, TotalSteps - WarmupSteps);
                double progress = Math.Clamp((step - WarmupSteps) / length, 0, 1);
                return Final + (Rate - Final) * 0.5 * (1 + Math.Cos(Math.PI * progress));
            default:
                return Rate;
        }
    }
}
