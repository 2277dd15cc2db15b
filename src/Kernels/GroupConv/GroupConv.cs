namespace MuxKernels;

/// <summary>Group-wise k×k convolution: output channel o of group q reads the input channels of group q,
/// <c>y[n,o,h,v] = b[o] + Σ_{i,kh,kw} w[o,i,kh,kw]·x[n,q·(C/G)+i,h·s+kh·d−top,v·s+kw·d−left]</c>, NCHW.</summary>
public static partial class GroupConv
{
    /// <summary>Validated geometry. Once built, every kernel may trust it.</summary>
    public readonly partial record struct Args
    {
        /// <summary>Geometry of a group-wise convolution with any number of groups.</summary>
        /// <exception cref="ShapeException">Geometry that no convolution has; the message says which.</exception>
        public Args(Shape x, int outChannels, int kernel, int groups, int stride = 1, int dilation = 1,
            Padding padding = default)
        {
            Guard.Positive(x, nameof(GroupConv));
            Guard.Positive(outChannels, nameof(GroupConv));
            Guard.Positive(groups, nameof(GroupConv));
            Guard.That(x.C % groups == 0 && outChannels % groups == 0, nameof(GroupConv),
                $"{x.C} input and {outChannels} output channels, expected multiples of groups = {groups}.");
            Window = new Window(x.H, x.W, kernel, stride, dilation, padding, nameof(GroupConv));
            (X, Groups) = (x, groups);
            Y = new Shape(x.N, outChannels, Window.OutHeight, Window.OutWidth);
            Guard.Positive(Y, nameof(GroupConv));
            Guard.Positive(Weight, nameof(GroupConv));
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, O, H', W']</c>.</summary>
        public Shape Y { get; }

        /// <summary>Kernel, stride, dilation and padding.</summary>
        public Window Window { get; }

        /// <summary>Number of groups, G.</summary>
        public int Groups { get; }

        /// <summary>Input channels of one group, <c>C/G</c>.</summary>
        public int InPerGroup => X.C / Groups;

        /// <summary>Output channels of one group, <c>O/G</c>.</summary>
        public int OutPerGroup => Y.C / Groups;

        /// <summary>Weight, <c>[O, C/G, k, k]</c>.</summary>
        public Shape Weight => new(Y.C, InPerGroup, Window.Kernel, Window.Kernel);

        /// <summary>Bias, <c>[O]</c>.</summary>
        public Shape Bias => Shape.Vector(Y.C);

        /// <summary>Multiply-adds of one forward pass (taps on padding counted, as the paper counts them).</summary>
        public long MultiplyAdds => Y.Length * InPerGroup * Window.Taps;

        /// <summary>Bytes read and written once by one forward pass.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length + Weight.Length);

        /// <inheritdoc/>
        public override string ToString() => $"{X} → {Y.C} g{Groups} {Window}";
    }
}
