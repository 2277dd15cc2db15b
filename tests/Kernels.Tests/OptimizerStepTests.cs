using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class OptimizerStepTests
{
    [Fact]
    public void Sgd_names_wrong_lengths_overlap_and_numbers()
    {
        SgdStep.Args args = new(2, 0.1, 0.9, 0, false, true);
        float[] g = [1, 1], p = [0, 0], v = [0, 0];
        Assert.Equal("SgdStep.Update: velocity has 0 elements, expected 2 for shape [2].",
            Assert.Throws<ShapeException>(() => SgdStep.Update(args, g, p, [])).Message);
        Assert.Throws<ShapeException>(() => SgdStep.Update(args, new float[3], p, v));
        Assert.Throws<ShapeException>(() => SgdStep.Update(args, g, g, v));
        Assert.Throws<ShapeException>(() => SgdStep.Update(args with { Length = 0 }, [], [], []));
        Assert.Throws<ShapeException>(() => SgdStep.Update(args with { Rate = -1 }, g, p, v));
    }

    [Fact]
    public void Sgd_without_momentum_is_plain_descent()
    {
        float[] p = [1, -2];
        SgdStep.Update(new SgdStep.Args(2, 0.5, 0, 0, false, true), [2, 4], p, []);
        Assert.Equal([0f, -4f], p);
    }

    /// <summary>g = 4·0.5 + 0.5·p with p = 2 → 3; first step: v = 3 (not (1 − m)·3, and old velocity is not read), p =
    /// 2 − 0.25·3 = 1.25; second: g = 2.625, v = 0.5·3 + 2.625 = 4.125, p = 1.25 − 1.03125 = 0.21875.</summary>
    [Fact]
    public void Sgd_with_momentum_and_decay_by_hand()
    {
        float[] p = [2], v = [float.NaN];
        SgdStep.Args args = new(1, 0.25, 0.5, 0.5, false, true, 0.5);
        SgdStep.Update(args, [4], p, v);
        Assert.Equal((1.25f, 3f), (p[0], v[0]));
        SgdStep.Update(args with { First = false }, [4], p, v);
        Assert.Equal((0.21875f, 4.125f), (p[0], v[0]));
    }

    /// <summary>g = 2: v = 2, p = 1 − 0.25·(2 + 0.5·2) = 0.25; then v = 3, p = 0.25 − 0.25·(2 + 1.5) =
    /// −0.625.</summary>
    [Fact]
    public void Nesterov_by_hand()
    {
        float[] p = [1], v = [0];
        SgdStep.Args args = new(1, 0.25, 0.5, 0, true, true);
        SgdStep.Update(args, [2], p, v);
        Assert.Equal((0.25f, 2f), (p[0], v[0]));
        SgdStep.Update(args with { First = false }, [2], p, v);
        Assert.Equal((-0.625f, 3f), (p[0], v[0]));
    }

    [Fact]
    public void AdamW_names_wrong_lengths_overlap_and_numbers()
    {
        AdamWStep.Args args = new(2, 0.1, 0.9, 0.999, 1e-8, 0, 1);
        float[] g = [1, 1], p = [0, 0], m = [0, 0], v = [0, 0];
        Assert.Equal("AdamWStep.Update: m has 1 elements, expected 2 for shape [2].",
            Assert.Throws<ShapeException>(() => AdamWStep.Update(args, g, p, new float[1], v)).Message);
        Assert.Throws<ShapeException>(() => AdamWStep.Update(args, g, p, m, new float[3]));
        Assert.Throws<ShapeException>(() => AdamWStep.Update(args, g, p, v, v));
        Assert.Throws<ShapeException>(() => AdamWStep.Update(args with { Step = 0 }, g, p, m, v));
        Assert.Throws<ShapeException>(() => AdamWStep.Update(args with { Beta1 = 1 }, g, p, m, v));
    }

    /// <summary>The first step moves by lr·sign(g), after the decay <c>1 − 0.5·0.1</c>; the second, with g = 0, by
    /// <c>lr·(m/(1 − 0.81))/√(v/(1 − 0.25²))</c> where m = 0.18, v = 0.25·0.75·4.</summary>
    [Fact]
    public void AdamW_by_hand()
    {
        float[] p = [1], m = [0], v = [0];
        AdamWStep.Args args = new(1, 0.5, 0.9, 0.25, 1e-12, 0.1, 1);
        AdamWStep.Update(args, [2], p, m, v);
        Assert.Equal(0.2f, m[0], 1e-7f);
        Assert.Equal(3f, v[0], 1e-6f);
        Assert.Equal(0.95f - 0.5f, p[0], 1e-6f);
        AdamWStep.Update(args with { Step = 2 }, [0], p, m, v);
        double step = 0.5 * (0.18 / 0.19) / Math.Sqrt(0.75 / (1 - 0.0625));
        Assert.Equal(0.45 * 0.95 - step, p[0], 1e-6);
    }

    [Fact]
    public void Steps_have_the_same_bits_for_any_thread_count()
    {
        const int Length = 70_001;
        float[] g = Fill.Uniform(1, Length), start = Fill.Uniform(2, Length);
        float[][] results = [.. new[] { 1, 3 }.Select(threads =>
        {
            using WorkPool pool = new(threads);
            float[] p = (float[])start.Clone(), v = new float[Length];
            float[] q = (float[])start.Clone(), m = new float[Length];
            float[] w = new float[Length];
            SgdStep.Update(new SgdStep.Args(Length, 0.1, 0.9, 1e-4, true, true), g, p, v, pool);
            AdamWStep.Update(new AdamWStep.Args(Length, 0.1, 0.9, 0.999, 1e-8, 0.01, 1), g, q, m, w, pool);
            return (float[])[.. p, .. v, .. q, .. m, .. w];
        })];
        Assert.Equal(results[0], results[1]);
    }
}
