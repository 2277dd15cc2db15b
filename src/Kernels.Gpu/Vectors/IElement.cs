using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using Half = ILGPU.Half;

namespace MuxKernels;

/// <summary>How the numbers of a map are stored. Arithmetic is float32 whatever the storage.</summary>
/// <typeparam name="T">The stored number.</typeparam>
internal interface IElement<T>
    where T : unmanaged
{
    /// <summary>A number.</summary>
    static abstract float Load(ArrayView<T> x, int i);

    /// <summary>Four numbers from a place that is a multiple of four.</summary>
    static abstract Float4 LoadQuad(ArrayView<T> x, int i);

    /// <summary>Stores a number.</summary>
    static abstract void Store(ArrayView<T> y, int i, float value);

    /// <summary>Stores four numbers at a place that is a multiple of four.</summary>
    static abstract void StoreQuad(ArrayView<T> y, int i, Float4 value);
}

/// <summary>float32.</summary>
internal struct SingleElement : IElement<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(ArrayView<float> x, int i) => x[i];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 LoadQuad(ArrayView<float> x, int i) => x.Cast<Float4>()[i >> 2];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<float> y, int i, float value) => y[i] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreQuad(ArrayView<float> y, int i, Float4 value) => y.Cast<Float4>()[i >> 2] = value;
}

/// <summary>Four float16 numbers: one 8-byte access.</summary>
/// <param name="x">First.</param>
/// <param name="y">Second.</param>
/// <param name="z">Third.</param>
/// <param name="w">Fourth.</param>
public struct Half4(Half x, Half y, Half z, Half w)
{
    /// <summary>First.</summary>
    public Half X = x;

    /// <summary>Second.</summary>
    public Half Y = y;

    /// <summary>Third.</summary>
    public Half Z = z;

    /// <summary>Fourth.</summary>
    public Half W = w;
}

/// <summary>float16.</summary>
internal struct HalfElement : IElement<Half>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(ArrayView<Half> x, int i) => x[i];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float4 LoadQuad(ArrayView<Half> x, int i)
    {
        Half4 v = x.Cast<Half4>()[i >> 2];
        return new Float4(v.X, v.Y, v.Z, v.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<Half> y, int i, float value) => y[i] = Narrow(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreQuad(ArrayView<Half> y, int i, Float4 value) => y.Cast<Half4>()[i >> 2] =
        new Half4(Narrow(value.X), Narrow(value.Y), Narrow(value.Z), Narrow(value.W));

    /// <summary>The nearest float16, ties to even. Devices round like that; ILGPU's simulation cuts the last bits off,
    /// so there the number is rounded first. The test is known while a kernel is compiled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Half Narrow(float value)
    {
        if (Accelerator.CurrentType == AcceleratorType.CPU)
        {
            value = Round(value);
        }

        return (Half)value;
    }

    /// <summary>The nearest number with the significand of float16: by the bits, or with its subnormals' step of 2⁻²⁴,
    /// which is that of 0.75 in float32.</summary>
    private static float Round(float value)
    {
        if (value > -6.1035156e-5f && value < 6.1035156e-5f)
        {
            return value + 0.75f - 0.75f;
        }

        uint bits = Interop.FloatAsInt(value);
        return value - value == 0f
            ? Interop.IntAsFloat(bits + 0xFFFu + ((bits >> 13) & 1u) & ~0x1FFFu)
            : value;
    }
}
