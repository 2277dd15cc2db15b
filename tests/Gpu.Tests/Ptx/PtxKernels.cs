using System.Linq.Expressions;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace MuxKernels.Tests;

/// <summary>
/// What CUDA devices execute, executed here: every kernel is compiled to PTX for sm_90 and interpreted, with memory,
/// races and barriers checked. Buffers are those of ILGPU's CPU accelerator, which never runs a kernel itself; it has
/// warps of 32 threads and groups of up to 256, and few tiles are many.
/// </summary>
internal sealed class PtxKernels(PtxProgram program)
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<MethodInfo, PtxProgram> Programs = [];

    /// <summary>Opens a device whose kernels are interpreted PTX.</summary>
    public static GpuDevice Open()
    {
        Context context = Context.Create(b => b.EnableAlgorithms().Optimize(OptimizationLevel.O2).Profiling()
            .CPU(new CPUDevice(PtxGroup.WarpSize, 8, 1)));
        Accelerator accelerator = context.GetCPUDevice(0).CreateAccelerator(context);
        GpuKernels kernels = GpuKernels.Of(accelerator.DefaultStream);
        (kernels.Loader, kernels.TensorCores, kernels.ManyTiles) = (Load, true, 4);
        return new GpuDevice(accelerator, "ptx");
    }

    /// <summary>A kernel that is launched like ILGPU's own.</summary>
    public static Delegate Load(Delegate body)
    {
        PtxProgram? program;
        lock (Gate)
        {
            if (!Programs.TryGetValue(body.Method, out program))
            {
                program = new PtxProgram(PtxCompiler.Compile(body.Method));
                Programs.Add(body.Method, program);
            }
        }

        Type[] types = [typeof(AcceleratorStream), typeof(KernelConfig), .. body.GetType().GetGenericArguments()];
        ParameterExpression[] parameters = [.. types.Select(Expression.Parameter)];
        return Expression.Lambda(Expression.GetActionType(types), Expression.Call(
            Expression.Constant(new PtxKernels(program)), nameof(Launch), null, parameters[1],
            Expression.NewArrayInit(typeof(object), parameters[2..].Select(p => Expression.Convert(p, typeof(object))))),
            parameters).Compile();
    }

    /// <summary>Executes all groups, one after the other.</summary>
    public void Launch(KernelConfig config, object[] arguments)
    {
        PtxLaunch launch = new(program, arguments);
        PtxSize grid = new(config.GridDim.X, config.GridDim.Y, config.GridDim.Z);
        PtxSize size = new(config.GroupDim.X, config.GroupDim.Y, config.GroupDim.Z);
        PtxGroup group = new(launch, program, size.Count);
        for (int i = 0; i < grid.Count; i++)
        {
            group.Run(new PtxSize(i % grid.X, i / grid.X % grid.Y, i / grid.X / grid.Y), grid, size);
        }
    }
}
