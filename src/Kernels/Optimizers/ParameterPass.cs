using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>What an optimizer does to one vector of parameters.</summary>
internal interface IDescentRule<TVector>
    where TVector : struct
{
    /// <summary>Buffers of state, 0 to 2.</summary>
    static abstract int States { get; }

    /// <summary>Whether the state is read; where it starts, zeros stand for it.</summary>
    bool ReadsState { get; }

    /// <summary>The parameters after the step; the state moves on.</summary>
    TVector Next(TVector g, TVector p, ref TVector m, ref TVector v);
}

/// <summary>
/// One pass over flat buffers: reads gradient g, parameter p, state m, v and average a, writes p, m, v,
/// <c>a ← a + (1 − d)(p − a)</c> and <c>g ← 0</c>. Elements do not depend on each other, so neither threads nor cuts
/// change a bit, and the numbers are those of the steps one after the other.
/// </summary>
internal static unsafe class ParameterPass
{
    /// <summary>Where the buffers lie; null for what there is not.</summary>
    public readonly struct Buffers(float* g, float* p, float* m, float* v, float* a)
    {
        public readonly float* G = g, P = p, M = m, V = v, A = a;

        public Buffers From(long at) =>
            new(G + at, P + at, M is null ? null : M + at, V is null ? null : V + at, A is null ? null : A + at);
    }

    /// <summary>Does the pass.</summary>
    /// <param name="runs">Where weight decay acts.</param>
    /// <param name="decaying">The rule there.</param>
    /// <param name="plain">The rule elsewhere.</param>
    /// <param name="rest"><c>1 − d</c> of the average.</param>
    /// <param name="buffers">Memory.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    public static void Run<TSimd, TVector, TRule>(ParameterRuns runs, TRule decaying, TRule plain, float rest,
        Buffers buffers, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRule : struct, IDescentRule<TVector> =>
        WorkPool.For(pool, Elementwise.Blocks(runs.Length),
            new Work<TSimd, TVector, TRule>(runs, decaying, plain, rest, buffers));

    private static void Run<TSimd, TVector, TRule>(TRule rule, float rest, Buffers b, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRule : struct, IDescentRule<TVector>
    {
        TVector weight = TSimd.Set(rest), zero = TSimd.Zero;
        bool reads1 = TRule.States > 0 && rule.ReadsState, reads2 = TRule.States > 1 && rule.ReadsState;
        int i = 0;
        for (; i <= length - TSimd.Lanes; i += TSimd.Lanes)
        {
            TVector m = reads1 ? TSimd.Load(b.M + i) : zero, v = reads2 ? TSimd.Load(b.V + i) : zero;
            TVector p = rule.Next(TSimd.Load(b.G + i), TSimd.Load(b.P + i), ref m, ref v);
            TSimd.Store(zero, b.G + i);
            TSimd.Store(p, b.P + i);
            if (TRule.States > 0)
            {
                TSimd.Store(m, b.M + i);
            }

            if (TRule.States > 1)
            {
                TSimd.Store(v, b.V + i);
            }

            if (b.A is not null)
            {
                TVector a = TSimd.Load(b.A + i);
                TSimd.Store(TSimd.Fma(weight, TSimd.Sub(p, a), a), b.A + i);
            }
        }

        if (i < length)
        {
            Tail<TSimd, TVector, TRule>(rule, weight, b.From(i), length - i);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tail<TSimd, TVector, TRule>(TRule rule, TVector weight, Buffers b, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRule : struct, IDescentRule<TVector>
    {
        TVector zero = TSimd.Zero;
        TVector m = TRule.States > 0 && rule.ReadsState ? TSimd.LoadPartial(b.M, count) : zero;
        TVector v = TRule.States > 1 && rule.ReadsState ? TSimd.LoadPartial(b.V, count) : zero;
        TVector p = rule.Next(TSimd.LoadPartial(b.G, count), TSimd.LoadPartial(b.P, count), ref m, ref v);
        TSimd.StorePartial(zero, b.G, count);
        TSimd.StorePartial(p, b.P, count);
        if (TRule.States > 0)
        {
            TSimd.StorePartial(m, b.M, count);
        }

        if (TRule.States > 1)
        {
            TSimd.StorePartial(v, b.V, count);
        }

        if (b.A is not null)
        {
            TVector a = TSimd.LoadPartial(b.A, count);
            TSimd.StorePartial(TSimd.Fma(weight, TSimd.Sub(p, a), a), b.A, count);
        }
    }

    private readonly struct Work<TSimd, TVector, TRule>(ParameterRuns runs, TRule decaying, TRule plain, float rest,
        Buffers buffers) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TRule : struct, IDescentRule<TVector>
    {
        public void Run(int index, int worker)
        {
            int at = index * Elementwise.Block, end = at + Elementwise.BlockLength(runs.Length, index);
            for (int run = runs.RunOf(at); at < end; run++)
            {
                (int offset, int length, bool decays) = runs[run];
                int stop = Math.Min(end, offset + length);
                ParameterPass.Run<TSimd, TVector, TRule>(decays ? decaying : plain, rest, buffers.From(at), stop - at);
                at = stop;
            }
        }
    }
}
