using System.Runtime.Intrinsics;

namespace MuxKernels;

public static unsafe partial class DenseConv
{
    /// <summary>Gradient of the input, <c>dx[n,i,·] = Σ_{o,kh,kw} w[o,i,kh,kw]·dy[n,o,h,v]</c> over the output
    /// pixels whose tap reads the pixel. Needs the weight.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output, of shape <c>args.Y</c>.</param>
    /// <param name="w">Weight, of shape <c>args.Weight</c>; finite, since padding is multiplied as zeros.</param>
    /// <param name="dx">Gradient of the input, of shape <c>args.X</c>, written.</param>
    /// <param name="scratch">At least <c>args.ScratchLength</c> floats.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardInput(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w, Span<float> dx,
        Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardInput<Simd512, Vector512<float>>(args, dy, w, dx, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardInput<Simd256, Vector256<float>>(args, dy, w, dx, scratch, pool);
        }
        else
        {
            BackwardInput<Simd128, Vector128<float>>(args, dy, w, dx, scratch, pool);
        }
    }

    /// <summary>Gradient of the weight,
    /// <c>dw[o,i,kh,kw] += Σ_{n,h,v} dy[n,o,h,v]·x[n,i,h·s+kh·d−top,v·s+kw·d−left]</c>. Needs the input.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output, of shape <c>args.Y</c>.</param>
    /// <param name="x">Input, of shape <c>args.X</c>.</param>
    /// <param name="dw">Gradient of the weight, of shape <c>args.Weight</c>, added to.</param>
    /// <param name="scratch">At least <c>args.ScratchLength</c> floats.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardWeight(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, Span<float> dw,
        Span<float> scratch, WorkPool? pool = null)
    {
        if (Simd512.IsSupported)
        {
            BackwardWeight<Simd512, Vector512<float>>(args, dy, x, dw, scratch, pool);
        }
        else if (Simd256.IsSupported)
        {
            BackwardWeight<Simd256, Vector256<float>>(args, dy, x, dw, scratch, pool);
        }
        else
        {
            BackwardWeight<Simd128, Vector128<float>>(args, dy, x, dw, scratch, pool);
        }
    }

    /// <summary>Gradient of the bias, <c>db[o] += Σ_{n,p} dy[n,o,p]</c>.</summary>
    /// <param name="args">Geometry.</param>
    /// <param name="dy">Gradient of the output, of shape <c>args.Y</c>.</param>
    /// <param name="db">Gradient of the bias, of shape <c>args.Bias</c>, added to.</param>
    /// <param name="pool">Threads; null for the calling thread alone.</param>
    /// <exception cref="ShapeException">A length that does not match its shape, or overlapping memory.</exception>
    public static void BackwardBias(in Args args, ReadOnlySpan<float> dy, Span<float> db, WorkPool? pool = null) =>
        ConvBias.Backward(args.Y, dy, db, pool);

    internal static void BackwardInput<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> w,
        Span<float> dx, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardInput<float>(args, dy, w, dx);
        CheckScratch(scratch, args, "DenseConv.BackwardInput", dy, w, dx);
        Window window = args.Window;
        int classes = Math.Min(window.Stride, window.Height);
        fixed (float* pdy = dy, pw = w, pdx = dx, ps = scratch)
        {
            for (int h = 0; h < classes; h++)
            {
                PanelAxis vertical = Residue(h, window.Height, window.OutHeight, window.PadTop, window, out int kh);
                for (int v = 0; v < Math.Min(window.Stride, window.Width); v++)
                {
                    PanelAxis horizontal = Residue(v, window.Width, window.OutWidth, window.PadLeft, window,
                        out int kw);
                    InputGradient<TSimd, TVector>(args, pdy, pw, pdx + h * window.Width + v, ps, vertical, horizontal,
                        kh, kw, pool);
                }
            }
        }
    }

    /// <summary>The pixels (h₀ + a·stride, v₀ + b·stride) of dx read only the taps that hit them: a convolution of dy
    /// with stride 1, whose weights are gathered first. Nothing is scattered, no zero tap is multiplied.</summary>
    private static void InputGradient<TSimd, TVector>(in Args args, float* dy, float* w, float* dx, float* gathered,
        PanelAxis vertical, PanelAxis horizontal, int kh, int kw, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        (int i, int o, Window window) = (args.X.C, args.Y.C, args.Window);
        int depth = o * vertical.Taps * horizontal.Taps;
        GatherJob gather = new(w, gathered, i, o, window.Kernel, kh, kw, vertical.Taps, horizontal.Taps,
            window.Stride / Gcd(window.Stride, window.Dilation));
        WorkPool.For(pool, i, gather);
        WindowMatrix from = new(dy, (nint)args.Y.ImageLength, args.Y.Pixels, vertical, horizontal);
        ResidueMatrix to = new(dx, (nint)args.X.ImageLength, args.X.Pixels, window.Width, window.Stride, vertical.Out,
            horizontal.Out);
        Gemm.Run<TSimd, TVector, WindowMatrix, ResidueMatrix>(gathered, depth, 1, i, depth, null, from, to, args.X.N,
            vertical.Out * horizontal.Out, add: false, pool);
    }

    /// <summary>The axis of dy that input positions <c>first + a·stride</c> read. Tap k hits such a position where
    /// <c>first + pad − k·dilation</c> is a multiple of the stride: every (stride/gcd)-th tap from
    /// <paramref name="tap"/> on.</summary>
    private static PanelAxis Residue(int first, int size, int outSize, int pad, in Window w, out int tap)
    {
        int gcd = Gcd(w.Stride, w.Dilation), every = w.Stride / gcd, positions = (size - first - 1) / w.Stride + 1;
        int last = Math.Min(w.Kernel, every);
        for (tap = 0; tap < last; tap++)
        {
            int distance = first + pad - tap * w.Dilation;
            if (distance % w.Stride == 0)
            {
                return new PanelAxis(outSize, positions, (w.Kernel - 1 - tap) / every + 1, 1, distance / w.Stride,
                    -(w.Dilation / gcd));
            }
        }

        return new PanelAxis(outSize, positions, 0, 1, 0, 0);
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);

    internal static void BackwardWeight<TSimd, TVector>(in Args args, ReadOnlySpan<float> dy, ReadOnlySpan<float> x,
        Span<float> dw, Span<float> scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        CheckBackwardWeight<float>(args, dy, x, dw);
        CheckScratch(scratch, args, "DenseConv.BackwardWeight", dy, x, dw);
        fixed (float* pdy = dy, px = x, pdw = dw, ps = scratch)
        {
            GemmGradient.Run<TSimd, TVector, WindowMatrix>(args.Plan, pdy, (nint)args.Y.ImageLength, Columns(args, px),
                0, pdw, ps, pool);
        }
    }

    private static void CheckScratch(Span<float> scratch, in Args args, string kernel, ReadOnlySpan<float> dy,
        ReadOnlySpan<float> other, Span<float> written)
    {
        Guard.Scratch(scratch, args.ScratchLength, kernel);
        Guard.Separate(scratch, kernel, dy, other, written);
    }

    private static void CheckBackwardInput<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> w, Span<T> dx)
    {
        const string Kernel = "DenseConv.BackwardInput";
        Guard.Length(dy, args.Y, Kernel);
        Guard.Length(w, args.Weight, Kernel);
        Guard.Length(dx, args.X, Kernel);
        Guard.NoOverlap(dy, dx, Kernel);
        Guard.NoOverlap(w, dx, Kernel);
    }

    private static void CheckBackwardWeight<T>(in Args args, ReadOnlySpan<T> dy, ReadOnlySpan<T> x, Span<T> dw)
    {
        const string Kernel = "DenseConv.BackwardWeight";
        Guard.Length(dy, args.Y, Kernel);
        Guard.Length(x, args.X, Kernel);
        Guard.Length(dw, args.Weight, Kernel);
        Guard.NoOverlap(dy, dw, Kernel);
        Guard.NoOverlap(x, dw, Kernel);
    }

    /// <summary>The weights of one residue class, <c>[i][o][kh][kw]</c>.</summary>
    private readonly struct GatherJob(float* w, float* to, int inputs, int outputs, int kernel, int firstRow,
        int firstColumn, int rows, int columns, int every) : IWork
    {
        public void Run(int index, int worker)
        {
            float* q = to + (nint)index * outputs * rows * columns;
            for (int o = 0; o < outputs; o++)
            {
                float* taps = w + ((nint)o * inputs + index) * kernel * kernel;
                for (int r = 0; r < rows; r++)
                {
                    for (int c = 0; c < columns; c++)
                    {
                        *q++ = taps[(firstRow + r * every) * kernel + firstColumn + c * every];
                    }
                }
            }
        }
    }
}
