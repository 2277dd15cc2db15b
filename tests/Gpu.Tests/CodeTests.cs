using System.Reflection;
using ILGPU;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>The code that CUDA devices get, compiled for sm_90 without one and read.</summary>
public sealed class CodeTests
{
    private static readonly Type[] Constants = [typeof(AnyShape), typeof(Single3), typeof(Single5)];

    public static TheoryData<string> Bodies => [.. Methods().Select(Name)];

    [Fact]
    public void All_kernels_are_compiled() => Assert.True(Methods().Count() >= 15);

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Code_for_sm_90_keeps_locals_in_registers_and_names_its_memory(string body)
    {
        string code = PtxCompiler.Compile(Methods().Single(m => Name(m) == body));
        PtxText.Check(code);
        Assert.Contains("st.global", code, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ConvBiasGpu.Body")]
    public void Code_for_sm_90_shares_memory_between_barriers(string body)
    {
        string code = PtxCompiler.Compile(Methods().Single(m => Name(m) == body));
        Assert.Contains("ld.shared", code, StringComparison.Ordinal);
        Assert.Contains("ld.global", code, StringComparison.Ordinal);
        Assert.Contains("bar.sync", code, StringComparison.Ordinal);
    }

    /// <summary>What the checks above look for does exist: without O2 accesses are generic.</summary>
    [Fact]
    public void Without_optimisation_the_checks_find_generic_accesses() => Assert.NotEmpty(
        PtxText.GenericAccess().Matches(PtxCompiler.Compile(
            Methods().Single(m => Name(m) == "PartsConv.BackwardInputBody<AnyShape>"), OptimizationLevel.O0)));

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}"
        + (method.IsGenericMethod ? $"<{method.GetGenericArguments()[0].Name}>" : "");

    private static IEnumerable<MethodInfo> Methods() => typeof(GpuDevice).Assembly.GetTypes()
        .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(m => m.Name.EndsWith("Body", StringComparison.Ordinal) && m.ReturnType == typeof(void)
            && m.GetParameters().FirstOrDefault()?.ParameterType is { IsGenericType: true } view
            && view.GetGenericTypeDefinition() == typeof(ArrayView<>))
        .SelectMany(m => m.IsGenericMethod ? Constants.Select(c => m.MakeGenericMethod(c)) : [m]);
}
