namespace MuxKernels;

/// <summary>
/// One step of stochastic gradient descent in PyTorch's form: <c>g ← scale·g + wd·p</c>; <c>v ← g</c> on the first step,
/// else <c>m·v + g</c>; <c>p ← p − lr·v</c>, with Nesterov <c>p ← p − lr·(g + m·v)</c>. Without momentum v is not used.
/// </summary>
public static partial class SgdStep
{
    /// <summary>The step's numbers, in double: on a float32 device they are rounded once.</summary>
    /// <param name="Length">Number of parameters.</param>
    /// <param name="Rate">Learning rate, lr.</param>
    /// <param name="Momentum">m; 0 for none.</param>
    /// <param name="WeightDecay">wd, added to the gradient.</param>
    /// <param name="Nesterov">Whether the step looks ahead.</param>
    /// <param name="First">Whether v starts here.</param>
    /// <param name="GradientScale">Factor on the gradient (clipping).</param>
    public readonly record struct Args(int Length, double Rate, double Momentum, double WeightDecay, bool Nesterov,
        bool First, double GradientScale = 1);
}
