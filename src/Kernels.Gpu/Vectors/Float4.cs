namespace MuxKernels;

/// <summary>Four numbers that are loaded and stored with one 16-byte access.</summary>
/// <param name="x">First.</param>
/// <param name="y">Second.</param>
/// <param name="z">Third.</param>
/// <param name="w">Fourth.</param>
public struct Float4(float x, float y, float z, float w)
{
    /// <summary>First.</summary>
    public float X = x;

    /// <summary>Second.</summary>
    public float Y = y;

    /// <summary>Third.</summary>
    public float Z = z;

    /// <summary>Fourth.</summary>
    public float W = w;

    /// <summary><c>c + a·b</c>.</summary>
    internal static Float4 Fma(Float4 c, float a, Float4 b) =>
        new(c.X + a * b.X, c.Y + a * b.Y, c.Z + a * b.Z, c.W + a * b.W);

    /// <summary><c>c + a·b</c>, with different a of even and odd places.</summary>
    internal static Float4 Fma(Float4 c, float even, float odd, Float4 b) =>
        new(c.X + even * b.X, c.Y + odd * b.Y, c.Z + even * b.Z, c.W + odd * b.W);

    /// <summary><c>a·b</c>.</summary>
    internal static Float4 Times(Float4 a, float b) => new(a.X * b, a.Y * b, a.Z * b, a.W * b);

    /// <summary><c>a + b</c>.</summary>
    internal static Float4 Add(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);
}
