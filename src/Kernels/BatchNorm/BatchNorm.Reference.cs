using System.Numerics;

namespace MuxKernels;

public static unsafe partial class BatchNorm
{
    /// <summary>The reference of training: plain loops in double; ε and m mean their decimal text.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void ForwardTrainReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> gamma,
        ReadOnlySpan<T> beta, Span<T> y, Span<T> mean, Span<T> inverseDeviation, Span<T> runningMean,
        Span<T> runningVariance)
        where T : struct, IFloatingPointIeee754<T>
    {
        const string Kernel = "BatchNorm.ForwardTrainReference";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(gamma, args.Channel, Kernel);
        Guard.Length(beta, args.Channel, Kernel);
        Guard.Length(y, args.Y, Kernel);
        Guard.Length(mean, args.Channel, Kernel);
        Guard.Length(inverseDeviation, args.Channel, Kernel);
        Guard.Length(runningMean, args.Channel, Kernel);
        Guard.Length(runningVariance, args.Channel, Kernel);
        int pixels = args.X.Pixels, n = args.Count;
        double epsilon = Decimals.Of(args.Epsilon), momentum = Decimals.Of(args.Momentum);
        for (int c = 0; c < args.X.C; c++)
        {
            double sum = 0, squares = 0;
            for (int i = 0; i < n; i++)
            {
                sum += double.CreateTruncating(x[At(args, c, i)]);
            }

            double mu = sum / n;
            for (int i = 0; i < n; i++)
            {
                double d = double.CreateTruncating(x[At(args, c, i)]) - mu;
                squares += d * d;
            }

            double variance = squares / n, inverse = 1 / Math.Sqrt(variance + epsilon);
            double unbiased = n > 1 ? squares / (n - 1) : variance;
            double a = double.CreateTruncating(gamma[c]) * inverse, b = double.CreateTruncating(beta[c]);
            for (int i = 0; i < n; i++)
            {
                int at = At(args, c, i);
                double z = (double.CreateTruncating(x[at]) - mu) * a + b;
                y[at] = T.CreateTruncating(Activation.Value(args.Activation, z));
            }

            mean[c] = T.CreateTruncating(mu);
            inverseDeviation[c] = T.CreateTruncating(inverse);
            runningMean[c] = T.CreateTruncating(
                (1 - momentum) * double.CreateTruncating(runningMean[c]) + momentum * mu);
            runningVariance[c] = T.CreateTruncating(
                (1 - momentum) * double.CreateTruncating(runningVariance[c]) + momentum * unbiased);
        }
    }

    /// <summary>The reference of evaluation: plain loops in double.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void ForwardEvalReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> gamma,
        ReadOnlySpan<T> beta, ReadOnlySpan<T> runningMean, ReadOnlySpan<T> runningVariance, Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        const string Kernel = "BatchNorm.ForwardEvalReference";
        Guard.Length(x, args.X, Kernel);
        Guard.Length(gamma, args.Channel, Kernel);
        Guard.Length(beta, args.Channel, Kernel);
        Guard.Length(runningMean, args.Channel, Kernel);
        Guard.Length(runningVariance, args.Channel, Kernel);
        Guard.Length(y, args.Y, Kernel);
        double epsilon = Decimals.Of(args.Epsilon);
        for (int c = 0; c < args.X.C; c++)
        {
            double mu = double.CreateTruncating(runningMean[c]), b = double.CreateTruncating(beta[c]);
            double a = double.CreateTruncating(gamma[c])
                / Math.Sqrt(double.CreateTruncating(runningVariance[c]) + epsilon);
            for (int i = 0; i < args.Count; i++)
            {
                int at = At(args, c, i);
                double z = (double.CreateTruncating(x[at]) - mu) * a + b;
                y[at] = T.CreateTruncating(Activation.Value(args.Activation, z));
            }
        }
    }

    /// <summary>The reference of the gradient with batch statistics: plain loops in double. Each of dx, dgamma, dbeta
    /// may be empty.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void BackwardTrainReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x,
        ReadOnlySpan<T> gamma, ReadOnlySpan<T> beta, ReadOnlySpan<T> mean, ReadOnlySpan<T> inverseDeviation,
        Span<T> dx, Span<T> dgamma, Span<T> dbeta)
        where T : struct, IFloatingPointIeee754<T>
    {
        const string Kernel = "BatchNorm.BackwardTrainReference";
        Guard.Length(mean, args.Channel, Kernel);
        Guard.Length(inverseDeviation, args.Channel, Kernel);
        CheckBackward(args, dy, x, gamma, beta, mean, inverseDeviation, dx, dgamma, dbeta, Kernel);
        for (int c = 0; c < args.X.C; c++)
        {
            BackwardChannel(args, c, true, dy, x, double.CreateTruncating(gamma[c]), double.CreateTruncating(beta[c]),
                double.CreateTruncating(mean[c]), double.CreateTruncating(inverseDeviation[c]), dx, dgamma, dbeta);
        }
    }

    /// <summary>The reference of the gradient with fixed statistics: plain loops in double. Each of dx, dgamma, dbeta
    /// may be empty.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void BackwardEvalReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x,
        ReadOnlySpan<T> gamma, ReadOnlySpan<T> beta, ReadOnlySpan<T> runningMean, ReadOnlySpan<T> runningVariance,
        Span<T> dx, Span<T> dgamma, Span<T> dbeta)
        where T : struct, IFloatingPointIeee754<T>
    {
        const string Kernel = "BatchNorm.BackwardEvalReference";
        Guard.Length(runningMean, args.Channel, Kernel);
        Guard.Length(runningVariance, args.Channel, Kernel);
        CheckBackward(args, dy, x, gamma, beta, runningMean, runningVariance, dx, dgamma, dbeta, Kernel);
        double epsilon = Decimals.Of(args.Epsilon);
        for (int c = 0; c < args.X.C; c++)
        {
            double inverse = 1 / Math.Sqrt(double.CreateTruncating(runningVariance[c]) + epsilon);
            BackwardChannel(args, c, false, dy, x, double.CreateTruncating(gamma[c]), double.CreateTruncating(beta[c]),
                double.CreateTruncating(runningMean[c]), inverse, dx, dgamma, dbeta);
        }
    }

    private static void BackwardChannel<T>(in Args args, int c, bool train, ReadOnlySpan<T> dy, ReadOnlySpan<T> x,
        double gamma, double beta, double mu, double inverse, Span<T> dx, Span<T> dgamma, Span<T> dbeta)
        where T : struct, IFloatingPointIeee754<T>
    {
        int n = args.Count;
        double sum = 0, product = 0;
        for (int i = 0; i < n; i++)
        {
            int at = At(args, c, i);
            double normal = (double.CreateTruncating(x[at]) - mu) * inverse;
            double dz = double.CreateTruncating(dy[at]) * Activation.Slope(args.Activation, gamma * normal + beta);
            sum += dz;
            product += dz * normal;
        }

        for (int i = 0; i < n && !dx.IsEmpty; i++)
        {
            int at = At(args, c, i);
            double normal = (double.CreateTruncating(x[at]) - mu) * inverse;
            double dz = double.CreateTruncating(dy[at]) * Activation.Slope(args.Activation, gamma * normal + beta);
            double centred = train ? dz - sum / n - normal * product / n : dz;
            dx[at] = T.CreateTruncating(gamma * inverse * centred);
        }

        if (!dgamma.IsEmpty)
        {
            dgamma[c] = T.CreateTruncating(double.CreateTruncating(dgamma[c]) + product);
        }

        if (!dbeta.IsEmpty)
        {
            dbeta[c] = T.CreateTruncating(double.CreateTruncating(dbeta[c]) + sum);
        }
    }

    /// <summary>Position of the i-th value of channel c.</summary>
    private static int At(in Args args, int c, int i)
    {
        int image = i / args.X.Pixels;
        return (image * args.X.C + c) * args.X.Pixels + i - image * args.X.Pixels;
    }
}
