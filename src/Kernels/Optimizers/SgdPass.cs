using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// <see cref="SgdStep"/> for all parameters of a network in one pass: clipping, decay where it acts, momentum, the
/// moving average of the parameters <c>a ← d·a + (1 − d)·p</c>, and gradients that are zero afterwards. Parameters
/// and velocities have the bits of the single steps.
/// </summary>
public static unsafe partial class SgdPass
{
    /// <summary>The pass's numbers.</summary>
    /// <param name="Runs">Where weight decay acts.</param>
    /// <param name="Step">The step where it does; its length is that of the runs.</param>
    /// <param name="Average">d, what the average keeps; 0 … 1.</param>
    public readonly record struct Args(ParameterRuns Runs, SgdStep.Args Step, double Average = 0)
    {
        /// <summary>The step of one run.</summary>
        public SgdStep.Args StepOf(int run) => Step with
        {
            Length = Runs[run].Length, WeightDecay = Runs[run].Decays ? Step.WeightDecay : 0,
        };
    }

    /// <summary>One pass.</summary>
    /// <param name="args">The pass's numbers.</param>
    /// <param name="gradient">Gradient, zero afterwards.</param>
    /// <param name="parameter">Parameters, updated.</param>
    /// <param name="velocity">State, updated; may be empty without momentum. On the first step it is written, not
    /// read.</param>
    /// <param name="average">Average of the parameters, updated; empty for none.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length, a number out of its range or overlapping memory.</exception>
    public static void Update(in Args args, Span<float> gradient, Span<float> parameter, Span<float> velocity,
        Span<float> average, WorkPool? pool = null)
    {
        Check<float>(args, gradient, parameter, velocity, average, "SgdPass.Update");
        if (Simd512.IsSupported)
        {
            Update<Simd512, Vector512<float>>(args, gradient, parameter, velocity, average, pool);
        }
        else if (Simd256.IsSupported)
        {
            Update<Simd256, Vector256<float>>(args, gradient, parameter, velocity, average, pool);
        }
        else
        {
            Update<Simd128, Vector128<float>>(args, gradient, parameter, velocity, average, pool);
        }
    }

    /// <summary>The reference of the pass: the steps one after the other, in double.</summary>
    /// <exception cref="ShapeException">A wrong length or a number out of its range.</exception>
    public static void UpdateReference<T>(in Args args, Span<T> gradient, Span<T> parameter, Span<T> velocity,
        Span<T> average)
        where T : struct, IFloatingPointIeee754<T>
    {
        Check(args, gradient, parameter, velocity, average, "SgdPass.UpdateReference");
        for (int run = 0; run < args.Runs.Count; run++)
        {
            (int offset, int length, _) = args.Runs[run];
            SgdStep.UpdateReference<T>(args.StepOf(run), gradient.Slice(offset, length),
                parameter.Slice(offset, length), velocity.IsEmpty ? [] : velocity.Slice(offset, length));
        }

        if (!average.IsEmpty)
        {
            MovingAverage.UpdateReference<T>(new MovingAverage.Args(args.Runs.Length, args.Average), parameter,
                average);
        }

        gradient.Clear();
    }

    private static void Check<T>(in Args args, Span<T> gradient, Span<T> parameter, Span<T> velocity,
        Span<T> average, string kernel)
    {
        Guard.That(args.Runs is not null && args.Runs.Length == args.Step.Length, kernel,
            $"the runs have {args.Runs?.Length ?? 0} elements, expected {args.Step.Length}, the step's length.");
        SgdStep.Check(args.Step, (ReadOnlySpan<T>)gradient, parameter, velocity, kernel);
        MovingAverage.CheckBeside(args.Average, args.Step.Length, average, kernel);
        Guard.NoOverlap(gradient, average, kernel);
        Guard.NoOverlap(parameter, average, kernel);
        Guard.NoOverlap(velocity, average, kernel);
    }

    private static void Update<TSimd, TVector>(in Args args, Span<float> gradient, Span<float> parameter,
        Span<float> velocity, Span<float> average, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        SgdStep.Args plain = args.Step with { WeightDecay = 0 };
        float rest = (float)(1 - args.Average);
        fixed (float* g = gradient, p = parameter, v = velocity, a = average)
        {
            ParameterPass.Buffers buffers = new(g, p, v, null, a);
            if (args.Step.Momentum == 0)
            {
                ParameterPass.Run<TSimd, TVector, PlainRule<TSimd, TVector>>(args.Runs, new(args.Step), new(plain),
                    rest, buffers, pool);
            }
            else if (args.Step.Nesterov)
            {
                ParameterPass.Run<TSimd, TVector, NesterovRule<TSimd, TVector>>(args.Runs, new(args.Step), new(plain),
                    rest, buffers, pool);
            }
            else
            {
                ParameterPass.Run<TSimd, TVector, MomentumRule<TSimd, TVector>>(args.Runs, new(args.Step), new(plain),
                    rest, buffers, pool);
            }
        }
    }

    /// <summary><c>p − lr·(scale·g + wd·p)</c>.</summary>
    private readonly struct PlainRule<TSimd, TVector>(SgdStep.Args step) : IDescentRule<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly TVector scale = TSimd.Set((float)step.GradientScale);
        private readonly TVector decay = TSimd.Set((float)step.WeightDecay), rate = TSimd.Set((float)-step.Rate);

        public static int States => 0;

        public bool ReadsState => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Next(TVector g, TVector p, ref TVector m, ref TVector v) =>
            TSimd.Fma(rate, TSimd.Fma(decay, p, TSimd.Mul(scale, g)), p);
    }

    /// <summary><c>v ← m·v + scale·g + wd·p</c>, <c>p − lr·v</c>.</summary>
    private readonly struct MomentumRule<TSimd, TVector>(SgdStep.Args step) : IDescentRule<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly TVector scale = TSimd.Set((float)step.GradientScale);
        private readonly TVector momentum = TSimd.Set((float)step.Momentum);
        private readonly TVector decay = TSimd.Set((float)step.WeightDecay), rate = TSimd.Set((float)-step.Rate);

        public static int States => 1;

        public bool ReadsState { get; } = !step.First;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Next(TVector g, TVector p, ref TVector m, ref TVector v)
        {
            m = TSimd.Fma(momentum, m, TSimd.Fma(decay, p, TSimd.Mul(scale, g)));
            return TSimd.Fma(rate, m, p);
        }
    }

    /// <summary><c>g ← scale·g + wd·p</c>, <c>v ← m·v + g</c>, <c>p − lr·(g + m·v)</c>.</summary>
    private readonly struct NesterovRule<TSimd, TVector>(SgdStep.Args step) : IDescentRule<TVector>
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly TVector scale = TSimd.Set((float)step.GradientScale);
        private readonly TVector momentum = TSimd.Set((float)step.Momentum);
        private readonly TVector decay = TSimd.Set((float)step.WeightDecay), rate = TSimd.Set((float)-step.Rate);

        public static int States => 1;

        public bool ReadsState { get; } = !step.First;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TVector Next(TVector g, TVector p, ref TVector m, ref TVector v)
        {
            g = TSimd.Fma(decay, p, TSimd.Mul(scale, g));
            m = TSimd.Fma(momentum, m, g);
            return TSimd.Fma(rate, TSimd.Fma(momentum, m, g), p);
        }
    }
}
