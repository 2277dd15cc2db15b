namespace MuxKernels.Autograd;

/// <summary>
/// Memory of a network: one flat run of trained numbers, one of their gradients, one of buffers, on one device.
/// Optimizers, clipping and averaging read the flat runs.
/// </summary>
public sealed class ParameterStore : IDisposable
{
    private readonly Device device;

    /// <summary>Places parameters one after the other in new memory of a device; their numbers are undefined.</summary>
    /// <exception cref="OutOfMemoryException">The device has not that much memory; the parameters stay where they
    /// were.</exception>
    public ParameterStore(Device device, IReadOnlyList<Parameter> parameters)
    {
        this.device = device;
        Parameters = parameters;
        int trained = 0, kept = 0;
        foreach (Parameter p in parameters)
        {
            checked
            {
                _ = p.IsTrained ? trained += (int)p.Shape.Length : kept += (int)p.Shape.Length;
            }
        }

        // All or nothing: where the device has no room for all of it, the parameters stay where they are.
        List<DeviceBuffer> rented = [];
        try
        {
            foreach (int length in (ReadOnlySpan<int>)[trained, trained, kept])
            {
                rented.Add(device.Rent(Math.Max(length, 1)));
            }
        }
        catch
        {
            rented.ForEach(device.Return);
            throw;
        }

        (Values, Gradients, Buffers) = (rented[0].View, rented[1].View, rented[2].View);
        device.Fill(Values, 0f);
        device.Fill(Gradients, 0f);
        (trained, kept) = (0, 0);
        foreach (Parameter p in parameters)
        {
            int length = (int)p.Shape.Length;
            if (p.IsTrained)
            {
                p.Place(Values.Slice(trained, length), Gradients.Slice(trained, length));
                trained += length;
            }
            else
            {
                p.Place(Buffers.Slice(kept, length), View.None);
                kept += length;
            }
        }
    }

    /// <summary>Where the memory is.</summary>
    public Device Device => device;

    /// <summary>All parameters and buffers.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>All trained numbers.</summary>
    public View Values { get; }

    /// <summary>All gradients.</summary>
    public View Gradients { get; }

    /// <summary>All buffers (running statistics).</summary>
    public View Buffers { get; }

    /// <summary>Sets all gradients to zero.</summary>
    public void ZeroGradients() => device.Fill(Gradients, 0f);

    /// <summary>Global L2 norm of the gradients.</summary>
    public double GradientNorm() => Math.Sqrt(device.SumOfSquares(Gradients));

    /// <summary>Gives the memory back; parameters that have moved elsewhere stay there.</summary>
    public void Dispose()
    {
        foreach (Parameter p in Parameters)
        {
            if (p.IsIn(Values) || p.IsIn(Buffers))
            {
                p.Place(View.None, View.None);
            }
        }

        foreach (View view in (ReadOnlySpan<View>)[Values, Gradients, Buffers])
        {
            device.Return(view.Buffer!);
        }
    }
}
