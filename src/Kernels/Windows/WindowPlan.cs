namespace MuxKernels;

/// <summary>A run of kernel rows whose source rows lie one row step apart: what one pass of the tile applies.</summary>
/// <param name="Source">Where the first tap's row starts in the padded plane, for output row 0.</param>
/// <param name="Weight">The first tap's kernel row.</param>
/// <param name="Step">Kernel rows from one tap to the next (negative where the kernel is flipped).</param>
/// <param name="Taps">Number of taps.</param>
internal readonly record struct RowRun(int Source, int Weight, int Step, int Taps);

/// <summary>One tap of a kernel row.</summary>
/// <param name="Source">Its offset in a padded row, for output column 0.</param>
/// <param name="Weight">Its kernel column.</param>
internal readonly record struct ColumnTap(int Source, int Weight);

/// <summary>
/// Turns every stride, dilation and direction into correlations with unit steps, so that the tiles know neither.
/// <para>Forward: the padded input is stored as <c>s×s</c> phases; row <c>c</c> of the padded map is row <c>c / s</c>
/// of row phase <c>c mod s</c>, columns alike. Output <c>(h, v)</c> and tap <c>(kh, kw)</c> then read row
/// <c>h + kh·d / s</c> of phase <c>kh·d mod s</c>: consecutive outputs read consecutive elements.</para>
/// <para>Input gradient: the rows <c>h₀, h₀ + s, h₀ + 2s …</c> of dx (class h₀) are reached by the kernel rows with
/// <c>kh·d ≡ h₀ + top (mod s)</c> alone, and <c>dx[h₀ + s·j] = Σ w[kh]·dy[j + (h₀ + top)/s − kh·d/s]</c>: again a
/// correlation with unit steps, one for each class, without scatter.</para>
/// Layout of a padded plane: <c>[row phase][row][column phase][pitch]</c>, for one band of output rows.
/// </summary>
internal readonly unsafe struct WindowPlan
{
    /// <summary>Floats in the widest register; rows are padded to it at every width.</summary>
    public const int Vector = 16;

    /// <summary>Most output rows of a tile.</summary>
    public const int TileRows = 16;

    /// <summary>Most kernel rows of one pass of the tile.</summary>
    public const int TileTaps = 5;

    /// <summary>Floats of padded planes that stay in a first-level cache of 32 KB.</summary>
    private const int CacheLength = 6144;

    /// <summary>Pixels of a plane from which on planes are streamed through the caches faster one image after the
    /// other than several side by side.</summary>
    private const int Stream = 256;

    private readonly int dilation;

    private WindowPlan(Window window, int planes, int images, bool backward, bool isStreamed)
    {
        (Kernel, Stride, dilation) = (window.Kernel, window.Stride, window.Dilation);
        Backward = backward;
        Rows = new WindowAxis(window, window.Height, window.OutHeight, window.PadTop, backward);
        Columns = new WindowAxis(window, window.Width, window.OutWidth, window.PadLeft, backward);
        SourcePixels = backward ? window.OutHeight * window.OutWidth : window.Height * window.Width;
        bool isLong = Math.Max((long)window.Height * window.Width, (long)window.OutHeight * window.OutWidth) >= Stream;
        Images = isStreamed && isLong ? 1 : ImagesOf(Columns.LongestClass, images);
        Pitch = RoundUp(Columns.Reach(backward ? window.OutWidth : window.Width, Images));
        RowPitch = checked(Columns.Phases * Pitch);
        long room = (long)CacheLength / planes / RowPitch / Rows.Phases - Rows.Halo;
        BandRows = RowStep > 1 || room >= Rows.LongestClass
            ? Rows.LongestClass
            : (int)Math.Max(room / TileRows, 1) * TileRows;
        PlaneRows = (Rows.PaddedRows(0, BandRows) + Rows.Phases - 1) / Rows.Phases;
        PlaneLength = checked(PlaneRows * Rows.Phases * RowPitch);
        BufferPitch = RoundUp(checked(Columns.LongestClass * Images));
    }

    /// <summary>Taps along each axis.</summary>
    public int Kernel { get; }

    /// <summary>Step along each axis.</summary>
    public int Stride { get; }

    /// <summary>Whether this is an input gradient.</summary>
    public bool Backward { get; }

    /// <summary>Images worked on at once, F: a column is F floats, one of each image. They share the weights, so F
    /// images are one image with columns F times as wide, and narrow maps fill the vectors.</summary>
    public int Images { get; }

    /// <summary>Rows of the padded map; a field, for a property copies it at each use.</summary>
    public readonly WindowAxis Rows;

    /// <summary>Columns of the padded map.</summary>
    public readonly WindowAxis Columns;

    /// <summary>Elements of one column phase of a padded row.</summary>
    public int Pitch { get; }

    /// <summary>Elements from one row of a phase to the next.</summary>
    public int RowPitch { get; }

    /// <summary>Output rows (of each class) that one padded plane serves: a plane too large for the first-level cache
    /// is padded and worked on in bands of rows.</summary>
    public int BandRows { get; }

    /// <summary>Bands of a plane.</summary>
    public int Bands => (Rows.LongestClass + BandRows - 1) / BandRows;

    /// <summary>Rows of one row phase of a padded plane.</summary>
    public int PlaneRows { get; }

    /// <summary>Elements of a padded plane, of one band.</summary>
    public int PlaneLength { get; }

    /// <summary>Pixels of a plane before it is padded.</summary>
    public int SourcePixels { get; }

    /// <summary>Elements of a plane of several images put together, before it is padded; 0 for one image.</summary>
    public int SourceLength => Images == 1 ? 0 : RoundUp(checked(SourcePixels * Images));

    /// <summary>Elements of a row of a tile's buffer.</summary>
    public int BufferPitch { get; }

    /// <summary>Elements of all tile buffers, one for each column class.</summary>
    public int BufferLength => checked(Columns.Classes * TileRows * BufferPitch);

    /// <summary>Elements of the tables.</summary>
    public int TableLength => RoundUp(checked(6 * Kernel + Rows.Classes + Columns.Classes + 2));

    /// <summary>Rows between the taps of a run, e: output rows are worked on in e interleaved sets.</summary>
    public int RowStep => dilation / Gcd(dilation, Stride);

    /// <summary>The plan of a forward pass that pads some planes of a batch at a time.</summary>
    public static WindowPlan OfForward(Window window, int planes, int images) =>
        new(window, planes, images, backward: false, isStreamed: true);

    /// <summary>The plan of an input gradient that pads some planes of a batch at a time.</summary>
    public static WindowPlan OfBackwardInput(Window window, int planes, int images) =>
        new(window, planes, images, backward: true, isStreamed: true);

    /// <summary>The plan of a weight gradient: that of a forward pass of one plane.</summary>
    public static WindowPlan OfBackwardWeight(Window window, int images) =>
        new(window, planes: 1, images, backward: false, isStreamed: false);

    /// <summary>The next multiple of <see cref="Vector"/>.</summary>
    public static int RoundUp(int length) => checked(length + Vector - 1) / Vector * Vector;

    /// <summary>Where row <paramref name="row"/> of a band starts.</summary>
    public int RowOffset(int row) => (row % Rows.Phases * PlaneRows + row / Rows.Phases) * RowPitch;

    /// <summary>Where column <paramref name="column"/> of the padded map stands in its row.</summary>
    public int ColumnOffset(int column) => column % Columns.Phases * Pitch + column / Columns.Phases * Images;

    /// <summary>Writes the tables of taps into memory of <see cref="TableLength"/>.</summary>
    /// <param name="memory">Where to.</param>
    /// <param name="runs">Lengths a run may have are 1 … <see cref="TileTaps"/>; where this is 5 or 3, runs of the
    /// weight gradient's tiles: 1, 2, 3 or 5 of at most this.</param>
    public WindowTables Fill(int* memory, int runs = 0)
    {
        WindowTables tables = new((RowRun*)memory, (ColumnTap*)(memory + 4 * Kernel), memory + 6 * Kernel,
            memory + 6 * Kernel + Rows.Classes + 1);
        int cycle = Stride / Gcd(dilation, Stride), count = 0;
        for (int first = 0; first < Rows.Classes; first++)
        {
            tables.RunStart[first] = count;
            if (Backward)
            {
                int phase = Rows.Phase(first), start = Rows.EndTap - 1;
                while (start >= Rows.FirstTap && start * dilation % Stride != phase)
                {
                    start--;
                }

                count = AddRuns(tables.Runs, count, start, -cycle, Rows.Place(first), runs);
            }
            else
            {
                for (int start = Rows.FirstTap; start < Math.Min(Rows.FirstTap + cycle, Rows.EndTap); start++)
                {
                    count = AddRuns(tables.Runs, count, start, cycle, 0, runs);
                }
            }
        }

        tables.RunStart[Rows.Classes] = count;
        count = 0;
        for (int first = 0; first < Columns.Classes; first++)
        {
            tables.TapStart[first] = count;
            int phase = Columns.Phase(first), place = Columns.Place(first);
            for (int kw = Columns.FirstTap; kw < Columns.EndTap; kw++)
            {
                if (!Backward)
                {
                    tables.Taps[count++] = new ColumnTap(ColumnOffset((kw - Columns.FirstTap) * dilation), kw);
                }
                else if (kw * dilation % Stride == phase)
                {
                    tables.Taps[count++] = new ColumnTap((place - kw * dilation / Stride) * Images, kw);
                }
            }
        }

        tables.TapStart[Columns.Classes] = count;
        return tables;
    }

    private int AddRuns(RowRun* table, int count, int start, int step, int place, int runs)
    {
        int left = 0;
        for (int kh = start; kh >= Rows.FirstTap && kh < Rows.EndTap; kh += step)
        {
            left++;
        }

        for (int kh = start; left > 0;)
        {
            int pieces = (left + TileTaps - 1) / TileTaps;
            int taps = runs switch
            {
                0 => (left + pieces - 1) / pieces,
                >= 5 when left >= 5 => 5,
                _ => Math.Min(left, 3),
            };
            int source = Backward
                ? (place - kh * dilation / Stride) * RowPitch
                : RowOffset((kh - Rows.FirstTap) * dilation);
            table[count++] = new RowRun(source, kh, step, taps);
            kh += taps * step;
            left -= taps;
        }

        return count;
    }

    /// <summary>Number of images that fills the vectors well enough to pay for taking them together and apart: the one
    /// with the fewest vectors a row, where that saves a third.</summary>
    private static int ImagesOf(int width, int images)
    {
        int best = 1;
        if (images == 1 || width >= Vector)
        {
            return best;
        }

        long fewest = images * ((width + Vector - 1L) / Vector);
        long limit = 2 * fewest / 3;
        for (int f = 4; f <= Vector; f *= 2)
        {
            long vectors = (images + f - 1L) / f * (((long)width * f + Vector - 1) / Vector);
            if (vectors <= limit && vectors < fewest)
            {
                (best, fewest) = (f, vectors);
            }
        }

        return best;
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}

/// <summary>The taps of every class of a <see cref="WindowPlan"/>.</summary>
/// <param name="Runs">Runs of kernel rows.</param>
/// <param name="Taps">Kernel columns.</param>
/// <param name="RunStart">First run of each class, and the end.</param>
/// <param name="TapStart">First column of each class, and the end.</param>
internal readonly unsafe struct WindowTables(RowRun* Runs, ColumnTap* Taps, int* RunStart, int* TapStart)
{
    public RowRun* Runs { get; } = Runs;

    public ColumnTap* Taps { get; } = Taps;

    public int* RunStart { get; } = RunStart;

    public int* TapStart { get; } = TapStart;
}

/// <summary>One axis of a <see cref="WindowPlan"/>.</summary>
internal readonly struct WindowAxis
{
    private readonly int size;
    private readonly int stride;
    private readonly int pad;
    private readonly bool backward;

    /// <summary>The padded map along one axis: what the taps read and nothing else.</summary>
    public WindowAxis(Window window, int size, int outSize, int pad, bool backward)
    {
        (stride, this.pad, this.backward) = (window.Stride, pad, backward);
        (FirstTap, EndTap) = TapsInside(window, size, outSize, pad);
        if (!backward)
        {
            (this.size, Classes, Phases) = (outSize, 1, stride);
            First = FirstTap * window.Dilation - pad;
            Length = (outSize - 1) * stride + (EndTap - 1 - FirstTap) * window.Dilation + 1;
            return;
        }

        (this.size, Classes, Phases) = (size, Math.Min(stride, size), 1);
        int first = int.MaxValue, last = int.MinValue;
        for (int start = 0; start < Classes; start++)
        {
            int place = (start + pad) / stride, phase = (start + pad) % stride;
            for (int k = FirstTap; k < EndTap; k++)
            {
                if (k * window.Dilation % stride == phase)
                {
                    int at = place - k * window.Dilation / stride;
                    first = Math.Min(first, at);
                    last = Math.Max(last, at + Outputs(start) - 1);
                }
            }
        }

        (First, Length) = first > last ? (0, 0) : (first, last - first + 1);
    }

    /// <summary>First tap that reaches the map from any output: those outside meet padding alone, and are left out.
    /// (A kernel of 11 over a map of 4 with stride 2 has 6 taps an axis.)</summary>
    public int FirstTap { get; }

    /// <summary>End of the taps that reach the map.</summary>
    public int EndTap { get; }

    /// <summary>Sets of outputs that are worked on apart: 1 forward, s backward.</summary>
    public int Classes { get; }

    /// <summary>Phases that the padded map is stored in: s forward, 1 backward.</summary>
    public int Phases { get; }

    /// <summary>Source coordinate of padded coordinate 0; negative where there is padding.</summary>
    public int First { get; }

    /// <summary>Length of the padded map.</summary>
    public int Length { get; }

    /// <summary>Outputs of the longest class.</summary>
    public int LongestClass => Outputs(0);

    /// <summary>Padded rows that one output (of every class) reads.</summary>
    public int Halo => Length - (Outputs(Classes - 1) - 1) * Phases;

    /// <summary>Padded rows that <paramref name="count"/> outputs from <paramref name="start"/> on read.</summary>
    public int PaddedRows(int start, int count) =>
        Math.Max(0, Math.Min(Length - start * Phases, (count - 1) * Phases + Halo));

    /// <summary>Elements of one phase that whole vectors may touch: those that read for the last outputs, and those
    /// that write the last of <paramref name="source"/> columns of <paramref name="images"/> elements.</summary>
    public int Reach(int source, int images)
    {
        int places = (Length + Phases - 1) / Phases, written = (Math.Min(source, Length) + Phases - 1) / Phases;
        int read = checked((Math.Max(0, places - LongestClass) + 1) * images
            + WindowPlan.RoundUp(LongestClass * images));
        return Math.Max(read,
            checked((Math.Max(0, -First) / Phases + 1) * images + WindowPlan.RoundUp(written * images)));
    }

    /// <summary>Outputs of a class.</summary>
    public int Outputs(int start) => backward ? (size - start + stride - 1) / stride : size;

    /// <summary>Backward: <c>(kernel coordinate · d) mod s</c> of the taps that reach a class.</summary>
    public int Phase(int start) => (start + pad) % stride;

    /// <summary>Backward: padded coordinate that tap 0 of a class reads for its first output.</summary>
    public int Place(int start) => (start + pad) / stride - First;

    /// <summary>The taps between the first and the last that some output reads the map with; all of them where none
    /// does.</summary>
    private static (int First, int End) TapsInside(Window window, int size, int outSize, int pad)
    {
        int first = 0, end = window.Kernel;
        while (first < end && !IsInside(first))
        {
            first++;
        }

        while (first < end && !IsInside(end - 1))
        {
            end--;
        }

        return first < end ? (first, end) : (0, window.Kernel);

        bool IsInside(int k)
        {
            int start = k * window.Dilation - pad;
            int output = start >= 0 ? 0 : window.Stride == 1 ? -start : (-start + window.Stride - 1) / window.Stride;
            return output < outSize && start + output * window.Stride < size;
        }
    }
}
