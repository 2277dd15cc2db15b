using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Autograd.Tests;

public class ErrorTests
{
    private static readonly Shape Map = new(1, 2, 3, 3);

    [Fact]
    public void Backward_needs_a_record()
    {
        using ReferenceDevice device = new();
        using Session session = new(device);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        Tensor y = x.Shuffle(2);
        Assert.Contains("record: true", Assert.Throws<InvalidOperationException>(() => session.Backward(y)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Backward_needs_something_that_wants_a_gradient()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor y = session.Input(Map, Numbers.Doubles(1, Map)).Shuffle(2);
        Assert.Contains("nothing that wants a gradient",
            Assert.Throws<InvalidOperationException>(() => session.Backward(y)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backward_twice_is_an_error()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor y = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true).Shuffle(2);
        session.Backward(y);
        Assert.Throws<ObjectDisposedException>(() => session.Backward(y));
    }

    [Fact]
    public void An_operand_of_another_session_that_wants_a_gradient_is_an_error()
    {
        using ReferenceDevice device = new();
        using Session one = new(device, record: true), two = new(device, record: true);
        Tensor a = one.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        Tensor b = two.Input(Map, Numbers.Doubles(1, Map), needsGradient: true);
        Assert.Contains("another session", Assert.Throws<InvalidOperationException>(() => a.Plus(b)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => one.Backward([a], []));
    }

    [Fact]
    public void A_session_at_its_end_gives_no_more_tensors()
    {
        using ReferenceDevice device = new();
        Session session = new(device);
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Placeholder(Map));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(-0.5f)]
    [InlineData(1f)]
    public void A_rate_of_dropout_outside_its_range_is_an_error(float rate)
    {
        using ReferenceDevice device = new();
        using Session session = new(device, training: true);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map));
        Assert.Throws<ShapeException>(() => x.Dropout(rate));
    }

    [Fact]
    public void Backward_of_another_sessions_tensor_is_an_error()
    {
        using ReferenceDevice device = new();
        using Session one = new(device, record: true), two = new(device, record: true);
        Tensor y = one.Input(Map, Numbers.Doubles(1, Map), needsGradient: true).Shuffle(2);
        Assert.Contains("another session", Assert.Throws<InvalidOperationException>(() => two.Backward(y)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_upstream_gradient_has_the_results_shape()
    {
        using ReferenceDevice device = new();
        using Session session = new(device, record: true);
        Tensor y = session.Input(Map, Numbers.Doubles(1, Map), needsGradient: true).Shuffle(2);
        Assert.Contains("17 elements, expected 18",
            Assert.Throws<ShapeException>(() => session.Backward(y, new float[17])).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => session.Backward([y], [new double[19]]));
    }

    [Fact]
    public void Inputs_have_as_many_values_as_their_shape()
    {
        using ReferenceDevice device = new();
        using Session session = new(device);
        Assert.Contains("[1, 2, 3, 3]",
            Assert.Throws<ShapeException>(() => session.Input(Map, new float[17])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_on_another_device_is_an_error_that_names_both()
    {
        using ReferenceDevice reference = new();
        using CpuDevice cpu = new(1);
        using Linear1d layer = new(4, 2);
        layer.Materialize(cpu);
        using Session session = new(reference);
        Tensor x = session.Input(Shape.Matrix(1, 4), new float[4]);
        string message = Assert.Throws<InvalidOperationException>(() => layer.Invoke(x)).Message;
        Assert.Contains("on cpu, the session on reference", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_without_memory_says_what_to_call()
    {
        using ReferenceDevice device = new();
        using Linear1d layer = new(4, 2);
        using Session session = new(device);
        Tensor x = session.Input(Shape.Matrix(1, 4), new float[4]);
        Assert.Contains("Materialize(device)",
            Assert.Throws<InvalidOperationException>(() => layer.Invoke(x)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parameter_is_no_first_operand()
    {
        using ReferenceDevice device = new();
        using Linear1d layer = new(4, 2);
        layer.Materialize(device);
        Assert.Contains("belongs to no session",
            Assert.Throws<InvalidOperationException>(() => layer.Parameters().First().Activate(ActivationKind.Relu))
                .Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gradient_that_is_not_there_says_so()
    {
        using ReferenceDevice device = new();
        using Session session = new(device);
        Tensor x = session.Input(Map, Numbers.Doubles(1, Map));
        Assert.Contains("Session.Backward", Assert.Throws<InvalidOperationException>(x.GradientToDoubles).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Operands_that_do_not_fit_are_shape_errors()
    {
        using MetaDevice device = new();
        using Session session = new(device);
        Tensor x = session.Placeholder(new Shape(1, 6, 4, 4));
        Assert.Throws<ShapeException>(() => x.Conv2d(session.Placeholder(new Shape(6, 5, 3, 3))));
        Assert.Throws<ShapeException>(() => x.Conv2d(session.Placeholder(new Shape(6, 2, 3, 3)), groups: 4));
        Assert.Throws<ShapeException>(() => x.Plus(session.Placeholder(new Shape(1, 6, 4, 5))));
        Assert.Throws<ShapeException>(() => x.Split(2, 3));
        Assert.Throws<ShapeException>(() => x.Channels(4, 3));
        Assert.Throws<ShapeException>(() => x.MixedConv(session.Placeholder(Shape.Vector(7)), [3, 5]));
        Assert.Throws<ShapeException>(() => x.Linear(session.Placeholder(Shape.Matrix(2, 6))));
        Assert.Throws<ShapeException>(() => x.Shuffle(4));
    }
}
