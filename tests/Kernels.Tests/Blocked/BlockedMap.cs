using Xunit;

namespace MuxKernels.Tests;

/// <summary>One image as a blocked map in aligned memory, with a border whose numbers nobody may change.</summary>
internal sealed unsafe class BlockedMap : IDisposable
{
    /// <summary>What stands where no kernel may write.</summary>
    private const float Guard = -77.5f;

    private readonly AlignedBuffer<float> memory;
    private readonly int border;

    /// <summary>A map of so many blocks.</summary>
    public BlockedMap(int lanes, int blocks, int height, int width, int border)
    {
        (Lanes, Blocks, Height, Width, this.border) = (lanes, blocks, height, width, border);
        RowStride = (width + 2 * border) * lanes;
        BlockStride = (height + 2 * border) * RowStride;
        memory = new AlignedBuffer<float>((long)blocks * BlockStride);
        memory.Span.Fill(Guard);
    }

    public int Lanes { get; }

    public int Blocks { get; }

    public int Height { get; }

    public int Width { get; }

    public int RowStride { get; }

    public int BlockStride { get; }

    /// <summary>Row 0, column 0 of the first block.</summary>
    public float* Origin => memory.Pointer + border * RowStride + border * Lanes;

    /// <summary>All numbers, the border's too.</summary>
    public Span<float> All => memory.Span;

    /// <summary>Floats from the origin to a number.</summary>
    public int At(int channel, int row, int column) =>
        channel / Lanes * BlockStride + row * RowStride + column * Lanes + channel % Lanes;

    /// <summary>Puts the planes of an image into the first channels, zero into the lanes behind.</summary>
    public void Write(ReadOnlySpan<float> planes)
    {
        for (int c = 0, i = 0; c < Blocks * Lanes; c++)
        {
            for (int h = 0; h < Height; h++)
            {
                for (int v = 0; v < Width; v++, i++)
                {
                    Origin[At(c, h, v)] = i < planes.Length ? planes[i] : 0f;
                }
            }
        }
    }

    /// <summary>The planes of the first channels.</summary>
    public float[] Read(int channels)
    {
        float[] planes = new float[channels * Height * Width];
        for (int c = 0, i = 0; c < channels; c++)
        {
            for (int h = 0; h < Height; h++)
            {
                for (int v = 0; v < Width; v++)
                {
                    planes[i++] = Origin[At(c, h, v)];
                }
            }
        }

        return planes;
    }

    /// <summary>Nothing was written but pixels of some rows.</summary>
    public void OutsideIsUntouched(int firstRow, int rows)
    {
        for (int i = 0; i < memory.Length; i++)
        {
            int row = i % BlockStride / RowStride - border, column = i % RowStride / Lanes - border;
            if (row < firstRow || row >= firstRow + rows || column < 0 || column >= Width)
            {
                Assert.True(memory.Span[i] == Guard, $"row {row}, column {column} was written");
            }
        }
    }

    public void Dispose() => memory.Dispose();
}
