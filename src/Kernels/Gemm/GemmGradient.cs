using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary><c>dw[o,i] += Σ_{n,p} dy[n,o,p]·x[n,i,p]</c> by dot products along memory, cut by
/// <see cref="GradientPlan"/>.</summary>
internal static unsafe class GemmGradient
{
    /// <summary>Rows of x in one block.</summary>
    private const int ColumnBlock = 16;

    /// <summary>Runs the sum.</summary>
    /// <param name="plan">How it is cut.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="dyImage">Step to dy's next image.</param>
    /// <param name="x">Input, in place or packed on the fly.</param>
    /// <param name="xImage">Step to x's next image, where x is read in place.</param>
    /// <param name="dw">Gradient of the weight.</param>
    /// <param name="scratch">Partial sums, <see cref="GradientPlan.ScratchLength"/> floats.</param>
    /// <param name="pool">Threads.</param>
    public static void Run<TSimd, TVector, TSource>(GradientPlan plan, float* dy, nint dyImage, TSource x, nint xImage,
        float* dw, float* scratch, WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TSource : struct, IPanelSource
    {
        ImageMatrix rows = new(dy, dyImage, plan.Pixels, plan.Pixels);
        float* to = plan.Bands == 1 ? dw : scratch;
        Job<TSimd, TVector, TSource> job = new(plan, rows, dyImage, x, xImage, to);
        WorkPool.For(pool, plan.Bands * plan.RowBlocks, job);
        if (plan.Bands > 1)
        {
            int length = plan.Outputs * plan.Inputs;
            BandJob<TSimd, TVector> bands = new(scratch, dw, length, plan.Bands);
            WorkPool.For(pool, (length - 1) / BandJob<TSimd, TVector>.Block + 1, bands);
        }
    }

    private readonly struct Job<TSimd, TVector, TSource>(GradientPlan plan, ImageMatrix dy, nint dyImage, TSource x,
        nint xImage, float* to) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
        where TSource : struct, IPanelSource
    {
        [SkipLocalsInit]
        public void Run(int index, int worker)
        {
            int band = index / plan.RowBlocks, block = index % plan.RowBlocks;
            int firstRow = block * GradientPlan.RowBlock;
            int rows = Math.Min(GradientPlan.RowBlock, plan.Outputs - firstRow);
            float* sums = to + (plan.Bands > 1 ? (nint)band * plan.Outputs * plan.Inputs : 0)
                + (nint)firstRow * plan.Inputs;
            if (plan.Bands > 1)
            {
                new Span<float>(sums, rows * plan.Inputs).Clear();
            }

            int first = (int)((long)plan.Chunks * band / plan.Bands);
            int last = (int)((long)plan.Chunks * (band + 1) / plan.Bands);
            const int Floats = (GradientPlan.RowBlock + ColumnBlock) * GradientPlan.PackChunk + 6 * 4 * 16 + 32;
            byte* memory = stackalloc byte[Floats * sizeof(float) + 64];
            float* vectors = (float*)(((nuint)memory + 63) & ~(nuint)63);
            float* packedX = vectors + 6 * 4 * 16;
            float* packedRows = packedX + ColumnBlock * GradientPlan.PackChunk + 16;
            for (int chunk = first; chunk < last; chunk++)
            {
                Chunk(chunk, firstRow, rows, sums, vectors, packedX, packedRows);
            }
        }

        private void Chunk(int chunk, int firstRow, int rows, float* sums, float* vectors, float* packedX,
            float* packedRows)
        {
            (int column, int length) = plan.At(chunk);
            DotArgs t = default;
            t.Sums = vectors;
            bool maps = plan.Form == GradientForm.WholeMaps;
            (t.Runs, t.Length) = maps ? (length / plan.Pixels, plan.Pixels) : (1, length);
            (t.ARun, t.BRun) = (dyImage, xImage);
            float* a = dy.At(firstRow, column);
            t.ARow = plan.Pixels;
            if (plan.Form == GradientForm.Packed)
            {
                dy.Pack<TSimd, TVector>(packedRows, GradientPlan.PackChunk, firstRow, rows, column, length);
                a = packedRows;
                t.ARow = GradientPlan.PackChunk;
            }

            for (int i = 0; i < plan.Inputs; i += ColumnBlock)
            {
                int inputs = Math.Min(ColumnBlock, plan.Inputs - i);
                float* b = plan.Form == GradientForm.Packed ? null : x.Run(i, column, t.Length);
                t.BRow = x.RowStep;
                if (b is null)
                {
                    x.Pack<TSimd, TVector>(packedX, GradientPlan.PackChunk, i, inputs, column, length);
                    b = packedX;
                    t.BRow = GradientPlan.PackChunk;
                }

                for (int o = 0; o < rows; o += GemmTiles.Rows)
                {
                    t.A = a + o * t.ARow;
                    t.Rows = Math.Min(GemmTiles.Rows, rows - o);
                    Tiles(ref t, b, inputs, sums + (nint)o * plan.Inputs + i);
                }
            }
        }

        private void Tiles(ref DotArgs t, float* b, int inputs, float* sums)
        {
            int widest = TSimd.Lanes == 16 ? 4 : 2;
            for (int j = 0; j < inputs;)
            {
                t.B = b + j * t.BRow;
                t.Columns = Math.Min(widest, inputs - j);
                int width = Dot.Tile<TSimd, TVector>(t);
                for (int r = 0; r < t.Rows; r++)
                {
                    for (int q = 0; q < t.Columns; q++)
                    {
                        sums[(nint)r * plan.Inputs + j + q] += t.Sums[r * width + q];
                    }
                }

                j += t.Columns;
            }
        }
    }

    private readonly struct BandJob<TSimd, TVector>(float* bands, float* dw, int length, int count) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        public const int Block = 4096;

        public void Run(int index, int worker)
        {
            int start = index * Block, here = Math.Min(Block, length - start);
            for (int band = 0; band < count; band++)
            {
                PanelRuns.Put<TSimd, TVector>(bands + (nint)band * length + start, dw + start, here, add: true);
            }
        }
    }
}
