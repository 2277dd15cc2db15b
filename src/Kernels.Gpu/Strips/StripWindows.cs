using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>What one channel of the source adds to a thread's outputs. Every row is loaded once; the tap rows go over
/// the rows that they meet, all by hand, so that taps, rows and outputs stay in registers.</summary>
internal interface IStripWindow
{
    /// <summary>Taps along each axis.</summary>
    static abstract int Kernel { get; }

    /// <summary>Step along each axis.</summary>
    static abstract int Stride { get; }

    /// <summary>Adds a channel.</summary>
    static abstract StripRows Add<T, TElement, TLoad>(ArrayView<T> x, ArrayView<float> w, StripView v, StripRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad;
}

/// <summary>3×3 taps at stride 1: 6 rows for four.</summary>
internal struct Window3x3S1 : IStripWindow
{
    public static int Kernel => 3;

    public static int Stride => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripRows Add<T, TElement, TLoad>(ArrayView<T> x, ArrayView<float> w, StripView v, StripRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine l0 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top);
        StripLine l1 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 1);
        StripLine l2 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l3 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 3);
        Row3 w0 = Row3.Load(w, v.Start, v.Step, v.Gate);
        sum.A = Row3.Step1(sum.A, w0, l0);
        sum.B = Row3.Step1(sum.B, w0, l1);
        sum.C = Row3.Step1(sum.C, w0, l2);
        sum.D = Row3.Step1(sum.D, w0, l3);
        StripLine l4 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 4);
        Row3 w1 = Row3.Load(w, v.Start + 3 * v.Step, v.Step, v.Gate);
        sum.A = Row3.Step1(sum.A, w1, l1);
        sum.B = Row3.Step1(sum.B, w1, l2);
        sum.C = Row3.Step1(sum.C, w1, l3);
        sum.D = Row3.Step1(sum.D, w1, l4);
        StripLine l5 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 5);
        Row3 w2 = Row3.Load(w, v.Start + 6 * v.Step, v.Step, v.Gate);
        sum.A = Row3.Step1(sum.A, w2, l2);
        sum.B = Row3.Step1(sum.B, w2, l3);
        sum.C = Row3.Step1(sum.C, w2, l4);
        sum.D = Row3.Step1(sum.D, w2, l5);
        return sum;
    }
}

/// <summary>5×5 taps at stride 1: 8 rows for four.</summary>
internal struct Window5x5S1 : IStripWindow
{
    public static int Kernel => 5;

    public static int Stride => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripRows Add<T, TElement, TLoad>(ArrayView<T> x, ArrayView<float> w, StripView v, StripRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine l0 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top);
        StripLine l1 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 1);
        StripLine l2 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l3 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 3);
        Row5 w0 = Row5.Load(w, v.Start, v.Step, v.Gate);
        sum.A = Row5.Step1(sum.A, w0, l0);
        sum.B = Row5.Step1(sum.B, w0, l1);
        sum.C = Row5.Step1(sum.C, w0, l2);
        sum.D = Row5.Step1(sum.D, w0, l3);
        StripLine l4 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 4);
        Row5 w1 = Row5.Load(w, v.Start + 5 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step1(sum.A, w1, l1);
        sum.B = Row5.Step1(sum.B, w1, l2);
        sum.C = Row5.Step1(sum.C, w1, l3);
        sum.D = Row5.Step1(sum.D, w1, l4);
        StripLine l5 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 5);
        Row5 w2 = Row5.Load(w, v.Start + 10 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step1(sum.A, w2, l2);
        sum.B = Row5.Step1(sum.B, w2, l3);
        sum.C = Row5.Step1(sum.C, w2, l4);
        sum.D = Row5.Step1(sum.D, w2, l5);
        StripLine l6 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 6);
        Row5 w3 = Row5.Load(w, v.Start + 15 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step1(sum.A, w3, l3);
        sum.B = Row5.Step1(sum.B, w3, l4);
        sum.C = Row5.Step1(sum.C, w3, l5);
        sum.D = Row5.Step1(sum.D, w3, l6);
        StripLine l7 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 7);
        Row5 w4 = Row5.Load(w, v.Start + 20 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step1(sum.A, w4, l4);
        sum.B = Row5.Step1(sum.B, w4, l5);
        sum.C = Row5.Step1(sum.C, w4, l6);
        sum.D = Row5.Step1(sum.D, w4, l7);
        return sum;
    }
}

/// <summary>7×7 taps at stride 1: 10 rows for four.</summary>
internal struct Window7x7S1 : IStripWindow
{
    public static int Kernel => 7;

    public static int Stride => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripRows Add<T, TElement, TLoad>(ArrayView<T> x, ArrayView<float> w, StripView v, StripRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine l0 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top);
        StripLine l1 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 1);
        StripLine l2 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l3 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 3);
        Row7 w0 = Row7.Load(w, v.Start, v.Step, v.Gate);
        sum.A = Row7.Step1(sum.A, w0, l0);
        sum.B = Row7.Step1(sum.B, w0, l1);
        sum.C = Row7.Step1(sum.C, w0, l2);
        sum.D = Row7.Step1(sum.D, w0, l3);
        StripLine l4 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 4);
        Row7 w1 = Row7.Load(w, v.Start + 7 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step1(sum.A, w1, l1);
        sum.B = Row7.Step1(sum.B, w1, l2);
        sum.C = Row7.Step1(sum.C, w1, l3);
        sum.D = Row7.Step1(sum.D, w1, l4);
        StripLine l5 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 5);
        Row7 w2 = Row7.Load(w, v.Start + 14 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step1(sum.A, w2, l2);
        sum.B = Row7.Step1(sum.B, w2, l3);
        sum.C = Row7.Step1(sum.C, w2, l4);
        sum.D = Row7.Step1(sum.D, w2, l5);
        StripLine l6 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 6);
        Row7 w3 = Row7.Load(w, v.Start + 21 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step1(sum.A, w3, l3);
        sum.B = Row7.Step1(sum.B, w3, l4);
        sum.C = Row7.Step1(sum.C, w3, l5);
        sum.D = Row7.Step1(sum.D, w3, l6);
        StripLine l7 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 7);
        Row7 w4 = Row7.Load(w, v.Start + 28 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step1(sum.A, w4, l4);
        sum.B = Row7.Step1(sum.B, w4, l5);
        sum.C = Row7.Step1(sum.C, w4, l6);
        sum.D = Row7.Step1(sum.D, w4, l7);
        StripLine l8 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 8);
        Row7 w5 = Row7.Load(w, v.Start + 35 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step1(sum.A, w5, l5);
        sum.B = Row7.Step1(sum.B, w5, l6);
        sum.C = Row7.Step1(sum.C, w5, l7);
        sum.D = Row7.Step1(sum.D, w5, l8);
        StripLine l9 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 9);
        Row7 w6 = Row7.Load(w, v.Start + 42 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step1(sum.A, w6, l6);
        sum.B = Row7.Step1(sum.B, w6, l7);
        sum.C = Row7.Step1(sum.C, w6, l8);
        sum.D = Row7.Step1(sum.D, w6, l9);
        return sum;
    }
}
