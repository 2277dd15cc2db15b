namespace MuxKernels;

/// <summary>Depthwise k×k convolution (one input channel for each output channel),
/// <c>y[n,c,h,v] = b[c] + Σ_{kh,kw} w[c,kh,kw]·x[n,c,h·s+kh·d−top,v·s+kw·d−left]</c>, NCHW.</summary>
public static partial class DepthwiseConv
{
    /// <summary>Validated geometry. Once built, every kernel may trust it.</summary>
    public readonly partial record struct Args
    {
        /// <summary>Geometry of a depthwise convolution.</summary>
        /// <exception cref="ShapeException">Geometry that no convolution has; the message says which.</exception>
        public Args(Shape x, int kernel, int stride = 1, int dilation = 1, Padding padding = default)
        {
            Guard.Positive(x, nameof(DepthwiseConv));
            Window = new Window(x.H, x.W, kernel, stride, dilation, padding, nameof(DepthwiseConv));
            (X, Y) = (x, new Shape(x.N, x.C, Window.OutHeight, Window.OutWidth));
            Guard.Positive(Y, nameof(DepthwiseConv));
            Guard.Positive(Weight, nameof(DepthwiseConv));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C, H', W']</c>.</summary>
        public Shape Y { get; }

        /// <summary>Kernel, stride, dilation and padding.</summary>
        public Window Window { get; }

        /// <summary>Weight, <c>[C, 1, k, k]</c>.</summary>
        public Shape Weight => new(X.C, 1, Window.Kernel, Window.Kernel);

        /// <summary>Bias, <c>[C]</c>.</summary>
        public Shape Bias => Shape.Vector(X.C);

        /// <summary>Multiply-adds of one forward pass (taps on padding counted, as the paper counts them).</summary>
        public long MultiplyAdds => Y.Length * Window.Taps;

        /// <summary>Bytes read and written once by one forward pass.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length + Weight.Length);

        /// <inheritdoc/>
        public override string ToString() => $"{X} {Window}";
    }
}
