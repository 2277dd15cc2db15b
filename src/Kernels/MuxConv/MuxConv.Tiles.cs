using System.Runtime.CompilerServices;

namespace MuxKernels;

public static unsafe partial class MuxConv
{
    /// <summary>8 rows × one vector of a 3×3 convolution, step 1: column by column of the kernel, so that one load
    /// of x serves 3 rows. Registers: 8 sums, 3 weights, 1 x.</summary>
    private static void Rows3<TSimd, TVector>(float* x, nint pitch, float* w, float* y, nint yPitch, int depth,
        nint step)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector y0 = TSimd.Zero, y1 = TSimd.Zero, y2 = TSimd.Zero, y3 = TSimd.Zero;
        TVector y4 = TSimd.Zero, y5 = TSimd.Zero, y6 = TSimd.Zero, y7 = TSimd.Zero;
        for (; depth > 0; depth--, x += step, w += 6)
        {
            float* column = x;
            for (int kw = 0; kw < 3; kw++, w++, column++)
            {
                TVector w0 = TSimd.Splat(w), w1 = TSimd.Splat(w + 3), w2 = TSimd.Splat(w + 6);
                float* p = column;
                TVector v = TSimd.Load(p);
                y0 = TSimd.Fma(w0, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y1 = TSimd.Fma(w0, v, y1);
                y0 = TSimd.Fma(w1, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y2 = TSimd.Fma(w0, v, y2);
                y1 = TSimd.Fma(w1, v, y1);
                y0 = TSimd.Fma(w2, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y3 = TSimd.Fma(w0, v, y3);
                y2 = TSimd.Fma(w1, v, y2);
                y1 = TSimd.Fma(w2, v, y1);
                p += pitch;
                v = TSimd.Load(p);
                y4 = TSimd.Fma(w0, v, y4);
                y3 = TSimd.Fma(w1, v, y3);
                y2 = TSimd.Fma(w2, v, y2);
                p += pitch;
                v = TSimd.Load(p);
                y5 = TSimd.Fma(w0, v, y5);
                y4 = TSimd.Fma(w1, v, y4);
                y3 = TSimd.Fma(w2, v, y3);
                p += pitch;
                v = TSimd.Load(p);
                y6 = TSimd.Fma(w0, v, y6);
                y5 = TSimd.Fma(w1, v, y5);
                y4 = TSimd.Fma(w2, v, y4);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w0, v, y7);
                y6 = TSimd.Fma(w1, v, y6);
                y5 = TSimd.Fma(w2, v, y5);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w1, v, y7);
                y6 = TSimd.Fma(w2, v, y6);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w2, v, y7);
            }
        }

        TSimd.Store(y0, y);
        y += yPitch;
        TSimd.Store(y1, y);
        y += yPitch;
        TSimd.Store(y2, y);
        y += yPitch;
        TSimd.Store(y3, y);
        y += yPitch;
        TSimd.Store(y4, y);
        y += yPitch;
        TSimd.Store(y5, y);
        y += yPitch;
        TSimd.Store(y6, y);
        y += yPitch;
        TSimd.Store(y7, y);
    }

    /// <summary>8 rows × one vector of a 5×5 convolution, step 1: column by column of the kernel, so that one load
    /// of x serves 5 rows. Registers: 8 sums, 5 weights, 1 x.</summary>
    private static void Rows5<TSimd, TVector>(float* x, nint pitch, float* w, float* y, nint yPitch, int depth,
        nint step)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector y0 = TSimd.Zero, y1 = TSimd.Zero, y2 = TSimd.Zero, y3 = TSimd.Zero;
        TVector y4 = TSimd.Zero, y5 = TSimd.Zero, y6 = TSimd.Zero, y7 = TSimd.Zero;
        for (; depth > 0; depth--, x += step, w += 20)
        {
            float* column = x;
            for (int kw = 0; kw < 5; kw++, w++, column++)
            {
                TVector w0 = TSimd.Splat(w), w1 = TSimd.Splat(w + 5), w2 = TSimd.Splat(w + 10);
                TVector w3 = TSimd.Splat(w + 15), w4 = TSimd.Splat(w + 20);
                float* p = column;
                TVector v = TSimd.Load(p);
                y0 = TSimd.Fma(w0, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y1 = TSimd.Fma(w0, v, y1);
                y0 = TSimd.Fma(w1, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y2 = TSimd.Fma(w0, v, y2);
                y1 = TSimd.Fma(w1, v, y1);
                y0 = TSimd.Fma(w2, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y3 = TSimd.Fma(w0, v, y3);
                y2 = TSimd.Fma(w1, v, y2);
                y1 = TSimd.Fma(w2, v, y1);
                y0 = TSimd.Fma(w3, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y4 = TSimd.Fma(w0, v, y4);
                y3 = TSimd.Fma(w1, v, y3);
                y2 = TSimd.Fma(w2, v, y2);
                y1 = TSimd.Fma(w3, v, y1);
                y0 = TSimd.Fma(w4, v, y0);
                p += pitch;
                v = TSimd.Load(p);
                y5 = TSimd.Fma(w0, v, y5);
                y4 = TSimd.Fma(w1, v, y4);
                y3 = TSimd.Fma(w2, v, y3);
                y2 = TSimd.Fma(w3, v, y2);
                y1 = TSimd.Fma(w4, v, y1);
                p += pitch;
                v = TSimd.Load(p);
                y6 = TSimd.Fma(w0, v, y6);
                y5 = TSimd.Fma(w1, v, y5);
                y4 = TSimd.Fma(w2, v, y4);
                y3 = TSimd.Fma(w3, v, y3);
                y2 = TSimd.Fma(w4, v, y2);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w0, v, y7);
                y6 = TSimd.Fma(w1, v, y6);
                y5 = TSimd.Fma(w2, v, y5);
                y4 = TSimd.Fma(w3, v, y4);
                y3 = TSimd.Fma(w4, v, y3);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w1, v, y7);
                y6 = TSimd.Fma(w2, v, y6);
                y5 = TSimd.Fma(w3, v, y5);
                y4 = TSimd.Fma(w4, v, y4);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w2, v, y7);
                y6 = TSimd.Fma(w3, v, y6);
                y5 = TSimd.Fma(w4, v, y5);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w3, v, y7);
                y6 = TSimd.Fma(w4, v, y6);
                p += pitch;
                v = TSimd.Load(p);
                y7 = TSimd.Fma(w4, v, y7);
            }
        }

        TSimd.Store(y0, y);
        y += yPitch;
        TSimd.Store(y1, y);
        y += yPitch;
        TSimd.Store(y2, y);
        y += yPitch;
        TSimd.Store(y3, y);
        y += yPitch;
        TSimd.Store(y4, y);
        y += yPitch;
        TSimd.Store(y5, y);
        y += yPitch;
        TSimd.Store(y6, y);
        y += yPitch;
        TSimd.Store(y7, y);
    }

    /// <summary>8 neighbouring vectors of a sum of taps, <c>y[f] = Σ_t w[t]·x[f + offset[t]]</c>: any kernel, step,
    /// dilation and depth. Registers: 8 sums, 1 weight.</summary>
    private static void Flat8<TSimd, TVector>(float* x, int* offsets, float* w, int taps, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes;
        TVector y0 = TSimd.Zero, y1 = TSimd.Zero, y2 = TSimd.Zero, y3 = TSimd.Zero;
        TVector y4 = TSimd.Zero, y5 = TSimd.Zero, y6 = TSimd.Zero, y7 = TSimd.Zero;
        for (int t = 0; t < taps; t++)
        {
            float* p = x + offsets[t];
            TVector wt = TSimd.Splat(w + t);
            y0 = TSimd.Fma(wt, TSimd.Load(p), y0);
            y1 = TSimd.Fma(wt, TSimd.Load(p + lanes), y1);
            y2 = TSimd.Fma(wt, TSimd.Load(p + 2 * lanes), y2);
            y3 = TSimd.Fma(wt, TSimd.Load(p + 3 * lanes), y3);
            y4 = TSimd.Fma(wt, TSimd.Load(p + 4 * lanes), y4);
            y5 = TSimd.Fma(wt, TSimd.Load(p + 5 * lanes), y5);
            y6 = TSimd.Fma(wt, TSimd.Load(p + 6 * lanes), y6);
            y7 = TSimd.Fma(wt, TSimd.Load(p + 7 * lanes), y7);
        }

        TSimd.Store(y0, y);
        TSimd.Store(y1, y + lanes);
        TSimd.Store(y2, y + 2 * lanes);
        TSimd.Store(y3, y + 3 * lanes);
        TSimd.Store(y4, y + 4 * lanes);
        TSimd.Store(y5, y + 5 * lanes);
        TSimd.Store(y6, y + 6 * lanes);
        TSimd.Store(y7, y + 7 * lanes);
    }

    /// <summary>4 neighbouring vectors of a sum of taps, <c>y[f] = Σ_t w[t]·x[f + offset[t]]</c>: any kernel, step,
    /// dilation and depth. Registers: 4 sums, 1 weight.</summary>
    private static void Flat4<TSimd, TVector>(float* x, int* offsets, float* w, int taps, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes;
        TVector y0 = TSimd.Zero, y1 = TSimd.Zero, y2 = TSimd.Zero, y3 = TSimd.Zero;
        for (int t = 0; t < taps; t++)
        {
            float* p = x + offsets[t];
            TVector wt = TSimd.Splat(w + t);
            y0 = TSimd.Fma(wt, TSimd.Load(p), y0);
            y1 = TSimd.Fma(wt, TSimd.Load(p + lanes), y1);
            y2 = TSimd.Fma(wt, TSimd.Load(p + 2 * lanes), y2);
            y3 = TSimd.Fma(wt, TSimd.Load(p + 3 * lanes), y3);
        }

        TSimd.Store(y0, y);
        TSimd.Store(y1, y + lanes);
        TSimd.Store(y2, y + 2 * lanes);
        TSimd.Store(y3, y + 3 * lanes);
    }

    /// <summary>The weight gradient of 9 taps of one plane, <c>sums[t] += Σ dy[h,v]·x[h·pitch + v + offset[t]]</c>.
    /// Columns behind the last are not read. Registers: 9 sums, 1 dy.</summary>
    [SkipLocalsInit]
    private static void Taps9<TSimd, TVector>(float* dy, int rows, int columns, float* x, nint pitch, int* offsets,
        float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, tail = columns % lanes, whole = columns - tail;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2];
        nint o3 = offsets[3], o4 = offsets[4], o5 = offsets[5];
        nint o6 = offsets[6], o7 = offsets[7], o8 = offsets[8];
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero;
        TVector s3 = TSimd.Zero, s4 = TSimd.Zero, s5 = TSimd.Zero;
        TVector s6 = TSimd.Zero, s7 = TSimd.Zero, s8 = TSimd.Zero;
        for (int h = 0; h < rows; h++, dy += columns, x += pitch)
        {
            for (int v = 0; v < whole; v += lanes)
            {
                TVector d = TSimd.Load(dy + v);
                float* p = x + v;
                s0 = TSimd.Fma(d, TSimd.Load(p + o0), s0);
                s1 = TSimd.Fma(d, TSimd.Load(p + o1), s1);
                s2 = TSimd.Fma(d, TSimd.Load(p + o2), s2);
                s3 = TSimd.Fma(d, TSimd.Load(p + o3), s3);
                s4 = TSimd.Fma(d, TSimd.Load(p + o4), s4);
                s5 = TSimd.Fma(d, TSimd.Load(p + o5), s5);
                s6 = TSimd.Fma(d, TSimd.Load(p + o6), s6);
                s7 = TSimd.Fma(d, TSimd.Load(p + o7), s7);
                s8 = TSimd.Fma(d, TSimd.Load(p + o8), s8);
            }

            if (tail > 0)
            {
                TVector d = TSimd.LoadPartial(dy + whole, tail);
                float* p = x + whole;
                s0 = TSimd.Fma(d, TSimd.LoadPartial(p + o0, tail), s0);
                s1 = TSimd.Fma(d, TSimd.LoadPartial(p + o1, tail), s1);
                s2 = TSimd.Fma(d, TSimd.LoadPartial(p + o2, tail), s2);
                s3 = TSimd.Fma(d, TSimd.LoadPartial(p + o3, tail), s3);
                s4 = TSimd.Fma(d, TSimd.LoadPartial(p + o4, tail), s4);
                s5 = TSimd.Fma(d, TSimd.LoadPartial(p + o5, tail), s5);
                s6 = TSimd.Fma(d, TSimd.LoadPartial(p + o6, tail), s6);
                s7 = TSimd.Fma(d, TSimd.LoadPartial(p + o7, tail), s7);
                s8 = TSimd.Fma(d, TSimd.LoadPartial(p + o8, tail), s8);
            }
        }

        float* lane = stackalloc float[9 * TSimd.Lanes];
        TSimd.Store(s0, lane);
        TSimd.Store(s1, lane + lanes);
        TSimd.Store(s2, lane + 2 * lanes);
        TSimd.Store(s3, lane + 3 * lanes);
        TSimd.Store(s4, lane + 4 * lanes);
        TSimd.Store(s5, lane + 5 * lanes);
        TSimd.Store(s6, lane + 6 * lanes);
        TSimd.Store(s7, lane + 7 * lanes);
        TSimd.Store(s8, lane + 8 * lanes);
        for (int t = 0; t < 9; t++)
        {
            sums[t] += TSimd.Sum(TSimd.Load(lane + t * lanes));
        }
    }

    /// <summary>The weight gradient of 8 taps of one plane, <c>sums[t] += Σ dy[h,v]·x[h·pitch + v + offset[t]]</c>.
    /// Columns behind the last are not read. Registers: 8 sums, 1 dy.</summary>
    [SkipLocalsInit]
    private static void Taps8<TSimd, TVector>(float* dy, int rows, int columns, float* x, nint pitch, int* offsets,
        float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, tail = columns % lanes, whole = columns - tail;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3];
        nint o4 = offsets[4], o5 = offsets[5], o6 = offsets[6], o7 = offsets[7];
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero;
        TVector s3 = TSimd.Zero, s4 = TSimd.Zero, s5 = TSimd.Zero;
        TVector s6 = TSimd.Zero, s7 = TSimd.Zero;
        for (int h = 0; h < rows; h++, dy += columns, x += pitch)
        {
            for (int v = 0; v < whole; v += lanes)
            {
                TVector d = TSimd.Load(dy + v);
                float* p = x + v;
                s0 = TSimd.Fma(d, TSimd.Load(p + o0), s0);
                s1 = TSimd.Fma(d, TSimd.Load(p + o1), s1);
                s2 = TSimd.Fma(d, TSimd.Load(p + o2), s2);
                s3 = TSimd.Fma(d, TSimd.Load(p + o3), s3);
                s4 = TSimd.Fma(d, TSimd.Load(p + o4), s4);
                s5 = TSimd.Fma(d, TSimd.Load(p + o5), s5);
                s6 = TSimd.Fma(d, TSimd.Load(p + o6), s6);
                s7 = TSimd.Fma(d, TSimd.Load(p + o7), s7);
            }

            if (tail > 0)
            {
                TVector d = TSimd.LoadPartial(dy + whole, tail);
                float* p = x + whole;
                s0 = TSimd.Fma(d, TSimd.LoadPartial(p + o0, tail), s0);
                s1 = TSimd.Fma(d, TSimd.LoadPartial(p + o1, tail), s1);
                s2 = TSimd.Fma(d, TSimd.LoadPartial(p + o2, tail), s2);
                s3 = TSimd.Fma(d, TSimd.LoadPartial(p + o3, tail), s3);
                s4 = TSimd.Fma(d, TSimd.LoadPartial(p + o4, tail), s4);
                s5 = TSimd.Fma(d, TSimd.LoadPartial(p + o5, tail), s5);
                s6 = TSimd.Fma(d, TSimd.LoadPartial(p + o6, tail), s6);
                s7 = TSimd.Fma(d, TSimd.LoadPartial(p + o7, tail), s7);
            }
        }

        float* lane = stackalloc float[8 * TSimd.Lanes];
        TSimd.Store(s0, lane);
        TSimd.Store(s1, lane + lanes);
        TSimd.Store(s2, lane + 2 * lanes);
        TSimd.Store(s3, lane + 3 * lanes);
        TSimd.Store(s4, lane + 4 * lanes);
        TSimd.Store(s5, lane + 5 * lanes);
        TSimd.Store(s6, lane + 6 * lanes);
        TSimd.Store(s7, lane + 7 * lanes);
        for (int t = 0; t < 8; t++)
        {
            sums[t] += TSimd.Sum(TSimd.Load(lane + t * lanes));
        }
    }

    /// <summary>The weight gradient of 4 taps of one plane, <c>sums[t] += Σ dy[h,v]·x[h·pitch + v + offset[t]]</c>.
    /// Columns behind the last are not read. Registers: 4 sums, 1 dy.</summary>
    [SkipLocalsInit]
    private static void Taps4<TSimd, TVector>(float* dy, int rows, int columns, float* x, nint pitch, int* offsets,
        float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, tail = columns % lanes, whole = columns - tail;
        nint o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3];
        TVector s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero;
        TVector s3 = TSimd.Zero;
        for (int h = 0; h < rows; h++, dy += columns, x += pitch)
        {
            for (int v = 0; v < whole; v += lanes)
            {
                TVector d = TSimd.Load(dy + v);
                float* p = x + v;
                s0 = TSimd.Fma(d, TSimd.Load(p + o0), s0);
                s1 = TSimd.Fma(d, TSimd.Load(p + o1), s1);
                s2 = TSimd.Fma(d, TSimd.Load(p + o2), s2);
                s3 = TSimd.Fma(d, TSimd.Load(p + o3), s3);
            }

            if (tail > 0)
            {
                TVector d = TSimd.LoadPartial(dy + whole, tail);
                float* p = x + whole;
                s0 = TSimd.Fma(d, TSimd.LoadPartial(p + o0, tail), s0);
                s1 = TSimd.Fma(d, TSimd.LoadPartial(p + o1, tail), s1);
                s2 = TSimd.Fma(d, TSimd.LoadPartial(p + o2, tail), s2);
                s3 = TSimd.Fma(d, TSimd.LoadPartial(p + o3, tail), s3);
            }
        }

        float* lane = stackalloc float[4 * TSimd.Lanes];
        TSimd.Store(s0, lane);
        TSimd.Store(s1, lane + lanes);
        TSimd.Store(s2, lane + 2 * lanes);
        TSimd.Store(s3, lane + 3 * lanes);
        for (int t = 0; t < 4; t++)
        {
            sums[t] += TSimd.Sum(TSimd.Load(lane + t * lanes));
        }
    }

    /// <summary>The weight gradient of 1 tap of one plane, <c>sums[t] += Σ dy[h,v]·x[h·pitch + v + offset[t]]</c>.
    /// Columns behind the last are not read. Registers: 1 sums, 1 dy.</summary>
    [SkipLocalsInit]
    private static void Taps1<TSimd, TVector>(float* dy, int rows, int columns, float* x, nint pitch, int* offsets,
        float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int lanes = TSimd.Lanes, tail = columns % lanes, whole = columns - tail;
        nint o0 = offsets[0];
        TVector s0 = TSimd.Zero;
        for (int h = 0; h < rows; h++, dy += columns, x += pitch)
        {
            for (int v = 0; v < whole; v += lanes)
            {
                TVector d = TSimd.Load(dy + v);
                float* p = x + v;
                s0 = TSimd.Fma(d, TSimd.Load(p + o0), s0);
            }

            if (tail > 0)
            {
                TVector d = TSimd.LoadPartial(dy + whole, tail);
                float* p = x + whole;
                s0 = TSimd.Fma(d, TSimd.LoadPartial(p + o0, tail), s0);
            }
        }

        float* lane = stackalloc float[1 * TSimd.Lanes];
        TSimd.Store(s0, lane);
        for (int t = 0; t < 1; t++)
        {
            sums[t] += TSimd.Sum(TSimd.Load(lane + t * lanes));
        }
    }
}
