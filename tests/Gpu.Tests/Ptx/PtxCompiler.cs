using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace MuxKernels.Tests;

/// <summary>The PTX that CUDA devices of compute capability 9.0 get, made without one.</summary>
internal static class PtxCompiler
{
    private static readonly ConcurrentDictionary<OptimizationLevel, Lazy<PTXBackend>> Backends = [];
    private static readonly ConcurrentDictionary<(MethodInfo, OptimizationLevel), Lazy<string>> Texts = [];

    /// <summary>PTX of an explicitly grouped kernel; each is compiled once.</summary>
    public static string Compile(MethodInfo method, OptimizationLevel level = OptimizationLevel.O2) =>
        Texts.GetOrAdd((method, level), static key => new Lazy<string>(() =>
        {
            PTXBackend backend = Backends.GetOrAdd(key.Item2, static l => new Lazy<PTXBackend>(() => Open(l))).Value;
            EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(key.Item1);
            return ((PTXCompiledKernel)backend.Compile(entry, default(KernelSpecialization))).PTXAssembly;
        })).Value;

    private static PTXBackend Open(OptimizationLevel level) => new(
        Context.Create(b => b.EnableAlgorithms().Optimize(level)), new CudaCapabilityContext(CudaArchitecture.SM_90),
        CudaArchitecture.SM_90, CudaInstructionSet.ISA_80, null);
}
