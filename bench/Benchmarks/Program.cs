using BenchmarkDotNet.Running;
using MuxKernels.Benchmarks;

// dotnet run -c Release --project bench/Benchmarks -- --filter '*Depthwise*'
// Options of its own: --network muxnet-l, --batch N, --threads N.
BenchmarkSwitcher.FromAssembly(typeof(KernelBenchmarks).Assembly).Run(BenchOptions.Take(args));
