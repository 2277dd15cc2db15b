using System.Diagnostics;
using MuxKernels;
using MuxKernels.Inference;
using MuxKernels.Layers;

using CpuDevice device = new(threads: 1);
using MuxNet network = MuxNets.Build("muxnet-m");
network.Materialize(device, seed: 1); // or WeightFile.Open("weights.safetensors", device) of MuxKernels.Interop
using InferencePlan plan = InferencePlan.Of(network, new Shape(1, 3, 224, 224), new PlanOptions { Threads = 2 });
float[] x = new float[plan.Input.Length], y = new float[plan.Output.Length];
Array.Fill(x, 0.5f);
double best = double.PositiveInfinity;
for (int run = 0; run < 200; run++)
{
    long start = Stopwatch.GetTimestamp();
    plan.Run(x, y); // allocates nothing; the bits are the same for every number of threads
    best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
}

Console.WriteLine($"{plan.Steps.Count} steps, {plan.Bytes / 1e6:F1} MB, {best:F2} ms, class {Array.IndexOf(y, y.Max())}");
