using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>
/// Weight gradient of a 1×1 convolution on blocked maps, <c>dw[o, i] += gate[i]·Σ_p dz[o, p]·a[i, p]</c>. The lanes of
/// a vector are slots of a or of dz, whichever wastes fewer; each number of the other map meets them in every lane. A
/// sum over at most <see cref="ChunkFloats"/>/L pixels begins at zero and is added to the packed sums; its order
/// depends on the geometry of the call alone. Slots without a channel have to be finite.
/// </summary>
internal static unsafe class BlockedPointwiseGradient<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Floats of one block between two additions to the packed sums: three blocks of vectors and one of slots
    /// stay in the first cache.</summary>
    public const int ChunkFloats = 2048;

    /// <summary>Vectors of a part.</summary>
    private const int PartVectors = 3;

    /// <summary>Slots that the smallest tile has; slots are counted in these.</summary>
    private const int Step = 4;

    /// <summary>Floats of the packed sums; the caller clears them first.</summary>
    public static int PackedLength(int inSlots, int outSlots)
    {
        Roles roles = new(inSlots, outSlots);
        return checked(roles.Vectors * roles.Slots * TSimd.Lanes);
    }

    /// <summary>Parts of the packed sums. Each may be computed by a thread of its own.</summary>
    public static int Parts(int inSlots, int outSlots) =>
        (new Roles(inSlots, outSlots).Vectors + PartVectors - 1) / PartVectors;

    /// <summary>Adds what a band gives to the packed sums.</summary>
    public static void Run(in BlockedPointwiseGradientBand band) =>
        Run(band, 0, Parts(band.InSlots, band.OutSlots));

    /// <summary>Adds what a band gives to some parts of the packed sums.</summary>
    /// <param name="band">The band.</param>
    /// <param name="firstPart">First part.</param>
    /// <param name="parts">Number of parts.</param>
    public static void Run(in BlockedPointwiseGradientBand band, int firstPart, int parts)
    {
        if (band.Images < 1 || band.Rows < 1 || band.Columns < 1)
        {
            return;
        }

        fixed (BlockedPointwiseGradientBand* b = &band)
        {
            Job job = new(b, firstPart, parts);
            nint row = (nint)b->Columns * TSimd.Lanes, image = row * b->Rows;
            bool flat = (b->ARow == row && b->DzRow == row) || b->Rows == 1;
            if (b->Gate == null && flat)
            {
                bool whole = b->AImage == image && b->DzImage == image;
                int pixels = checked(b->Rows * b->Columns);
                Pixels(&job, whole ? 1 : b->Images, whole ? checked(pixels * b->Images) : pixels, b->AImage,
                    b->DzImage);
                return;
            }

            for (int n = 0; n < b->Images; n++)
            {
                if (flat)
                {
                    Pixels(&job, 1, b->Rows * b->Columns, 0, 0);
                }
                else
                {
                    Pixels(&job, b->Rows, b->Columns, b->ARow, b->DzRow);
                }

                job.NextImage(b);
            }
        }
    }

    /// <summary>Adds packed sums to a weight gradient.</summary>
    /// <param name="packed">The packed sums.</param>
    /// <param name="inChannel">Channel of each slot of a, or −1.</param>
    /// <param name="outChannel">Channel of each slot of dz, or −1.</param>
    /// <param name="dw">Gradient; channel o begins at <c>o·dwRow</c>.</param>
    /// <param name="dwRow">Floats from one output channel to the next.</param>
    public static void Unpack(float* packed, ReadOnlySpan<int> inChannel, ReadOnlySpan<int> outChannel, Span<float> dw,
        int dwRow)
    {
        Roles roles = new(inChannel.Length, outChannel.Length);
        ReadOnlySpan<int> lanes = roles.LanesAreOut ? outChannel : inChannel;
        ReadOnlySpan<int> slots = roles.LanesAreOut ? inChannel : outChannel;
        (int laneStep, int slotStep) = roles.LanesAreOut ? (dwRow, 1) : (1, dwRow);
        int lastIn = BlockedSlots.Last(inChannel), lastOut = BlockedSlots.Last(outChannel);
        if (lastIn < 0 || lastOut < 0)
        {
            return;
        }

        fixed (float* to = dw[..checked(lastOut * dwRow + lastIn + 1)])
        {
            if (!roles.LanesAreOut && BlockedSlots.FollowAtFirst(inChannel) is > 0 and int channels)
            {
                RowsInOrder(packed, roles, channels, outChannel, to + inChannel[0], dwRow);
                return;
            }

            if (!roles.LanesAreOut && BlockedSlots.AreAll(inChannel, lastIn))
            {
                Rows(packed, roles, inChannel, lastIn + 1, outChannel, to, dwRow);
                return;
            }

            for (int first = 0, vectors; first < roles.Vectors; first += vectors)
            {
                vectors = PartWidth(roles.Vectors, first);
                int row = vectors * TSimd.Lanes;
                for (int v = 0; v < vectors; v++)
                {
                    int lane = (first + v) * TSimd.Lanes;
                    ReadOnlySpan<int> some = lanes[lane..Math.Min(lane + TSimd.Lanes, lanes.Length)];
                    Vector(packed + v * TSimd.Lanes, row, some, laneStep, slots, slotStep, to);
                }

                packed += (nint)roles.Slots * row;
            }
        }
    }

    /// <summary><c>to += from</c>: sums of another group of images.</summary>
    /// <param name="to">Packed sums.</param>
    /// <param name="from">Packed sums.</param>
    /// <param name="length">Floats, a multiple of L.</param>
    public static void Add(float* to, float* from, int length)
    {
        for (nint i = 0; i < length; i += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(to + i), TSimd.Load(from + i)), to + i);
        }
    }

    /// <summary>Runs of pixels in chunks that stay in the first cache.</summary>
    private static void Pixels(Job* job, int runs, int pixels, nint aRun, nint dzRun)
    {
        int most = ChunkFloats / TSimd.Lanes;
        BlockedPointwiseGradientTile tile = default;
        (tile.XRun, tile.WRun) = job->Roles.LanesAreOut ? (dzRun, aRun) : (aRun, dzRun);
        if (pixels >= most)
        {
            int pieces = (pixels + most - 1) / most, each = (pixels + pieces - 1) / pieces;
            tile.Runs = 1;
            for (int run = 0; run < runs; run++)
            {
                for (int done = 0; done < pixels; done += each)
                {
                    tile.Pixels = Math.Min(each, pixels - done);
                    Chunk(job, &tile, run * tile.XRun + (nint)done * TSimd.Lanes,
                        run * tile.WRun + (nint)done * TSimd.Lanes);
                }
            }
        }
        else
        {
            int each = most / pixels, pieces = (runs + each - 1) / each;
            each = (runs + pieces - 1) / Math.Max(pieces, 1);
            tile.Pixels = pixels;
            for (int done = 0; done < runs; done += each)
            {
                tile.Runs = Math.Min(each, runs - done);
                Chunk(job, &tile, done * tile.XRun, done * tile.WRun);
            }
        }
    }

    private static void Chunk(Job* job, BlockedPointwiseGradientTile* tile, nint x, nint w)
    {
        if (job->Gate == null)
        {
            Chunk<UnitFactor>(job, tile, x, w);
        }
        else if (job->Roles.LanesAreOut)
        {
            Chunk<SlotFactor>(job, tile, x, w);
        }
        else
        {
            Chunk<LaneFactor>(job, tile, x, w);
        }
    }

    /// <summary>All tiles of a chunk of pixels: the vectors of a part stay in the first cache while the slots go by.
    /// </summary>
    private static void Chunk<TFactor>(Job* job, BlockedPointwiseGradientTile* tile, nint x, nint w)
        where TFactor : struct, IGradientFactor
    {
        int slots = job->Roles.Slots, first = job->FirstVector;
        bool lanesAreOut = job->Roles.LanesAreOut;
        tile->XBlock = job->XBlock;
        tile->To = job->Packed + (nint)first * slots * TSimd.Lanes;
        for (int vectors; first < job->EndVector; first += vectors)
        {
            vectors = PartWidth(job->Roles.Vectors, first);
            tile->X = job->X + first * job->XBlock + x;
            for (int s = 0, count; s < slots; s += count)
            {
                count = TileSlots(vectors, slots - s);
                tile->W = job->W + s / TSimd.Lanes * job->WBlock + s % TSimd.Lanes + w;
                tile->Factors = job->Gate + (lanesAreOut ? s : first * TSimd.Lanes);
                BlockedPointwiseGradientTiles<TSimd, TVector, TFactor>.Run(vectors, count, tile);
                tile->To += count * vectors * TSimd.Lanes;
            }
        }
    }

    /// <summary>Slots of the next tile where so many (a multiple of 4) are left, as many as registers allow.</summary>
    private static int TileSlots(int vectors, int left)
    {
        int most = TSimd.Lanes >= 16 ? vectors == 1 ? 16 : 8 : vectors == 1 ? Math.Min(TSimd.Lanes, 8) : Step;
        while (most > left)
        {
            most /= 2;
        }

        return most;
    }

    /// <summary>Vectors of the part that begins at a vector: three, and two twice rather than one at the end.</summary>
    private static int PartWidth(int vectors, int first) =>
        vectors - first == PartVectors + 1 ? 2 : Math.Min(PartVectors, vectors - first);

    /// <summary>First vector of a part; all vectors behind the last part.</summary>
    private static int PartStart(int vectors, int part)
    {
        int start = part * PartVectors;
        return start >= vectors ? vectors : start == vectors - 1 && part > 0 ? start - 1 : start;
    }

    /// <summary>Adds sums whose lanes are channels of a that follow one another: a row of dw at a time, as memory likes
    /// it.
    /// </summary>
    private static void RowsInOrder(float* packed, in Roles roles, int channels, ReadOnlySpan<int> outChannel, float* dw,
        int dwRow)
    {
        for (int s = 0; s < outChannel.Length; s++)
        {
            if (outChannel[s] < 0)
            {
                continue;
            }

            float* part = packed, to = dw + (nint)outChannel[s] * dwRow;
            int left = channels;
            for (int first = 0, vectors; first < roles.Vectors && left > 0; first += vectors)
            {
                vectors = PartWidth(roles.Vectors, first);
                int lanes = vectors * TSimd.Lanes;
                AddRow(to, part + (nint)s * lanes, Math.Min(lanes, left));
                to += lanes;
                left -= lanes;
                part += (nint)roles.Slots * lanes;
            }
        }
    }

    /// <summary>Adds sums whose lanes are all channels of a in any order, row by row: into the channels' own order,
    /// then as whole vectors. A row behind, so that no vector is loaded from numbers that are still on their
    /// way.</summary>
    [SkipLocalsInit]
    private static void Rows(float* packed, in Roles roles, ReadOnlySpan<int> inChannel, int channels,
        ReadOnlySpan<int> outChannel, float* dw, int dwRow)
    {
        // Behind the channels of a row is a place for what slots without a channel hold.
        int length = channels + 1, lanesOfAll = roles.Vectors * TSimd.Lanes;
        float* row = stackalloc float[length], last = stackalloc float[length], to = null;
        int* places = stackalloc int[lanesOfAll];
        for (int lane = 0; lane < lanesOfAll; lane++)
        {
            places[lane] = lane < inChannel.Length && inChannel[lane] >= 0 ? inChannel[lane] : channels;
        }

        for (int s = 0; s < outChannel.Length; s++)
        {
            if (outChannel[s] < 0)
            {
                continue;
            }

            float* part = packed;
            for (int first = 0, vectors; first < roles.Vectors; first += vectors)
            {
                vectors = PartWidth(roles.Vectors, first);
                int lanes = vectors * TSimd.Lanes;
                Scatter(part + (nint)s * lanes, places + first * TSimd.Lanes, lanes, row);
                part += (nint)roles.Slots * lanes;
            }

            AddRow(to, last, channels);
            to = dw + (nint)outChannel[s] * dwRow;
            float* next = last;
            last = row;
            row = next;
        }

        AddRow(to, last, channels);
    }

    /// <summary>Puts the sums of some whole vectors to their places.</summary>
    private static void Scatter(float* sums, int* places, int lanes, float* row)
    {
        for (int lane = 0; lane < lanes; lane += 4)
        {
            row[places[lane]] = sums[lane];
            row[places[lane + 1]] = sums[lane + 1];
            row[places[lane + 2]] = sums[lane + 2];
            row[places[lane + 3]] = sums[lane + 3];
        }
    }

    private static void AddRow(float* to, float* row, int length)
    {
        if (to == null)
        {
            return;
        }

        for (; length >= TSimd.Lanes; length -= TSimd.Lanes, to += TSimd.Lanes, row += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(to), TSimd.Load(row)), to);
        }

        for (; length > 0; length--, to++, row++)
        {
            *to += *row;
        }
    }

    /// <summary>Adds the sums of one vector.</summary>
    [SkipLocalsInit]
    private static void Vector(float* packed, int row, ReadOnlySpan<int> lanes, int laneStep, ReadOnlySpan<int> slots,
        int slotStep, float* dw)
    {
        bool together = laneStep == 1 && lanes.Length == TSimd.Lanes && BlockedSlots.Follow(lanes);
        int* from = stackalloc int[TSimd.Lanes], offsets = stackalloc int[TSimd.Lanes];
        int count = 0;
        for (int lane = 0; lane < lanes.Length; lane++)
        {
            if (lanes[lane] >= 0)
            {
                (from[count], offsets[count]) = (lane, lanes[lane] * laneStep);
                count++;
            }
        }

        for (int s = 0; s < slots.Length; s++, packed += row)
        {
            float* to = dw + (nint)slots[s] * slotStep;
            if (slots[s] < 0)
            {
                continue;
            }

            if (together)
            {
                to += *offsets;
                TSimd.Store(TSimd.Add(TSimd.Load(to), TSimd.Load(packed)), to);
                continue;
            }

            for (int k = 0; k < count; k++)
            {
                to[offsets[k]] += packed[from[k]];
            }
        }
    }

    /// <summary>Which map gives the vectors.</summary>
    private readonly struct Roles
    {
        public Roles(int inSlots, int outSlots)
        {
            int inBlocks = (inSlots + TSimd.Lanes - 1) / TSimd.Lanes, inSteps = (inSlots + Step - 1) / Step;
            int outBlocks = (outSlots + TSimd.Lanes - 1) / TSimd.Lanes, outSteps = (outSlots + Step - 1) / Step;

            // Sums over lanes of a are added to dw by whole vectors: the other way has to save a tenth.
            LanesAreOut = 10L * outBlocks * inSteps < 9L * inBlocks * outSteps;
            (Vectors, Slots) = LanesAreOut ? (outBlocks, inSteps * Step) : (inBlocks, outSteps * Step);
        }

        public bool LanesAreOut { get; }

        public int Vectors { get; }

        public int Slots { get; }
    }

    private struct Job
    {
        public Job(BlockedPointwiseGradientBand* band, int firstPart, int parts)
        {
            Roles = new Roles(band->InSlots, band->OutSlots);
            FirstVector = PartStart(Roles.Vectors, firstPart);
            EndVector = PartStart(Roles.Vectors, firstPart + parts);
            Packed = band->Packed;
            Gate = band->Gate;
            X = Roles.LanesAreOut ? band->Dz : band->A;
            W = Roles.LanesAreOut ? band->A : band->Dz;
            (XBlock, WBlock) = Roles.LanesAreOut ? (band->DzBlock, band->ABlock) : (band->ABlock, band->DzBlock);
        }

        public Roles Roles;
        public int FirstVector;
        public int EndVector;
        public float* X;
        public nint XBlock;
        public float* W;
        public nint WBlock;
        public float* Gate;
        public float* Packed;

        public void NextImage(BlockedPointwiseGradientBand* band)
        {
            X += Roles.LanesAreOut ? band->DzImage : band->AImage;
            W += Roles.LanesAreOut ? band->AImage : band->DzImage;
            Gate = Gate == null ? null : Gate + band->GateImage;
        }
    }
}
