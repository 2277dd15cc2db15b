namespace MuxKernels;

public static partial class GpuDevices
{
    static partial void AddBackend(ref bool built, bool register)
    {
        built = true;
        if (register)
        {
            Add("cuda", "CUDA devices behind ILGPU");
            Add("opencl", "OpenCL 2 devices behind ILGPU");
            Add("ilgpu-cpu", "ILGPU's simulation of a GPU, for checks at tiny shapes");
            GpuVariants.Register();
        }
    }

    private static void Add(string kind, string description) => DeviceProvider.Add(new DeviceFactory(kind, description,
        () => GpuDevice.List(kind), (index, _) => GpuDevice.Open(kind, index)));
}
