using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>Which plane of which operand becomes a plane of the result in a channel permutation.</summary>
/// <param name="OutC">Channels of the result.</param>
/// <param name="Pixels">Pixels of a plane.</param>
/// <param name="Blocks">Groups of threads for each plane.</param>
/// <param name="Rows">Channel c of the result is channel <c>(c mod G)·Rows + c/G</c> of the list, with
/// <c>Rows = C/G</c>.</param>
/// <param name="Groups">G; 1 leaves the order as it is.</param>
/// <param name="Shift">Added to that.</param>
/// <param name="Split">Channels of the list before this one come from a, the others from b.</param>
/// <param name="AC">Channels of a.</param>
/// <param name="BC">Channels of b.</param>
/// <param name="BShift">Channel s of the list is channel <c>s + BShift</c> of b.</param>
/// <param name="Mode">0: a or b; 1: a + b before the split, b behind it; 2: zero where the list's channel is not in
/// 0 … Split − 1.</param>
/// <param name="Zero">Channels of the result before this one are zero.</param>
public readonly record struct PlaneMove(int OutC, int Pixels, int Blocks, int Rows, int Groups, int Shift, int Split,
    int AC, int BC, int BShift, int Mode, int Zero = 0);

/// <summary>Planes moved whole: slices, concatenations, shuffles and the join of a mux block are one kernel.</summary>
internal static class PlaneMoves
{
    public static void Launch(AcceleratorStream stream, int images, PlaneMove m, ArrayView<float> a, ArrayView<float> b,
        ArrayView<float> y)
    {
        KernelConfig config = GpuKernels.CoverPlanes(stream, images * m.OutC, m.Pixels, out int blocks);
        GpuKernels.Of(stream).Get<ArrayView<float>, ArrayView<float>, ArrayView<float>, PlaneMove>(Body)(
            stream, config, a, b, y, m with { Blocks = blocks });
    }

    /// <summary>One group of threads for a run of one plane of y.</summary>
    internal static void Body(ArrayView<float> a, ArrayView<float> b, ArrayView<float> y, PlaneMove m)
    {
        int plane = Grid.IdxX / m.Blocks, p = (Grid.IdxX - plane * m.Blocks) * Group.DimX + Group.IdxX;
        if (p >= m.Pixels)
        {
            return;
        }

        int n = plane / m.OutC, c = plane - n * m.OutC, k = c / m.Groups;
        int s = (c - k * m.Groups) * m.Rows + k + m.Shift;
        float value = 0f;
        if (s >= 0 && s < m.Split && c >= m.Zero)
        {
            value = a[(n * m.AC + s) * m.Pixels + p];
        }

        if ((s >= m.Split && m.Mode != 2) || m.Mode == 1)
        {
            value += b[(n * m.BC + s + m.BShift) * m.Pixels + p];
        }

        y[plane * m.Pixels + p] = value;
    }
}
