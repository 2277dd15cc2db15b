using System.Numerics;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// One step of AdamW: <c>g ← scale·g</c>; <c>m ← β₁m + (1−β₁)g</c>; <c>v ← β₂v + (1−β₂)g²</c>;
/// <c>p ← p·(1 − lr·wd) − lr·(m/c₁)/(√(v/c₂) + ε)</c> with <c>c = 1 − βᵗ</c> (Loshchilov and Hutter, decoupled decay).
/// </summary>
public static unsafe partial class AdamWStep
{
    /// <summary>The step's numbers, in double: on a float32 device they are rounded once.</summary>
    /// <param name="Length">Number of parameters.</param>
    /// <param name="Rate">Learning rate, lr.</param>
    /// <param name="Beta1">β₁.</param>
    /// <param name="Beta2">β₂.</param>
    /// <param name="Epsilon">ε.</param>
    /// <param name="WeightDecay">wd.</param>
    /// <param name="Step">t, 1 for the first step.</param>
    /// <param name="GradientScale">Factor on the gradient (clipping).</param>
    public readonly record struct Args(int Length, double Rate, double Beta1, double Beta2, double Epsilon,
        double WeightDecay, long Step, double GradientScale = 1)
    {
        /// <summary><c>1 − β₁ᵗ</c>.</summary>
        public double Correction1 => 1 - Math.Pow(Beta1, Step);

        /// <summary><c>1 − β₂ᵗ</c>.</summary>
        public double Correction2 => 1 - Math.Pow(Beta2, Step);

        /// <summary>Demands numbers in their ranges.</summary>
        /// <exception cref="ShapeException">One that is not.</exception>
        public void Check(string kernel)
        {
            Guard.Positive(Length, kernel, nameof(Length));
            Guard.That(Step >= 1, kernel, $"step is {Step}, expected at least 1.");
            Guard.That(Beta1 is >= 0 and < 1 && Beta2 is >= 0 and < 1, kernel,
                $"beta1 is {Beta1} and beta2 {Beta2}, expected 0 … 1 (1 excluded).");
            Guard.That(Rate >= 0 && WeightDecay >= 0 && Epsilon > 0, kernel,
                $"rate {Rate}, weight decay {WeightDecay}, epsilon {Epsilon}: expected not negative, epsilon "
                + "positive.");
        }
    }

    /// <summary>One step.</summary>
    /// <param name="args">The step's numbers.</param>
    /// <param name="gradient">Gradient.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="m">First moment, updated; zero before the first step.</param>
    /// <param name="v">Second moment, updated; zero before the first step.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, a number out of its range or overlapping memory.</exception>
    public static void Update(in Args args, ReadOnlySpan<float> gradient, Span<float> parameter, Span<float> m,
        Span<float> v, WorkPool? pool = null)
    {
        Check<float>(args, gradient, parameter, m, v, "AdamWStep.Update");
        if (Simd512.IsSupported)
        {
            Update<Simd512, Vector512<float>>(args, gradient, parameter, m, v, pool);
        }
        else if (Simd256.IsSupported)
        {
            Update<Simd256, Vector256<float>>(args, gradient, parameter, m, v, pool);
        }
        else
        {
            Update<Simd128, Vector128<float>>(args, gradient, parameter, m, v, pool);
        }
    }

    /// <summary>The reference of the step: plain loops in double.</summary>
    /// <exception cref="ShapeException">A wrong length or a number out of its range.</exception>
    public static void UpdateReference<T>(in Args args, ReadOnlySpan<T> gradient, Span<T> parameter, Span<T> m,
        Span<T> v)
        where T : struct, IFloatingPointIeee754<T>
    {
        Check(args, gradient, parameter, m, v, "AdamWStep.UpdateReference");
        double rate = args.Rate, beta1 = args.Beta1, beta2 = args.Beta2;
        double epsilon = args.Epsilon, decay = 1 - rate * args.WeightDecay;
        double c1 = args.Correction1, c2 = args.Correction2;
        for (int i = 0; i < args.Length; i++)
        {
            double g = args.GradientScale * double.CreateTruncating(gradient[i]);
            double m1 = beta1 * double.CreateTruncating(m[i]) + (1 - beta1) * g;
            double v1 = beta2 * double.CreateTruncating(v[i]) + (1 - beta2) * g * g;
            double step = rate * (m1 / c1) / (Math.Sqrt(v1 / c2) + epsilon);
            parameter[i] = T.CreateTruncating(double.CreateTruncating(parameter[i]) * decay - step);
            m[i] = T.CreateTruncating(m1);
            v[i] = T.CreateTruncating(v1);
        }
    }

    internal static void Check<T>(in Args args, ReadOnlySpan<T> gradient, Span<T> parameter, Span<T> m, Span<T> v,
        string kernel)
    {
        args.Check(kernel);
        Shape shape = Shape.Vector(args.Length);
        Guard.Length(gradient, shape, kernel);
        Guard.Length(parameter, shape, kernel);
        Guard.Length(m, shape, kernel);
        Guard.Length(v, shape, kernel);
        Guard.NoOverlap(gradient, parameter, kernel);
        Guard.NoOverlap(gradient, m, kernel);
        Guard.NoOverlap(gradient, v, kernel);
        Guard.NoOverlap(parameter, m, kernel);
        Guard.NoOverlap(parameter, v, kernel);
        Guard.NoOverlap(m, v, kernel);
    }

    private static void Update<TSimd, TVector>(in Args args, ReadOnlySpan<float> gradient, Span<float> parameter,
        Span<float> m, Span<float> v, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* pg = gradient, pp = parameter, pm = m, pv = v)
        {
            WorkPool.For(pool, Elementwise.Blocks(args.Length), new UpdateWork<TSimd, TVector>(args, pg, pp, pm, pv));
        }
    }

    private readonly struct UpdateWork<TSimd, TVector>(Args args, float* gradient, float* parameter, float* m, float* v)
        : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* gradient = gradient, parameter = parameter, m = m, v = v;

        // Constants are formed in double, once: 1 − β loses digits in float.
        private readonly float rest1 = (float)(1 - args.Beta1), rest2 = (float)(1 - args.Beta2);
        private readonly float decay = (float)(1 - args.Rate * args.WeightDecay);
        private readonly float rate = (float)(-args.Rate / args.Correction1);
        private readonly float root = (float)(1 / Math.Sqrt(args.Correction2));

        public void Run(int index, int worker)
        {
            long at = (long)index * Elementwise.Block;
            int length = Elementwise.BlockLength(args.Length, index);
            float* pg = gradient + at, pp = parameter + at, pm = m + at, pv = v + at;
            TVector scale = TSimd.Set((float)args.GradientScale);
            TVector beta1 = TSimd.Set((float)args.Beta1), beta2 = TSimd.Set((float)args.Beta2);
            TVector one1 = TSimd.Set(rest1), one2 = TSimd.Set(rest2), epsilon = TSimd.Set((float)args.Epsilon);
            TVector vdecay = TSimd.Set(decay), vrate = TSimd.Set(rate), vroot = TSimd.Set(root);
            for (int i = 0; i < length; i += TSimd.Lanes)
            {
                int count = Math.Min(TSimd.Lanes, length - i);
                TVector g = TSimd.Mul(scale, TSimd.LoadPartial(pg + i, count));
                TVector m1 = TSimd.Fma(beta1, TSimd.LoadPartial(pm + i, count), TSimd.Mul(one1, g));
                TVector v1 = TSimd.Fma(beta2, TSimd.LoadPartial(pv + i, count), TSimd.Mul(one2, TSimd.Mul(g, g)));
                TSimd.StorePartial(m1, pm + i, count);
                TSimd.StorePartial(v1, pv + i, count);
                TVector step = TSimd.Div(TSimd.Mul(vrate, m1), TSimd.Fma(TSimd.Sqrt(v1), vroot, epsilon));
                TSimd.StorePartial(TSimd.Fma(TSimd.LoadPartial(pp + i, count), vdecay, step), pp + i, count);
            }
        }
    }
}
