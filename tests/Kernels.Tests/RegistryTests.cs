using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Properties of every operation of the registry: each variant that this machine can run, over generated
/// geometries. A new family needs no line here.</summary>
public class RegistryAgreementTests : RegistryTests
{
    [Theory]
    [MemberData(nameof(RegistryRows.Variants), MemberType = typeof(RegistryRows))]
    public void Agrees_with_the_reference_within_its_bound(string operation, string target) =>
        Holds(typeof(RegistryProperties), nameof(RegistryProperties.Agrees), operation, target, 100, 1);
}

public class RegistryThreadTests : RegistryTests
{
    [Theory]
    [MemberData(nameof(RegistryRows.Variants), MemberType = typeof(RegistryRows))]
    public void Gives_the_same_bits_for_any_number_of_threads(string operation, string target) =>
        Holds(typeof(RegistryProperties), nameof(RegistryProperties.SameForAnyThreads), operation, target, 30, 2);
}

public class RegistryContractTests : RegistryTests
{
    [Theory]
    [MemberData(nameof(RegistryRows.Variants), MemberType = typeof(RegistryRows))]
    public void Infinities_and_NaN_reach_exactly_the_outputs_that_read_them(string operation, string target) =>
        Holds(typeof(RegistryProperties), nameof(RegistryProperties.PropagatesSpecialValues), operation, target, 40, 3);

    [Theory]
    [MemberData(nameof(RegistryRows.Variants), MemberType = typeof(RegistryRows))]
    public void Writes_results_and_adds_parameter_gradients(string operation, string target) =>
        Holds(typeof(RegistryProperties), nameof(RegistryProperties.WritesOrAdds), operation, target, 25, 4);

    [Theory]
    [MemberData(nameof(RegistryRows.Variants), MemberType = typeof(RegistryRows))]
    public void A_batch_is_its_single_images(string operation, string target) =>
        Holds(typeof(RegistryBatches), nameof(RegistryBatches.SplitsIntoImages), operation, target, 25, 5);
}

public class RegistryLinearityTests : RegistryTests
{
    [Theory]
    [MemberData(nameof(RegistryRows.LinearVariants), MemberType = typeof(RegistryRows))]
    public void Is_additive_and_homogeneous_in_each_operand(string operation, string target) =>
        Holds(typeof(RegistryLinearity), nameof(RegistryLinearity.IsLinear), operation, target, 25, 6);

    [Theory]
    [MemberData(nameof(RegistryRows.LinearVariants), MemberType = typeof(RegistryRows))]
    public void Is_adjoint_to_its_gradients(string operation, string target) =>
        Holds(typeof(RegistryLinearity), nameof(RegistryLinearity.IsAdjoint), operation, target, 25, 7);
}

/// <summary>Calls a property of an operation, typed by its arguments.</summary>
public abstract class RegistryTests
{
    private protected static void Holds(Type owner, string property, string operation, string target, int count,
        ulong seed) =>
        RegistryRows.Call(owner, property, RegistryRows.Find(operation), target, count, seed);
}
