using System.Numerics;

namespace MuxKernels;

public static unsafe partial class Linear
{
    /// <summary><c>y[n,o] = b[o] + Σᵢ w[o,i]·x[n,i]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> bias,
        Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckForward(args, x, w, bias, y);
        (int inputs, int outputs) = (args.X.C, args.Y.C);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias.IsEmpty ? 0 : double.CreateTruncating(bias[o]);
                for (int i = 0; i < inputs; i++)
                {
                    sum += double.CreateTruncating(w[o * inputs + i]) * double.CreateTruncating(x[n * inputs + i]);
                }

                y[n * outputs + o] = T.CreateTruncating(sum);
            }
        }
    }

    /// <summary><c>dx[n,i] = Σₒ w[o,i]·dy[n,o]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardInputReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardInput(args, dy, w, dx);
        (int inputs, int outputs) = (args.X.C, args.Y.C);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int i = 0; i < inputs; i++)
            {
                double sum = 0;
                for (int o = 0; o < outputs; o++)
                {
                    sum += double.CreateTruncating(w[o * inputs + i]) * double.CreateTruncating(dy[n * outputs + o]);
                }

                dx[n * inputs + i] = T.CreateTruncating(sum);
            }
        }
    }

    /// <summary><c>dw[o,i] += Σₙ dy[n,o]·x[n,i]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardWeightReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardWeight(args, dy, x, dw);
        (int inputs, int outputs) = (args.X.C, args.Y.C);
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++)
            {
                double sum = double.CreateTruncating(dw[o * inputs + i]);
                for (int n = 0; n < args.X.N; n++)
                {
                    sum += double.CreateTruncating(dy[n * outputs + o]) * double.CreateTruncating(x[n * inputs + i]);
                }

                dw[o * inputs + i] = T.CreateTruncating(sum);
            }
        }
    }

    /// <inheritdoc cref="ConvBias.BackwardReference{T}"/>
    public static void BackwardBiasReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> db)
        where T : struct, IFloatingPointIeee754<T> => ConvBias.BackwardReference(args.Y, dy, db);
}
