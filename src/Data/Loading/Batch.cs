namespace MuxKernels.Data;

/// <summary>
/// One batch of a <see cref="Loader"/>. Its arrays belong to the loader: they are valid until the next batch is taken.
/// </summary>
public sealed class Batch
{
    internal Batch(Shape shape)
    {
        Shape = shape;
        Images = new float[shape.Length];
        Labels = new float[shape.N];
        Indices = new int[shape.N];
    }

    /// <summary>Number of the batch in its epoch, from 0.</summary>
    public int Number { get; internal set; }

    /// <summary>Shape of <see cref="Images"/>, <c>[count, C, H, W]</c>.</summary>
    public Shape Shape { get; }

    /// <summary>Number of images.</summary>
    public int Count => Shape.N;

    /// <summary>Images, float32 NCHW, exactly as many elements as the shape has.</summary>
    public float[] Images { get; }

    /// <summary>Class number of each image.</summary>
    public float[] Labels { get; }

    /// <summary>Place of each image in the data set.</summary>
    public int[] Indices { get; }
}
