using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

public unsafe class BlockedNormTests
{
    private const double Unit = ErrorBound.Unit;

    private static readonly Gen<BandCase> Cases =
        from kind in Gen.Elements(Enum.GetValues<ActivationKind>())
        from blocks in Gen.Choose(1, 3)
        from rows in Gen.Choose(1, 6)
        from columns in Gen.Choose(1, 19)
        from gap in Gen.Choose(0, 7)
        from gate in Gen.Choose(0, 3)
        from empty in Gen.Choose(0, 4)
        from seed in Gen.Choose(1, 1000)
        select new BandCase(kind, blocks, rows, columns, gap, (gate & 1) != 0, (gate & 2) != 0, empty, (ulong)seed);

    [Fact]
    public void Agrees_with_plain_loops_at_every_width() =>
        Prop.ForAll(Cases.ToArbitrary(), c => BlockedChecks.EveryWidth(new Agreement(c))).QuickCheckThrowOnFailure();

    [Fact]
    public void Distances_of_rows_do_not_change_a_bit() =>
        Prop.ForAll(Cases.ToArbitrary(), c => BlockedChecks.EveryWidth(new Surroundings(c))).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(ActivationKind.None)]
    [InlineData(ActivationKind.Relu)]
    [InlineData(ActivationKind.Relu6)]
    [InlineData(ActivationKind.Swish)]
    [InlineData(ActivationKind.HardSwish)]
    public void Lanes_without_a_channel_stay_zero(ActivationKind kind) =>
        BlockedChecks.EveryWidth(new EmptyLanes(kind));

    [Fact]
    public void Slope_comes_with_its_value()
    {
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
        {
            BlockedChecks.EveryWidth(new Slopes(kind));
        }
    }

    /// <summary>Everything that the kernels leave behind for a case.</summary>
    private static Dictionary<string, float[]> Results<TSimd, TVector>(BandCase c)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        using BlockedNormBand t = new(c, TSimd.Lanes);
        Dictionary<string, float[]> results = [];
        fixed (BlockedBand* band = &t.Band)
        {
            float* to = band->To, g = band->G;
            BlockedNorm<TSimd, TVector>.Forward(c.Kind, band);
            results["forward"] = t.Read(to);
            float* sums = t.Sums(1, out Func<float[]> read);
            BlockedNorm<TSimd, TVector>.Sums(c.Kind, band, sums);
            results["value"] = t.Read(to);
            results["sums"] = read();
            sums = t.Sums(2, out read);
            BlockedNorm<TSimd, TVector>.Moments(band, t.AboutAt, sums);
            results["moments"] = read();
            sums = t.Sums(1, out read);
            BlockedNorm<TSimd, TVector>.GateSums(c.Kind, band, sums);
            results["gate sums"] = read();
            sums = t.Sums(5, out read);
            BlockedNorm<TSimd, TVector>.GateGradientSums(c.Kind, band, t.AboutAt, sums);
            results["gate gradient sums"] = read();
            BlockedNorm<TSimd, TVector>.Gradient(c.Kind, band, t.AAt, t.BAt, t.CAt);
            results["gradient"] = t.Read(to);
            sums = t.Sums(2, out read);
            BlockedNorm<TSimd, TVector>.GradientSums(c.Kind, band, t.AboutAt, sums);
            results["delta"] = t.Read(to);
            results["gradient sums"] = read();

            // Without a result beside: the same sums. In place: the same d. From d: the same gradient.
            band->To = null;
            sums = t.Sums(1, out read);
            BlockedNorm<TSimd, TVector>.Sums(c.Kind, band, sums);
            Check.SameBits(results["sums"], read(), "sums alone");
            sums = t.Sums(2, out read);
            BlockedNorm<TSimd, TVector>.GradientSums(c.Kind, band, t.AboutAt, sums);
            Check.SameBits(results["gradient sums"], read(), "gradient sums alone");
            band->To = g;
            band->ToBlock = band->GBlock;
            band->ToRow = band->GRow;
            sums = t.Sums(2, out read);
            BlockedNorm<TSimd, TVector>.GradientSums(c.Kind, band, t.AboutAt, sums);
            Check.SameBits(results["delta"], t.Read(g), "d in place");
            band->Gate = null;
            band->Pooled = null;
            band->Scale = null;
            band->Shift = null;
            BlockedNorm<TSimd, TVector>.Gradient(ActivationKind.None, band, t.AAt, t.BAt, t.CAt);
            Check.SameBits(results["gradient"], t.Read(g), "gradient from d");
        }

        return results;
    }

    private readonly struct Agreement(BandCase c) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            using BlockedNormBand t = new(c, TSimd.Lanes);
            Dictionary<string, (double[] Value, double[] Bound)> expected = Expected(t);
            foreach ((string name, float[] actual) in Results<TSimd, TVector>(c))
            {
                (double[] value, double[] bound) = expected[name];
                Check.Close(value, actual, bound, $"{name} at {TSimd.Lanes} lanes, {c}");
            }

            Combined<TSimd, TVector>(c);
        }

        private Dictionary<string, (double[] Value, double[] Bound)> Expected(BlockedNormBand t)
        {
            int n = t.Pixels, slots = t.Slots;
            (double[] Value, double[] Bound) Map() => (new double[slots * n], new double[slots * n]);
            (double[] Value, double[] Bound) forward = Map(), value = Map(), delta = Map(), gradient = Map();
            Totals sums = new(slots, 1), moments = new(slots, 2), gates = new(slots, 1), five = new(slots, 5);
            Totals gradients = new(slots, 2);
            for (int i = 0; i < slots * n; i++)
            {
                int slot = i / n;
                double z = t.Z[i], g = t.G[i], s = t.Scale[slot], b = t.Shift[slot], gate = c.Gate ? t.Gate[slot] : 1;
                double pooled = c.Pooled ? t.Pooled[slot] : 0, y = s * z + b;
                double e = 2 * Unit * (Math.Abs(s * z) + Math.Abs(b)), f = Activation.Value(c.Kind, y);
                double fe = Activation.ValueError(c.Kind, y, e) + 4 * Unit * Math.Abs(f);
                double slope = Activation.Slope(c.Kind, y), slopeError = Activation.SlopeError(c.Kind, y, e);
                (value.Value[i], value.Bound[i]) = (f, fe);
                (forward.Value[i], forward.Bound[i]) = (gate * f, Math.Abs(gate) * (fe + 2 * Unit * Math.Abs(f)));
                double h = gate * g + pooled, he = 2 * Unit * (Math.Abs(gate * g) + Math.Abs(pooled)), d = h * slope;
                double de = Math.Abs(h) * slopeError + he * (Math.Abs(slope) + slopeError) + 2 * Unit * Math.Abs(d);
                (delta.Value[i], delta.Bound[i]) = (d, de);
                double a = t.A[slot], linear = t.B[slot] * z, constant = t.C[slot], k = z - t.About[slot];
                gradient.Value[i] = a * d + linear + constant;
                gradient.Bound[i] = Math.Abs(a) * de
                    + 4 * Unit * (Math.Abs(a * d) + Math.Abs(linear) + Math.Abs(constant));
                double ke = Unit * Math.Abs(k);
                sums.Add(0, slot, f, fe);
                moments.Add(0, slot, k, ke);
                moments.Add(1, slot, k * k, 3 * ke * Math.Abs(k));
                gates.Add(0, slot, g * f, Math.Abs(g) * fe);
                gradients.Add(0, slot, d, de);
                gradients.Add(1, slot, d * k, de * Math.Abs(k) + 2 * ke * Math.Abs(d));
                double steep = g * slope, se = Math.Abs(g) * slopeError + Unit * Math.Abs(steep);
                five.Add(0, slot, g * f, Math.Abs(g) * fe);
                five.Add(1, slot, steep, se);
                five.Add(2, slot, steep * k, se * Math.Abs(k) + 2 * ke * Math.Abs(steep));
                five.Add(3, slot, slope, slopeError);
                five.Add(4, slot, slope * k, slopeError * Math.Abs(k) + 2 * ke * Math.Abs(slope));
            }

            return new()
            {
                ["forward"] = forward, ["value"] = value, ["sums"] = sums.End(n), ["moments"] = moments.End(n),
                ["gate sums"] = gates.End(n), ["gate gradient sums"] = five.End(n), ["gradient"] = gradient,
                ["delta"] = delta, ["gradient sums"] = gradients.End(n),
            };
        }

        /// <summary>Sums put together from the five are those of the pass that knows gate and pooled.</summary>
        private static void Combined<TSimd, TVector>(BandCase c)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            using BlockedNormBand t = new(c with { Gate = true, Pooled = true }, TSimd.Lanes);
            float* sums = t.Sums(2, out Func<float[]> read), five = t.Sums(5, out _);
            new Span<float>(five, 5 * t.Slots).Clear();
            fixed (BlockedBand* band = &t.Band)
            {
                band->To = null;
                BlockedNorm<TSimd, TVector>.GateGradientSums(c.Kind, band, t.AboutAt, five);
                BlockedNorm<TSimd, TVector>.CombineSums(t.Slots, band->Gate, band->Pooled, five, sums);
                float[] combined = read();
                new Span<float>(sums, 2 * t.Slots).Clear();
                BlockedNorm<TSimd, TVector>.GradientSums(c.Kind, band, t.AboutAt, sums);
                float[] direct = read();
                for (int i = 0; i < combined.Length; i++)
                {
                    // |d| ≤ (1.5·4 + 1.5)·1.5 and |z − about| ≤ 5.5 at every pixel.
                    Assert.Equal(direct[i], combined[i], (t.Pixels + 20) * Unit * t.Pixels * 65);
                }
            }
        }
    }

    /// <summary>Sums of each slot that begin at one half, with what they may be wrong by.</summary>
    private sealed class Totals(int slots, int kinds)
    {
        private readonly double[] value = [.. Enumerable.Repeat(0.5, slots * kinds)];
        private readonly double[] magnitude = [.. Enumerable.Repeat(0.5, slots * kinds)];
        private readonly double[] error = new double[slots * kinds];

        public void Add(int kind, int slot, double term, double bound)
        {
            value[kind * slots + slot] += term;
            magnitude[kind * slots + slot] += Math.Abs(term) + bound;
            error[kind * slots + slot] += bound;
        }

        public (double[] Value, double[] Bound) End(int terms) =>
            (value, [.. error.Zip(magnitude, (e, m) => e + ErrorBound.Sum(terms + 1, m))]);
    }

    private readonly struct Surroundings(BandCase c) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            Dictionary<string, float[]> near = Results<TSimd, TVector>(c with { Gap = 0 });
            foreach ((string name, float[] actual) in Results<TSimd, TVector>(c))
            {
                Check.SameBits(near[name], actual, $"{name} at {TSimd.Lanes} lanes, {c}");
            }
        }
    }

    private readonly struct EmptyLanes(ActivationKind kind) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            BandCase c = new(kind, 2, 3, 5, 1, true, true, 3, 4);
            using BlockedNormBand t = new(c, TSimd.Lanes);
            Dictionary<string, float[]> results = Results<TSimd, TVector>(c);
            foreach (string name in new[] { "forward", "value", "gradient", "delta" })
            {
                for (int i = 0; i < results[name].Length; i++)
                {
                    Assert.True(!t.IsEmpty(i / t.Pixels) || results[name][i] == 0, $"{name}, number {i}");
                }
            }
        }
    }

    private readonly struct Slopes(ActivationKind kind) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => Activation.Choose(kind, new Body<TSimd, TVector>(kind));

        private readonly struct Body<TSimd, TVector>(ActivationKind kind) : IActivationBody
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            public void Run<TFunction>()
                where TFunction : struct, IActivationFunction
            {
                float* x = stackalloc float[TSimd.Lanes], value = stackalloc float[TSimd.Lanes];
                float* slope = stackalloc float[TSimd.Lanes];
                for (int start = -400; start < 400; start += TSimd.Lanes)
                {
                    for (int i = 0; i < TSimd.Lanes; i++)
                    {
                        x[i] = (start + i) / 32f;
                    }

                    TVector s = TFunction.Slope<TSimd, TVector>(TSimd.Load(x), out TVector v);
                    TSimd.Store(s, slope);
                    TSimd.Store(v, value);
                    for (int i = 0; i < TSimd.Lanes; i++)
                    {
                        double f = Activation.Value(kind, x[i]);
                        Assert.Equal(f, value[i], Activation.ValueError(kind, x[i], 0) + 4 * Unit * Math.Abs(f));
                        Assert.Equal(Activation.Slope(kind, x[i]), slope[i], Activation.SlopeError(kind, x[i], 0));
                    }
                }
            }
        }
    }
}
