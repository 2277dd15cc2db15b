using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>A function of one vector.</summary>
internal interface IUnary
{
    /// <summary>The function, lane by lane.</summary>
    static abstract TVector Of<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>A function of two vectors.</summary>
internal interface IBinary
{
    /// <summary>The function, lane by lane.</summary>
    static abstract TVector Of<TSimd, TVector>(TVector a, TVector b)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>Loops over runs of floats in blocks of a fixed length: each element is computed by itself, so results do
/// not depend on threads. Output and input may be the same memory.</summary>
internal static unsafe class Elementwise
{
    /// <summary>Elements of one block: two operands and a result stay in a 256 KB cache.</summary>
    public const int Block = 1 << 14;

    /// <summary>Number of blocks of a run.</summary>
    public static int Blocks(int length) => (int)(((long)length + Block - 1) / Block);

    /// <summary>Elements of one block of a run.</summary>
    public static int BlockLength(int length, int block) => Math.Min(Block, length - block * Block);

    /// <summary><c>y ← f(x)</c>.</summary>
    public static void Map<TSimd, TVector, TFunction>(float* x, float* y, int length, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IUnary =>
        WorkPool.For(pool, Blocks(length), new MapWork<TSimd, TVector, TFunction>(x, y, length));

    /// <summary><c>y ← f(a, b)</c>.</summary>
    public static void Zip<TSimd, TVector, TFunction>(float* a, float* b, float* y, int length, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IBinary =>
        WorkPool.For(pool, Blocks(length), new ZipWork<TSimd, TVector, TFunction>(a, b, y, length));

    /// <summary><c>y ← f(x)</c> for a short run on the calling thread.</summary>
    public static void MapRun<TSimd, TVector, TFunction>(float* x, float* y, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IUnary
    {
        int i = 0;
        for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
        {
            TVector y0 = TFunction.Of<TSimd, TVector>(TSimd.Load(x + i));
            TVector y1 = TFunction.Of<TSimd, TVector>(TSimd.Load(x + i + TSimd.Lanes));
            TSimd.Store(y0, y + i);
            TSimd.Store(y1, y + i + TSimd.Lanes);
        }

        for (; i < length; i += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, length - i);
            TSimd.StorePartial(TFunction.Of<TSimd, TVector>(TSimd.LoadPartial(x + i, count)), y + i, count);
        }
    }

    /// <summary><c>y ← f(a, b)</c> for a short run on the calling thread.</summary>
    public static void ZipRun<TSimd, TVector, TFunction>(float* a, float* b, float* y, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IBinary
    {
        int i = 0;
        for (; i <= length - 2 * TSimd.Lanes; i += 2 * TSimd.Lanes)
        {
            int next = i + TSimd.Lanes;
            TVector y0 = TFunction.Of<TSimd, TVector>(TSimd.Load(a + i), TSimd.Load(b + i));
            TVector y1 = TFunction.Of<TSimd, TVector>(TSimd.Load(a + next), TSimd.Load(b + next));
            TSimd.Store(y0, y + i);
            TSimd.Store(y1, y + next);
        }

        for (; i < length; i += TSimd.Lanes)
        {
            int count = Math.Min(TSimd.Lanes, length - i);
            TVector last = TFunction.Of<TSimd, TVector>(TSimd.LoadPartial(a + i, count),
                TSimd.LoadPartial(b + i, count));
            TSimd.StorePartial(last, y + i, count);
        }
    }

    /// <summary><c>a + b</c>.</summary>
    internal readonly struct Plus : IBinary
    {
        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TSimd, TVector>(TVector a, TVector b)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.Add(a, b);
    }

    private readonly struct MapWork<TSimd, TVector, TFunction>(float* x, float* y, int length) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IUnary
    {
        private readonly float* x = x, y = y;

        public void Run(int index, int worker) => MapRun<TSimd, TVector, TFunction>(
            x + (long)index * Block, y + (long)index * Block, BlockLength(length, index));
    }

    private readonly struct ZipWork<TSimd, TVector, TFunction>(float* a, float* b, float* y, int length) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TFunction : struct, IBinary
    {
        private readonly float* a = a, b = b, y = y;

        public void Run(int index, int worker)
        {
            long at = (long)index * Block;
            ZipRun<TSimd, TVector, TFunction>(a + at, b + at, y + at, BlockLength(length, index));
        }
    }
}
