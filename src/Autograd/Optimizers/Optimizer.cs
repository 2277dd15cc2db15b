namespace MuxKernels.Autograd;

/// <summary>Changes the parameters of a network after each backward pass.</summary>
public abstract class Optimizer : IDisposable
{
    private readonly List<(int Offset, int Length, bool Decays)> runs = [];

    /// <summary>An optimizer of a network's parameters.</summary>
    /// <param name="store">The network's memory.</param>
    /// <param name="decayNormAndBias">Whether weight decay also acts on scales, shifts and biases.</param>
    protected Optimizer(ParameterStore store, bool decayNormAndBias)
    {
        Store = store;
        int offset = 0;
        foreach (Parameter p in store.Parameters.Where(p => p.IsTrained))
        {
            bool decays = decayNormAndBias || !p.IsNormOrBias;
            int length = (int)p.Shape.Length;
            if (runs.Count > 0 && runs[^1].Decays == decays)
            {
                runs[^1] = (runs[^1].Offset, runs[^1].Length + length, decays);
            }
            else
            {
                runs.Add((offset, length, decays));
            }

            offset += length;
        }
    }

    /// <summary>The network's memory.</summary>
    public ParameterStore Store { get; }

    /// <summary>Learning rate of the next step.</summary>
    public double Rate { get; set; }

    /// <summary>Number of steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// Names and memory of what the optimizer remembers, for checkpoints; each as long as the trained numbers.
    /// </summary>
    public abstract IReadOnlyList<(string Name, View Memory)> State { get; }

    /// <summary>
    /// Takes one step with the gradients that are there. With <paramref name="maximumNorm"/> above 0 the gradients are
    /// scaled so that their global L2 norm is at most that.
    /// </summary>
    /// <returns>The norm before scaling; 0 where no limit was asked for.</returns>
    /// <exception cref="ArithmeticException">The norm is not a finite number: the step was not taken.</exception>
    public double Step(double maximumNorm = 0)
    {
        double norm = 0;
        double scale = 1;
        if (maximumNorm > 0)
        {
            norm = Store.GradientNorm();
            if (!double.IsFinite(norm))
            {
                throw new ArithmeticException(
                    $"The gradient's norm is {norm} at step {Steps + 1}: the loss has overflowed; lower the rate.");
            }

            scale = norm > maximumNorm ? maximumNorm / (norm + 1e-6) : 1;
        }

        Steps++;
        foreach ((int offset, int length, bool decays) in runs)
        {
            Update(offset, length, decays, scale);
        }

        return norm;
    }

    /// <summary>Goes on after a checkpoint was loaded into <see cref="State"/>.</summary>
    public void Resume(long steps) => Steps = steps;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((string _, View memory) in State)
        {
            Store.Device.Return(memory.Buffer!);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Updates a run of parameters.</summary>
    protected abstract void Update(int offset, int length, bool decays, double gradientScale);

    /// <summary>Zeroed memory as long as the trained numbers.</summary>
    protected View NewState()
    {
        View view = Store.Device.Rent(Store.Values.Length).View;
        Store.Device.Fill(view, 0f);
        return view;
    }
}
