using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>A family that forgets the registry, a width, a device or its cases fails here.</summary>
public class RegistryCoverageTests
{
    private static readonly string[] Widths = ["avx512", "avx2", "v128"];

    /// <summary>Public families: static classes with validated arguments.</summary>
    public static TheoryData<Type> Families => [.. typeof(KernelRegistry).Assembly.GetExportedTypes()
        .Where(t => t.IsAbstract && t.IsSealed && t.GetNestedType("Args") is { IsValueType: true })];

    [Theory]
    [MemberData(nameof(Families))]
    public void Every_family_has_operations_and_cases(Type family)
    {
        Type args = family.GetNestedType("Args")!;
        Assert.Contains(KernelRegistry.Operations, o => o.ArgsType == args);
        Assert.Contains(args, Cases.Types);
        string[] directions = [.. family.GetMethods().Where(m => m.IsGenericMethod
            && m.Name.EndsWith("Reference", StringComparison.Ordinal)
            && m.Name != "BackwardBiasReference" // conv.backward-bias is every convolution's
            && m.GetParameters()[0].ParameterType == args.MakeByRefType()).Select(m => m.Name)];
        Assert.NotEmpty(directions);
        Assert.Equal(directions.Length, KernelRegistry.Operations.Count(o => o.ArgsType == args));
    }

    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void Every_operation_has_every_width_or_one_body_for_all_machines(string operation) =>
        RegistryRows.Call(typeof(RegistryCoverageTests), nameof(HasWidths), RegistryRows.Find(operation));

    [Theory]
    [InlineData("pointwise")]
    [InlineData("dense")]
    [InlineData("depthwise")]
    [InlineData("group")]
    [InlineData("mixed")]
    [InlineData("muxconv")]
    [InlineData("linear")]
    public void Convolutions_have_both_gradients_as_linear_operations(string family) =>
        Assert.Equal(2, RegistryRows.Call(typeof(RegistryCoverageTests), nameof(GradientCount),
            RegistryRows.Find(family + ".forward")));

    [Avx512Fact]
    public void Kernels_of_512_bits_run_on_this_machine() => RunsHere("avx512");

    [Avx2Fact]
    public void Kernels_of_256_bits_run_on_this_machine() => RunsHere("avx2");

    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void An_operand_of_another_length_is_refused_by_name(string operation) =>
        RegistryRows.Call(typeof(RegistryEntries), nameof(RegistryEntries.WrongLengthsAreRefused),
            RegistryRows.Find(operation));

    private static void RunsHere(string target) =>
        Assert.Contains(RegistryRows.Variants, row => (string)row[1] == target);

    private static int GradientCount<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct => RegistryLinearity.Gradients(operation).Count();

    private static void HasWidths<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        TArgs args = Cases.Space<TArgs>().Sample(1).Single();
        bool one = operation.MultiplyAdds(args) == 0 && operation.Variants.Any(v => v.IsAvailable());
        Assert.True(one || Widths.All(operation.Targets.Contains),
            $"{operation.Name} computes products and has only {string.Join(", ", operation.Targets)}.");
    }
}
