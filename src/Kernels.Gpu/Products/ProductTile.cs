namespace MuxKernels;

/// <summary>Rows and columns of c that a group of threads computes.</summary>
internal interface IProductTile
{
    static abstract int Rows { get; }

    static abstract int Columns { get; }
}

/// <summary>128×128 by 256 threads.</summary>
internal struct Tile128x128 : IProductTile
{
    public static int Rows => 128;

    public static int Columns => 128;
}

/// <summary>64×128 by 128 threads.</summary>
internal struct Tile64x128 : IProductTile
{
    public static int Rows => 64;

    public static int Columns => 128;
}

/// <summary>32×128 by 64 threads.</summary>
internal struct Tile32x128 : IProductTile
{
    public static int Rows => 32;

    public static int Columns => 128;
}

/// <summary>64×64 by 64 threads.</summary>
internal struct Tile64x64 : IProductTile
{
    public static int Rows => 64;

    public static int Columns => 64;
}

/// <summary>32×32: by 16 threads of 8×8, or by four times 64 threads of 4×4 that share the depth.</summary>
internal struct Tile32x32 : IProductTile
{
    public static int Rows => 32;

    public static int Columns => 32;
}

/// <summary>8×8 by four times 4 threads of 4×4 that share the depth: for accelerators with small groups.</summary>
internal struct Tile8x8 : IProductTile
{
    public static int Rows => 8;

    public static int Columns => 8;
}
