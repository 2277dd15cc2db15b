namespace MuxKernels.Inference;

/// <summary>Memory that one worker runs a step's items with.</summary>
/// <param name="arena">Activations of the image.</param>
/// <param name="scratch">The worker's own memory.</param>
/// <param name="input">The image, NCHW.</param>
/// <param name="output">The image's result.</param>
/// <param name="tail">The image's vector for the batched last layers.</param>
/// <param name="worker">Which worker.</param>
internal readonly unsafe struct StepContext(float* arena, float* scratch, float* input, float* output, float* tail,
    int worker)
{
    public float* Arena { get; } = arena;

    public float* Scratch { get; } = scratch;

    public float* Input { get; } = input;

    public float* Output { get; } = output;

    public int Worker { get; } = worker;

    /// <summary>A region's memory.</summary>
    public float* At(Region region) => region.IsTail ? tail : Arena + region.Offset;
}

/// <summary>One prepared step of a plan: items that depend on no order and can be done by any worker.</summary>
internal abstract unsafe class Step(string name, string kind)
{
    /// <summary>Path of the module.</summary>
    public string Name { get; } = name;

    /// <summary>What it does.</summary>
    public string Kind { get; } = kind;

    /// <summary>Independent items, cut by shape.</summary>
    public int Items { get; protected set; } = 1;

    /// <summary>Floats of scratch a worker needs.</summary>
    public virtual int ScratchLength => 0;

    /// <summary>Whether it only copies values (the network's input and output excepted).</summary>
    public virtual bool IsMovement => false;

    /// <summary>Multiply-adds of one image.</summary>
    public long MultiplyAdds { get; protected set; }

    /// <summary>Multiply-adds that the vectors do for them, lanes without a channel included.</summary>
    public long VectorMultiplyAdds { get; protected set; }

    /// <summary>Activation results of one image (swish and the like cost as much as some twenty
    /// multiply-adds).</summary>
    public long Activations { get; protected set; }

    /// <summary>Bytes of weights, input and output.</summary>
    public long Bytes { get; protected set; }

    /// <summary>Layout of input and output.</summary>
    public string Layout { get; protected set; } = "";

    /// <summary>How the work is cut.</summary>
    public string Tile { get; protected set; } = "";

    /// <summary>Where this step's weights end in the packed memory of the plan.</summary>
    public long PackedEnd { get; set; }

    /// <summary>Whether the step has arithmetic enough to fetch the weights of the steps after it meanwhile.</summary>
    public virtual bool Fetches => false;

    /// <summary>Packed weights of the steps after this one, to be fetched while it computes: its items take equal
    /// shares.</summary>
    public Ahead Ahead { get; set; }

    /// <summary>Does one item.</summary>
    public abstract void Run(int item, in StepContext c);
}

/// <summary>Memory that is fetched ahead of its use.</summary>
/// <param name="start">First float.</param>
/// <param name="length">Floats.</param>
internal readonly unsafe struct Ahead(float* start, long length)
{
    /// <summary>One of several equal shares, whole cache lines.</summary>
    public Ahead Share(long index, long count)
    {
        long first = length * index / count / 16 * 16, end = length * (index + 1) / count / 16 * 16;
        return new Ahead(start + first, index + 1 == count ? length - first : end - first);
    }

    /// <summary>Hands it to a column.</summary>
    public void Give(ref PointwiseColumn column)
    {
        if (length > 0)
        {
            column.Ahead = start;
            column.AheadEnd = start + length;
        }
    }
}

/// <summary>Rows of a map that are one item's work.</summary>
internal readonly record struct Rows(int First, int Count)
{
    /// <summary>Vector multiply-adds below which an item is not cut further: some microseconds.</summary>
    private const long LeastWork = 150_000;

    /// <summary>Items by shape where sums are kept for each.</summary>
    private const int ItemsByShape = 16;

    /// <summary>Cuts a map for a step that keeps sums of each chunk: by shape alone.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="columns">Items that each chunk of rows has.</param>
    /// <param name="workPerRow">Vector multiply-adds of a row in one of the columns.</param>
    public static Rows[] ByShape(int height, int columns, long workPerRow) =>
        Cut(height, ItemsByShape, columns, workPerRow);

    /// <summary>Cuts a map for a step whose results do not depend on the cut: a chunk of rows for each worker, two
    /// where there is little else to share.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="columns">Items that each chunk of rows has.</param>
    /// <param name="workPerRow">Vector multiply-adds of a row in one of the columns.</param>
    /// <param name="workers">Workers that share the items.</param>
    public static Rows[] ForWorkers(int height, int columns, long workPerRow, int workers) =>
        Cut(height, workers == 1 ? 1 : columns * workers * (columns < 3 ? 2 : 1), columns, workPerRow);

    private static Rows[] Cut(int height, int wanted, int columns, long workPerRow)
    {
        long most = Math.Max(1, height * workPerRow / LeastWork);
        int chunks = (int)Math.Clamp(Math.Min(most, (wanted + columns - 1) / columns), 1, height);
        Rows[] rows = new Rows[chunks];
        for (int i = 0, first = 0; i < chunks; i++)
        {
            int end = (int)(((long)height * (i + 1) + chunks - 1) / chunks);
            rows[i] = new Rows(first, end - first);
            first = end;
        }

        return rows;
    }
}
