using MuxKernels;

// Spatial multiplexing of 48 channels: a third each at half, full and double resolution, 3×3, on memory of your own.
MuxConv.Args conv = new(new Shape(1, 48, 56, 56), scales: [-1, 0, 1], kernels: 3);
float[] x = new float[conv.X.Length], w = new float[conv.WeightLength], y = new float[conv.Y.Length];
Random random = new(1);
foreach (float[] values in new[] { x, w })
    for (int i = 0; i < values.Length; i++)
        values[i] = random.NextSingle() - 0.5f;

using WorkPool pool = new(threads: 2); // null for the calling thread alone; the bits are the same
float[] scratch = new float[conv.ScratchLength(pool.ThreadCount)];
MuxConv.Forward(conv, x, w, y, scratch, pool);
Console.WriteLine($"{conv}: {conv.MultiplyAdds / 1e6:F1} M multiply-adds, y[0] = {y[0]:F6}");
