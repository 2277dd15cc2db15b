using System.Runtime.CompilerServices;
using ILGPU;

namespace MuxKernels;

/// <summary>3×3 taps two pixels apart, taps of even columns and of odd columns: 6 rows for four.</summary>
internal struct Sub3x3 : IStripWindow
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
        StripLine l1 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l2 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 4);
        StripLine l3 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 6);
        Row3 a0 = Row3.Load(w, v.Start, v.Step, v.Gate);
        Row3 b0 = Row3.Load(w, v.Second, v.Step, v.Gate);
        sum.A = Row3.Spread(sum.A, a0, b0, l0);
        sum.B = Row3.Spread(sum.B, a0, b0, l1);
        sum.C = Row3.Spread(sum.C, a0, b0, l2);
        sum.D = Row3.Spread(sum.D, a0, b0, l3);
        StripLine l4 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 8);
        Row3 a1 = Row3.Load(w, v.Start + 3 * v.Step, v.Step, v.Gate);
        Row3 b1 = Row3.Load(w, v.Second + 3 * v.Step, v.Step, v.Gate);
        sum.A = Row3.Spread(sum.A, a1, b1, l1);
        sum.B = Row3.Spread(sum.B, a1, b1, l2);
        sum.C = Row3.Spread(sum.C, a1, b1, l3);
        sum.D = Row3.Spread(sum.D, a1, b1, l4);
        StripLine l5 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 10);
        Row3 a2 = Row3.Load(w, v.Start + 6 * v.Step, v.Step, v.Gate);
        Row3 b2 = Row3.Load(w, v.Second + 6 * v.Step, v.Step, v.Gate);
        sum.A = Row3.Spread(sum.A, a2, b2, l2);
        sum.B = Row3.Spread(sum.B, a2, b2, l3);
        sum.C = Row3.Spread(sum.C, a2, b2, l4);
        sum.D = Row3.Spread(sum.D, a2, b2, l5);
        return sum;
    }
}

/// <summary>5×5 taps two pixels apart, taps of even columns and of odd columns: 8 rows for four.</summary>
internal struct Sub5x5 : IStripWindow
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
        StripLine l1 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 2);
        StripLine l2 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 4);
        StripLine l3 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 6);
        Row5 a0 = Row5.Load(w, v.Start, v.Step, v.Gate);
        Row5 b0 = Row5.Load(w, v.Second, v.Step, v.Gate);
        sum.A = Row5.Spread(sum.A, a0, b0, l0);
        sum.B = Row5.Spread(sum.B, a0, b0, l1);
        sum.C = Row5.Spread(sum.C, a0, b0, l2);
        sum.D = Row5.Spread(sum.D, a0, b0, l3);
        StripLine l4 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 8);
        Row5 a1 = Row5.Load(w, v.Start + 5 * v.Step, v.Step, v.Gate);
        Row5 b1 = Row5.Load(w, v.Second + 5 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Spread(sum.A, a1, b1, l1);
        sum.B = Row5.Spread(sum.B, a1, b1, l2);
        sum.C = Row5.Spread(sum.C, a1, b1, l3);
        sum.D = Row5.Spread(sum.D, a1, b1, l4);
        StripLine l5 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 10);
        Row5 a2 = Row5.Load(w, v.Start + 10 * v.Step, v.Step, v.Gate);
        Row5 b2 = Row5.Load(w, v.Second + 10 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Spread(sum.A, a2, b2, l2);
        sum.B = Row5.Spread(sum.B, a2, b2, l3);
        sum.C = Row5.Spread(sum.C, a2, b2, l4);
        sum.D = Row5.Spread(sum.D, a2, b2, l5);
        StripLine l6 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 12);
        Row5 a3 = Row5.Load(w, v.Start + 15 * v.Step, v.Step, v.Gate);
        Row5 b3 = Row5.Load(w, v.Second + 15 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Spread(sum.A, a3, b3, l3);
        sum.B = Row5.Spread(sum.B, a3, b3, l4);
        sum.C = Row5.Spread(sum.C, a3, b3, l5);
        sum.D = Row5.Spread(sum.D, a3, b3, l6);
        StripLine l7 = StripLines.LoadThree<T, TElement, TLoad>(x, v, v.Top + 14);
        Row5 a4 = Row5.Load(w, v.Start + 20 * v.Step, v.Step, v.Gate);
        Row5 b4 = Row5.Load(w, v.Second + 20 * v.Step, v.Step, v.Gate);
        sum.A = Row5.Spread(sum.A, a4, b4, l4);
        sum.B = Row5.Spread(sum.B, a4, b4, l5);
        sum.C = Row5.Spread(sum.C, a4, b4, l6);
        sum.D = Row5.Spread(sum.D, a4, b4, l7);
        return sum;
    }
}
