using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>3×3 taps at stride 2: 9 rows for four.</summary>
internal struct Window3x3S2 : IStripWindow
{
    public static int Kernel => 3;

    public static int Stride => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripRows Add<T, TElement, TLoad>(ArrayView<T> x, ArrayView<float> w, StripView v, StripRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine l0 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top);
        StripLine l2 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l4 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 4);
        StripLine l6 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 6);
        Row3 w0 = Row3.Load(w, v.Start, v.Step, v.Gate);
        sum.A = Row3.Step2(sum.A, w0, l0);
        sum.B = Row3.Step2(sum.B, w0, l2);
        sum.C = Row3.Step2(sum.C, w0, l4);
        sum.D = Row3.Step2(sum.D, w0, l6);
        StripLine l1 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 1);
        StripLine l3 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 3);
        StripLine l5 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 5);
        StripLine l7 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 7);
        Row3 w1 = Row3.Load(w, v.Start + 3 * v.Step, v.Step, v.Gate);
        sum.A = Row3.Step2(sum.A, w1, l1);
        sum.B = Row3.Step2(sum.B, w1, l3);
        sum.C = Row3.Step2(sum.C, w1, l5);
        sum.D = Row3.Step2(sum.D, w1, l7);
        StripLine l8 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 8);
        Row3 w2 = Row3.Load(w, v.Start + 6 * v.Step, v.Step, v.Gate);
        sum.A = Row3.Step2(sum.A, w2, l2);
        sum.B = Row3.Step2(sum.B, w2, l4);
        sum.C = Row3.Step2(sum.C, w2, l6);
        sum.D = Row3.Step2(sum.D, w2, l8);
        return sum;
    }
}

/// <summary>5×5 taps at stride 2: 11 rows for four.</summary>
internal struct Window5x5S2 : IStripWindow
{
    public static int Kernel => 5;

    public static int Stride => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripRows Add<T, TElement, TLoad>(ArrayView<T> x, ArrayView<float> w, StripView v, StripRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine l0 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top);
        StripLine l2 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l4 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 4);
        StripLine l6 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 6);
        Row5 w0 = Row5.Load(w, v.Start, v.Step, v.Gate);
        sum.A = Row5.Step2(sum.A, w0, l0);
        sum.B = Row5.Step2(sum.B, w0, l2);
        sum.C = Row5.Step2(sum.C, w0, l4);
        sum.D = Row5.Step2(sum.D, w0, l6);
        StripLine l1 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 1);
        StripLine l3 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 3);
        StripLine l5 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 5);
        StripLine l7 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 7);
        Row5 w1 = Row5.Load(w, v.Start + 5 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step2(sum.A, w1, l1);
        sum.B = Row5.Step2(sum.B, w1, l3);
        sum.C = Row5.Step2(sum.C, w1, l5);
        sum.D = Row5.Step2(sum.D, w1, l7);
        StripLine l8 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 8);
        Row5 w2 = Row5.Load(w, v.Start + 10 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step2(sum.A, w2, l2);
        sum.B = Row5.Step2(sum.B, w2, l4);
        sum.C = Row5.Step2(sum.C, w2, l6);
        sum.D = Row5.Step2(sum.D, w2, l8);
        StripLine l9 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 9);
        Row5 w3 = Row5.Load(w, v.Start + 15 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step2(sum.A, w3, l3);
        sum.B = Row5.Step2(sum.B, w3, l5);
        sum.C = Row5.Step2(sum.C, w3, l7);
        sum.D = Row5.Step2(sum.D, w3, l9);
        StripLine l10 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 10);
        Row5 w4 = Row5.Load(w, v.Start + 20 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Step2(sum.A, w4, l4);
        sum.B = Row5.Step2(sum.B, w4, l6);
        sum.C = Row5.Step2(sum.C, w4, l8);
        sum.D = Row5.Step2(sum.D, w4, l10);
        return sum;
    }
}

/// <summary>7×7 taps at stride 2: 13 rows for four.</summary>
internal struct Window7x7S2 : IStripWindow
{
    public static int Kernel => 7;

    public static int Stride => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StripRows Add<T, TElement, TLoad>(ArrayView<T> x, ArrayView<float> w, StripView v, StripRows sum)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TLoad : struct, IStripLoad
    {
        StripLine l0 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top);
        StripLine l2 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l4 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 4);
        StripLine l6 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 6);
        Row7 w0 = Row7.Load(w, v.Start, v.Step, v.Gate);
        sum.A = Row7.Step2(sum.A, w0, l0);
        sum.B = Row7.Step2(sum.B, w0, l2);
        sum.C = Row7.Step2(sum.C, w0, l4);
        sum.D = Row7.Step2(sum.D, w0, l6);
        StripLine l1 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 1);
        StripLine l3 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 3);
        StripLine l5 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 5);
        StripLine l7 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 7);
        Row7 w1 = Row7.Load(w, v.Start + 7 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step2(sum.A, w1, l1);
        sum.B = Row7.Step2(sum.B, w1, l3);
        sum.C = Row7.Step2(sum.C, w1, l5);
        sum.D = Row7.Step2(sum.D, w1, l7);
        StripLine l8 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 8);
        Row7 w2 = Row7.Load(w, v.Start + 14 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step2(sum.A, w2, l2);
        sum.B = Row7.Step2(sum.B, w2, l4);
        sum.C = Row7.Step2(sum.C, w2, l6);
        sum.D = Row7.Step2(sum.D, w2, l8);
        StripLine l9 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 9);
        Row7 w3 = Row7.Load(w, v.Start + 21 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step2(sum.A, w3, l3);
        sum.B = Row7.Step2(sum.B, w3, l5);
        sum.C = Row7.Step2(sum.C, w3, l7);
        sum.D = Row7.Step2(sum.D, w3, l9);
        StripLine l10 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 10);
        Row7 w4 = Row7.Load(w, v.Start + 28 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step2(sum.A, w4, l4);
        sum.B = Row7.Step2(sum.B, w4, l6);
        sum.C = Row7.Step2(sum.C, w4, l8);
        sum.D = Row7.Step2(sum.D, w4, l10);
        StripLine l11 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 11);
        Row7 w5 = Row7.Load(w, v.Start + 35 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step2(sum.A, w5, l5);
        sum.B = Row7.Step2(sum.B, w5, l7);
        sum.C = Row7.Step2(sum.C, w5, l9);
        sum.D = Row7.Step2(sum.D, w5, l11);
        StripLine l12 = StripLines.LoadFour<T, TElement, TLoad>(x, v, v.Top + 12);
        Row7 w6 = Row7.Load(w, v.Start + 42 * v.Step, v.Step, v.Gate);
        sum.A = Row7.Step2(sum.A, w6, l6);
        sum.B = Row7.Step2(sum.B, w6, l8);
        sum.C = Row7.Step2(sum.C, w6, l10);
        sum.D = Row7.Step2(sum.D, w6, l12);
        return sum;
    }
}
