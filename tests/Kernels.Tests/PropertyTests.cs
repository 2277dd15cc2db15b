using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Tests of the properties: for each, a kernel that breaks it and nothing else is caught.</summary>
public class PropertyTests
{
    private static readonly Shape Map = new(2, 3, 4, 5);

    [Fact]
    public void A_result_that_depends_on_threads_is_caught() =>
        Caught("3 threads: y[0, 0, 0, 0]", Doubling(static (x, y, pool) =>
            y[0] = WorkPool.Threads(pool) == 3 ? 0 : y[0]), RegistryProperties.SameForAnyThreads);

    [Fact]
    public void A_neighbour_times_zero_is_caught() =>
        Caught("expected", Doubling(static (x, y, _) =>
        {
            for (int i = 1; i < y.Length; i++)
            {
                y[i] += 0 * x[i - 1];
            }
        }), RegistryProperties.PropagatesSpecialValues);

    [Fact]
    public void A_swallowed_NaN_is_caught() =>
        Caught("expected", Doubling(static (x, y, _) =>
        {
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = float.IsNaN(y[i]) ? 0 : y[i];
            }
        }), RegistryProperties.PropagatesSpecialValues);

    [Fact]
    public void A_result_added_to_old_numbers_is_caught()
    {
        KernelOperation<Shape> adding = Operation("tests.adding").With("plain", () => true,
            static (in args, inputs, outputs, _) =>
            {
                for (int i = 0; i < inputs[0].Length; i++)
                {
                    outputs[0][i] += 2 * inputs[0][i];
                }
            });
        Caught("written over old numbers, y[0, 0, 0, 0]", adding, RegistryProperties.WritesOrAdds);
    }

    [Fact]
    public void A_parameter_gradient_written_over_old_numbers_is_caught()
    {
        KernelOperation<Shape> writing = Operation("tests.backward-weight").With("plain", () => true, Twice());
        Caught("added to old numbers, y[0, 0, 0, 0]", writing, RegistryProperties.WritesOrAdds);
    }

    [Fact]
    public void A_kink_is_not_linear() =>
        Caught("not additive in x", Doubling(static (x, y, _) => y[0] = Math.Abs(y[0])), RegistryLinearity.IsLinear);

    [Fact]
    public void An_offset_is_not_homogeneous() =>
        Caught("not", Doubling(static (x, y, _) => y[0] = y[0] + 1e-7f), RegistryLinearity.IsLinear);

    [Fact]
    public void A_batch_that_mixes_its_images_is_caught() =>
        Caught("against single images: y", Doubling(static (x, y, _) => y[^1] += x[0] == x[^1] ? 0 : x[0]),
            RegistryBatches.SplitsIntoImages);

    [Fact]
    public void A_gradient_of_something_else_is_caught()
    {
        KernelOperation<Shape> forward = Doubling(static (_, _, _) => { });
        KernelOperation<Shape> backward = Operation("tests.backward", "dy", "dx").With("plain", () => true, Twice());
        KernelOperation<Shape> shifted = Operation("tests.backward", "dy", "dx").With("plain", () => true,
            static (in args, inputs, outputs, _) =>
            {
                for (int i = 1; i < inputs[0].Length; i++)
                {
                    outputs[0][i] = 2 * inputs[0][i - 1];
                }
            });
        Assert.Null(RegistryLinearity.AdjointDifference(forward, backward, "plain", Map, 1));
        Assert.Contains("they differ by",
            RegistryLinearity.AdjointDifference(forward, shifted, "plain", Map, 1), StringComparison.Ordinal);
    }

    private static void Caught(string message, KernelOperation<Shape> operation,
        Action<KernelOperation<Shape>, string, int, ulong> property)
    {
        CheckFailedException failure =
            Assert.Throws<CheckFailedException>(() => property(operation, "plain", 50, 1));
        Assert.Contains(message, failure.Message);
    }

    private static KernelOperation<Shape> Doubling(Action<float[], float[], WorkPool?> damage) =>
        Operation("tests.forward").With("plain", () => true, (in args, inputs, outputs, pool) =>
        {
            float[] x = inputs[0].ToArray(), y = Array.ConvertAll(x, v => 2 * v);
            damage(x, y, pool);
            y.CopyTo(outputs[0].Span);
        });

    private static KernelBody<Shape> Twice() => static (in args, inputs, outputs, _) =>
    {
        for (int i = 0; i < inputs[0].Length; i++)
        {
            outputs[0][i] = 2 * inputs[0][i];
        }
    };

    private static KernelOperation<Shape> Operation(string name, string x = "x", string y = "y") => new(name)
    {
        Inputs = shape => [new KernelOperand(x, shape)],
        Outputs = shape => [new KernelOperand(y, shape)],
        Reference = RegistryRows.Doubling.Reference,
        Bound = ErrorBound.Exact,
        IsLinear = true,
    };
}
