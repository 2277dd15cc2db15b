using Xunit;

namespace MuxKernels.Autograd.Tests;

/// <summary>Gradients add up where a tensor is used more than once.</summary>
public class ForkTests
{
    private static readonly Shape Map = new(2, 4, 3, 3);
    private static readonly Shape Weight = new(4, 4, 1, 1);

    [Fact]
    public void A_tensor_that_is_both_operands_gets_both_gradients()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        session.Backward(x.Plus(x));
        Assert.All(x.GradientToDoubles(), g => Assert.Equal(2, g));
    }

    [Fact]
    public void Concatenation_with_itself_adds_both_halves()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        Tensor y = x.Concat(x);
        double[] dy = Numbers.Doubles(2, y.Shape);
        session.Backward([y], [dy]);
        int image = (int)Map.ImageLength;
        double[] expected = [.. Enumerable.Range(0, (int)Map.Length)
            .Select(i => i / image * 2 * image + i % image).Select(i => dy[i] + dy[i + image])];
        Assert.Equal(expected, x.GradientToDoubles());
    }

    [Fact]
    public void Forks_of_maps_and_of_weights_agree_with_central_differences()
    {
        Assert.Empty(GradientCheck.Run(
            x =>
            {
                Tensor a = x[0].Conv2d(x[1]).Activate(ActivationKind.Swish);
                Tensor b = a.Conv2d(x[1]).Plus(x[0]);
                return b.Plus(a).MuxJoin(b, 2, residual: true);
            },
            [(Map, Numbers.Doubles(3, Map)), (Weight, Numbers.Doubles(4, Weight))]));
    }

    [Fact]
    public void A_weight_that_is_also_the_input_agrees_with_central_differences() =>
        Assert.Empty(GradientCheck.Run(x => x[0].Linear(x[0]),
            [(Shape.Matrix(4, 4), Numbers.Doubles(6, Shape.Matrix(4, 4)))]));

    [Fact]
    public void A_result_nobody_uses_costs_nothing_and_changes_nothing()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        Tensor unused = x.Activate(ActivationKind.Relu);
        Tensor y = x.Shuffle(2);
        session.Backward(y);
        Assert.All(x.GradientToDoubles(), g => Assert.Equal(1, g));
        Assert.Throws<ObjectDisposedException>(() => unused.ToArray());
    }

    [Fact]
    public void Gradients_of_several_backward_passes_add_up_until_the_session_is_cleared()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        session.Backward(x.Shuffle(2));
        session.Backward(x.Plus(x));
        Assert.All(x.GradientToDoubles(), g => Assert.Equal(3, g));
    }

    [Fact]
    public void Several_results_with_upstream_gradients_are_differentiated_together()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        Tensor[] parts = x.Split(1, 3);
        double[] first = Numbers.Doubles(8, parts[0].Shape), second = Numbers.Doubles(9, parts[1].Shape);
        session.Backward(parts, [first, second]);
        double[] dx = x.GradientToDoubles();
        Assert.Equal(first[..9], dx[..9]);
        Assert.Equal(second[..27], dx[9..36]);
    }

    [Fact]
    public void The_same_result_twice_adds_both_upstream_gradients()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        Tensor y = x.Shuffle(1);
        double[] a = Numbers.Doubles(8, Map), b = Numbers.Doubles(9, Map);
        session.Backward([y, y], [a, b]);
        Assert.Equal(a.Zip(b, (p, q) => p + q), x.GradientToDoubles());
    }
}
