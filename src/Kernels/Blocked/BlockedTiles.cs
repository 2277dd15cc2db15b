using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Chooses the register tile for one or two vectors of output channels.</summary>
/// <typeparam name="TSimd">The width.</typeparam>
/// <typeparam name="TVector">The register.</typeparam>
/// <typeparam name="TStep">Floats between pixels.</typeparam>
/// <typeparam name="TEnd">What is done to a sum when it is stored: nothing or one instruction, never a
/// call.</typeparam>
internal static unsafe class BlockedTiles<TSimd, TVector, TStep, TEnd>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TStep : struct, IPixelStep
    where TEnd : struct, IActivationFunction
{
    /// <summary>Computes some tiles, one behind the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(int vectors, int pixels, BlockedTile* t)
    {
        if (vectors == 2)
        {
            BlockedTiles2<TSimd, TVector, TStep, TEnd>.Run(pixels, t);
        }
        else
        {
            BlockedTiles1<TSimd, TVector, TStep, TEnd>.Run(pixels, t);
        }
    }
}
