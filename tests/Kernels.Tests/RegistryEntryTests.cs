using Xunit;

namespace MuxKernels.Tests;

/// <summary>The public ways into each operation: devices, and the references in float32.</summary>
public class RegistryEntryTests : RegistryTests
{
    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void The_processors_device_agrees(string operation) =>
        RegistryRows.Call(typeof(RegistryEntries), nameof(RegistryEntries.CpuDeviceAgrees),
            RegistryRows.Find(operation), 2, 60, 8UL);

    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void The_reference_device_has_the_references_numbers(string operation) =>
        RegistryRows.Call(typeof(RegistryEntries), nameof(RegistryEntries.ReferenceDeviceAgrees),
            RegistryRows.Find(operation), 20, 9UL);

    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void The_reference_in_float32_is_within_the_bound(string operation) =>
        RegistryRows.Call(typeof(RegistryEntries), nameof(RegistryEntries.SingleReferenceAgrees),
            RegistryRows.Find(operation), 20, 10UL);
}
