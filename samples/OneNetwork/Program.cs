using MuxKernels;
using MuxKernels.Autograd;
using MuxKernels.Data;
using MuxKernels.Layers;

using CpuDevice device = new(threads: 2);
using MuxNet network = MuxNets.Build("muxnet-tiny");
using Sgd optimizer = new(network.Materialize(device, seed: 1), rate: 0.05, momentum: 0.9);
Loader loader = new(FashionMnist.Train, new LoaderOptions { Shuffle = true, Transforms = [new Pad(2)] });
foreach (Batch batch in loader.Epoch(0))
{
    optimizer.Store.ZeroGradients();
    using Session session = new(device, training: true, record: true, seed: (ulong)batch.Number);
    Tensor loss = network.Invoke(session.Input(batch.Shape, batch.Images)).CrossEntropy(batch.Labels);
    Console.WriteLine($"batch {batch.Number + 1} of {loader.Batches}: loss {loss.ToArray()[0]:F4}");
    session.Backward(loss);
    optimizer.Step(maximumNorm: 5);
}
