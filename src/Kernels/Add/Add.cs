using System.Numerics;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Elementwise sum of two maps of one shape, <c>y = a + b</c> (residual connections).</summary>
public static unsafe partial class Add
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A sum of two tensors.</summary>
        /// <exception cref="ShapeException">Shapes that differ.</exception>
        public Args(Shape a, Shape b)
        {
            Guard.Positive(a, nameof(Add));
            Guard.That(a == b, nameof(Add), $"a has shape {a}, b {b}; expected equal shapes.");
            X = a;
        }

        /// <summary>Both operands.</summary>
        public Shape X { get; }

        /// <summary>Output.</summary>
        public Shape Y => X;

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => 3 * sizeof(float) * X.Length;

        /// <inheritdoc/>
        public override string ToString() => $"{X}";
    }

    /// <summary><c>y ← a + b</c>; y may be a or b.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand.</param>
    /// <param name="y">Output.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y,
        WorkPool? pool = null)
    {
        Guard.Length(a, args.X, "Add.Forward");
        Guard.Length(b, args.X, "Add.Forward");
        Guard.Length(y, args.Y, "Add.Forward");
        Guard.SameOrSeparate(a, y, "Add.Forward");
        Guard.SameOrSeparate(b, y, "Add.Forward");
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(a, b, y, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(a, b, y, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(a, b, y, pool);
        }
    }

    /// <summary><c>sum += x</c> for runs of one length: gradients of a value that is used twice.</summary>
    /// <param name="x">What is added.</param>
    /// <param name="sum">Added to.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void Accumulate(ReadOnlySpan<float> x, Span<float> sum, WorkPool? pool = null)
    {
        Guard.Length(x, Shape.Vector(sum.Length), "Add.Accumulate");
        Guard.SameOrSeparate(x, sum, "Add.Accumulate");
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(x, sum, sum, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(x, sum, sum, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(x, sum, sum, pool);
        }
    }

    /// <summary>The reference of <see cref="Forward"/>.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        Guard.Length(a, args.X, "Add.ForwardReference");
        Guard.Length(b, args.X, "Add.ForwardReference");
        Guard.Length(y, args.Y, "Add.ForwardReference");
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = T.CreateTruncating(double.CreateTruncating(a[i]) + double.CreateTruncating(b[i]));
        }
    }

    private static void Forward<TSimd, TVector>(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* pa = a, pb = b, py = y)
        {
            Elementwise.Zip<TSimd, TVector, Elementwise.Plus>(pa, pb, py, y.Length, pool);
        }
    }
}
