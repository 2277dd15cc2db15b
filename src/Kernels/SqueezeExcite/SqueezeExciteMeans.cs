namespace MuxKernels;

/// <summary>
/// The two small layers of squeeze-excite on the pooled means of a batch, without the maps: <c>h = f(W₁m + b₁)</c>,
/// <c>g = gate(W₂h + b₂)</c>. Matrices are <c>[N, C]</c> and <c>[N, R]</c>, channels in the order of the weights.
/// </summary>
internal unsafe struct SqueezeExciteMeans
{
    /// <summary>Images, N.</summary>
    public int Images;

    /// <summary>Channels, C.</summary>
    public int Channels;

    /// <summary>Hidden units, R.</summary>
    public int Reduced;

    /// <summary>f.</summary>
    public ActivationKind Activation;

    /// <summary>The gate function.</summary>
    public ActivationKind Gate;

    /// <summary>m, <c>[N, C]</c>.</summary>
    public float* Mean;

    /// <summary>W₁, <c>[R, C]</c>.</summary>
    public float* W1;

    /// <summary>b₁, <c>[R]</c>.</summary>
    public float* B1;

    /// <summary>W₂, <c>[C, R]</c>.</summary>
    public float* W2;

    /// <summary>b₂, <c>[C]</c>.</summary>
    public float* B2;

    /// <summary><c>W₁m + b₁</c>, <c>[N, R]</c>: kept from the forward pass for the gradient.</summary>
    public float* Inner;

    /// <summary>h, <c>[N, R]</c>: kept.</summary>
    public float* Hidden;

    /// <summary><c>W₂h + b₂</c>, <c>[N, C]</c>: kept.</summary>
    public float* Outer;

    /// <summary>g, <c>[N, C]</c>: written by the forward pass.</summary>
    public float* Gates;

    /// <summary>Gradient of g, <c>[N, C]</c>; left as <c>δ₂ = gate'(W₂h + b₂)·dg</c>.</summary>
    public float* Dgates;

    /// <summary>Memory for <c>δ₁ = f'(W₁m + b₁)·W₂ᵀδ₂</c>, <c>[N, R]</c>.</summary>
    public float* Delta;

    /// <summary>Gradient of m, <c>W₁ᵀδ₁</c>, <c>[N, C]</c>: written.</summary>
    public float* Dmean;

    /// <summary>Gradient of W₁: added to.</summary>
    public float* Dw1;

    /// <summary>Gradient of b₁: added to.</summary>
    public float* Db1;

    /// <summary>Gradient of W₂: added to.</summary>
    public float* Dw2;

    /// <summary>Gradient of b₂: added to.</summary>
    public float* Db2;

    /// <summary>g from m.</summary>
    public static void Forward<TSimd, TVector>(SqueezeExciteMeans* s, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int n = s->Images, c = s->Channels, r = s->Reduced;
        Dot.Run<TSimd, TVector>(s->W1, s->Mean, s->B1, s->Inner, r, n, c, pool);
        MuxKernels.Activation.Run<TSimd, TVector>(s->Activation, s->Inner, s->Hidden, n * r);
        Dot.Run<TSimd, TVector>(s->W2, s->Hidden, s->B2, s->Outer, c, n, r, pool);
        MuxKernels.Activation.Run<TSimd, TVector>(s->Gate, s->Outer, s->Gates, n * c);
    }

    /// <summary>Gradients of m, W₁, b₁, W₂ and b₂ from that of g.</summary>
    public static void Backward<TSimd, TVector>(SqueezeExciteMeans* s, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int n = s->Images, c = s->Channels, r = s->Reduced;
        MuxKernels.Activation.RunBackward<TSimd, TVector>(s->Gate, s->Dgates, s->Outer, s->Dgates, n * c);
        Layer<TSimd, TVector>(s->Dgates, s->Hidden, s->W2, s->Delta, s->Dw2, s->Db2, n, r, c, pool);
        MuxKernels.Activation.RunBackward<TSimd, TVector>(s->Activation, s->Delta, s->Inner, s->Delta, n * r);
        Layer<TSimd, TVector>(s->Delta, s->Mean, s->W1, s->Dmean, s->Dw1, s->Db1, n, c, r, pool);
    }

    /// <summary>One layer with i inputs and o outputs.</summary>
    private static void Layer<TSimd, TVector>(float* dy, float* x, float* w, float* dx, float* dw, float* db, int n,
        int i, int o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Linear.WeightGradient<TSimd, TVector>(dy, x, dw, n, i, o, pool);
        ConvBias.Backward<TSimd, TVector>(new Shape(n, o, 1, 1), new ReadOnlySpan<float>(dy, n * o),
            new Span<float>(db, o), pool);
        Linear.InputGradient<TSimd, TVector>(dy, w, dx, n, i, o, pool);
    }
}
