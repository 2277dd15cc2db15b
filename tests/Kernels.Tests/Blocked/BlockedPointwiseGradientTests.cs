using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

public unsafe class BlockedPointwiseGradientTests
{
    private static readonly Gen<GradientCase> Cases =
        from inChannels in Gen.Choose(1, 70)
        from outChannels in Gen.Choose(1, 70)
        from holes in Gen.Choose(0, 20)
        from images in Gen.Choose(1, 4)
        from rows in Gen.Choose(1, 9)
        from columns in Gen.Choose(1, 30)
        from gap in Gen.Choose(0, 3)
        from gate in Gen.Elements(false, true)
        from seed in Gen.Choose(1, 1000)
        select new GradientCase(inChannels, outChannels, holes, images, rows, columns, gap, gate, (ulong)seed);

    [Fact]
    public void Agrees_with_plain_loops_at_every_width() =>
        Prop.ForAll(Cases.ToArbitrary(), c => BlockedChecks.EveryWidth(new Agreement(c))).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(24, 96, 1, 16, 64, 0, false)]
    [InlineData(40, 240, 1, 14, 14, 0, true)]
    [InlineData(112, 33, 3, 7, 7, 0, false)]
    [InlineData(200, 64, 32, 2, 2, 1, false)]
    [InlineData(16, 16, 1, 3, 700, 0, true)]
    [InlineData(4, 200, 2, 5, 5, 0, true)]
    public void Shapes_of_networks(int inChannels, int outChannels, int images, int rows, int columns, int gap,
        bool gate) => BlockedChecks.EveryWidth(new Agreement(
            new GradientCase(inChannels, outChannels, 0, images, rows, columns, gap, gate, 3)));

    [Fact]
    public void Sums_of_groups_are_added() => BlockedChecks.EveryWidth(new Groups());

    [Fact]
    public void Nothing_is_added_for_no_pixels() => BlockedChecks.EveryWidth(new Nothing());

    /// <summary>A case; <see cref="Gap"/> says which strides are longer than what they step over: images, rows.
    /// </summary>
    internal readonly record struct GradientCase(int InChannels, int OutChannels, int Holes, int Images, int Rows,
        int Columns, int Gap, bool Gate, ulong Seed)
    {
        public int RowGap => Gap & 2;

        public int ImageGap => Gap & 1;

        /// <summary>Channels in some order, −1 where a slot has none.</summary>
        public static int[] Slots(int channels, int holes, ulong seed)
        {
            int[] slots = [.. Enumerable.Range(0, channels), .. Enumerable.Repeat(-1, holes)];
            if (holes > 0 || seed % 2 == 0)
            {
                float[] keys = Fill.Uniform(seed, slots.Length);
                Array.Sort(keys, slots);
            }

            return slots;
        }
    }

    /// <summary>Images of some slots between NaN.</summary>
    private sealed class Maps : IDisposable
    {
        private readonly AlignedBuffer<float> memory;
        private readonly GradientCase c;
        private readonly int lanes;

        public Maps(GradientCase c, int[] slots, int lanes, float[] data)
        {
            (this.c, this.lanes) = (c, lanes);
            int blocks = (slots.Length + lanes - 1) / lanes, channels = slots.Max() + 1;
            Row = (c.Columns + c.RowGap) * lanes;
            Image = (c.Rows * Row) + (c.ImageGap * lanes);
            Block = (c.Images * Image) + (3 * lanes);
            memory = new AlignedBuffer<float>((long)(blocks * Block));
            memory.Span.Fill(float.NaN);
            for (int slot = 0; slot < blocks * lanes; slot++)
            {
                int channel = slot < slots.Length ? slots[slot] : -1;
                for (int n = 0, pixel = 0; n < c.Images; n++)
                {
                    for (int h = 0; h < c.Rows; h++)
                    {
                        for (int v = 0; v < c.Columns; v++, pixel++)
                        {
                            memory.Span[(slot / lanes * Block) + (n * Image) + (h * Row) + (v * lanes) + (slot % lanes)]
                                = channel < 0 ? 0f : data[(pixel * channels) + channel];
                        }
                    }
                }
            }
        }

        public int Block { get; }

        public int Image { get; }

        public int Row { get; }

        public float* At(int image, int row) => memory.Pointer + (image * Image) + (row * Row);

        public void Dispose() => memory.Dispose();
    }

    private readonly struct Agreement(GradientCase c) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            int lanes = TSimd.Lanes, pixels = c.Images * c.Rows * c.Columns, dwRow = c.InChannels + 2;
            int[] inSlots = GradientCase.Slots(c.InChannels, c.Holes, c.Seed);
            int[] outSlots = GradientCase.Slots(c.OutChannels, c.Holes, c.Seed + 1);
            float[] a = Fill.Uniform(c.Seed, pixels * c.InChannels);
            float[] dz = Fill.Uniform(c.Seed + 2, pixels * c.OutChannels);
            float[] start = Fill.Uniform(c.Seed + 3, c.OutChannels * dwRow), dw = [.. start];
            int gateLanes = (inSlots.Length + lanes - 1) / lanes * lanes;
            using AlignedBuffer<float> gate = new((long)(gateLanes + 1) * c.Images);
            Fill.Uniform(c.Seed + 4, gate.Span);
            using Maps inMaps = new(c, inSlots, lanes, a), outMaps = new(c, outSlots, lanes, dz);
            int length = BlockedPointwiseGradient<TSimd, TVector>.PackedLength(inSlots.Length, outSlots.Length);
            using AlignedBuffer<float> packed = new(length + 1), parts = new(length);
            packed.Span[length] = 5f;
            BlockedPointwiseGradientBand band = new()
            {
                A = inMaps.At(0, 0), ABlock = inMaps.Block, ARow = inMaps.Row, AImage = inMaps.Image,
                Dz = outMaps.At(0, 0), DzBlock = outMaps.Block, DzRow = outMaps.Row, DzImage = outMaps.Image,
                InSlots = inSlots.Length, OutSlots = outSlots.Length,
                Images = c.Images, Rows = c.Rows, Columns = c.Columns,
                Gate = c.Gate ? gate.Pointer : null, GateImage = gateLanes + 1, Packed = packed.Pointer,
            };

            // Two bands of rows; then the same part by part.
            foreach (bool whole in new[] { true, false })
            {
                band.Packed = whole ? packed.Pointer : parts.Pointer;
                for (int first = 0, half = c.Rows / 2; first < c.Rows; first += band.Rows)
                {
                    band.A = inMaps.At(0, first);
                    band.Dz = outMaps.At(0, first);
                    band.Rows = first == 0 && half > 0 ? half : c.Rows - first;
                    int count = BlockedPointwiseGradient<TSimd, TVector>.Parts(inSlots.Length, outSlots.Length);
                    for (int part = count - 1; !whole && part >= 0; part--)
                    {
                        BlockedPointwiseGradient<TSimd, TVector>.Run(band, part, 1);
                    }

                    if (whole)
                    {
                        BlockedPointwiseGradient<TSimd, TVector>.Run(band);
                    }
                }
            }

            Assert.Equal(5f, packed.Span[length]);
            Check.SameBits(packed.Span[..length], parts.Span, "sums part by part");
            BlockedPointwiseGradient<TSimd, TVector>.Unpack(packed.Pointer, inSlots, outSlots, dw, dwRow);
            double[] expected = Array.ConvertAll(start, v => (double)v), bounds = new double[dw.Length];
            int[] lane = new int[c.InChannels];
            for (int slot = 0; slot < inSlots.Length; slot++)
            {
                if (inSlots[slot] >= 0)
                {
                    lane[inSlots[slot]] = slot;
                }
            }

            int imagePixels = c.Rows * c.Columns;
            for (int o = 0; o < c.OutChannels; o++)
            {
                for (int i = 0; i < c.InChannels; i++)
                {
                    double sum = 0, magnitude = 0;
                    for (int p = 0; p < pixels; p++)
                    {
                        double g = c.Gate ? gate.Span[(p / imagePixels * (gateLanes + 1)) + lane[i]] : 1;
                        double term = g * a[(p * c.InChannels) + i] * dz[(p * c.OutChannels) + o];
                        (sum, magnitude) = (sum + term, magnitude + Math.Abs(term));
                    }

                    int at = (o * dwRow) + i;
                    expected[at] += sum;
                    bounds[at] = ErrorBound.Sum(pixels + 2, magnitude + Math.Abs(start[at]));
                }
            }

            Check.Close(expected, dw, bounds, $"dw at {lanes} lanes");
        }
    }

    private readonly struct Groups : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            int length = 5 * TSimd.Lanes;
            using AlignedBuffer<float> to = new(length + 1), from = new(length + 1);
            Fill.Uniform(1, to.Span);
            Fill.Uniform(2, from.Span);
            float[] before = to.Span.ToArray();
            BlockedPointwiseGradient<TSimd, TVector>.Add(to.Pointer, from.Pointer, length);
            for (int i = 0; i < to.Length; i++)
            {
                Assert.Equal(i < length ? before[i] + from.Span[i] : before[i], to.Span[i]);
            }
        }
    }

    private readonly struct Nothing : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            int length = BlockedPointwiseGradient<TSimd, TVector>.PackedLength(5, 7);
            using AlignedBuffer<float> packed = new(length);
            packed.Span.Fill(3f);
            foreach ((int images, int rows, int columns) in new[] { (0, 2, 2), (2, 0, 2), (2, 2, 0) })
            {
                BlockedPointwiseGradient<TSimd, TVector>.Run(new BlockedPointwiseGradientBand
                {
                    InSlots = 5, OutSlots = 7, Images = images, Rows = rows, Columns = columns, Packed = packed.Pointer,
                });
            }

            Assert.False(packed.Span.ContainsAnyExcept(3f));
        }
    }
}
