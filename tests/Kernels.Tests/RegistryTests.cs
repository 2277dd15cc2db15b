using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Properties of every operation of the registry: each variant that this machine can run, over generated
/// geometries.</summary>
public class RegistryAgreementTests
{
    private const int Count = 100;

    [Theory]
    [MemberData(nameof(RegistryRows.Variants), MemberType = typeof(RegistryRows))]
    public void Agrees_with_the_reference_within_its_bound(string operation, string target) =>
        RegistryRows.Call(typeof(RegistryProperties), nameof(RegistryProperties.Agrees), RegistryRows.Find(operation),
            target, Count, 1UL);
}

public class RegistryThreadTests
{
    private const int Count = 40;

    [Theory]
    [MemberData(nameof(RegistryRows.Variants), MemberType = typeof(RegistryRows))]
    public void Gives_the_same_bits_for_any_number_of_threads(string operation, string target) =>
        RegistryRows.Call(typeof(RegistryProperties), nameof(RegistryProperties.SameForAnyThreads),
            RegistryRows.Find(operation), target, Count, 2UL);
}
