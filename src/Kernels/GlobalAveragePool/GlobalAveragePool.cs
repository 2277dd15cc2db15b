using System.Numerics;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Global average pool, <c>y[n,c] = 1/(H·W)·Σ_p x[n,c,p]</c>.</summary>
public static unsafe partial class GlobalAveragePool
{
    /// <summary>Validated geometry.</summary>
    public readonly record struct Args
    {
        /// <summary>A pool over the maps of x.</summary>
        public Args(Shape x)
        {
            Guard.Positive(x, nameof(GlobalAveragePool));
            X = x;
        }

        /// <summary>Input, <c>[N, C, H, W]</c>.</summary>
        public Shape X { get; }

        /// <summary>Output, <c>[N, C]</c>.</summary>
        public Shape Y => Shape.Matrix(X.N, X.C);

        /// <summary>Bytes read and written.</summary>
        public long BytesMoved => sizeof(float) * (X.Length + Y.Length);

        /// <inheritdoc/>
        public override string ToString() => $"{X}";
    }

    /// <summary><c>y[n,c] ← 1/(H·W)·Σ_p x[n,c,p]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="x">Input.</param>
    /// <param name="y">Output.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void Forward(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool = null)
    {
        Guard.Length(x, args.X, "GlobalAveragePool.Forward");
        Guard.Length(y, args.Y, "GlobalAveragePool.Forward");
        Guard.NoOverlap(x, y, "GlobalAveragePool.Forward");
        if (Simd512.IsSupported)
        {
            Forward<Simd512, Vector512<float>>(args, x, y, pool);
        }
        else if (Simd256.IsSupported)
        {
            Forward<Simd256, Vector256<float>>(args, x, y, pool);
        }
        else
        {
            Forward<Simd128, Vector128<float>>(args, x, y, pool);
        }
    }

    /// <summary><c>dx[n,c,p] ← dy[n,c]/(H·W)</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="dx">Gradient of the input, written.</param>
    /// <param name="pool">Null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A wrong length or overlapping memory.</exception>
    public static void Backward(in Args args, ReadOnlySpan<float> dy, Span<float> dx, WorkPool? pool = null)
    {
        Guard.Length(dy, args.Y, "GlobalAveragePool.Backward");
        Guard.Length(dx, args.X, "GlobalAveragePool.Backward");
        Guard.NoOverlap(dy, dx, "GlobalAveragePool.Backward");
        fixed (float* pdy = dy, pdx = dx)
        {
            WorkPool.For(pool, Pieces(args), new SpreadWork(args, pdy, pdx));
        }
    }

    /// <summary>The reference of <see cref="Forward(in Args, ReadOnlySpan{float}, Span{float}, WorkPool?)"/>.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void ForwardReference<T>(in Args args, ReadOnlySpan<T> x, Span<T> y)
        where T : struct, IFloatingPointIeee754<T>
    {
        Guard.Length(x, args.X, "GlobalAveragePool.ForwardReference");
        Guard.Length(y, args.Y, "GlobalAveragePool.ForwardReference");
        int pixels = args.X.Pixels;
        for (int i = 0; i < y.Length; i++)
        {
            double sum = 0;
            for (int p = 0; p < pixels; p++)
            {
                sum += double.CreateTruncating(x[i * pixels + p]);
            }

            y[i] = T.CreateTruncating(sum / pixels);
        }
    }

    /// <summary>The reference of <see cref="Backward"/>.</summary>
    /// <exception cref="ShapeException">A wrong length.</exception>
    public static void BackwardReference<T>(in Args args, ReadOnlySpan<T> dy, Span<T> dx)
        where T : struct, IFloatingPointIeee754<T>
    {
        Guard.Length(dy, args.Y, "GlobalAveragePool.BackwardReference");
        Guard.Length(dx, args.X, "GlobalAveragePool.BackwardReference");
        int pixels = args.X.Pixels;
        for (int i = 0; i < dx.Length; i++)
        {
            dx[i] = T.CreateTruncating(double.CreateTruncating(dy[i / pixels]) / pixels);
        }
    }

    // A piece is a run of planes of about 16 thousand elements.
    private static int PlanesOfPiece(in Args args) => Math.Max(1, Elementwise.Block / args.X.Pixels);

    private static int Pieces(in Args args) => (args.X.N * args.X.C + PlanesOfPiece(args) - 1) / PlanesOfPiece(args);

    private static void Forward<TSimd, TVector>(in Args args, ReadOnlySpan<float> x, Span<float> y, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        fixed (float* px = x, py = y)
        {
            WorkPool.For(pool, Pieces(args), new MeanWork<TSimd, TVector>(args, px, py));
        }
    }

    private readonly struct MeanWork<TSimd, TVector>(Args args, float* x, float* y) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        private readonly float* x = x, y = y;

        public void Run(int index, int worker)
        {
            int planes = PlanesOfPiece(args), pixels = args.X.Pixels;
            int end = (int)Math.Min((index + 1L) * planes, args.Y.Length);
            for (int i = index * planes; i < end; i++)
            {
                y[i] = (float)(Reductions.PlaneSum<TSimd, TVector>(x + (long)i * pixels, pixels) / pixels);
            }
        }
    }

    private readonly struct SpreadWork(Args args, float* dy, float* dx) : IWork
    {
        private readonly float* dy = dy, dx = dx;

        public void Run(int index, int worker)
        {
            int planes = PlanesOfPiece(args), pixels = args.X.Pixels;
            int end = (int)Math.Min((index + 1L) * planes, args.Y.Length);
            for (int i = index * planes; i < end; i++)
            {
                new Span<float>(dx + (long)i * pixels, pixels).Fill(dy[i] / pixels);
            }
        }
    }
}
