using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>The right factor of a product: hands out rows <c>k</c> of a run of columns.</summary>
internal unsafe interface IPanelSource
{
    /// <summary>Address of element (row, column) where the next <paramref name="columns"/> columns of each row stand
    /// in one run; null where they do not and must be packed.</summary>
    float* Run(int row, int column, int columns);

    /// <summary>Step between rows of a run.</summary>
    nint RowStep { get; }

    /// <summary>Copies rows <c>[row, row + depth)</c> of columns <c>[column, column + columns)</c>. May write up to a
    /// vector beyond the last column of a row, so <paramref name="to"/> has one more vector at its end.</summary>
    void Pack<TSimd, TVector>(float* to, int toRow, int row, int depth, int column, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>The result of a product.</summary>
internal unsafe interface IPanelSink
{
    /// <summary>Address of element (row, column) where whole vectors may be written from there; null where the tile
    /// must go through <see cref="Put"/>.</summary>
    float* Run(int row, int column, int columns);

    /// <summary>Step between rows of a run.</summary>
    nint RowStep { get; }

    /// <summary>Writes or adds a tile of <paramref name="rows"/> × <paramref name="columns"/>.</summary>
    void Put<TSimd, TVector>(float* tile, int tileRow, int row, int rows, int column, int columns, bool add)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>A batch of maps as one matrix: row = channel, column = (image, pixel). Element
/// <c>(r, n·pixels + p)</c> stands at <c>Origin[n·image + r·row + p]</c>.</summary>
internal readonly unsafe struct ImageMatrix(float* origin, nint image, nint row, int pixels) : IPanelSource, IPanelSink
{
    public nint RowStep => row;

    /// <summary>Element (r, column).</summary>
    public float* At(int r, int column)
    {
        int n = column / pixels;
        return origin + n * image + r * row + (column - n * pixels);
    }

    public float* Run(int r, int column, int columns)
    {
        int n = column / pixels, p = column - n * pixels;
        return p + columns <= pixels ? origin + n * image + r * row + p : null;
    }

    public void Pack<TSimd, TVector>(float* to, int toRow, int r, int depth, int column, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int n = column / pixels, p = column - n * pixels;
        for (int k = 0; k < depth; k++)
        {
            float* from = origin + n * image + (r + k) * row;
            int start = p;
            for (int done = 0; done < columns;)
            {
                int length = Math.Min(pixels - start, columns - done);
                PanelRuns.Copy<TSimd, TVector>(from + start, to + done, length);
                done += length;
                start = 0;
                from += image;
            }

            to += toRow;
        }
    }

    public void Put<TSimd, TVector>(float* tile, int tileRow, int r, int rows, int column, int columns, bool add)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int n = column / pixels, p = column - n * pixels;
        for (int i = 0; i < rows; i++)
        {
            float* to = origin + n * image + (r + i) * row;
            int start = p;
            for (int done = 0; done < columns;)
            {
                int length = Math.Min(pixels - start, columns - done);
                PanelRuns.Put<TSimd, TVector>(tile + done, to + start, length, add);
                done += length;
                start = 0;
                to += image;
            }

            tile += tileRow;
        }
    }
}

/// <summary>Copies of short runs.</summary>
internal static unsafe class PanelRuns
{
    /// <summary>Copies <paramref name="length"/> floats; may write up to a vector less one beyond them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy<TSimd, TVector>(float* from, float* to, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int i = 0;
        for (; i <= length - TSimd.Lanes; i += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Load(from + i), to + i);
        }

        if (i < length)
        {
            TSimd.Store(TSimd.LoadPartial(from + i, length - i), to + i);
        }
    }

    /// <summary>Writes or adds <paramref name="length"/> floats; nothing beyond them is read or written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put<TSimd, TVector>(float* from, float* to, int length, bool add)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int i = 0;
        for (; i <= length - TSimd.Lanes; i += TSimd.Lanes)
        {
            TVector v = TSimd.Load(from + i);
            TSimd.Store(add ? TSimd.Add(TSimd.Load(to + i), v) : v, to + i);
        }

        if (i < length)
        {
            TVector v = TSimd.LoadPartial(from + i, length - i);
            TSimd.StorePartial(add ? TSimd.Add(TSimd.LoadPartial(to + i, length - i), v) : v, to + i, length - i);
        }
    }

    /// <summary>Sets <paramref name="length"/> floats to zero.</summary>
    public static void Clear(float* to, int length) => new Span<float>(to, length).Clear();
}
