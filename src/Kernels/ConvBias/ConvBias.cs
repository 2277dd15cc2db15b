using System.Numerics;
using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>Gradient of the bias of every convolution and linear layer, <c>db[o] += Σ_{n,p} dy[n,o,p]</c>; the argument
/// is the shape of dy.</summary>
public static unsafe class ConvBias
{
    private const string Kernel = "ConvBias.Backward";

    /// <summary><c>db[o] += Σ_{n,p} dy[n,o,p]</c>.</summary>
    /// <param name="args">Shape of dy, <c>[N, O, H, W]</c> or <c>[N, O]</c>.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="db">Gradient of the bias, <c>[O]</c>, added to.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A bad shape, a length that differs from it, or overlapping memory.</exception>
    public static void Backward(in Shape args, ReadOnlySpan<float> dy, Span<float> db, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            Backward<Simd512, Vector512<float>>(args, dy, db, pool);
        }
        else if (Simd256.IsSupported)
        {
            Backward<Simd256, Vector256<float>>(args, dy, db, pool);
        }
        else
        {
            Backward<Simd128, Vector128<float>>(args, dy, db, pool);
        }
    }

    /// <summary><c>db[o] += Σ_{n,p} dy[n,o,p]</c> in plain loops, summed in double.</summary>
    /// <exception cref="ShapeException">A bad shape, a length that differs from it, or overlapping memory.</exception>
    public static void BackwardReference<T>(in Shape args, ReadOnlySpan<T> dy, Span<T> db)
        where T : struct, IFloatingPointIeee754<T>
    {
        Check(args, dy, db);
        int pixels = args.Pixels;
        for (int o = 0; o < args.C; o++)
        {
            double sum = double.CreateTruncating(db[o]);
            for (int n = 0; n < args.N; n++)
            {
                for (int p = 0; p < pixels; p++)
                {
                    sum += double.CreateTruncating(dy[(n * args.C + o) * pixels + p]);
                }
            }

            db[o] = T.CreateTruncating(sum);
        }
    }

    internal static void Backward<TSimd, TVector>(in Shape args, ReadOnlySpan<float> dy, Span<float> db, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        Check(args, dy, db);
        fixed (float* pdy = dy, pdb = db)
        {
            if (args.Pixels == 1)
            {
                int vectors = (args.C - 1) / TSimd.Lanes + 1;
                WorkPool.For(pool, vectors, new VectorJob<TSimd, TVector>(pdy, pdb, args.N, args.C));
            }
            else
            {
                WorkPool.For(pool, args.C, new MapJob<TSimd, TVector>(pdy, pdb, args.N, args.C, args.Pixels));
            }
        }
    }

    internal static IEnumerable<KernelOperation> Operations() =>
    [
        new KernelOperation<Shape>("conv.backward-bias")
        {
            Inputs = static a => [new("dy", a)],
            Outputs = static a => [new("db", Shape.Vector(a.C))],
            Reference = Reference,
            Bound = static (in Shape a, double[][] x, double[][] y) =>
                ErrorBound.OfSum(a, x, y, Reference, (long)a.N * a.Pixels),
            MultiplyAdds = static a => a.Length,
            BytesMoved = static a => sizeof(float) * a.Length,
            IsLinear = true,
        }.WithWidths(BackwardWith<Simd512, Vector512<float>>, BackwardWith<Simd256, Vector256<float>>,
            BackwardWith<Simd128, Vector128<float>>),
    ];

    private static void Reference(in Shape args, double[][] inputs, double[][] outputs) =>
        BackwardReference<double>(args, inputs[0], outputs[0]);

    private static void BackwardWith<TSimd, TVector>(in Shape args, KernelMemory[] inputs, KernelMemory[] outputs,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => Backward<TSimd, TVector>(args, inputs[0], outputs[0], pool);

    private static void Check<T>(Shape args, ReadOnlySpan<T> dy, Span<T> db)
    {
        Guard.Positive(args, Kernel, "dy");
        Guard.Length(dy, args, Kernel);
        Guard.Length(db, Shape.Vector(args.C), Kernel);
        Guard.NoOverlap(dy, db, Kernel);
    }

    /// <summary>One vector of channels, down the batch.</summary>
    private readonly struct VectorJob<TSimd, TVector>(float* dy, float* db, int images, int channels) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public void Run(int index, int worker)
        {
            int o = index * TSimd.Lanes, count = Math.Min(TSimd.Lanes, channels - o);
            TVector sum = TSimd.LoadPartial(db + o, count);
            for (int n = 0; n < images; n++)
            {
                sum = TSimd.Add(sum, TSimd.LoadPartial(dy + (nint)n * channels + o, count));
            }

            TSimd.StorePartial(sum, db + o, count);
        }
    }

    /// <summary>One channel: a sum for each map in four vectors, added in the order of the batch.</summary>
    private readonly struct MapJob<TSimd, TVector>(float* dy, float* db, int images, int channels, int pixels) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public void Run(int index, int worker)
        {
            float sum = 0;
            for (int n = 0; n < images; n++)
            {
                sum += Map(dy + ((nint)n * channels + index) * pixels, pixels);
            }

            db[index] += sum;
        }

        private static float Map(float* p, int pixels)
        {
            TVector s0 = TSimd.Zero, s1 = s0, s2 = s0, s3 = s0;
            int i = 0;
            for (; i <= pixels - 4 * TSimd.Lanes; i += 4 * TSimd.Lanes)
            {
                s0 = TSimd.Add(s0, TSimd.Load(p + i));
                s1 = TSimd.Add(s1, TSimd.Load(p + i + TSimd.Lanes));
                s2 = TSimd.Add(s2, TSimd.Load(p + i + 2 * TSimd.Lanes));
                s3 = TSimd.Add(s3, TSimd.Load(p + i + 3 * TSimd.Lanes));
            }

            for (; i < pixels; i += TSimd.Lanes)
            {
                s0 = TSimd.Add(s0, TSimd.LoadPartial(p + i, Math.Min(TSimd.Lanes, pixels - i)));
            }

            return TSimd.Sum(TSimd.Add(TSimd.Add(s0, s1), TSimd.Add(s2, s3)));
        }
    }
}
