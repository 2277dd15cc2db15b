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

    /// <summary>PTX of an explicitly grouped kernel.</summary>
    public static string Compile(MethodInfo method, OptimizationLevel level = OptimizationLevel.O2)
    {
        PTXBackend backend = Backends.GetOrAdd(level, static l => new Lazy<PTXBackend>(() => new PTXBackend(
            Context.Create(b => b.EnableAlgorithms().Optimize(l)), new CudaCapabilityContext(CudaArchitecture.SM_90),
            CudaArchitecture.SM_90, CudaInstructionSet.ISA_80, null))).Value;
        EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(method);
        return ((PTXCompiledKernel)backend.Compile(entry, default(KernelSpecialization))).PTXAssembly;
    }
}
