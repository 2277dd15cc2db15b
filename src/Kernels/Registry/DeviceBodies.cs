namespace MuxKernels;

/// <summary>Launches on a device as kernels on memory of the host.</summary>
public static class DeviceBodies
{
    /// <summary>A kernel that copies its operands to a device, launches, and copies the outputs back.</summary>
    /// <param name="launch">What is launched.</param>
    /// <param name="device">Where.</param>
    public static KernelBody<TArgs> OnHost<TArgs>(this DeviceBody<TArgs> launch, Device device)
        where TArgs : struct => (in args, inputs, outputs, _) =>
    {
        View[] x = [.. inputs.Select(Sent)], y = [.. outputs.Select(Sent)];
        try
        {
            launch(device, args, x, y);
            for (int i = 0; i < y.Length; i++)
            {
                device.Read(y[i], outputs[i]);
            }
        }
        finally
        {
            foreach (View view in (View[])[.. x, .. y])
            {
                device.Return(view.Buffer!);
            }
        }

        View Sent(KernelMemory operand)
        {
            View view = device.Rent(operand.Length).View;
            device.Write(operand.ToReadOnlySpan(), view);
            return view;
        }
    };
}
