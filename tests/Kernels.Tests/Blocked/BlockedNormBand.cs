using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>What is asked of a band.</summary>
internal readonly record struct BandCase(ActivationKind Kind, int Blocks, int Rows, int Columns, int Gap, bool Gate,
    bool Pooled, int Empty, ulong Seed);

/// <summary>A band with random numbers in memory whose gaps are not numbers, and the same numbers for plain loops.
/// </summary>
internal sealed unsafe class BlockedNormBand : IDisposable
{
    private readonly List<AlignedBuffer<float>> memory = [];
    private readonly int lanes;
    private readonly BandCase c;
    private readonly nint[] rows = new nint[3], blocks = new nint[3];

    public BlockedNormBand(BandCase c, int lanes)
    {
        (this.c, this.lanes) = (c, lanes);
        (Slots, Pixels) = (c.Blocks * lanes, c.Rows * c.Columns);
        for (int map = 0; map < 3; map++)
        {
            // Each map of its own: some without a gap, some with a wide one.
            int gap = (c.Gap >> map & 1) * (1 + map);
            rows[map] = (c.Columns + gap) * lanes;
            blocks[map] = (c.Rows + gap) * rows[map] + gap * 3 * lanes;
        }

        Z = Numbers(1, Slots * Pixels, true);
        G = Numbers(2, Slots * Pixels, true);
        Scale = Numbers(3, Slots, false);
        Shift = Numbers(4, Slots, false);
        Gate = Numbers(5, Slots, false);
        Pooled = Numbers(6, Slots, false);
        About = Numbers(7, Slots, false);
        A = Numbers(8, Slots, false);
        B = Numbers(9, Slots, false);
        C = Numbers(10, Slots, false);
        Band = new BlockedBand
        {
            Blocks = c.Blocks, Rows = c.Rows, Columns = c.Columns, ZBlock = blocks[0], ZRow = rows[0],
            GBlock = blocks[1], GRow = rows[1], ToBlock = blocks[2], ToRow = rows[2], Scale = Put(Scale),
            Shift = Put(Shift),
            Gate = c.Gate ? Put(Gate) : null, Pooled = c.Pooled ? Put(Pooled) : null, Z = PutMap(Z, 0),
            G = PutMap(G, 1), To = Map(2),
        };
        AboutAt = Put(About);
        AAt = Put(A);
        BAt = Put(B);
        CAt = Put(C);
    }

    public BlockedBand Band;

    public int Slots { get; }

    public int Pixels { get; }

    /// <summary>Numbers by slot, then pixel.</summary>
    public float[] Z { get; }

    public float[] G { get; }

    public float[] Scale { get; }

    public float[] Shift { get; }

    public float[] Gate { get; }

    public float[] Pooled { get; }

    public float[] About { get; }

    public float[] A { get; }

    public float[] B { get; }

    public float[] C { get; }

    public float* AboutAt { get; }

    public float* AAt { get; }

    public float* BAt { get; }

    public float* CAt { get; }

    /// <summary>Whether a slot is a lane without a channel.</summary>
    public bool IsEmpty(int slot) => slot >= Slots - Math.Min(c.Empty, lanes - 1);

    /// <summary>Memory for some numbers of each slot, all 0.5, with a NaN behind that nobody may change.</summary>
    public float* Sums(int kinds, out Func<float[]> read)
    {
        AlignedBuffer<float> buffer = Buffer(kinds * Slots + 1);
        buffer.Span.Fill(0.5f);
        buffer.Span[^1] = float.NaN;
        read = () =>
        {
            Xunit.Assert.True(float.IsNaN(buffer.Span[^1]));
            return buffer.Span[..^1].ToArray();
        };
        return buffer.Pointer;
    }

    /// <summary>What a kernel left in a map, by slot and pixel; nothing else of the map was written.</summary>
    public float[] Read(float* map)
    {
        int which = map == Band.G ? 1 : 2;
        float[] x = new float[Slots * Pixels];
        for (int i = 0; i < x.Length; i++)
        {
            nint at = At(i, which);
            x[i] = map[at];
            map[at] = float.NaN;
        }

        for (nint i = 0; i < c.Blocks * blocks[which]; i++)
        {
            Xunit.Assert.True(float.IsNaN(map[i]), $"number {i} was written");
        }

        for (int i = 0; i < x.Length; i++)
        {
            map[At(i, which)] = x[i];
        }

        return x;
    }

    public void Dispose() => memory.ForEach(m => m.Dispose());

    private float[] Numbers(ulong kind, int length, bool wide)
    {
        float[] x = Fill.Uniform(c.Seed * 16 + kind, length, wide ? -4f : -1.5f, wide ? 4f : 1.5f);
        int each = length / Slots;
        for (int i = 0; i < length; i++)
        {
            x[i] = IsEmpty(i / each) ? 0f : x[i];
        }

        return x;
    }

    private nint At(int i, int map)
    {
        int slot = i / Pixels, pixel = i % Pixels;
        return slot / lanes * blocks[map] + pixel / c.Columns * rows[map] + pixel % c.Columns * lanes + slot % lanes;
    }

    private AlignedBuffer<float> Buffer(long length)
    {
        memory.Add(new AlignedBuffer<float>(length));
        memory[^1].Span.Fill(float.NaN);
        return memory[^1];
    }

    private float* Put(float[] numbers)
    {
        AlignedBuffer<float> buffer = Buffer(numbers.Length);
        numbers.CopyTo(buffer.Span);
        return buffer.Pointer;
    }

    private float* Map(int which) => Buffer(c.Blocks * blocks[which]).Pointer;

    private float* PutMap(float[] x, int which)
    {
        float* map = Map(which);
        for (int i = 0; i < x.Length; i++)
        {
            map[At(i, which)] = x[i];
        }

        return map;
    }
}
