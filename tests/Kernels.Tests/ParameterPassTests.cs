using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>One pass over all parameters against the steps one after the other, bit by bit.</summary>
public class ParameterPassTests
{
    private const int Length = 70_001;

    /// <summary>Runs that begin and end within vectors, within blocks and across them.</summary>
    private static readonly ParameterRuns Runs = new((5, true), (16, false), (30_000, true), (3, false), (33, true),
        (39_944, false));

    [Theory]
    [InlineData(0.9, true, false)]
    [InlineData(0.9, true, true)]
    [InlineData(0.9, false, true)]
    [InlineData(0, false, true)]
    public void Sgd_has_the_bits_of_single_steps_for_any_thread_count(double momentum, bool nesterov, bool averages)
    {
        float[][] expected = Begin(), plain = Begin();
        for (int step = 1; step <= 2; step++)
        {
            SgdPass.Args args = new(Runs, new SgdStep.Args(Length, 0.1, momentum, 1e-2, nesterov, step == 1, 0.7), 0.9);
            for (int run = 0; run < Runs.Count; run++)
            {
                (int at, int length, _) = Runs[run];
                SgdStep.Update(args.StepOf(run), plain[0].AsSpan(at, length), plain[1].AsSpan(at, length),
                    momentum == 0 ? [] : plain[2].AsSpan(at, length));
            }

            if (averages)
            {
                MovingAverage.Update(new MovingAverage.Args(Length, 0.9), plain[1], plain[4]);
            }
        }

        foreach (int threads in (ReadOnlySpan<int>)[1, 2, 3])
        {
            using WorkPool pool = new(threads);
            float[][] passed = Begin();
            for (int step = 1; step <= 2; step++)
            {
                SgdPass.Args args = new(Runs, new SgdStep.Args(Length, 0.1, momentum, 1e-2, nesterov, step == 1, 0.7),
                    0.9);
                expected[0].CopyTo(passed[0], 0);
                SgdPass.Update(args, passed[0], passed[1], momentum == 0 ? [] : passed[2],
                    averages ? passed[4] : [], pool);
                Assert.All(passed[0], g => Assert.Equal(0f, g));
            }

            AssertSame(plain, passed);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AdamW_has_the_bits_of_single_steps_for_any_thread_count(bool averages)
    {
        float[][] expected = Begin(), plain = Begin();
        AdamWPass.Args Args(int step) =>
            new(Runs, new AdamWStep.Args(Length, 0.1, 0.9, 0.99, 1e-8, 0.2, step, 0.7), 0.5);
        for (int step = 1; step <= 2; step++)
        {
            for (int run = 0; run < Runs.Count; run++)
            {
                (int at, int length, _) = Runs[run];
                AdamWStep.Update(Args(step).StepOf(run), plain[0].AsSpan(at, length), plain[1].AsSpan(at, length),
                    plain[2].AsSpan(at, length), plain[3].AsSpan(at, length));
            }

            if (averages)
            {
                MovingAverage.Update(new MovingAverage.Args(Length, 0.5), plain[1], plain[4]);
            }
        }

        foreach (int threads in (ReadOnlySpan<int>)[1, 2, 3])
        {
            using WorkPool pool = new(threads);
            float[][] passed = Begin();
            for (int step = 1; step <= 2; step++)
            {
                expected[0].CopyTo(passed[0], 0);
                AdamWPass.Update(Args(step), passed[0], passed[1], passed[2], passed[3], averages ? passed[4] : [],
                    pool);
                Assert.All(passed[0], g => Assert.Equal(0f, g));
            }

            AssertSame(plain, passed);
        }
    }

    /// <summary>p = 2 → 1.25 with g = 4·0.5 + 0.5·2; where no decay acts g = 2 and p = 1.5; a = 4 + 0.75·(p −
    /// 4).</summary>
    [Fact]
    public void A_pass_by_hand()
    {
        float[] g = [4, 4], p = [2, 2], v = [float.NaN, float.NaN], a = [4, 4];
        SgdPass.Args args = new(new ParameterRuns((1, true), (1, false)),
            new SgdStep.Args(2, 0.25, 0.5, 0.5, false, true, 0.5), 0.25);
        SgdPass.Update(args, g, p, v, a);
        Assert.Equal([1.25f, 1.5f], p);
        Assert.Equal([3f, 2f], v);
        Assert.Equal([1.9375f, 2.125f], a);
        Assert.Equal([0f, 0f], g);
    }

    [Fact]
    public void Runs_of_one_kind_become_one()
    {
        ParameterRuns runs = new((3, true), (4, true), (2, false), (1, false), (5, true));
        Assert.Equal((3, 15), (runs.Count, runs.Length));
        Assert.Equal([(0, 7, true), (7, 3, false), (10, 5, true)],
            Enumerable.Range(0, 3).Select(i => runs[i]));
        Assert.Throws<ShapeException>(() => new ParameterRuns());
        Assert.Throws<ShapeException>(() => new ParameterRuns((0, true)));
        Assert.Throws<ShapeException>(() => new ParameterRuns((int.MaxValue, true), (1, false)));
    }

    [Fact]
    public void Passes_name_wrong_lengths_overlap_and_numbers()
    {
        ParameterRuns runs = new((2, true));
        SgdPass.Args sgd = new(runs, new SgdStep.Args(2, 0.1, 0.9, 0, false, true), 0.9);
        AdamWPass.Args adam = new(runs, new AdamWStep.Args(2, 0.1, 0.9, 0.999, 1e-8, 0, 1), 0.9);
        float[] g = [1, 1], p = [0, 0], m = [0, 0], v = [0, 0], a = [0, 0];
        Assert.Equal("SgdPass.Update: average has 3 elements, expected 2 for shape [2].",
            Assert.Throws<ShapeException>(() => SgdPass.Update(sgd, g, p, v, new float[3])).Message);
        Assert.Equal("SgdPass.Update: velocity has 0 elements, expected 2 for shape [2].",
            Assert.Throws<ShapeException>(() => SgdPass.Update(sgd, g, p, [], a)).Message);
        Assert.Throws<ShapeException>(() => SgdPass.Update(sgd, g, p, v, p));
        Assert.Throws<ShapeException>(() => SgdPass.Update(sgd with { Average = 1.5 }, g, p, v, a));
        Assert.Throws<ShapeException>(() => SgdPass.Update(sgd with { Runs = new((3, true)) }, g, p, v, a));
        Assert.Throws<ShapeException>(() => SgdPass.Update(default, g, p, v, a));
        Assert.Equal("AdamWPass.Update: m has 1 elements, expected 2 for shape [2].",
            Assert.Throws<ShapeException>(() => AdamWPass.Update(adam, g, p, new float[1], v, a)).Message);
        Assert.Throws<ShapeException>(() => AdamWPass.Update(adam, g, p, m, v, v));
        Assert.Throws<ShapeException>(() => AdamWPass.Update(adam with { Average = double.NaN }, g, p, m, v, a));
        Assert.Throws<ShapeException>(() => AdamWPass.Update(default, g, p, m, v, a));
        Assert.Throws<ShapeException>(() => MovingAverage.Update(new MovingAverage.Args(2, 0.5), p, p));
        Assert.Throws<ShapeException>(() => MovingAverage.Update(new MovingAverage.Args(2, -1), p, a));
        Assert.Equal("MovingAverage.Update: x has 1 elements, expected 2 for shape [2].",
            Assert.Throws<ShapeException>(() => MovingAverage.Update(new MovingAverage.Args(2, 0.5), new float[1], a))
            .Message);
    }

    /// <summary>Gradient, parameters, two states, average.</summary>
    private static float[][] Begin() =>
    [
        Fill.Uniform(1, Length), Fill.Uniform(2, Length), new float[Length], new float[Length], Fill.Uniform(3, Length),
    ];

    private static void AssertSame(float[][] expected, float[][] actual)
    {
        for (int i = 1; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i]);
        }
    }
}
