namespace MuxKernels.Autograd;

/// <summary>
/// Memory of a network: one flat run of trained numbers, one of their gradients, one of buffers, on one device.
/// Optimizers, clipping and averaging read the flat runs.
/// </summary>
public sealed class ParameterStore : IDisposable
{
    private readonly Device device;

    /// <summary>Places parameters one after the other in new memory of a device; their numbers are undefined.</summary>
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

        Values = device.Rent(Math.Max(trained, 1)).View;
        Gradients = device.Rent(Math.Max(trained, 1)).View;
        Buffers = device.Rent(Math.Max(kept, 1)).View;
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

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (View view in (ReadOnlySpan<View>)[Values, Gradients, Buffers])
        {
            device.Return(view.Buffer!);
        }

        foreach (Parameter p in Parameters)
        {
            p.Place(View.None, View.None);
        }
    }
}
