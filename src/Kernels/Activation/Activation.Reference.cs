using System.Numerics;

namespace MuxKernels;

public static partial class Activation
{
    /// <summary>The reference of <see cref="Forward"/>: plain loops in double.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        Guard.Length(x, args.X, "Activation.ForwardReference");
        Guard.Length(y, args.Y, "Activation.ForwardReference");
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = T.CreateTruncating(Value(args.Kind, double.CreateTruncating(x[i])));
        }
    }

    /// <summary>The reference of <see cref="Backward"/>: plain loops in double.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void BackwardReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        Guard.Length(dy, args.Y, "Activation.BackwardReference");
        Guard.Length(x, args.X, "Activation.BackwardReference");
        Guard.Length(dx, args.X, "Activation.BackwardReference");
        for (int i = 0; i < x.Length; i++)
        {
            dx[i] = T.CreateTruncating(
                double.CreateTruncating(dy[i]) * Slope(args.Kind, double.CreateTruncating(x[i])));
        }
    }

    /// <summary><c>f(x)</c> in double.</summary>
    public static double Value(ActivationKind kind, double x) => kind switch
    {
        ActivationKind.Relu => 0 > x ? 0 : x,
        ActivationKind.Relu6 => 0 > x ? 0 : x > 6 ? 6 : x,
        ActivationKind.Swish => x / (1 + Math.Exp(-x)),
        ActivationKind.HardSwish => x * Math.Clamp(x + 3, 0, 6) / 6,
        ActivationKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
        ActivationKind.HardSigmoid => Math.Clamp(x + 3, 0, 6) / 6,
        _ => x,
    };

    /// <summary><c>f'(x)</c> in double; at a kink the flat side's, except hard swish: the inner one.</summary>
    public static double Slope(ActivationKind kind, double x)
    {
        switch (kind)
        {
            case ActivationKind.Relu:
                return x > 0 ? 1 : 0;
            case ActivationKind.Relu6:
                return x is > 0 and < 6 ? 1 : 0;
            case ActivationKind.Swish:
                double s = 1 / (1 + Math.Exp(-x));
                return s + x * s * (1 - s);
            case ActivationKind.HardSwish:
                return x < -3 ? 0 : x > 3 ? 1 : (2 * x + 3) / 6;
            case ActivationKind.Sigmoid:
                double t = 1 / (1 + Math.Exp(-x));
                return t * (1 - t);
            case ActivationKind.HardSigmoid:
                return x is > -3 and < 3 ? 1.0 / 6 : 0;
            default:
                return 1;
        }
    }
}
