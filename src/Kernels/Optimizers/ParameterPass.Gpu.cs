using ILGPU;
using ILGPU.Runtime;

namespace MuxKernels;

/// <summary>What an optimizer's pass over all parameters knows beside the step's numbers.</summary>
/// <param name="Runs">Runs of parameters; those on which weight decay acts and the others take turns.</param>
/// <param name="DecaysFirst">1 where weight decay acts on the first run.</param>
/// <param name="HasAverage">1 where there is an average.</param>
/// <param name="Rest"><c>1 − d</c>, what the average takes of the parameters.</param>
public readonly record struct PassNumbers(int Runs, int DecaysFirst, int HasAverage, float Rest);

/// <summary>What the passes of all optimizers share.</summary>
internal static class ParameterPassGpu
{
    /// <summary>Checks what the optimizers' own checks leave.</summary>
    public static PassNumbers Check(AcceleratorStream stream, ParameterRuns runs, int length, double decay,
        ArrayView<float> average, string kernel)
    {
        Guard.That(runs is not null && runs.Length == length, kernel,
            $"the runs have {runs?.Length ?? 0} elements, expected {length}, the step's length.");
        MovingAverageGpu.CheckDecay(decay, kernel);
        bool has = GpuGuard.LengthOrEmpty(stream, average, Shape.Vector(length), kernel);
        return new PassNumbers(runs!.Count, runs[0].Decays ? 1 : 0, has ? 1 : 0, (float)(1 - decay));
    }

    /// <summary>Where each run ends, in device memory; made once for each list of runs.</summary>
    public static ArrayView<int> Ends(AcceleratorStream stream, ParameterRuns runs) => GpuKernels.Of(stream).Table(runs,
        () => Enumerable.Range(0, runs.Count).Select(run => runs[run].Offset + runs[run].Length).ToArray());

    /// <summary>Whether weight decay acts on an element: the run that it lies in is found by halving.</summary>
    public static bool Decays(ArrayView<int> ends, PassNumbers pass, int element)
    {
        int low = 0, high = pass.Runs - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (element < ends[middle])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low % 2 == 0 == (pass.DecaysFirst != 0);
    }
}
