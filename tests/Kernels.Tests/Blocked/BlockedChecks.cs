using System.Runtime.Intrinsics;
using FsCheck;
using FsCheck.Fluent;
using MuxKernels.Testing;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>A test that is run at every width of the machine.</summary>
internal interface IWidthTest
{
    void Run<TSimd, TVector>()
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>What a store may ask for.</summary>
internal readonly record struct StoreCase(ActivationKind Kind, bool Residual, int Border, int ResidualBorder,
    bool Sums, bool SumsOnly)
{
    public static Gen<StoreCase> Cases =>
        from kind in Gen.Elements(Enum.GetValues<ActivationKind>())
        from residual in Gen.Elements(false, true)
        from border in Gen.Choose(0, 2)
        from residualBorder in Gen.Choose(0, 1)
        from sums in Gen.Choose(0, 3)
        select new StoreCase(kind, residual, border, residualBorder, sums > 1, sums == 3);
}

/// <summary>Checks that the kernels on blocked maps share.</summary>
internal static unsafe class BlockedChecks
{
    public static void EveryWidth<TTest>(TTest test)
        where TTest : struct, IWidthTest
    {
        test.Run<Simd128, Vector128<float>>();
        if (Simd256.IsSupported)
        {
            test.Run<Simd256, Vector256<float>>();
        }

        if (Simd512.IsSupported)
        {
            test.Run<Simd512, Vector512<float>>();
        }
    }

    public static double[] Wide(float[] x) => Array.ConvertAll(x, v => (double)v);

    public static double[] Magnitude(float[] x) => Array.ConvertAll(x, v => Math.Abs((double)v));

    /// <summary>What follows the sums y, at one width of vectors: their functions are not the same to the last bit.
    /// </summary>
    public static float[] After(int lanes, float[] y, ActivationKind kind, float[]? residual)
    {
        float[] result = new float[y.Length];
        fixed (float* from = y, to = result)
        {
            switch (lanes)
            {
                case 16:
                    Activation.Run<Simd512, Vector512<float>>(kind, from, to, y.Length);
                    break;
                case 8:
                    Activation.Run<Simd256, Vector256<float>>(kind, from, to, y.Length);
                    break;
                default:
                    Activation.Run<Simd128, Vector128<float>>(kind, from, to, y.Length);
                    break;
            }
        }

        return residual is null ? result : [.. result.Zip(residual, (a, b) => a + b)];
    }

    /// <summary>
    /// Runs a kernel (given the store and a range of rows) for the whole map and again in two ranges, and checks
    /// everything that <see cref="BlockedStore"/> promises.
    /// </summary>
    /// <param name="c">What is asked for.</param>
    /// <param name="y">Shape of the output.</param>
    /// <param name="sum">Sums with bias, in double.</param>
    /// <param name="magnitude">Sums of magnitudes.</param>
    /// <param name="depth">Terms of a sum.</param>
    /// <param name="bias">Bias of the output channels.</param>
    /// <param name="run">The kernel: store, first row, rows.</param>
    public static void Store<TSimd, TVector>(StoreCase c, Shape y, double[] sum, double[] magnitude, int depth,
        float[] bias, Action<BlockedStore, int, int> run)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, blocks = (y.C + lanes - 1) / lanes;
        float[] residual = Fill.Uniform(91, y.Length);
        using BlockedMap added = new(lanes, blocks, y.H, y.W, c.ResidualBorder);
        using BlockedMap whole = new(lanes, blocks, y.H, y.W, c.Border);
        using BlockedMap parts = new(lanes, blocks, y.H, y.W, c.Border);
        using AlignedBuffer<float> start = new(blocks * lanes), sums = new(blocks * lanes + 1);
        added.Write(residual);
        bias.CopyTo(start.Span);
        sums.Span.Fill(5f);
        BlockedStore store = new()
        {
            Y = whole.Origin,
            BlockStride = whole.BlockStride,
            RowStride = whole.RowStride,
            Bias = start.Pointer,
            Activation = c.Kind,
            Residual = c.Residual ? added.Origin : null,
            ResidualBlockStride = added.BlockStride,
            ResidualRowStride = added.RowStride,
            Sums = c.Sums ? sums.Pointer : null,
        };
        run(store, 0, y.H);
        whole.OutsideIsUntouched(0, y.H);
        float[] actual = whole.Read(y.C);
        double[] expected = new double[sum.Length], bounds = new double[sum.Length];
        for (int i = 0; i < sum.Length; i++)
        {
            double r = c.Residual ? residual[i] : 0;
            expected[i] = Activation.Value(c.Kind, sum[i]) + r;
            bounds[i] = Activation.ValueError(c.Kind, sum[i], ErrorBound.Sum(depth + 1, magnitude[i]));
            bounds[i] += ErrorBound.Unit * (Math.Abs(expected[i]) + bounds[i]);
        }

        Check.Close(expected, actual, bounds, $"y at {lanes} lanes", y);
        if (c.Sums)
        {
            Sums(actual, y, sums.Span, blocks * lanes);
        }

        // Rows by themselves: the same bits, and rows outside the range stay as they were.
        float[] kept = sums.Span.ToArray();
        store.Y = parts.Origin;
        int half = y.H / 2;
        run(store, half, y.H - half);
        parts.OutsideIsUntouched(half, y.H - half);
        run(store, 0, half);
        Check.SameBits(actual, parts.Read(y.C), "y in two ranges of rows", y);
        if (c.SumsOnly)
        {
            store.Y = null;
            store.SumsOnly = true;
            run(store, 0, y.H);
            Check.SameBits(kept, sums.Span, "sums without y");
        }
    }

    private static void Sums(float[] y, Shape shape, ReadOnlySpan<float> sums, int lanes)
    {
        int pixels = shape.H * shape.W;
        for (int o = 0; o < shape.C; o++)
        {
            double expected = 0, magnitude = 0;
            foreach (float v in y.AsSpan(o * pixels, pixels))
            {
                (expected, magnitude) = (expected + v, magnitude + Math.Abs(v));
            }

            Check.Close([expected], sums.Slice(o, 1), [ErrorBound.Sum(pixels, magnitude)], $"sum {o}");
        }

        Xunit.Assert.Equal(5f, sums[lanes]);
    }
}
