using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>The PTX that CUDA devices get, executed without one, with memory, races and barriers checked.</summary>
public sealed class PtxTests
{
    private const int Cases = 5;
    private const long Work = 50_000;

    [Theory]
    [MemberData(nameof(Rows.Operations), MemberType = typeof(Rows))]
    public void Agrees_as_ptx(string operation) => Rows.Call(typeof(PtxTests), nameof(Generated), operation);

    private static void Generated<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        TArgs[] cases =
        [
            .. Testing.Cases.Sample(Testing.Cases.For<TArgs>(), 2000)
                .Where(a => VariantTests.Work(operation, a) <= Work).Take(Cases),
        ];
        Assert.Equal(Cases, cases.Length);
        Check.Against(operation, Rows.PtxBody(operation), cases);
    }
}
