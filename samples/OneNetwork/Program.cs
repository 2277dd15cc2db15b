using MuxKernels;
using MuxKernels.Autograd;
using MuxKernels.Layers;

using CpuDevice device = new(threads: 2);
using MuxNet network = MuxNets.Build("muxnet-tiny");
ParameterStore store = network.Materialize(device, seed: 1);
using Sgd optimizer = new(store, rate: 0.05, momentum: 0.9);
float[] images = new float[16 * 32 * 32], labels = new float[16];
for (int i = 0; i < images.Length; i++) images[i] = MathF.Sin(i * (1 + i / 4096));
for (int i = 0; i < labels.Length; i++) labels[i] = i / 4;
for (int step = 0; step < 20; step++)
{
    store.ZeroGradients();
    using Session session = new(device, training: true, record: true, seed: (ulong)step);
    Tensor logits = network.Invoke(session.Input(new Shape(16, 1, 32, 32), images));
    Tensor loss = logits.CrossEntropy(labels);
    Console.WriteLine($"step {step}: loss {loss.ToArray()[0]:F4}");
    session.Backward(loss);
    optimizer.Step(maximumNorm: 5);
}
