using MuxKernels.Testing;
using Xunit;
using Check = MuxKernels.Testing.Check;

namespace MuxKernels.Tests;

/// <summary>The small layers by themselves, against <see cref="SqueezeExcite"/>'s reference on maps of one pixel.
/// </summary>
public unsafe class SqueezeExciteMeansTests
{
    [Theory]
    [InlineData(1, 5, 3, ActivationKind.Swish)]
    [InlineData(3, 96, 6, ActivationKind.Relu)]
    [InlineData(32, 240, 10, ActivationKind.Swish)]
    [InlineData(7, 33, 17, ActivationKind.HardSwish)]
    public void Agree_with_the_reference_at_every_width_for_any_thread_count(int images, int channels, int reduced,
        ActivationKind kind) => BlockedChecks.EveryWidth(new Agreement(images, channels, reduced, kind));

    private readonly struct Agreement(int images, int channels, int reduced, ActivationKind kind) : IWidthTest
    {
        public void Run<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            float[][] one = Results<TSimd, TVector>(null);
            foreach (int threads in new[] { 2, 3 })
            {
                using WorkPool pool = new(threads);
                float[][] more = Results<TSimd, TVector>(pool);
                for (int i = 0; i < one.Length; i++)
                {
                    Check.SameBits(one[i], more[i], $"result {i} of {threads} threads");
                }
            }

            double[][] expected = Reference();
            for (int i = 0; i < one.Length; i++)
            {
                double size = 1 + expected[i].Max(Math.Abs);
                Check.Close(expected[i], one[i], [.. expected[i].Select(_ => 2e-5 * size)], $"result {i}");
            }
        }

        private float[] Numbers(int operand)
        {
            int weights = channels * reduced, means = images * channels;
            int[] lengths = [means, weights, reduced, weights, channels, means];
            float scale = operand is 1 or 3 ? 0.3f : 1f;
            return Fill.Uniform((ulong)operand + 1, lengths[operand], -scale, scale);
        }

        /// <summary>Gates, gradient of the means, of W₁, b₁, W₂ and b₂ (added to 0.25).</summary>
        private float[][] Results<TSimd, TVector>(WorkPool? pool)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            int means = images * channels, units = images * reduced;
            float[] gates = new float[means], dmean = new float[means], outer = new float[means];
            float[] inner = new float[units], hidden = new float[units], delta = new float[units];
            float[] dw1 = new float[channels * reduced], db1 = new float[reduced], dw2 = new float[dw1.Length];
            float[] db2 = new float[channels], dgates = Numbers(5), transposed = new float[dw1.Length];
            foreach (float[] added in new[] { dw1, db1, dw2, db2 })
            {
                Array.Fill(added, 0.25f);
            }

            fixed (float* mean = Numbers(0), w1 = Numbers(1), b1 = Numbers(2), w2 = Numbers(3), b2 = Numbers(4))
            fixed (float* pi = inner, ph = hidden, po = outer, pg = gates, pdg = dgates, pd = delta, pdm = dmean)
            fixed (float* pdw1 = dw1, pdb1 = db1, pdw2 = dw2, pdb2 = db2, pt = transposed)
            {
                SqueezeExciteMeans s = new()
                {
                    Images = images, Channels = channels, Reduced = reduced, Activation = kind,
                    Gate = ActivationKind.Sigmoid, Mean = mean, W1 = w1, B1 = b1, W2 = w2, B2 = b2, Inner = pi,
                    Hidden = ph, Outer = po, W2Transposed = pt, Gates = pg, Dgates = pdg,
                    Delta = pd, Dmean = pdm, Dw1 = pdw1, Db1 = pdb1, Dw2 = pdw2, Db2 = pdb2,
                };
                SqueezeExciteMeans.Forward<TSimd, TVector>(&s, pool);
                SqueezeExciteMeans.Backward<TSimd, TVector>(&s, pool);
            }

            return [gates, dmean, dw1, db1, dw2, db2];
        }

        private double[][] Reference()
        {
            // Maps of one pixel: y = x·g(x). With dy = dg/x the sum Σ dy·x is dg, and dx = dy·g + dm.
            SqueezeExcite.Args args = new(new Shape(images, channels, 1, 1), reduced, kind);
            double[][] o = [.. Enumerable.Range(0, 6).Select(Numbers).Select(BlockedChecks.Wide)];
            double[] y = new double[o[0].Length], saved = new double[args.Saved.Length], dx = new double[y.Length];
            SqueezeExcite.ForwardReference<double>(args, o[0], o[1], o[2], o[3], o[4], y, saved);
            double[] gates = [.. y.Zip(o[0], (a, b) => a / b)], dy = [.. o[5].Zip(o[0], (a, b) => a / b)];
            int weights = channels * reduced;
            double[][] sums = [new double[weights], new double[reduced], new double[weights], new double[channels]];
            foreach (double[] sum in sums)
            {
                Array.Fill(sum, 0.25);
            }

            SqueezeExcite.BackwardReference<double>(args, dy, o[0], o[1], o[3], saved, dx, sums[0], sums[1], sums[2],
                sums[3]);
            double[] dmean = [.. dx.Select((v, i) => v - dy[i] * gates[i])];
            return [gates, dmean, .. sums];
        }
    }
}
