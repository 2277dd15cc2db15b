using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class BatchNorm
{
    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Args>("batchnorm.forward-train")
        {
            // The running statistics before the step are inputs, after it outputs.
            Inputs = static a =>
            [
                new("x", a.X), new("gamma", a.Channel), new("beta", a.Channel), new("runningMean", a.Channel),
                new("runningVariance", a.Channel, ValueDomain.Positive),
            ],
            Outputs = static a =>
            [
                new("y", a.Y), new("mean", a.Channel), new("inverseDeviation", a.Channel),
                new("runningMean", a.Channel), new("runningVariance", a.Channel),
            ],
            Reference = static (in Args a, double[][] i, double[][] o) =>
            {
                i[3].CopyTo(o[3], 0);
                i[4].CopyTo(o[4], 0);
                ForwardTrainReference<double>(a, i[0], i[1], i[2], o[0], o[1], o[2], o[3], o[4]);
            },
            Bound = ForwardTrainBound,
            BytesMoved = static a => a.BytesMoved,
        }.WithWidths(TrainOf<Simd512, Vector512<float>>, TrainOf<Simd256, Vector256<float>>,
            TrainOf<Simd128, Vector128<float>>),
        new KernelOperation<Args>("batchnorm.forward-eval")
        {
            Inputs = static a =>
            [
                new("x", a.X), new("gamma", a.Channel), new("beta", a.Channel), new("runningMean", a.Channel),
                new("runningVariance", a.Channel, ValueDomain.Positive),
            ],
            Outputs = static a => [new("y", a.Y)],
            Reference = static (in Args a, double[][] i, double[][] o) =>
                ForwardEvalReference<double>(a, i[0], i[1], i[2], i[3], i[4], o[0]),
            Bound = ForwardEvalBound,
            BytesMoved = static a => a.BytesMoved,
        }.WithWidths(EvalOf<Simd512, Vector512<float>>, EvalOf<Simd256, Vector256<float>>,
            EvalOf<Simd128, Vector128<float>>),
        BackwardOperation("batchnorm.backward-train", train: true, "mean", "inverseDeviation")
            .WithWidths(BackwardTrainOf<Simd512, Vector512<float>>, BackwardTrainOf<Simd256, Vector256<float>>,
                BackwardTrainOf<Simd128, Vector128<float>>),
        BackwardOperation("batchnorm.backward-eval", train: false, "runningMean", "runningVariance")
            .WithWidths(BackwardEvalOf<Simd512, Vector512<float>>, BackwardEvalOf<Simd256, Vector256<float>>,
                BackwardEvalOf<Simd128, Vector128<float>>),
    ];

    private static KernelOperation<Args> BackwardOperation(string name, bool train, string mean, string spread) =>
        new(name)
        {
            Inputs = a =>
            [
                new("dy", a.Y), new("x", a.X), new("gamma", a.Channel), new("beta", a.Channel), new(mean, a.Channel),
                new(spread, a.Channel, ValueDomain.Positive),
            ],
            Outputs = static a => [new("dx", a.X), new("dgamma", a.Channel), new("dbeta", a.Channel)],
            Reference = train
                ? static (in Args a, double[][] i, double[][] o) =>
                    BackwardTrainReference<double>(a, i[0], i[1], i[2], i[3], i[4], i[5], o[0], o[1], o[2])
                : static (in Args a, double[][] i, double[][] o) =>
                    BackwardEvalReference<double>(a, i[0], i[1], i[2], i[3], i[4], i[5], o[0], o[1], o[2]),
            Bound = (in Args a, double[][] i, double[][] e) => BackwardBound(a, i, e, train),
            BytesMoved = static a => 3 * sizeof(float) * a.X.Length,
        };

    /// <summary>Float additions on the longest path of a band: its elements over 2 accumulators of 4 lanes.</summary>
    private static double Depth(in Args args) => Math.Min(args.Count, 2 * Reductions.Band) / 8.0 + 16;

    /// <summary>
    /// With D additions in a band's longest path and <c>A = Σ|x − μ|/n</c>: the mean is off by
    /// <c>eμ = u·(2|μ| + D·A)</c> when saved and by <c>D·u·A</c> inside y; the variance by <c>ev = 2(D + 4)·u·σ²</c>,
    /// the inverse deviation relatively by <c>ev/2(σ² + ε) + u</c>; <c>z = (x − μ)·γ·inv + β</c> by
    /// <c>(4u + relative)·|γ(x − μ)inv| + |γ·inv|·(D·u·A) + 2u·|β|</c>.
    /// </summary>
    private static double[][] ForwardTrainBound(in Args args, double[][] inputs, double[][] expected)
    {
        double u = ErrorBound.Unit, d = Depth(args), epsilon = Decimals.Of(args.Epsilon);
        double momentum = Decimals.Of(args.Momentum);
        double[][] bounds = [.. expected.Select(y => new double[y.Length])];
        for (int c = 0; c < args.X.C; c++)
        {
            double mean = expected[1][c], inverse = expected[2][c], variance = 1 / (inverse * inverse) - epsilon;
            double spread = 0;
            for (int i = 0; i < args.Count; i++)
            {
                spread += Math.Abs(inputs[0][At(args, c, i)] - mean) / args.Count;
            }

            // The shift K is a float: what lies below its last place is summed as if it were spread.
            spread += u * Math.Abs(mean);
            variance = Math.Max(variance, 0) + spread * u * Math.Abs(mean);
            double variances = 2 * (d + 4) * u * variance;
            double relative = variances / (2 * (variance + epsilon)) + 2 * u;
            double a = Math.Abs(inputs[1][c]) * inverse, b = Math.Abs(inputs[2][c]);
            for (int i = 0; i < args.Count; i++)
            {
                int at = At(args, c, i);
                double far = Math.Abs(inputs[0][at] - mean);
                double e = (4 * u + relative) * a * far + a * d * u * spread + 2 * u * b + ErrorBound.Tiny;
                double z = (inputs[0][at] - mean) * inverse * inputs[1][c] + inputs[2][c];
                bounds[0][at] = Activation.ValueError(args.Activation, z, e);
            }

            bounds[1][c] = u * (2 * Math.Abs(mean) + d * spread) + ErrorBound.Tiny;
            bounds[2][c] = relative * inverse;
            bounds[3][c] = momentum * bounds[1][c] + 2 * u * (Math.Abs(inputs[3][c]) + momentum * Math.Abs(mean))
                + ErrorBound.Tiny;
            bounds[4][c] = 2 * momentum * variances * Math.Max(1, args.Count / Math.Max(1.0, args.Count - 1))
                + 2 * u * Math.Abs(expected[4][c]) + ErrorBound.Tiny;
        }

        return bounds;
    }

    /// <summary><c>z = (x − μ)·a + β</c> has three roundings of the product and one of the sum.</summary>
    private static double[][] ForwardEvalBound(in Args args, double[][] inputs, double[][] expected)
    {
        double epsilon = Decimals.Of(args.Epsilon);
        double[] bound = new double[expected[0].Length];
        for (int c = 0; c < args.X.C; c++)
        {
            double a = inputs[1][c] / Math.Sqrt(inputs[4][c] + epsilon);
            for (int i = 0; i < args.Count; i++)
            {
                int at = At(args, c, i);
                double product = (inputs[0][at] - inputs[3][c]) * a;
                bound[at] = Activation.ValueError(args.Activation, product + inputs[2][c],
                    4 * ErrorBound.Unit * (Math.Abs(product) + Math.Abs(inputs[2][c])) + ErrorBound.Tiny);
            }
        }

        return [bound];
    }

    /// <summary>
    /// z as in evaluation; <c>dz = dy·f'(z)</c> is off by <c>|dy|·slope error + u|dz|</c>; the sums by the sum of that
    /// and <c>D·u·Σ|dz|</c>; dx by each term's error and 8 roundings of its magnitude.
    /// </summary>
    private static double[][] BackwardBound(in Args args, double[][] inputs, double[][] expected, bool train)
    {
        double u = ErrorBound.Unit, d = Depth(args), epsilon = Decimals.Of(args.Epsilon), n = args.Count;
        double[][] bounds = [.. expected.Select(y => new double[y.Length])];
        for (int c = 0; c < args.X.C; c++)
        {
            double gamma = inputs[2][c], beta = inputs[3][c], mean = inputs[4][c];
            double inverse = train ? inputs[5][c] : 1 / Math.Sqrt(inputs[5][c] + epsilon);
            double sumError = 0, productError = 0, sum = 0, product = 0;
            double[] slopes = new double[args.Count], errors = new double[args.Count];
            for (int i = 0; i < args.Count; i++)
            {
                int at = At(args, c, i);
                double normal = (inputs[1][at] - mean) * inverse, z = gamma * normal + beta;
                double e = 4 * u * (Math.Abs(gamma * normal) + Math.Abs(beta)) + ErrorBound.Tiny;
                slopes[i] = Math.Abs(inputs[0][at] * Activation.Slope(args.Activation, z));
                errors[i] = Math.Abs(inputs[0][at]) * Activation.SlopeError(args.Activation, z, e)
                    + 2 * u * slopes[i] + ErrorBound.Tiny;
                sum += slopes[i];
                product += slopes[i] * Math.Abs(normal);
                sumError += errors[i];
                productError += (errors[i] + 2 * u * slopes[i]) * Math.Abs(normal);
            }

            sumError += d * u * sum;
            productError += (d + 4) * u * product;
            for (int i = 0; i < args.Count; i++)
            {
                int at = At(args, c, i);
                double normal = Math.Abs(inputs[1][at] - mean) * inverse, a = Math.Abs(gamma) * inverse;
                double means = train ? (sumError + normal * productError) / n : 0;
                double size = slopes[i] + (train ? (sum + normal * product) / n : 0);
                bounds[0][at] = a * (errors[i] + means + 8 * u * size) + ErrorBound.Tiny;
            }

            bounds[1][c] = productError + 2 * u * Math.Abs(expected[1][c]) + ErrorBound.Tiny;
            bounds[2][c] = sumError + 2 * u * Math.Abs(expected[2][c]) + ErrorBound.Tiny;
        }

        return bounds;
    }

    private static void TrainOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        i[3].Span.CopyTo(o[3]);
        i[4].Span.CopyTo(o[4]);
        ForwardTrain<TSimd, TVector>(args, i[0], i[1], i[2], o[0], o[1], o[2], o[3], o[4], pool);
    }

    private static void EvalOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        ForwardEval<TSimd, TVector>(args, i[0], i[1], i[2], i[3], i[4], o[0], pool);

    private static void BackwardTrainOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Backward<TSimd, TVector>(args, true, i[0], i[1], i[2], i[3], i[4], i[5], o[0], o[1], o[2], pool);

    private static void BackwardEvalOf<TSimd, TVector>(in Args args, KernelMemory[] i, KernelMemory[] o, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        Backward<TSimd, TVector>(args, false, i[0], i[1], i[2], i[3], i[4], i[5], o[0], o[1], o[2], pool);
}
