using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

/// <summary>The fused forms and those with float16 storage, as operations of their own. They have GPU variants only:
/// <c>pointwise.forward-fused</c> is <c>y = swish(scale·(w ∗ (gate·x)) + shift) + residual</c> with the sums of y over
/// pixels, <c>pointwise.forward-half</c> is the plain convolution of maps rounded to float16.</summary>
public static partial class GpuVariants
{
    /// <summary>Relative error of the exponential and the reciprocal of a GPU, with what follows them.</summary>
    private const double FastUnit = 16 * ErrorBound.Unit;

    private delegate void FusedCall<TArgs>(AcceleratorStream stream, in TArgs args, ArrayView<float> x,
        ArrayView<float> w, in GpuFusion<float> fusion, ArrayView<float> y, ArrayView<float> scratch)
        where TArgs : struct;

    private delegate void HalfCall<TArgs>(AcceleratorStream stream, in TArgs args, ArrayView<Half> x,
        ArrayView<float> w, in GpuFusion<Half> fusion, ArrayView<Half> y, ArrayView<float> scratch)
        where TArgs : struct;

    private static void AddFused()
    {
        Fused<PointwiseConv.Args>("pointwise", static a => PointwiseConvGpu.FusedScratchLength(a),
            PointwiseConvGpu.Forward, PointwiseConvGpu.Forward);
        Fused<DenseConv.Args>("dense", static a => DenseConvGpu.FusedScratchLength(a), DenseConvGpu.Forward,
            DenseConvGpu.Forward);
        Fused<DepthwiseConv.Args>("depthwise", static a => DepthwiseConvGpu.FusedScratchLength(a),
            DepthwiseConvGpu.Forward, DepthwiseConvGpu.Forward);
        Fused<GroupConv.Args>("group", static a => GroupConvGpu.FusedScratchLength(a), GroupConvGpu.Forward,
            GroupConvGpu.Forward);
        Fused<MixedConv.Args>("mixed", static a => MixedConvGpu.FusedScratchLength(a), MixedConvGpu.Forward,
            MixedConvGpu.Forward);
        Fused<MuxConv.Args>("muxconv", static a => MuxConvGpu.FusedScratchLength(a), MuxConvGpu.Forward,
            MuxConvGpu.Forward);
    }

    private static void Fused<TArgs>(string family, Func<TArgs, int> scratch, FusedCall<TArgs> fused,
        HalfCall<TArgs> half)
        where TArgs : struct
    {
        KernelOperation<TArgs> plain = KernelRegistry.Get<TArgs>($"{family}.forward");
        KernelRegistry.Add(new KernelOperation<TArgs>($"{family}.forward-fused")
        {
            Inputs = a => FusedInputs(plain, a),
            Outputs = a => [new("y", Output(plain, a)), new("sums", Vectors(Output(plain, a)))],
            Reference = (in a, x, y) => FusedReference(plain, a, x, y),
            Bound = (in a, x, y) => FusedBound(plain, a, x, y),
            MultiplyAdds = plain.MultiplyAdds,
            BytesMoved = a => plain.BytesMoved(a) + sizeof(float) * Output(plain, a).Length,
        });
        KernelRegistry.Add(new KernelOperation<TArgs>($"{family}.forward-half")
        {
            Inputs = a => plain.Inputs(a)[..2],
            Outputs = plain.Outputs,
            Reference = (in a, x, y) => plain.Reference(a, WithoutBias(plain, a, Rounded(x[0]), x[1]), y),
            Bound = (in a, x, y) => HalfBound(plain, a, x, y),
            MultiplyAdds = plain.MultiplyAdds,
            BytesMoved = a => sizeof(float) / 2 * (plain.Inputs(a)[0].Shape.Length + Output(plain, a).Length)
                + sizeof(float) * plain.Inputs(a)[1].Shape.Length,
        });
        Add<TArgs>($"{family}.forward-fused", (d, in a, x, y) => fused(d.Stream, a, d.Memory(x[0]), d.Memory(x[1]),
            new GpuFusion<float>
            {
                Activation = ActivationKind.Swish,
                Scale = d.Memory(x[2]),
                Shift = d.Memory(x[3]),
                Gate = d.Memory(x[4]),
                Residual = d.Memory(x[5]),
                Sums = d.Memory(y[1]),
                Precision = d.Precision,
            }, d.Memory(y[0]), d.Scratch(scratch(a))));
        Add<TArgs>($"{family}.forward-half", (d, in a, x, y) =>
        {
            using MemoryBuffer1D<Half, Stride1D.Dense> input = d.Accelerator.Allocate1D<Half>(x[0].Length);
            using MemoryBuffer1D<Half, Stride1D.Dense> output = d.Accelerator.Allocate1D<Half>(y[0].Length);
            GpuHalf.Narrow(d.Stream, d.Memory(x[0]), input.View.BaseView);
            half(d.Stream, a, input.View.BaseView, d.Memory(x[1]), new GpuFusion<Half> { Precision = d.Precision },
                output.View.BaseView, default);
            GpuHalf.Widen(d.Stream, output.View.BaseView, d.Memory(y[0]));
            d.Synchronize();
        });
    }

    private static Shape Output<TArgs>(KernelOperation<TArgs> plain, TArgs args)
        where TArgs : struct => plain.Outputs(args)[0].Shape;

    private static Shape Vectors(Shape map) => Shape.Matrix(map.N, map.C);

    private static KernelOperand[] FusedInputs<TArgs>(KernelOperation<TArgs> plain, TArgs args)
        where TArgs : struct
    {
        KernelOperand[] inputs = plain.Inputs(args);
        Shape y = Output(plain, args);
        return
        [
            inputs[0], inputs[1], new("scale", Shape.Vector(y.C)), new("shift", Shape.Vector(y.C)),
            new("gate", Vectors(inputs[0].Shape)), new("residual", y),
        ];
    }

    private static double[][] WithoutBias<TArgs>(KernelOperation<TArgs> plain, TArgs args, double[] x, double[] w)
        where TArgs : struct => plain.Inputs(args).Length > 2
        ? [x, w, new double[plain.Inputs(args)[2].Shape.Length]]
        : [x, w];

    private static double[] Gated(Shape shape, double[][] x) =>
        [.. x[0].Select((value, i) => value * x[4][i / shape.Pixels])];

    private static void FusedReference<TArgs>(KernelOperation<TArgs> plain, TArgs args, double[][] x, double[][] y)
        where TArgs : struct
    {
        Shape shape = Output(plain, args);
        plain.Reference(args, WithoutBias(plain, args, Gated(plain.Inputs(args)[0].Shape, x), x[1]), [y[0]]);
        for (int i = 0; i < y[0].Length; i++)
        {
            int o = i / shape.Pixels % shape.C;
            double v = x[2][o] * y[0][i] + x[3][o];
            y[0][i] = v / (1 + Math.Exp(-v)) + x[5][i];
            y[1][i / shape.Pixels] += y[0][i];
        }
    }

    /// <summary>The convolution's bound through norm, swish (whose slope is at most 1.1), residual and sum.</summary>
    private static double[][] FusedBound<TArgs>(KernelOperation<TArgs> plain, TArgs args, double[][] x, double[][] y)
        where TArgs : struct
    {
        Shape shape = Output(plain, args);
        double[][] inputs = WithoutBias(plain, args, Gated(plain.Inputs(args)[0].Shape, x), x[1]);
        double[] z = new double[y[0].Length], bound = new double[z.Length], sums = new double[y[1].Length];
        plain.Reference(args, inputs, [z]);
        double[] sum = plain.Bound(args, inputs, [z])[0];
        for (int i = 0; i < z.Length; i++)
        {
            int o = i / shape.Pixels % shape.C;
            double size = Math.Abs(x[2][o] * z[i]) + Math.Abs(x[3][o]);
            bound[i] = 1.1 * (1.1 * Math.Abs(x[2][o]) * sum[i] + 4 * ErrorBound.Unit * size)
                + FastUnit * size * (1 + size) + 2 * ErrorBound.Unit * (size + Math.Abs(x[5][i]));
            sums[i / shape.Pixels] += bound[i]
                + shape.Pixels * ErrorBound.Unit * (size + Math.Abs(x[5][i]));
        }

        return [bound, sums];
    }

    private static double[][] HalfBound<TArgs>(KernelOperation<TArgs> plain, TArgs args, double[][] x, double[][] y)
        where TArgs : struct
    {
        double[] sum = plain.Bound(args, WithoutBias(plain, args, Rounded(x[0]), x[1]), y)[0];
        return [[.. sum.Select((bound, i) => 1.001 * bound + Math.Abs(y[0][i]) / 2048 + 1.0 / (1 << 25))]];
    }

    private static double[] Rounded(double[] x) => Array.ConvertAll(x, v => (double)(System.Half)(float)v);
}
