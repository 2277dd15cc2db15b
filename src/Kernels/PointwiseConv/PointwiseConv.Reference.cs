using System.Numerics;

namespace MuxKernels;

public static unsafe partial class PointwiseConv
{
    /// <summary><c>y[n,o,p] = b[o] + Σᵢ w[o,i]·x[n,i,p]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, ReadOnlySpan<T> w, ReadOnlySpan<T> bias,
        Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckForward(args, x, w, bias, y);
        (int channels, int outputs, int pixels) = (args.X.C, args.Y.C, args.X.Pixels);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int o = 0; o < outputs; o++)
            {
                for (int p = 0; p < pixels; p++)
                {
                    double sum = bias.IsEmpty ? 0 : double.CreateTruncating(bias[o]);
                    for (int i = 0; i < channels; i++)
                    {
                        sum += double.CreateTruncating(w[o * channels + i])
                            * double.CreateTruncating(x[(n * channels + i) * pixels + p]);
                    }

                    y[(n * outputs + o) * pixels + p] = T.CreateTruncating(sum);
                }
            }
        }
    }

    /// <summary><c>dx[n,i,p] = Σₒ w[o,i]·dy[n,o,p]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardInputReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardInput(args, dy, w, dx);
        (int channels, int outputs, int pixels) = (args.X.C, args.Y.C, args.X.Pixels);
        for (int n = 0; n < args.X.N; n++)
        {
            for (int i = 0; i < channels; i++)
            {
                for (int p = 0; p < pixels; p++)
                {
                    double sum = 0;
                    for (int o = 0; o < outputs; o++)
                    {
                        sum += double.CreateTruncating(w[o * channels + i])
                            * double.CreateTruncating(dy[(n * outputs + o) * pixels + p]);
                    }

                    dx[(n * channels + i) * pixels + p] = T.CreateTruncating(sum);
                }
            }
        }
    }

    /// <summary><c>dw[o,i] += Σ_{n,p} dy[n,o,p]·x[n,i,p]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardWeightReference<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
        where T : struct, IFloatingPointIeee754<T>
    {
        CheckBackwardWeight(args, dy, x, dw);
        (int channels, int outputs, int pixels) = (args.X.C, args.Y.C, args.X.Pixels);
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < channels; i++)
            {
                double sum = double.CreateTruncating(dw[o * channels + i]);
                for (int n = 0; n < args.X.N; n++)
                {
                    for (int p = 0; p < pixels; p++)
                    {
                        sum += double.CreateTruncating(dy[(n * outputs + o) * pixels + p])
                            * double.CreateTruncating(x[(n * channels + i) * pixels + p]);
                    }
                }

                dw[o * channels + i] = T.CreateTruncating(sum);
            }
        }
    }

    /// <inheritdoc cref="ConvBias.BackwardReference{T}"/>
    public static void BackwardBiasReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> db)
        where T : struct, IFloatingPointIeee754<T> => ConvBias.BackwardReference(args.Y, dy, db);
}
