namespace MuxKernels;

/// <summary>A number that is a type, so that the JIT drops what a smaller tile has not.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

internal readonly struct One : ICount
{
    public static int Value => 1;
}

internal readonly struct Two : ICount
{
    public static int Value => 2;
}

internal readonly struct Three : ICount
{
    public static int Value => 3;
}

internal readonly struct Four : ICount
{
    public static int Value => 4;
}

internal readonly struct Five : ICount
{
    public static int Value => 5;
}

internal readonly struct Seven : ICount
{
    public static int Value => 7;
}

internal readonly struct Eight : ICount
{
    public static int Value => 8;
}

internal readonly struct Fourteen : ICount
{
    public static int Value => 14;
}

internal readonly struct Sixteen : ICount
{
    public static int Value => 16;
}
