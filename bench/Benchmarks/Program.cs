using BenchmarkDotNet.Running;
using MuxKernels.Benchmarks;

// dotnet run -c Release --project bench/Benchmarks -- --filter '*Depthwise*' [--network muxnet-l] [--batch N] [--threads N]
BenchmarkSwitcher.FromAssembly(typeof(KernelBenchmarks).Assembly).Run(BenchOptions.Take(args));
