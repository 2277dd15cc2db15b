using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>Products of two row-major matrices over their common memory axis,
/// <c>C[r,j] = bias[r] + Σₖ A[r,k]·B[j,k]</c>.</summary>
internal static unsafe class Dot
{
    /// <summary>Rows of A of one piece of work.</summary>
    private const int RowBlock = 2 * GemmTiles.Rows;

    /// <summary>Runs the smallest tile that holds the columns and folds its lanes; returns the step between rows of
    /// the sums.</summary>
    public static int Tile<TSimd, TVector>(in DotArgs t)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        int width = t.Columns > 2 ? 4 : t.Columns;
        if (width == 4)
        {
            DotTiles.Dot6x4<TSimd, TVector>(t);
        }
        else if (width == 2)
        {
            DotTiles.Dot6x2<TSimd, TVector>(t);
        }
        else
        {
            DotTiles.Dot6x1<TSimd, TVector>(t);
        }

        DotTiles.Fold<TSimd, TVector>(t.Sums, GemmTiles.Rows * width);
        return width;
    }

    /// <summary>Runs the product; element (r, j) of the result stands at <c>r + j·rows</c>.</summary>
    public static void Run<TSimd, TVector>(float* a, float* b, float* bias, float* c, int rows, int columns, int depth,
        WorkPool? pool)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct =>
        WorkPool.For(pool, (rows - 1) / RowBlock + 1,
            new Job<TSimd, TVector>(a, b, bias, c, rows, columns, depth));

    private readonly struct Job<TSimd, TVector>(float* a, float* b, float* bias, float* c, int rows, int columns,
        int depth) : IWork
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        [SkipLocalsInit]
        public void Run(int index, int worker)
        {
            byte* memory = stackalloc byte[6 * 4 * 16 * sizeof(float) + 64];
            DotArgs t = default;
            t.Sums = (float*)(((nuint)memory + 63) & ~(nuint)63);
            (t.ARow, t.BRow, t.Runs, t.Length) = (depth, depth, 1, depth);
            int widest = TSimd.Lanes == 16 ? 4 : 2;
            int last = Math.Min(rows, (index + 1) * RowBlock);
            for (int j = 0; j < columns; j += t.Columns)
            {
                t.B = b + (nint)j * depth;
                t.Columns = Math.Min(widest, columns - j);
                for (int row = index * RowBlock; row < last; row += GemmTiles.Rows)
                {
                    t.A = a + (nint)row * depth;
                    t.Rows = Math.Min(GemmTiles.Rows, last - row);
                    int width = Tile<TSimd, TVector>(t);
                    for (int q = 0; q < t.Columns; q++)
                    {
                        for (int r = 0; r < t.Rows; r++)
                        {
                            c[(nint)(j + q) * rows + row + r] = t.Sums[r * width + q]
                                + (bias is null ? 0f : bias[row + r]);
                        }
                    }
                }
            }
        }
    }
}
