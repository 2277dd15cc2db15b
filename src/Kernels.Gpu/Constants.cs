namespace MuxKernels;

/// <summary>What a kernel knows of its geometry while it is compiled: each member gives a constant, or the value it is
/// asked with. Constants turn divisions into shifts and loops over taps into straight code.</summary>
internal interface IConstants
{
    /// <summary>Channels of a convolution group, g.</summary>
    static abstract int Group(int value);

    /// <summary>Taps along each axis.</summary>
    static abstract int Kernel(int value);

    /// <summary>Step, and distance of neighbouring taps: both 1, or any.</summary>
    static abstract int Step(int value);

    /// <summary>The spatial factor, r.</summary>
    static abstract int Factor(int value);

    /// <summary><c>⌊a/r⌋</c>, also of negative a, for the spatial factor r.</summary>
    static abstract int Floor(int a, int r);
}

/// <summary>Nothing is known.</summary>
internal struct AnyShape : IConstants
{
    public static int Group(int value) => value;

    public static int Kernel(int value) => value;

    public static int Step(int value) => value;

    public static int Factor(int value) => value;

    public static int Floor(int a, int r) => a >= 0 ? a / r : -((r - 1 - a) / r);
}

/// <summary>3×3 taps, one channel a group, stride and dilation 1, r = 2.</summary>
internal struct Single3 : IConstants
{
    public static int Group(int value) => 1;

    public static int Kernel(int value) => 3;

    public static int Step(int value) => 1;

    public static int Factor(int value) => 2;

    public static int Floor(int a, int r) => a >> 1;
}

/// <summary>5×5 taps, one channel a group, stride and dilation 1, r = 2.</summary>
internal struct Single5 : IConstants
{
    public static int Group(int value) => 1;

    public static int Kernel(int value) => 5;

    public static int Step(int value) => 1;

    public static int Factor(int value) => 2;

    public static int Floor(int a, int r) => a >> 1;
}
