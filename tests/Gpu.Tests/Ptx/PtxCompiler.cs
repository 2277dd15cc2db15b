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
    /// <summary>PTX of an explicitly grouped kernel.</summary>
    public static string Compile(MethodInfo method, OptimizationLevel level = OptimizationLevel.O2)
    {
        using Context context = Context.Create(b => b.EnableAlgorithms().Optimize(level));
        using PTXBackend backend = new(context, new CudaCapabilityContext(CudaArchitecture.SM_90),
            CudaArchitecture.SM_90, CudaInstructionSet.ISA_80, null);
        EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(method);
        return ((PTXCompiledKernel)backend.Compile(entry, default(KernelSpecialization))).PTXAssembly;
    }
}
