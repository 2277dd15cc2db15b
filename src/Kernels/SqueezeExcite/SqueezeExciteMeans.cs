namespace MuxKernels;

/// <summary>
/// The two small layers of squeeze-excite on the pooled means of a batch, without the maps: <c>h = f(W₁m + b₁)</c>,
/// <c>g = gate(W₂h + b₂)</c>. Matrices are <c>[N, C]</c> and <c>[N, R]</c>, channels in the order of the weights.
/// </summary>
internal unsafe struct SqueezeExciteMeans
{
    private const int ImagesOfPiece = 4;

    /// <summary>Rows of dW₁ in a piece of work.</summary>
    private const int RowsOfPiece = 8;

    /// <summary>Rows of dW₂ in a piece of work.</summary>
    private const int LongRowsOfPiece = 64;

    /// <summary>Multiply-adds below which a weight gradient is not worth waking other threads for.</summary>
    private const int SmallProduct = 500_000;

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

    /// <summary>W₂ᵀ, <c>[R, C]</c>: written by the forward pass, kept.</summary>
    public float* W2Transposed;

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

    /// <summary>g from m. One piece of work is a few images, whose numbers depend on nothing else.</summary>
    public static void Forward<TSimd, TVector>(SqueezeExciteMeans* s, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        WindowImages.Transpose(s->W2, s->Reduced, s->Channels, s->Reduced, s->W2Transposed, s->Channels);
        WorkPool.For(pool, (s->Images + ImagesOfPiece - 1) / ImagesOfPiece, new Work<TSimd, TVector>(s, false));
    }

    /// <summary>Gradients of m, W₁, b₁, W₂ and b₂ from that of g.</summary>
    public static void Backward<TSimd, TVector>(SqueezeExciteMeans* s, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int n = s->Images, c = s->Channels, r = s->Reduced;
        WorkPool.For(pool, (n + ImagesOfPiece - 1) / ImagesOfPiece, new Work<TSimd, TVector>(s, true));
        int pieces = (r + RowsOfPiece - 1) / RowsOfPiece + (c + LongRowsOfPiece - 1) / LongRowsOfPiece;
        WorkPool.For((long)n * c * r < SmallProduct ? null : pool, pieces, new WeightWork<TSimd, TVector>(s));
        ConvBias.Backward<TSimd, TVector>(new Shape(n, c, 1, 1), new ReadOnlySpan<float>(s->Dgates, n * c),
            new Span<float>(s->Db2, c), null);
        ConvBias.Backward<TSimd, TVector>(new Shape(n, r, 1, 1), new ReadOnlySpan<float>(s->Delta, n * r),
            new Span<float>(s->Db1, r), null);
    }

    private readonly struct Work<TSimd, TVector>(SqueezeExciteMeans* s, bool backward) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly SqueezeExciteMeans* s = s;

        public void Run(int index, int worker)
        {
            int first = index * ImagesOfPiece, count = Math.Min(ImagesOfPiece, s->Images - first);
            nint c = (nint)first * s->Channels, r = (nint)first * s->Reduced;
            if (backward)
            {
                Backward(c, r, count);
            }
            else
            {
                Forward(c, r, count);
            }
        }

        /// <param name="c">Numbers before those of the piece in matrices of C columns.</param>
        /// <param name="r">Numbers before those of the piece in matrices of R columns.</param>
        /// <param name="images">Images of the piece.</param>
        private void Forward(nint c, nint r, int images)
        {
            int channels = s->Channels, reduced = s->Reduced;
            SmallProducts<TSimd, TVector>.Dots(s->W1, s->Mean + c, s->Inner + r, reduced, reduced, images, channels);
            for (int i = 0; i < images * reduced; i++)
            {
                s->Inner[r + i] += s->B1[i % reduced];
            }

            MuxKernels.Activation.Run<TSimd, TVector>(s->Activation, s->Inner + r, s->Hidden + r, images * reduced);
            SmallProducts<TSimd, TVector>.Rows(s->Hidden + r, reduced, 1, s->W2Transposed, channels, s->Outer + c, channels,
                images, reduced, channels, add: false);
            for (int n = 0; n < images; n++)
            {
                float* to = s->Outer + c + (nint)n * channels;
                for (int i = 0; i < channels; i++)
                {
                    to[i] += s->B2[i];
                }
            }

            MuxKernels.Activation.Run<TSimd, TVector>(s->Gate, s->Outer + c, s->Gates + c, images * channels);
        }

        private void Backward(nint c, nint r, int images)
        {
            int channels = s->Channels, reduced = s->Reduced;
            MuxKernels.Activation.RunBackward<TSimd, TVector>(s->Gate, s->Dgates + c, s->Outer + c, s->Dgates + c,
                images * channels);
            SmallProducts<TSimd, TVector>.Dots(s->W2Transposed, s->Dgates + c, s->Delta + r, reduced, reduced, images,
                channels);
            MuxKernels.Activation.RunBackward<TSimd, TVector>(s->Activation, s->Delta + r, s->Inner + r, s->Delta + r,
                images * reduced);
            SmallProducts<TSimd, TVector>.Rows(s->Delta + r, reduced, 1, s->W1, channels, s->Dmean + c, channels, images,
                reduced, channels, add: false);
        }
    }

    /// <summary>Some rows of dW₁, then of dW₂: each of their numbers sums over all images in their order.</summary>
    private readonly struct WeightWork<TSimd, TVector>(SqueezeExciteMeans* s) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly SqueezeExciteMeans* s = s;

        public void Run(int index, int worker)
        {
            int channels = s->Channels, reduced = s->Reduced, pieces = (reduced + RowsOfPiece - 1) / RowsOfPiece;
            if (index < pieces)
            {
                int r = index * RowsOfPiece;
                SmallProducts<TSimd, TVector>.Rows(s->Delta + r, 1, reduced, s->Mean, channels,
                    s->Dw1 + (nint)r * channels, channels, Math.Min(RowsOfPiece, reduced - r), s->Images, channels,
                    add: true);
                return;
            }

            int c = (index - pieces) * LongRowsOfPiece;
            SmallProducts<TSimd, TVector>.Rows(s->Dgates + c, 1, channels, s->Hidden, reduced,
                s->Dw2 + (nint)c * reduced, reduced, Math.Min(LongRowsOfPiece, channels - c), s->Images, reduced,
                add: true);
        }
    }
}
