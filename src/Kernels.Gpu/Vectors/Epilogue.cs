using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace MuxKernels;

/// <summary>
/// What a convolution does to its inputs and outputs on their way, compiled into it:
/// <c>y[n,o,p] = f(scale[o]·z[n,o,p] + shift[o]) + residual[n,o,p]</c> with
/// <c>z = w ∗ (gate[n,i]·x[n,i,·])</c>, and <c>sums[n,o] = Σ_p y[n,o,p]</c>.
/// </summary>
internal interface IEpilogue
{
    /// <summary>Whether outputs are scaled and shifted.</summary>
    static abstract bool HasNorm { get; }

    /// <summary>Whether inputs are gated.</summary>
    static abstract bool HasGate { get; }

    /// <summary>Whether a residual is added.</summary>
    static abstract bool HasResidual { get; }

    /// <summary>Whether outputs are summed over pixels.</summary>
    static abstract bool HasSums { get; }

    /// <summary>f.</summary>
    static abstract float Activate(float x);
}

/// <summary>True or false, known while a kernel is compiled.</summary>
internal interface IFlag
{
    static abstract bool On { get; }
}

internal struct Yes : IFlag
{
    public static bool On => true;
}

internal struct No : IFlag
{
    public static bool On => false;
}

/// <summary>An activation function, known while a kernel is compiled.</summary>
internal interface IActivation
{
    static abstract float Of(float x);
}

internal struct Identity : IActivation
{
    public static float Of(float x) => x;
}

internal struct Relu : IActivation
{
    public static float Of(float x) => x < 0f ? 0f : x;
}

internal struct Relu6 : IActivation
{
    public static float Of(float x) => x < 0f ? 0f : x > 6f ? 6f : x;
}

internal struct Swish : IActivation
{
    public static float Of(float x) => x * XMath.Rcp(1f + XMath.Exp(-x));
}

internal struct HardSwish : IActivation
{
    public static float Of(float x) => x * HardSigmoid.Of(x);
}

internal struct Sigmoid : IActivation
{
    public static float Of(float x) => XMath.Rcp(1f + XMath.Exp(-x));
}

internal struct HardSigmoid : IActivation
{
    public static float Of(float x) => x <= -3f ? 0f : x >= 3f ? 1f : (x + 3f) * (1f / 6f);
}

/// <summary>No more than the convolution.</summary>
internal struct Plain : IEpilogue
{
    public static bool HasNorm => false;

    public static bool HasGate => false;

    public static bool HasResidual => false;

    public static bool HasSums => false;

    public static float Activate(float x) => x;
}

/// <summary>An epilogue put together from its parts.</summary>
internal struct Epilogue<TActivation, TGate, TResidual, TSums> : IEpilogue
    where TActivation : struct, IActivation
    where TGate : struct, IFlag
    where TResidual : struct, IFlag
    where TSums : struct, IFlag
{
    public static bool HasNorm => true;

    public static bool HasGate => TGate.On;

    public static bool HasResidual => TResidual.On;

    public static bool HasSums => TSums.On;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Activate(float x) => TActivation.Of(x);
}

/// <summary>The memory of an epilogue, as kernels read it. What an epilogue has not is empty.</summary>
/// <typeparam name="T">How maps are stored.</typeparam>
/// <param name="scale">[O]; empty for 1.</param>
/// <param name="shift">[O]; empty for 0.</param>
/// <param name="gate">[N, C].</param>
/// <param name="residual">A map like y, with y's channels.</param>
/// <param name="sums">Partial sums of y.</param>
/// <param name="inputs">Where input channel c lies; empty for c.</param>
/// <param name="outputs">Where output channel o lies; empty for o.</param>
/// <param name="flags">Bits of <see cref="ScaleFlag"/> and those below it.</param>
public readonly struct EpilogueViews<T>(ArrayView<float> scale, ArrayView<float> shift, ArrayView<float> gate,
    ArrayView<T> residual, ArrayView<float> sums, ArrayView<int> inputs, ArrayView<int> outputs, int flags)
    where T : unmanaged
{
    internal const int ScaleFlag = 1;
    internal const int ShiftFlag = 2;
    internal const int InputsFlag = 4;
    internal const int OutputsFlag = 8;
    internal const int StoreFlag = 16;
    internal const int ColumnFlag = 32;

    internal readonly ArrayView<float> Scale = scale;
    internal readonly ArrayView<float> Shift = shift;
    internal readonly ArrayView<float> Gate = gate;
    internal readonly ArrayView<T> Residual = residual;
    internal readonly ArrayView<float> Sums = sums;
    internal readonly ArrayView<int> Inputs = inputs;
    internal readonly ArrayView<int> Outputs = outputs;
    internal readonly int Flags = flags;

    /// <summary>Where input channel c lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Input(EpilogueViews<T> e, int c) => (e.Flags & InputsFlag) != 0 ? e.Inputs[c] : c;

    /// <summary>Where output channel o lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Output(EpilogueViews<T> e, int o) => (e.Flags & OutputsFlag) != 0 ? e.Outputs[o] : o;

    /// <summary>The scale of output channel o.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float ScaleOf(EpilogueViews<T> e, int o) => (e.Flags & ScaleFlag) != 0 ? e.Scale[o] : 1f;

    /// <summary>The shift of output channel o.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float ShiftOf(EpilogueViews<T> e, int o) => (e.Flags & ShiftFlag) != 0 ? e.Shift[o] : 0f;
}
