namespace MuxKernels;

/// <summary>Makes the GPU backend known to <see cref="DeviceProvider"/> and <see cref="KernelRegistry"/>. This class is
/// there in every build; where ILGPU was in none of the package sources it registers only the reason.</summary>
public static partial class GpuDevices
{
    private static readonly Lock Gate = new();
    private static bool registered;

    /// <summary>Whether this assembly was built with ILGPU.</summary>
    public static bool IsBuilt
    {
        get
        {
            bool built = false;
            AddBackend(ref built, register: false);
            return built;
        }
    }

    /// <summary>Registers the kinds <c>cuda</c>, <c>opencl</c> and <c>ilgpu-cpu</c>, and a kernel variant of each for
    /// every operation that has a GPU body. A second call does nothing.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (registered)
            {
                return;
            }

            registered = true;
            bool built = false;
            AddBackend(ref built, register: true);
            if (!built)
            {
                const string Reason = "this build has no GPU backend, because ILGPU was in none of the NuGet sources.";
                foreach (string kind in (string[])["cuda", "opencl", "ilgpu-cpu"])
                {
                    DeviceProvider.Add(new DeviceFactory(kind, "ILGPU", static () => [],
                        static (_, _) => throw new ArgumentException(Reason), Reason));
                }
            }
        }
    }

    static partial void AddBackend(ref bool built, bool register);
}
