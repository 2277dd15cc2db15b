using MuxKernels.Data;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli;

/// <summary>Batches to train on: random images that go through a training's own preparation, or one batch again and
/// again.</summary>
internal static class TrainingFeed
{
    /// <summary>Batches in the data set of random images.</summary>
    private const int Batches = 4;

    /// <summary>Labels of a batch: the classes in turn.</summary>
    public static float[] Labels(Shape shape, int classes) =>
        [.. Enumerable.Range(0, shape.N).Select(n => (float)(n % classes))];

    /// <summary>Batches without end, each prepared (crop, flip, normalisation) when it is asked for.</summary>
    public static IEnumerable<float[]> Random(NetworkSpec spec, Shape shape)
    {
        byte[] pixels = new byte[Batches * shape.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)SplitMix.Hash((ulong)i);
        }

        int[] labels = [.. Enumerable.Range(0, Batches * shape.N).Select(n => n % spec.Classes)];
        ImageDataset images = new(pixels, labels, shape.C, shape.H, shape.W,
            [.. Enumerable.Range(0, spec.Classes).Select(c => $"{c}")], "random images");
        Preprocessing preparation = Preprocessing.Of(images) with { Border = 0 };
        Loader loader = new(images, new LoaderOptions
        {
            BatchSize = shape.N,
            Prefetch = 0,
            Transforms = preparation.Transforms(augment: true),
        });
        for (int epoch = 0; ; epoch++)
        {
            foreach (Batch batch in loader.Epoch(epoch))
            {
                yield return batch.Images;
            }
        }
    }
}
