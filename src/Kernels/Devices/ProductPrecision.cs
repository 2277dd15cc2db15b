namespace MuxKernels;

/// <summary>What the factors of matrix products are rounded to. Sums are float32 whatever it is.</summary>
public enum ProductPrecision
{
    /// <summary>Factors are float32 numbers as they are.</summary>
    Single,

    /// <summary>Factors are rounded to the nearest TF32 number: float32 with 10 explicit bits of significand in place
    /// of 23, so that each factor has a relative error of at most 2⁻¹¹. Tensor cores multiply them and add in float32.
    /// </summary>
    TensorFloat32,
}
