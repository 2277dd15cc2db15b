using System.Numerics;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// One step of stochastic gradient descent in PyTorch's form: <c>g ← scale·g + wd·p</c>; <c>v ← g</c> on the first
/// step, else <c>m·v + g</c>; <c>p ← p − lr·v</c>, with Nesterov <c>p ← p − lr·(g + m·v)</c>. Without momentum v is
/// not used.
/// </summary>
public static unsafe partial class SgdStep
{
    /// <summary>The step's numbers, in double: on a float32 device they are rounded once.</summary>
    /// <param name="Length">Number of parameters.</param>
    /// <param name="Rate">Learning rate, lr.</param>
    /// <param name="Momentum">m; 0 for none.</param>
    /// <param name="WeightDecay">wd, added to the gradient.</param>
    /// <param name="Nesterov">Whether the step looks ahead.</param>
    /// <param name="First">Whether v starts here.</param>
    /// <param name="GradientScale">Factor on the gradient (clipping).</param>
    public readonly record struct Args(int Length, double Rate, double Momentum, double WeightDecay, bool Nesterov,
        bool First, double GradientScale = 1)
    {
        /// <summary>Demands numbers in their ranges.</summary>
        /// <exception cref="ShapeException">One that is not.</exception>
        public void Check(string kernel)
        {
            Guard.Positive(Length, kernel, nameof(Length));
            Guard.That(Rate >= 0 && Momentum >= 0 && WeightDecay >= 0, kernel,
                $"rate {Rate}, momentum {Momentum} and weight decay {WeightDecay} must not be negative.");
        }
    }

    /// <summary>One step. Velocity may be empty without momentum; on the first step it is written, not read.</summary>
    /// <param name="args">The step's numbers.</param>
    /// <param name="gradient">Gradient.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="velocity">State, updated.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, a number out of its range or overlapping memory.</exception>
    public static void Update(in Args args, ReadOnlySpan<float> gradient, Span<float> parameter, Span<float> velocity,
        WorkPool? pool = null)
    {
        Check<float>(args, gradient, parameter, velocity, "SgdStep.Update");
        if (Simd512.IsSupported)
        {
            Update<Simd512, Vector512<float>>(args, gradient, parameter, velocity, pool);
        }
        else if (Simd256.IsSupported)
        {
            Update<Simd256, Vector256<float>>(args, gradient, parameter, velocity, pool);
        }
        else
        {
            Update<Simd128, Vector128<float>>(args, gradient, parameter, velocity, pool);
        }
    }

    /// <summary>The reference of the step: plain loops in double.</summary>
    /// <exception cref="ShapeException">A wrong length or a number out of its range.</exception>
    public static void UpdateReference<T>(in Args args, ReadOnlySpan<T> gradient, Span<T> parameter, Span<T> velocity)
        where T : struct, IFloatingPointIeee754<T>
    {
        Check(args, gradient, parameter, velocity, "SgdStep.UpdateReference");
        double rate = args.Rate, momentum = args.Momentum, decay = args.WeightDecay, scale = args.GradientScale;
        for (int i = 0; i < args.Length; i++)
        {
            double p = double.CreateTruncating(parameter[i]);
            double g = scale * double.CreateTruncating(gradient[i]) + decay * p, step = g;
            if (args.Momentum != 0)
            {
                double v = args.First ? g : momentum * double.CreateTruncating(velocity[i]) + g;
                velocity[i] = T.CreateTruncating(v);
                step = args.Nesterov ? g + momentum * v : v;
            }

            parameter[i] = T.CreateTruncating(p - rate * step);
        }
    }

    internal static void Check<T>(in Args args, ReadOnlySpan<T> gradient, Span<T> parameter, Span<T> velocity,
        string kernel)
    {
        args.Check(kernel);
        Shape shape = Shape.Vector(args.Length);
        Guard.Length(gradient, shape, kernel);
        Guard.Length(parameter, shape, kernel);
        if (args.Momentum != 0 || !velocity.IsEmpty)
        {
            Guard.Length(velocity, shape, kernel);
        }

        Guard.NoOverlap(gradient, parameter, kernel);
        Guard.NoOverlap(gradient, velocity, kernel);
        Guard.NoOverlap(parameter, velocity, kernel);
    }

    private static void Update<TSimd, TVector>(in Args args, ReadOnlySpan<float> gradient, Span<float> parameter,
        Span<float> velocity, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* g = gradient, p = parameter, v = velocity)
        {
            WorkPool.For(pool, Elementwise.Blocks(args.Length), new UpdateWork<TSimd, TVector>(args, g, p, v));
        }
    }

    private readonly struct UpdateWork<TSimd, TVector>(Args args, float* gradient, float* parameter, float* velocity)
        : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* gradient = gradient, parameter = parameter, velocity = velocity;

        public void Run(int index, int worker)
        {
            long at = (long)index * Elementwise.Block;
            int length = Elementwise.BlockLength(args.Length, index);
            float* pg = gradient + at, pp = parameter + at, pv = velocity + at;
            TVector scale = TSimd.Set((float)args.GradientScale), decay = TSimd.Set((float)args.WeightDecay);
            TVector momentum = TSimd.Set((float)args.Momentum), rate = TSimd.Set((float)-args.Rate);
            for (int i = 0; i < length; i += TSimd.Lanes)
            {
                int count = Math.Min(TSimd.Lanes, length - i);
                TVector p = TSimd.LoadPartial(pp + i, count);
                TVector g = TSimd.Fma(decay, p, TSimd.Mul(scale, TSimd.LoadPartial(pg + i, count)));
                TVector step = g;
                if (args.Momentum != 0)
                {
                    TVector v = args.First ? g : TSimd.Fma(momentum, TSimd.LoadPartial(pv + i, count), g);
                    TSimd.StorePartial(v, pv + i, count);
                    step = args.Nesterov ? TSimd.Fma(momentum, v, g) : v;
                }

                TSimd.StorePartial(TSimd.Fma(rate, step, p), pp + i, count);
            }
        }
    }
}
