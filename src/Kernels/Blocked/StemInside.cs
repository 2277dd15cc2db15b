namespace MuxKernels;

/// <summary>The output pixels whose windows lie inside the image: rows from <see cref="FirstRow"/>, columns from
/// <see cref="FirstColumn"/>. None where the stride is above 2, for which tiles have no step.</summary>
internal readonly unsafe struct StemInside
{
    /// <summary>Finds the rectangle.</summary>
    public StemInside(in DenseConv.Args args)
    {
        Window at = args.Window;
        if (at.Stride <= 2)
        {
            (FirstRow, EndRow) = Range(at, at.PadTop, at.Height, at.OutHeight);
            (FirstColumn, EndColumn) = Range(at, at.PadLeft, at.Width, at.OutWidth);
        }

        if (FirstColumn >= EndColumn || FirstRow >= EndRow)
        {
            (FirstRow, EndRow) = (int.MaxValue, int.MaxValue);
        }
    }

    /// <summary>First row; none where it is the largest integer.</summary>
    public int FirstRow { get; }

    /// <summary>The row behind the last one.</summary>
    public int EndRow { get; }

    /// <summary>First column.</summary>
    public int FirstColumn { get; }

    /// <summary>The column behind the last one.</summary>
    public int EndColumn { get; }

    /// <summary>Whether windows of a row stay between top and bottom.</summary>
    public bool Contains(int row) => row >= FirstRow && row < EndRow;

    /// <summary>Floats from the image to the first tap of a row's first pixel inside.</summary>
    public nint At(in Window at, int row) =>
        (nint)(row * at.Stride - at.PadTop) * at.Width + FirstColumn * at.Stride - at.PadLeft;

    /// <summary>Writes the offset of each tap in the image.</summary>
    public void Taps(in DenseConv.Args args, int* offsets)
    {
        Window at = args.Window;
        for (int i = 0; i < args.X.C; i++)
        {
            for (int kh = 0; kh < at.Kernel; kh++)
            {
                for (int kw = 0; kw < at.Kernel; kw++)
                {
                    *offsets++ = (i * at.Height + kh * at.Dilation) * at.Width + kw * at.Dilation;
                }
            }
        }
    }

    /// <summary>Taps of one column of some rows, zero outside the image: <c>to[tap·pitch + row]</c>.</summary>
    public void Gather(in DenseConv.Args args, float* x, int firstRow, int rows, int column, float* to, int pitch)
    {
        Window at = args.Window;
        int left = column * at.Stride - at.PadLeft, top = firstRow * at.Stride - at.PadTop;
        for (int i = 0; i < args.X.C; i++)
        {
            for (int kh = 0; kh < at.Kernel; kh++)
            {
                float* row = x + ((nint)i * at.Height + top + kh * at.Dilation) * at.Width;
                for (int kw = 0; kw < at.Kernel; kw++, to += pitch)
                {
                    int v = left + kw * at.Dilation;
                    for (int h = 0; h < rows; h++)
                    {
                        to[h] = v < 0 || v >= at.Width ? 0f : row[(nint)h * at.Stride * at.Width + v];
                    }
                }
            }
        }
    }

    private static (int First, int End) Range(in Window at, int pad, int size, int outputs)
    {
        int last = size - 1 - (at.Kernel - 1) * at.Dilation + pad;
        int first = (pad + at.Stride - 1) / at.Stride, end = last < 0 ? 0 : Math.Min(last / at.Stride + 1, outputs);
        return (first, end);
    }
}
