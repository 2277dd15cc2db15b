using DropIntoIlgpu;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

// An ILGPU program with its own context, accelerator and stream: CUDA where there is a device, else OpenCL, else
// ILGPU's simulation (at a small size: it is slow).
using Context context = Context.Create(b => b.AllAccelerators().EnableAlgorithms().Optimize(OptimizationLevel.O2));
using Accelerator accelerator = context.GetPreferredDevice(preferCPU: false).CreateAccelerator(context);
bool simulated = accelerator.AcceleratorType == AcceleratorType.CPU;
double error = Pipeline.Run(accelerator, simulated ? 12 : 96, simulated ? 4 : 56);
Console.WriteLine($"{accelerator.Name}: fused MuxConv between two kernels of this program, "
    + $"largest error against the reference {error:G3}");
return error < 1e-4 ? 0 : 1;
