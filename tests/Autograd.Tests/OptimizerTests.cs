using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Autograd.Tests;

/// <summary>Three steps of each optimizer against its formula, computed here by hand.</summary>
public sealed class OptimizerTests : IDisposable
{
    private const int Weights = 12;
    private const int Length = 15;

    private readonly ReferenceDevice device = new();
    private readonly Linear1d layer = new(4, 3);
    private readonly ParameterStore store;

    public OptimizerTests()
    {
        store = layer.Materialize(device, 3);
        device.Write(Numbers.Doubles(1, Shape.Vector(Length)), store.Values);
    }

    public void Dispose()
    {
        layer.Dispose();
        device.Dispose();
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 0.1, false)]
    [InlineData(0.9, 0, false)]
    [InlineData(0.9, 0.1, false)]
    [InlineData(0.9, 0.1, true)]
    public void Sgd_is_the_formula(double momentum, double decay, bool nesterov)
    {
        double[] p = Values(), v = new double[Length];
        using Sgd sgd = new(store, 0.05, momentum, decay, nesterov);
        for (int step = 1; step <= 3; step++)
        {
            double[] g = SetGradients(step);
            sgd.Step();
            for (int i = 0; i < Length; i++)
            {
                double gradient = g[i] + decay * p[i];
                v[i] = step == 1 ? gradient : momentum * v[i] + gradient;
                double change = momentum == 0 ? gradient : nesterov ? gradient + momentum * v[i] : v[i];
                p[i] -= 0.05 * change;
            }
        }

        AssertNear(p, Values());
        Assert.Equal(3, sgd.Steps);
    }

    [Fact]
    public void Sgd_leaves_biases_undecayed_where_asked_to()
    {
        double[] p = Values();
        using Sgd sgd = new(store, 0.1, weightDecay: 0.5, decayNormAndBias: false);
        store.ZeroGradients();
        sgd.Step();
        for (int i = 0; i < Weights; i++)
        {
            p[i] -= 0.1 * 0.5 * p[i];
        }

        AssertNear(p, Values());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AdamW_is_the_formula(bool decayBias)
    {
        const double Rate = 0.01, B1 = 0.8, B2 = 0.95, Epsilon = 1e-3, Decay = 0.2;
        double[] p = Values(), m = new double[Length], v = new double[Length];
        using AdamW adam = new(store, Rate, B1, B2, Epsilon, Decay, decayBias);
        for (int step = 1; step <= 3; step++)
        {
            double[] g = SetGradients(step);
            adam.Step();
            for (int i = 0; i < Length; i++)
            {
                m[i] = B1 * m[i] + (1 - B1) * g[i];
                v[i] = B2 * v[i] + (1 - B2) * g[i] * g[i];
                double first = m[i] / (1 - Math.Pow(B1, step)), second = v[i] / (1 - Math.Pow(B2, step));
                double decay = i < Weights || decayBias ? Decay : 0;
                p[i] = p[i] * (1 - Rate * decay) - Rate * first / (Math.Sqrt(second) + Epsilon);
            }
        }

        AssertNear(p, Values());
    }

    [Fact]
    public void Clipping_scales_all_gradients_to_the_norm()
    {
        double[] p = Values(), g = SetGradients(1);
        double norm = Math.Sqrt(g.Sum(x => x * x));
        using Sgd sgd = new(store, 1);
        Assert.Equal(norm, sgd.Step(maximumNorm: norm / 4), 12);
        double[] moved = Values();
        double length = Math.Sqrt(p.Zip(moved, (a, b) => (a - b) * (a - b)).Sum());
        Assert.InRange(length, norm / 4 * (1 - 1e-5), norm / 4);
        for (int i = 0; i < Length; i++)
        {
            Assert.Equal(g[i] * length / norm, p[i] - moved[i], 9);
        }
    }

    [Fact]
    public void Gradients_below_the_norm_stay()
    {
        double[] p = Values(), g = SetGradients(1);
        using Sgd sgd = new(store, 1);
        sgd.Step(maximumNorm: 1000);
        AssertNear([.. p.Zip(g, (a, b) => a - b)], Values());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_norm_that_is_no_number_stops_the_step(double bad)
    {
        double[] p = Values(), g = SetGradients(1);
        g[7] = bad;
        device.Write(g, store.Gradients);
        using Sgd sgd = new(store, 1);
        Assert.Contains("step 1", Assert.Throws<ArithmeticException>(() => sgd.Step(1)).Message,
            StringComparison.Ordinal);
        Assert.Equal(p, Values());
        Assert.Equal(0, sgd.Steps);
    }

    [Fact]
    public void The_processor_takes_the_same_steps()
    {
        using CpuDevice cpu = new(2);
        using Linear1d other = new(4, 3);
        ParameterStore theirs = other.Materialize(cpu);
        cpu.Write(Values(), theirs.Values);
        using Sgd a = new(store, 0.05, 0.9, 0.01, nesterov: true);
        using Sgd b = new(theirs, 0.05, 0.9, 0.01, nesterov: true);
        for (int step = 1; step <= 3; step++)
        {
            cpu.Write(SetGradients(step), theirs.Gradients);
            a.Step(1);
            b.Step(1);
        }

        double[] got = new double[Length];
        cpu.Read(theirs.Values, got);
        foreach ((double want, double value) in Values().Zip(got))
        {
            Assert.Equal(want, value, 1e-6);
        }
    }

    [Fact]
    public void Training_goes_on_after_a_checkpoint_as_if_nothing_had_happened()
    {
        using AdamW straight = new(store, 0.01);
        SetGradients(1);
        straight.Step();
        double[] values = Values();
        double[][] state = [.. straight.State.Select(s => Read(s.Memory))];
        SetGradients(2);
        straight.Step();
        double[] expected = Values();

        device.Write(values, store.Values);
        using AdamW again = new(store, 0.01);
        foreach (((string _, View memory), double[] saved) in again.State.Zip(state))
        {
            device.Write(saved, memory);
        }

        again.Resume(1);
        SetGradients(2);
        again.Step();
        Assert.Equal(expected, Values());
    }

    [Fact]
    public void Gradients_are_zero_after_a_step()
    {
        using Sgd sgd = new(store, 0.1, 0.9);
        SetGradients(1);
        sgd.Step(1);
        Assert.All(Read(store.Gradients), g => Assert.Equal(0, g));
    }

    /// <summary>Decays of 1/10, 2/11 and then the average's own, 0.2.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_average_follows_the_parameters(bool adam)
    {
        double[] expected = Values();
        using WeightAverage average = new(store, 0.2);
        using Optimizer optimizer = adam ? new AdamW(store, 0.1) : new Sgd(store, 0.1, 0.9);
        optimizer.Average = average;
        double[] decays = [0.1, 2 / 11.0, 0.2];
        for (int step = 0; step < 3; step++)
        {
            Assert.Equal(decays[step], average.NextDecay);
            SetGradients(step);
            optimizer.Step();
            double[] p = Values();
            for (int i = 0; i < Length; i++)
            {
                expected[i] = decays[step] * expected[i] + (1 - decays[step]) * p[i];
            }
        }

        AssertNear(expected, Read(average.Values));
        double[] trained = Values();
        average.Swap();
        AssertNear(expected, Values());
        Assert.Throws<InvalidOperationException>(() => optimizer.Step());
        average.Swap();
        Assert.Equal(trained, Values());
        Assert.Equal(3, average.Steps);
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightAverage(store, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightAverage(store, 0));
    }

    [Fact]
    public void Running_statistics_are_averaged_too()
    {
        using CpuDevice cpu = new(1);
        using BatchNorm2d norm = new(3);
        ParameterStore memory = norm.Materialize(cpu);
        using WeightAverage average = new(memory, 0.5);
        using Sgd sgd = new(memory, 0.1) { Average = average };
        float[] before = new float[memory.Buffers.Length], after = new float[before.Length];
        cpu.Read(memory.Buffers, before);
        cpu.Write(Enumerable.Range(0, before.Length).Select(i => (float)i).ToArray(), memory.Buffers);
        sgd.Step();
        cpu.Read(average.Buffers, after);
        Assert.Equal(before.Length, memory.Parameters.Where(p => !p.IsTrained).Sum(p => p.Shape.Length));
        for (int i = 0; i < before.Length; i++)
        {
            Assert.Equal(0.1 * before[i] + 0.9 * i, after[i], 1e-6);
        }
    }

    [Fact]
    public void Numbers_out_of_range_are_errors()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(store, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(store, 1, momentum: -1));
        Assert.Throws<ArgumentException>(() => new Sgd(store, 1, nesterov: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(store, 1, beta1: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(store, 1, beta2: 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(store, 1, epsilon: 0));
    }

    private double[] SetGradients(int step)
    {
        double[] g = Numbers.Doubles((ulong)step + 20, Shape.Vector(Length));
        device.Write(g, store.Gradients);
        return g;
    }

    private double[] Values() => Read(store.Values);

    private double[] Read(View view)
    {
        double[] values = new double[view.Length];
        device.Read(view, values);
        return values;
    }

    private static void AssertNear(double[] expected, double[] got)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], got[i], 1e-12);
        }
    }
}
