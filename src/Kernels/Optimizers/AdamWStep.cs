namespace MuxKernels;

/// <summary>
/// One step of AdamW: <c>g ← scale·g</c>; <c>m ← β₁m + (1−β₁)g</c>; <c>v ← β₂v + (1−β₂)g²</c>;
/// <c>p ← p·(1 − lr·wd) − lr·(m/c₁)/(√(v/c₂) + ε)</c> with <c>c = 1 − βᵗ</c> (Loshchilov and Hutter, decoupled decay).
/// </summary>
public static partial class AdamWStep
{
    /// <summary>The step's numbers, in double: on a float32 device they are rounded once.</summary>
    /// <param name="Length">Number of parameters.</param>
    /// <param name="Rate">Learning rate, lr.</param>
    /// <param name="Beta1">β₁.</param>
    /// <param name="Beta2">β₂.</param>
    /// <param name="Epsilon">ε.</param>
    /// <param name="WeightDecay">wd.</param>
    /// <param name="Step">t, 1 for the first step.</param>
    /// <param name="GradientScale">Factor on the gradient (clipping).</param>
    public readonly record struct Args(int Length, double Rate, double Beta1, double Beta2, double Epsilon,
        double WeightDecay, long Step, double GradientScale = 1)
    {
        /// <summary><c>1 − β₁ᵗ</c>.</summary>
        public double Correction1 => 1 - Math.Pow(Beta1, Step);

        /// <summary><c>1 − β₂ᵗ</c>.</summary>
        public double Correction2 => 1 - Math.Pow(Beta2, Step);
    }
}
