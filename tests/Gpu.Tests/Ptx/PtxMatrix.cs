using static MuxKernels.Tests.PtxProgram;

namespace MuxKernels.Tests;

/// <summary>Products of small matrices by a warp, <c>D[16,8] = A[16,8]·B[8,8] + C[16,8]</c>: TF32 factors, float32
/// sums. Lane l has, with g = l / 4 and t = l mod 4, of A the elements (g, t), (g + 8, t), (g, t + 4) and
/// (g + 8, t + 4), of B (t, g) and (t + 4, g), and of C and D (g, 2t), (g, 2t + 1), (g + 8, 2t) and (g + 8, 2t + 1)
/// (PTX ISA, matrix fragments for mma.m16n8k8 with .tf32).</summary>
internal static class PtxMatrix
{
    /// <summary>Reads a product.</summary>
    public static PtxStep Read(PtxProgram program, string opcode, string[] operands)
    {
        Reject(opcode != "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" || operands.Length != 4, opcode);
        int[][] rows = [.. operands.Select(o =>
            o.Trim('{', '}').Split(',').Select(r => program.Row(r.Trim())).ToArray())];
        Reject(rows[0].Length != 4 || rows[1].Length != 4 || rows[2].Length != 2 || rows[3].Length != 4, opcode);
        return new((group, threads) =>
        {
            for (int i = 0; i < threads.Length; i += PtxGroup.WarpSize)
            {
                Multiply(group.Rows, rows, threads[i]);
            }
        });
    }

    private static void Multiply(ulong[][] registers, int[][] rows, int first)
    {
        float[,] a = new float[16, 8], b = new float[8, 8], d = new float[16, 8];
        float Value(int operand, int i, int lane) =>
            BitConverter.UInt32BitsToSingle((uint)registers[rows[operand][i]][first + lane]);
        for (int lane = 0; lane < PtxGroup.WarpSize; lane++)
        {
            (int g, int t) = (lane / 4, lane % 4);
            for (int i = 0; i < 4; i++)
            {
                a[g + i % 2 * 8, t + i / 2 * 4] = Factor(Value(1, i, lane));
                d[g + i / 2 * 8, 2 * t + i % 2] = Value(3, i, lane);
            }

            b[t, g] = Factor(Value(2, 0, lane));
            b[t + 4, g] = Factor(Value(2, 1, lane));
        }

        for (int row = 0; row < 16; row++)
        {
            for (int column = 0; column < 8; column++)
            {
                double sum = d[row, column];
                for (int k = 0; k < 8; k++)
                {
                    sum += (double)a[row, k] * b[k, column];
                }

                d[row, column] = (float)sum;
            }
        }

        for (int lane = 0; lane < PtxGroup.WarpSize; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                registers[rows[0][i]][first + lane] =
                    BitConverter.SingleToUInt32Bits(d[lane / 4 + i / 2 * 8, 2 * (lane % 4) + i % 2]);
            }
        }
    }

    /// <summary>Hardware reads no more of a factor than TF32 has.</summary>
    private static float Factor(float value) =>
        BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & ~0x1FFFu);
}
