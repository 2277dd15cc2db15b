namespace MuxKernels;

public abstract partial class Device
{
    private ProductPrecision precision;

    /// <summary>Whether <see cref="Precision"/> can be <see cref="ProductPrecision.TensorFloat32"/>.</summary>
    public virtual bool HasTensorCores => false;

    /// <summary>What 1×1 convolutions and linear layers round their factors to, float32 if nothing is said. It is read
    /// when an operation is launched; a recorded graph keeps what it was recorded with.</summary>
    /// <exception cref="InvalidOperationException">The device has no tensor cores.</exception>
    public ProductPrecision Precision
    {
        get => precision;
        set
        {
            if (value != ProductPrecision.Single && !HasTensorCores)
            {
                throw new InvalidOperationException($"{FullName} has no tensor cores that these kernels reach, "
                    + "expected a CUDA device of compute capability 8.0 or newer.");
            }

            precision = value;
        }
    }

    /// <summary>The name with that of the hardware, where it has one.</summary>
    protected virtual string FullName => Name;
}
