using System.Runtime.Intrinsics;
using MuxKernels.Measure;
using MuxKernels.Testing;

namespace MuxKernels.Compare;

/// <summary>Passes of batch normalisation with swish over a channel-blocked map, beside a copy of the map.</summary>
internal sealed unsafe class NormPasses : IDisposable
{
    public const string Copy = "copy";

    private const int Side = 28;

    private readonly AlignedBuffer<float> z;
    private readonly AlignedBuffer<float> g;
    private readonly AlignedBuffer<float> to;
    private readonly AlignedBuffer<float> numbers;

    private NormPasses(int blocks, int lanes)
    {
        long length = (long)blocks * Side * Side * lanes;
        (z, g, to) = (new(length), new(length), new(length));
        numbers = new AlignedBuffer<float>(8L * blocks * lanes);
        Fill.Uniform(1, length).CopyTo(z.Span);
        Fill.Uniform(2, length).CopyTo(g.Span);
        Fill.Uniform(3, numbers.Length).CopyTo(numbers.Span);
    }

    /// <summary>Bytes of a map.</summary>
    public long MapBytes => z.Length * sizeof(float);

    /// <summary>The passes with the maps that each reads and writes.</summary>
    public IReadOnlyList<(Contestant What, int Maps)> Passes { get; private set; } = [];

    /// <summary>Passes over a map of about so many bytes, with the widest vectors here.</summary>
    public static NormPasses Of(long bytes) => MachineProbe.VectorLanes switch
    {
        16 => Of<Simd512, Vector512<float>>(bytes),
        8 => Of<Simd256, Vector256<float>>(bytes),
        _ => Of<Simd128, Vector128<float>>(bytes),
    };

    public void Dispose()
    {
        z.Dispose();
        g.Dispose();
        to.Dispose();
        numbers.Dispose();
    }

    private static NormPasses Of<TSimd, TVector>(long bytes)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        const ActivationKind Swish = ActivationKind.Swish;
        int blocks = (int)Math.Max(1, bytes / (Side * Side * TSimd.Lanes * sizeof(float)));
        NormPasses own = new(blocks, TSimd.Lanes);
        float* Numbers(int kind) => own.numbers.Pointer + (long)kind * blocks * TSimd.Lanes;
        BlockedBand Band()
        {
            nint block = Side * Side * TSimd.Lanes;
            return new BlockedBand
            {
                Blocks = blocks, Rows = 1, Columns = Side * Side, Z = own.z.Pointer, ZBlock = block,
                G = own.g.Pointer, GBlock = block, To = own.to.Pointer, ToBlock = block, Scale = Numbers(0),
                Shift = Numbers(1),
            };
        }

        own.Passes =
        [
            (new("moments", () =>
            {
                BlockedBand band = Band();
                BlockedNorm<TSimd, TVector>.Moments(&band, Numbers(2), Numbers(3));
            }), 1),
            (new("normalise, swish", () =>
            {
                BlockedBand band = Band();
                BlockedNorm<TSimd, TVector>.Forward(Swish, &band);
            }), 2),
            (new("sums of the gradient", () =>
            {
                BlockedBand band = Band();
                BlockedNorm<TSimd, TVector>.GradientSums(Swish, &band, Numbers(2), Numbers(3));
            }), 2),
            (new("gradient", () =>
            {
                BlockedBand band = Band();
                BlockedNorm<TSimd, TVector>.Gradient(Swish, &band, Numbers(5), Numbers(6), Numbers(7));
            }), 3),
            (new(Copy, () => own.z.Span.CopyTo(own.to.Span)), 2),
        ];
        return own;
    }
}
