namespace MuxKernels;

/// <summary>Dense k×k convolution (every output channel reads every input channel),
/// <c>y[n,o,h,v] = b[o] + Σ_{i,kh,kw} w[o,i,kh,kw]·x[n,i,h·s+kh·d−top,v·s+kw·d−left]</c>, NCHW.</summary>
public static partial class DenseConv
{
    /// <summary>Validated geometry. Once built, every kernel may trust it.</summary>
    public readonly record struct Args
    {
        /// <summary>Geometry of a dense convolution.</summary>
        /// <exception cref="ShapeException">Geometry that no convolution has; the message says which.</exception>
        public Args(Shape x, int outChannels, int kernel, int stride = 1, int dilation = 1, Padding padding = default)
        {
            Guard.Positive(x, nameof(DenseConv));
            Guard.Positive(outChannels, nameof(DenseConv));
            Window = new Window(x.H, x.W, kernel, stride, dilation, padding, nameof(DenseConv));
            (X, Y) = (x, new Shape(x.N, outChannels, Window.OutHeight, Window.OutWidth));
            Guard.Positive(Y, nameof(DenseConv));
            Guard.Positive(Weight, nameof(DenseConv));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, O, H', W']</c>.</summary>
        public Shape Y { get; }

        /// <summary>Kernel, stride, dilation and padding.</summary>
        public Window Window { get; }

        /// <summary>Weight, <c>[O, C, k, k]</c>.</summary>
        public Shape Weight => new(Y.C, X.C, Window.Kernel, Window.Kernel);

        /// <summary>Bias, <c>[O]</c>.</summary>
        public Shape Bias => Shape.Vector(Y.C);

        /// <summary>Floats of scratch memory that <c>BackwardInput</c> (gathered weights) and
        /// <c>BackwardWeight</c> (partial sums) need; the forward pass needs none.</summary>
        /// <exception cref="ShapeException">More than a span can have.</exception>
        public int ScratchLength
        {
            get
            {
                int every = Window.Stride / Gcd(Window.Stride, Window.Dilation);
                int taps = (Window.Kernel - 1) / every + 1;
                long length = Math.Max(Plan.ScratchLength, (long)X.C * Y.C * taps * taps);
                Guard.That(length <= Guard.MaxLength, nameof(DenseConv),
                    $"{length} floats of scratch, at most {Guard.MaxLength}.");
                return (int)length;
            }
        }

        /// <summary>Multiply-adds of one forward pass (taps on padding counted, as the paper counts them).</summary>
        public long MultiplyAdds => Y.Length * X.C * Window.Taps;

        /// <summary>Bytes read and written once by one forward pass.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length + Weight.Length);

        internal int Depth => checked(X.C * Window.Taps);

        internal GradientPlan Plan => new(X.N, Y.Pixels, Y.C, Depth, inPlace: false);

        /// <inheritdoc/>
        public override string ToString() => $"{X} → {Y.C} {Window}";
    }
}
