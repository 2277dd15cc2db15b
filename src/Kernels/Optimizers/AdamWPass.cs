using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// <see cref="AdamWStep"/> for all parameters of a network in one pass: clipping, decay where it acts, both moments,
/// the moving average of the parameters <c>a ← d·a + (1 − d)·p</c>, and gradients that are zero afterwards.
/// Parameters and moments have the bits of the single steps.
/// </summary>
public static unsafe partial class AdamWPass
{
    /// <summary>The pass's numbers.</summary>
    /// <param name="Runs">Where weight decay acts.</param>
    /// <param name="Step">The step where it does; its length is that of the runs.</param>
    /// <param name="Average">d, what the average keeps; 0 … 1.</param>
    public readonly record struct Args(ParameterRuns Runs, AdamWStep.Args Step, double Average = 0)
    {
        /// <summary>The step of one run.</summary>
        public AdamWStep.Args StepOf(int run) => Step with
        {
            Length = Runs[run].Length, WeightDecay = Runs[run].Decays ? Step.WeightDecay : 0,
        };
    }

    /// <summary>One pass.</summary>
    /// <param name="args">The pass's numbers.</param>
    /// <param name="gradient">Gradient, zero afterwards.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="m">First moment, updated; zero before the first step.</param>
    /// <param name="v">Second moment, updated; zero before the first step.</param>
    /// <param name="average">Average of the parameters, updated; empty for none.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, a number out of its range or overlapping memory.</exception>
    public static void Update(in Args args, Span<float> gradient, Span<float> parameter, Span<float> m, Span<float> v,
        Span<float> average, WorkPool? pool = null)
    {
        Check<float>(args, gradient, parameter, m, v, average, "AdamWPass.Update");
        if (Simd512.IsSupported)
        {
            Update<Simd512, Vector512<float>>(args, gradient, parameter, m, v, average, pool);
        }
        else if (Simd256.IsSupported)
        {
            Update<Simd256, Vector256<float>>(args, gradient, parameter, m, v, average, pool);
        }
        else
        {
            Update<Simd128, Vector128<float>>(args, gradient, parameter, m, v, average, pool);
        }
    }

    /// <summary>The reference of the pass: the steps one after the other, in double.</summary>
    /// <exception cref="ShapeException">A wrong length or a number out of its range.</exception>
    public static void UpdateReference<T>(in Args args, Span<T> gradient, Span<T> parameter, Span<T> m, Span<T> v,
        Span<T> average)
        where T : struct, IFloatingPointIeee754<T>
    {
        Check(args, gradient, parameter, m, v, average, "AdamWPass.UpdateReference");
        for (int run = 0; run < args.Runs.Count; run++)
        {
            (int offset, int length, _) = args.Runs[run];
            AdamWStep.UpdateReference<T>(args.StepOf(run), gradient.Slice(offset, length),
                parameter.Slice(offset, length), m.Slice(offset, length), v.Slice(offset, length));
        }

        if (!average.IsEmpty)
        {
            MovingAverage.UpdateReference<T>(new MovingAverage.Args(args.Runs.Length, args.Average), parameter,
                average);
        }

        gradient.Clear();
    }

    private static void Check<T>(in Args args, Span<T> gradient, Span<T> parameter, Span<T> m, Span<T> v,
        Span<T> average, string kernel)
    {
        Guard.That(args.Runs is not null && args.Runs.Length == args.Step.Length, kernel,
            $"the runs have {args.Runs?.Length ?? 0} elements, expected {args.Step.Length}, the step's length.");
        AdamWStep.Check(args.Step, (ReadOnlySpan<T>)gradient, parameter, m, v, kernel);
        MovingAverage.CheckBeside(args.Average, args.Step.Length, average, kernel);
        Guard.NoOverlap(gradient, average, kernel);
        Guard.NoOverlap(parameter, average, kernel);
        Guard.NoOverlap(m, average, kernel);
        Guard.NoOverlap(v, average, kernel);
    }

    private static void Update<TSimd, TVector>(in Args args, Span<float> gradient, Span<float> parameter, Span<float> m,
        Span<float> v, Span<float> average, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* pg = gradient, pp = parameter, pm = m, pv = v, pa = average)
        {
            ParameterPass.Run<TSimd, TVector, Rule<TSimd, TVector>>(args.Runs, new(args.Step),
                new(args.Step with { WeightDecay = 0 }), (float)(1 - args.Average), new(pg, pp, pm, pv, pa), pool);
        }
    }

    /// <summary>Constants are formed in double, once: 1 − β loses digits in float.</summary>
    private readonly struct Rule<TSimd, TVector>(AdamWStep.Args step) : IDescentRule<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly TVector scale = TSimd.Set((float)step.GradientScale), epsilon = TSimd.Set((float)step.Epsilon);
        private readonly TVector beta1 = TSimd.Set((float)step.Beta1), rest1 = TSimd.Set((float)(1 - step.Beta1));
        private readonly TVector beta2 = TSimd.Set((float)step.Beta2), rest2 = TSimd.Set((float)(1 - step.Beta2));
        private readonly TVector decay = TSimd.Set((float)(1 - step.Rate * step.WeightDecay));
        private readonly TVector rate = TSimd.Set((float)(-step.Rate / step.Correction1));
        private readonly TVector root = TSimd.Set((float)(1 / Math.Sqrt(step.Correction2)));

        public static int States => 2;

        public bool ReadsState => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Next(TVector g, TVector p, ref TVector m, ref TVector v)
        {
            g = TSimd.Mul(scale, g);
            m = TSimd.Fma(beta1, m, TSimd.Mul(rest1, g));
            v = TSimd.Fma(beta2, v, TSimd.Mul(rest2, TSimd.Mul(g, g)));
            TVector change = TSimd.Div(TSimd.Mul(rate, m), TSimd.Fma(TSimd.Sqrt(v), root, epsilon));
            return TSimd.Fma(p, decay, change);
        }
    }
}
