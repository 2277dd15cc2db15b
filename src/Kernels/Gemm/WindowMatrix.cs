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
        int map = vertical.Out * horizontal.Out, n = column / map;
        int line = (column - n * map) / horizontal.Out, pixel = column - n * map - line * horizontal.Out;
        float* from = origin + n * image;
        for (int done = 0; done < columns;)
        {
            int length = Math.Min(horizontal.Out - pixel, columns - done);
            Segment<TSimd, TVector>(from, to + done, toRow, row, depth, line, pixel, length);
            done += length;
            pixel = 0;
            if (++line == vertical.Out)
            {
                line = 0;
                from += image;
            }
        }
    }

    /// <summary>Pixels <c>[pixel, pixel + length)</c> of one output line in all rows: the edges of a tap are found once
    /// and serve every plane.</summary>
    private void Segment<TSimd, TVector>(float* from, float* to, int toRow, int row, int depth, int line, int pixel,
        int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int taps = vertical.Taps * horizontal.Taps;
        for (int kh = 0, tap = 0; kh < vertical.Taps; kh++)
        {
            long h = (long)line * vertical.Stride + vertical.Offset + kh * vertical.Step;
            bool inside = h >= 0 && h < vertical.Size;
            for (int kw = 0; kw < horizontal.Taps; kw++, tap++)
            {
                // Rows c·taps + tap of [row, row + depth).
                int first = row > tap ? (row - tap + taps - 1) / taps : 0;
                float* q = to + ((nint)first * taps + tap - row) * toRow;
                float* p = from + first * plane + h * horizontal.Size;
                int left = row + depth - (first * taps + tap);
                int begin = length, end = length;
                if (inside)
                {
                    // Positions start + i·stride with 0 ≤ position < size: i in [begin, end).
                    int stride = horizontal.Stride;
                    long start = (long)pixel * stride + horizontal.Offset + kw * horizontal.Step;
                    begin = start >= 0 ? 0 : (int)Math.Min((-start + stride - 1) / stride, length);
                    end = start >= horizontal.Size
                        ? begin
                        : Math.Max(begin, (int)Math.Min((horizontal.Size - start + stride - 1) / stride, length));
                    p += start + (long)begin * stride;
                }

                for (; left > 0; left -= taps, q += (nint)taps * toRow, p += plane)
                {
                    for (int i = 0; i < begin; i++)
                    {
                        q[i] = 0f;
                    }

                    Line<TSimd, TVector>(p, q + begin, end - begin);
                    for (int i = end; i < length; i++)
                    {
                        q[i] = 0f;
                    }
                }
            }
        }
    }

    /// <summary>Every stride-th of the floats from p on.</summary>
    private void Line<TSimd, TVector>(float* p, float* q, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int stride = horizontal.Stride, i = 0;
        if (stride == 1)
        {
            for (; i <= count - TSimd.Lanes; i += TSimd.Lanes)
            {
                TSimd.Store(TSimd.Load(p + i), q + i);
            }

            if (i < count)
            {
                TSimd.StorePartial(TSimd.LoadPartial(p + i, count - i), q + i, count - i);
            }

            return;
        }

        if (stride == 2)
        {
            // The last pair's second float may stand outside the line: one position less than fits.
            for (; i < count - TSimd.Lanes; i += TSimd.Lanes, p += 2 * TSimd.Lanes)
            {
                TSimd.Store(TSimd.Even(TSimd.Load(p), TSimd.Load(p + TSimd.Lanes)), q + i);
            }

            int floats = 2 * (count - i) - 1;
            if (floats > TSimd.Lanes)
            {
                TVector high = TSimd.LoadPartial(p + TSimd.Lanes, floats - TSimd.Lanes);
                TSimd.StorePartial(TSimd.Even(TSimd.Load(p), high), q + i, count - i);
            }
            else if (floats > 0)
            {
                TSimd.StorePartial(TSimd.Even(TSimd.LoadPartial(p, floats), TSimd.Zero), q + i, count - i);
            }

            return;
        }

        for (; i < count; i++, p += stride)
        {
            q[i] = *p;
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
