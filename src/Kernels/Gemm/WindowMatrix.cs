namespace MuxKernels;

/// <summary>One axis of a sliding window: output position <c>v</c> and tap <c>t</c> read input position
/// <c>v·stride + offset + t·step</c>, zero outside <c>[0, size)</c>.</summary>
internal readonly record struct PanelAxis(int Size, int Out, int Taps, int Stride, int Offset, int Step);

/// <summary>
/// The columns of a convolution as the right factor of a matrix product, computed when they are packed (implicit
/// im2col): row = (plane, tap row, tap column), column = (image, output pixel). Zero where a tap leaves the map.
/// </summary>
internal readonly unsafe struct WindowMatrix(float* origin, nint image, nint plane, PanelAxis rows, PanelAxis columns)
    : IPanelSource
{
    private readonly PanelAxis vertical = rows;
    private readonly PanelAxis horizontal = columns;

    public nint RowStep => 0;

    public float* Run(int row, int column, int columns) => null;

    public void Pack<TSimd, TVector>(float* to, int toRow, int row, int depth, int column, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int pixels = vertical.Out * horizontal.Out;
        int firstImage = column / pixels;
        int firstLine = (column - firstImage * pixels) / horizontal.Out;
        int firstPixel = column - firstImage * pixels - firstLine * horizontal.Out;
        int taps = vertical.Taps * horizontal.Taps;
        for (int k = row; k < row + depth; k++, to += toRow)
        {
            int c = k / taps, kh = (k - c * taps) / horizontal.Taps, kw = k - c * taps - kh * horizontal.Taps;
            int dh = vertical.Offset + kh * vertical.Step, dw = horizontal.Offset + kw * horizontal.Step;
            float* from = origin + firstImage * image + c * plane;
            int line = firstLine, pixel = firstPixel;
            for (int done = 0; done < columns;)
            {
                int length = Math.Min(horizontal.Out - pixel, columns - done);
                long h = (long)line * vertical.Stride + dh;
                if (h >= 0 && h < vertical.Size)
                {
                    Line<TSimd, TVector>(from + h * horizontal.Size, to + done, pixel, length, dw);
                }
                else
                {
                    PanelRuns.Clear(to + done, length);
                }

                done += length;
                pixel = 0;
                if (++line == vertical.Out)
                {
                    line = 0;
                    from += image;
                }
            }
        }
    }

    /// <summary>Pixels <c>[pixel, pixel + length)</c> of one line, shifted by <paramref name="dw"/>.</summary>
    private void Line<TSimd, TVector>(float* from, float* to, int pixel, int length, int dw)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int stride = horizontal.Stride, size = horizontal.Size;
        long first = (long)pixel * stride + dw;

        // Positions first + i·stride with 0 ≤ position < size: i in [begin, end).
        int begin = first >= 0 ? 0 : (int)Math.Min((-first + stride - 1) / stride, length);
        int end = first >= size ? begin : (int)Math.Min((size - first + stride - 1) / stride, length);
        end = Math.Max(begin, end);
        if (begin > 0)
        {
            PanelRuns.Clear(to, begin);
        }

        float* p = from + first + (long)begin * stride;
        int i = begin;
        if (stride == 1)
        {
            for (; i <= end - TSimd.Lanes; i += TSimd.Lanes, p += TSimd.Lanes)
            {
                TSimd.Store(TSimd.Load(p), to + i);
            }

            if (i < end)
            {
                TSimd.StorePartial(TSimd.LoadPartial(p, end - i), to + i, end - i);
            }
        }
        else
        {
            if (stride == 2)
            {
                // The last pair's second float may stand outside the line: one position less than fits.
                for (; i < end - TSimd.Lanes; i += TSimd.Lanes, p += 2 * TSimd.Lanes)
                {
                    TSimd.Store(TSimd.Even(TSimd.Load(p), TSimd.Load(p + TSimd.Lanes)), to + i);
                }
            }

            for (; i < end; i++, p += stride)
            {
                to[i] = *p;
            }
        }

        if (end < length)
        {
            PanelRuns.Clear(to + end, length - end);
        }
    }
}

/// <summary>The pixels of a map whose coordinates are <c>(h₀ + a·stride, v₀ + b·stride)</c>, as the result of a
/// product: row = channel, column = (image, a, b).</summary>
internal readonly unsafe struct ResidueMatrix(float* origin, nint image, nint plane, int width, int stride, int lines,
    int pixels) : IPanelSink
{
    public nint RowStep => plane;

    public float* Run(int row, int column, int columns)
    {
        if (stride > 1)
        {
            return null;
        }

        int map = lines * pixels, n = column / map, p = column - n * map;
        return p + columns <= map ? origin + n * image + row * plane + p : null;
    }

    public void Put<TSimd, TVector>(float* tile, int tileRow, int row, int rows, int column, int columns, bool add)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int map = lines * pixels, n = column / map;
        int firstLine = (column - n * map) / pixels, firstPixel = column - n * map - firstLine * pixels;
        for (int r = 0; r < rows; r++, tile += tileRow)
        {
            float* to = origin + n * image + (row + r) * plane;
            int line = firstLine, pixel = firstPixel;
            for (int done = 0; done < columns;)
            {
                int length = Math.Min(pixels - pixel, columns - done);
                float* q = to + ((nint)line * width + pixel) * stride;
                for (int i = 0; i < length; i++, q += stride)
                {
                    *q = add ? *q + tile[done + i] : tile[done + i];
                }

                done += length;
                pixel = 0;
                if (++line == lines)
                {
                    line = 0;
                    to += image;
                }
            }
        }
    }
}
