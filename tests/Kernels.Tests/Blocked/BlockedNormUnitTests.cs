using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>The chain from a batch's maps to its gradients, against <see cref="BatchNorm"/>'s reference.</summary>
public unsafe class BlockedNormUnitTests
{
    private const float Epsilon = 1e-5f, Momentum = 0.1f;

    private static readonly ActivationKind[] Kinds =
        [ActivationKind.None, ActivationKind.Relu, ActivationKind.Swish, ActivationKind.HardSwish];

    /// <summary>The same batches in every run: a value beside a kink would be a true difference of any size.</summary>
    [Fact]
    public void Forward_and_backward_are_those_of_batch_normalisation()
    {
        for (ulong seed = 0; seed < 40; seed++)
        {
            int At(ulong which, int low, int high) =>
                low + (int)(Fill.Mix(seed * 8 + which) % (ulong)(high - low + 1));
            Shape x = new(At(0, 2, 4), At(1, 1, 40), At(2, 1, 6), At(3, 6, 11));
            BlockedChecks.EveryWidth(new Chain(x, Kinds[seed % 4], At(4, 0, 5), At(5, 1, 3)));
        }
    }

    [Fact]
    public void Ranges_of_slots_do_not_change_a_bit()
    {
        float[] whole = Numbers([(0, 32)]), parts = Numbers([(20, 12), (0, 12), (12, 8)]);
        Check.SameBits(whole, parts);
        Assert.Contains(whole, v => v != 0);
    }

    [Fact]
    public void One_value_has_no_unbiased_variance()
    {
        using Memory m = new(8, [0, -1, -1, -1, -1, -1, -1, -1], [2f], [3f]);
        m.Unit.Count = 1;
        float* about = m.New(8), sums = m.New(16);
        (about[0], sums[0], sums[8]) = (5f, 2f, 4f);
        fixed (BlockedNormUnit* unit = &m.Unit)
        {
            BlockedNormCoefficients.Forward(unit, about, sums, 1, 16, 8, 0, 8);
            Assert.Equal((7f, 0.7f, 0.9f), (unit->Mean[0], unit->RunningMean[0], unit->RunningVariance[0]));
        }
    }

    [Fact]
    public void Numbers_go_from_slots_to_channels_and_back()
    {
        int[] order = [2, -1, 0, 1];
        float[] slots = [1, 2, 3, 4], channels = new float[3], back = [9, 9, 9, 9];
        fixed (float* s = slots, c = channels, b = back)
        fixed (int* o = order)
        {
            BlockedNormCoefficients.ToChannels(s, o, 4, 0.5f, c);
            BlockedNormCoefficients.ToSlots(c, o, 4, 4f, b);
        }

        Assert.Equal([1.5f, 2f, 0.5f], channels);
        Assert.Equal([2f, 0f, 6f, 8f], back);
    }

    /// <summary>What both directions leave for 32 slots, computed in ranges.</summary>
    private static float[] Numbers((int First, int Count)[] ranges)
    {
        const int Items = 5;
        int[] order = [.. Enumerable.Range(0, 32).Select(i => i % 5 == 3 ? -1 : i - (i + 2) / 5)];
        int channels = order.Max() + 1;
        using Memory m = new(32, order, Fill.Uniform(1, channels), Fill.Uniform(2, channels));
        m.Unit.Count = 1000;
        float* about = m.New(32), sums = m.New(Items * 64);
        Fill.Uniform(3, new Span<float>(about, 32));
        Fill.Uniform(4, new Span<float>(sums, Items * 64), 100, 200);
        fixed (BlockedNormUnit* unit = &m.Unit)
        {
            foreach ((int first, int count) in ranges)
            {
                BlockedNormCoefficients.Forward(unit, about, sums, Items, 64, 32, first, count);
                BlockedNormCoefficients.Backward(unit, sums, Items, 64, 32, first, count);
            }
        }

        return m.All(32, channels);
    }

    private readonly struct Chain(Shape x, ActivationKind kind, int gap, int bands) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            // Channels in reverse order, and lanes without one before them.
            int lanes = TSimd.Lanes, blocks = (x.C + gap + lanes - 1) / lanes, slots = blocks * lanes, channels = x.C;
            int empty = gap;
            int[] order = [.. Enumerable.Range(0, slots).Select(s =>
                s < empty || s >= empty + channels ? -1 : channels - 1 - (s - empty))];
            float[] input = Fill.Uniform(1, x.Length, -1f, 3f), dy = Fill.Uniform(2, x.Length);
            float[] gamma = Fill.Uniform(3, channels, 0.5f, 1.5f), beta = Fill.Uniform(4, channels);
            Expected e = new(x, kind, input, dy, gamma, beta);
            using Memory m = new(slots, order, gamma, beta);
            m.Unit.Count = (long)x.N * x.Pixels;
            m.Unit.Epsilon = Decimals.Of(Epsilon);
            m.Unit.Momentum = Decimals.Of(Momentum);
            nint image = (nint)slots * x.Pixels;
            float* z = m.New(x.N * image), a = m.New(x.N * image), g = m.New(x.N * image), about = m.New(slots);
            float* sums = m.New(2 * (nint)slots * x.N);
            Copy(order, input, z, lanes, false);
            Copy(order, dy, g, lanes, false);
            Fill.Uniform(5, new Span<float>(about, slots), 0.5f, 1.5f);
            fixed (BlockedNormUnit* pinned = &m.Unit)
            {
                BlockedNormUnit* unit = pinned;
                Bands(unit, z, g, a, blocks, lanes, (band, n) =>
                    BlockedNorm<TSimd, TVector>.Moments(band, about, sums + 2 * (nint)slots * n));
                BlockedNormCoefficients.Forward(unit, about, sums, x.N, 2 * slots, slots, 0, slots);
                ActivationKind f = kind;
                Bands(unit, z, g, a, blocks, lanes, (band, n) => BlockedNorm<TSimd, TVector>.Forward(f, band));
                float[] y = new float[x.Length];
                Copy(order, y, a, lanes, true);
                Near(e.Y, y, 1e-5, "y");
                new Span<float>(sums, 2 * slots * x.N).Clear();
                Bands(unit, z, g, null, blocks, lanes, (band, n) =>
                    BlockedNorm<TSimd, TVector>.GradientSums(f, band, unit->Mean, sums + 2 * (nint)slots * n));
                BlockedNormCoefficients.Backward(unit, sums, x.N, 2 * slots, slots, 0, slots);
                Bands(unit, z, g, g, blocks, lanes, (band, n) =>
                    BlockedNorm<TSimd, TVector>.Gradient(f, band, unit->A, unit->B, unit->C));
                float[] dx = new float[x.Length];
                Copy(order, dx, g, lanes, true);
                Near(e.Dx, dx, 3e-5, "dx");
                Near(e.Dgamma, new Span<float>(unit->Dgamma, channels), 1e-4, "dgamma");
                Near(e.Dbeta, new Span<float>(unit->Dbeta, channels), 1e-4, "dbeta");
                Near(e.RunningMean, new Span<float>(unit->RunningMean, channels), 1e-6, "running mean");
                Near(e.RunningVariance, new Span<float>(unit->RunningVariance, channels), 1e-6, "running variance");
                for (int s = 0; s < slots; s++)
                {
                    if (order[s] < 0)
                    {
                        Assert.Equal((0f, 0f, 0f, 0f, 0f),
                            (unit->Scale[s], unit->Shift[s], unit->A[s], unit->B[s], unit->C[s]));
                    }
                }
            }
        }

        private delegate void Job(BlockedBand* band, int image);

        private void Bands(BlockedNormUnit* unit, float* z, float* g, float* to, int blocks, int lanes, Job job)
        {
            nint row = (nint)x.W * lanes, block = x.H * row;
            for (int n = 0; n < x.N; n++)
            {
                for (int i = 0; i < bands; i++)
                {
                    int first = x.H * i / bands;
                    nint at = n * blocks * block + first * row;
                    BlockedBand band = new()
                    {
                        Blocks = blocks, Rows = x.H * (i + 1) / bands - first, Columns = x.W, Z = z + at,
                        ZBlock = block, ZRow = row, G = g + at, GBlock = block, GRow = row, To = to is null ? null : to + at,
                        ToBlock = block, ToRow = row, Scale = unit->Scale, Shift = unit->Shift,
                    };
                    job(&band, n);
                }
            }
        }

        /// <summary>From NCHW to blocks in an order, or back.</summary>
        private void Copy(int[] order, float[] planes, float* blocked, int lanes, bool back)
        {
            int pixels = x.Pixels, channels = x.C;
            for (int n = 0; n < x.N; n++)
            {
                for (int s = 0; s < order.Length; s++)
                {
                    for (int p = 0; p < pixels && order[s] >= 0; p++)
                    {
                        nint first = (nint)n * order.Length + s / lanes * lanes;
                        float* at = blocked + first * pixels + p * lanes + s % lanes;
                        ref float plane = ref planes[(n * channels + order[s]) * pixels + p];
                        (plane, *at) = back ? (*at, *at) : (plane, plane);
                    }
                }
            }
        }

        private void Near(double[] expected, ReadOnlySpan<float> actual, double relative, string what)
        {
            double size = 1 + expected.Max(Math.Abs);
            Check.Close(expected, actual, [.. expected.Select(_ => relative * size)], $"{what} of {x} {kind}");
        }
    }

    /// <summary>The reference in double.</summary>
    private sealed class Expected
    {
        public Expected(Shape x, ActivationKind kind, float[] input, float[] dy, float[] gamma, float[] beta)
        {
            BatchNorm.Args args = new(x, kind, Epsilon, Momentum);
            (Y, Dx) = (new double[x.Length], new double[x.Length]);
            (Dgamma, Dbeta, RunningMean) = (new double[x.C], new double[x.C], new double[x.C]);
            RunningVariance = [.. Enumerable.Repeat(1.0, x.C)];
            double[] mean = new double[x.C], inverse = new double[x.C];
            double[] xs = BlockedChecks.Wide(input), gammas = BlockedChecks.Wide(gamma);
            double[] betas = BlockedChecks.Wide(beta);
            BatchNorm.ForwardTrainReference<double>(args, xs, gammas, betas, Y, mean, inverse, RunningMean,
                RunningVariance);
            BatchNorm.BackwardTrainReference<double>(args, BlockedChecks.Wide(dy), xs, gammas, betas, mean, inverse, Dx,
                Dgamma, Dbeta);
        }

        public double[] Y { get; }

        public double[] Dx { get; }

        public double[] Dgamma { get; }

        public double[] Dbeta { get; }

        public double[] RunningMean { get; }

        public double[] RunningVariance { get; }
    }

    /// <summary>A unit with memory of its own, running variance 1.</summary>
    private sealed class Memory : IDisposable
    {
        private readonly List<AlignedBuffer<float>> buffers = [];
        private readonly AlignedBuffer<int> order;

        public Memory(int slots, int[] order, float[] gamma, float[] beta)
        {
            this.order = new AlignedBuffer<int>(slots);
            order.CopyTo(this.order.Span);
            int channels = gamma.Length;
            Unit = new BlockedNormUnit
            {
                Channels = this.order.Pointer, Epsilon = 1e-5, Momentum = 0.1, Gamma = New(channels),
                Beta = New(channels), RunningMean = New(channels), RunningVariance = New(channels),
                Dgamma = New(channels), Dbeta = New(channels), Mean = New(slots), Inverse = New(slots),
                Scale = New(slots), Shift = New(slots), A = New(slots), B = New(slots), C = New(slots),
            };
            gamma.CopyTo(new Span<float>(Unit.Gamma, channels));
            beta.CopyTo(new Span<float>(Unit.Beta, channels));
            new Span<float>(Unit.RunningVariance, channels).Fill(1f);
        }

        public BlockedNormUnit Unit;

        public float* New(long length)
        {
            buffers.Add(new AlignedBuffer<float>(length));
            return buffers[^1].Pointer;
        }

        /// <summary>All numbers that kernels write.</summary>
        public float[] All(int slots, int channels) =>
        [
            .. new Span<float>(Unit.RunningMean, channels), .. new Span<float>(Unit.RunningVariance, channels),
            .. new Span<float>(Unit.Dgamma, channels), .. new Span<float>(Unit.Dbeta, channels),
            .. new Span<float>(Unit.Mean, slots), .. new Span<float>(Unit.Inverse, slots),
            .. new Span<float>(Unit.Scale, slots), .. new Span<float>(Unit.Shift, slots),
            .. new Span<float>(Unit.A, slots), .. new Span<float>(Unit.B, slots), .. new Span<float>(Unit.C, slots),
        ];

        public void Dispose()
        {
            buffers.ForEach(b => b.Dispose());
            order.Dispose();
        }
    }
}
