namespace MuxKernels;

/// <summary>
/// Input rows of some output rows between zeros. The image begins at a cache line in every row, so that rows are copied
/// by whole vectors. With a stride above 2 the columns are sorted into residue classes, one behind the other, so that
/// neighbouring output pixels always read neighbours (or every second number).
/// </summary>
internal readonly unsafe struct StemRows
{
    private const int CacheLine = 16;

    private readonly int classes;
    private readonly int classLength;
    private readonly int lead;

    /// <summary>Layout for so many output rows.</summary>
    public StemRows(in DenseConv.Args args, int rows)
    {
        Window at = args.Window;
        Rows = (rows - 1) * at.Stride + (at.Kernel - 1) * at.Dilation + 1;
        Columns = (at.OutWidth - 1) * at.Stride + (at.Kernel - 1) * at.Dilation + 1;
        classes = at.Stride > 2 ? at.Stride : 1;
        classLength = (Columns + classes - 1) / classes;
        lead = classes == 1 ? Up(at.PadLeft) : 0;
        Start = classes == 1 ? lead - at.PadLeft : 0;
        Pitch = classes == 1 ? lead + Up(Math.Max(at.Width, Columns - at.PadLeft)) : Up(classes * classLength);
        Plane = checked(Rows * Pitch);
        TableLength = Up(args.Depth);
    }

    /// <summary>Input rows.</summary>
    public int Rows { get; }

    /// <summary>Input columns that are read, padding included.</summary>
    public int Columns { get; }

    /// <summary>Floats from the start of a row to its first column.</summary>
    public int Start { get; }

    /// <summary>Floats from one row to the next.</summary>
    public int Pitch { get; }

    /// <summary>Floats from one channel to the next.</summary>
    public int Plane { get; }

    /// <summary>Floats that the offsets of the taps take.</summary>
    public int TableLength { get; }

    /// <summary>Writes the offset of each tap.</summary>
    public void Taps(in DenseConv.Args args, int* offsets)
    {
        Window at = args.Window;
        for (int i = 0; i < args.X.C; i++)
        {
            for (int kh = 0; kh < at.Kernel; kh++)
            {
                for (int kw = 0; kw < at.Kernel; kw++)
                {
                    *offsets++ = i * Plane + kh * at.Dilation * Pitch + Place(kw * at.Dilation);
                }
            }
        }
    }

    /// <summary>Copies the input of the output rows from <paramref name="firstRow"/> on.</summary>
    public void Fill<TSimd, TVector>(in DenseConv.Args args, float* x, int firstRow, float* padded)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Window at = args.Window;
        int top = firstRow * at.Stride - at.PadTop;
        for (int i = 0; i < args.X.C; i++)
        {
            float* plane = x + (nint)i * at.Height * at.Width;
            for (int h = top; h < top + Rows; h++, padded += Pitch)
            {
                float* row = plane + (nint)h * at.Width;
                if (h < 0 || h >= at.Height)
                {
                    new Span<float>(padded, Pitch).Clear();
                }
                else if (classes == 1)
                {
                    Copy<TSimd, TVector>(row, at.Width, padded);
                }
                else
                {
                    Sort(row, at.Width, at.PadLeft, padded);
                }
            }
        }
    }

    private static int Up(int length) => (length + CacheLine - 1) / CacheLine * CacheLine;

    private int Place(int column) => classes == 1 ? column : column % classes * classLength + column / classes;

    private void Copy<TSimd, TVector>(float* x, int width, float* to)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float* end = to + Pitch;
        for (int left = lead; left > 0; left -= TSimd.Lanes, to += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Zero, to);
        }

        for (; width >= TSimd.Lanes; width -= TSimd.Lanes, x += TSimd.Lanes, to += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Load(x), to);
        }

        if (width > 0)
        {
            TSimd.Store(TSimd.LoadPartial(x, width), to);
            to += TSimd.Lanes;
        }

        for (; to < end; to += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Zero, to);
        }
    }

    private void Sort(float* x, int width, int left, float* to)
    {
        new Span<float>(to, Pitch).Clear();
        for (int v = 0; v < Math.Min(width, Columns - left); v++)
        {
            to[Place(v + left)] = x[v];
        }
    }
}
