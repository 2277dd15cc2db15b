using Xunit;

namespace MuxKernels.Autograd.Tests;

public class GradientTests
{
    public static TheoryData<string> Names() => [.. OperatorCase.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_agree_with_central_differences(string name)
    {
        OperatorCase c = OperatorCase.All[name];
        Assert.Empty(GradientCheck.Run(c.Function, c.Values(), c.IsTraining));
    }

    /// <summary>An operator without a gradient check above fails here.</summary>
    [Fact]
    public void Every_operator_of_the_library_is_checked()
    {
        HashSet<Type> seen = [];
        using MetaDevice device = new();
        foreach (OperatorCase c in OperatorCase.All.Values)
        {
            using Session session = new(device, c.IsTraining, record: true);
            c.Function([.. c.Inputs.Select(session.Placeholder)]);
            seen.UnionWith(session.Record.Select(n => n.Operator.GetType()));
        }

        Type[] operators = [.. typeof(Operator).Assembly.GetExportedTypes()
            .Where(t => t.IsSubclassOf(typeof(Operator)) && !t.IsAbstract)];
        Assert.NotEmpty(operators);
        Assert.Empty(operators.Except(seen));
    }

    [Fact]
    public void A_wrong_gradient_is_found()
    {
        Shape shape = new(1, 2, 3, 3);
        IReadOnlyList<GradientError> errors = GradientCheck.Run(x => x[0].Record(new WrongOperator(x[0].Shape)),
            [(shape, Numbers.Doubles(1, shape))]);
        Assert.Equal(18, errors.Count);
        Assert.Contains("central difference", errors[0].ToString(), StringComparison.Ordinal);
    }

    /// <summary>y = 2x with the gradient of y = 3x.</summary>
    private sealed record WrongOperator(Shape X) : Operator
    {
        public override IReadOnlyList<Shape> Results => [X];

        public override void Forward(Device device, Operands o)
        {
            device.Copy(o.X, o.Y);
            device.Accumulate(o.X, o.Y);
        }

        public override void Backward(Device device, Operands o)
        {
            device.Copy(o.Dy, o.Dx);
            device.Accumulate(o.Dy, o.Dx);
            device.Accumulate(o.Dy, o.Dx);
        }
    }
}
