namespace MuxKernels.Tests;

/// <summary>What an instruction does to some threads of a group.</summary>
internal sealed class PtxStep(Action<PtxGroup, ReadOnlySpan<int>> run)
{
    /// <summary>For all of these threads.</summary>
    public void Run(PtxGroup group, ReadOnlySpan<int> threads) => run(group, threads);

    /// <summary>A result from one operand.</summary>
    public static PtxStep Of(int[] rows, Func<ulong, ulong> f) => new((group, threads) =>
    {
        ulong[] to = group.Rows[rows[0]], a = group.Rows[rows[1]];
        foreach (int t in threads)
        {
            to[t] = f(a[t]);
        }
    });

    /// <summary>A result from two operands.</summary>
    public static PtxStep Of(int[] rows, Func<ulong, ulong, ulong> f) => new((group, threads) =>
    {
        ulong[] to = group.Rows[rows[0]], a = group.Rows[rows[1]], b = group.Rows[rows[2]];
        foreach (int t in threads)
        {
            to[t] = f(a[t], b[t]);
        }
    });

    /// <summary>A result from three operands.</summary>
    public static PtxStep Of(int[] rows, Func<ulong, ulong, ulong, ulong> f) => new((group, threads) =>
    {
        ulong[] to = group.Rows[rows[0]], a = group.Rows[rows[1]], b = group.Rows[rows[2]], c = group.Rows[rows[3]];
        foreach (int t in threads)
        {
            to[t] = f(a[t], b[t], c[t]);
        }
    });

}
