using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>What callers can do wrong with memory of their own is told, for every public method on spans.</summary>
public class SpanEntryTests
{
    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void Arguments_that_were_never_constructed_are_refused(string operation) =>
        RegistryRows.Call(typeof(SpanEntryTests), nameof(RefusesDefault), RegistryRows.Find(operation));

    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void Memory_that_overlaps_is_refused_or_makes_no_difference(string operation) =>
        RegistryRows.Call(typeof(SpanEntryTests), nameof(RefusesOverlap), RegistryRows.Find(operation));

    [Theory]
    [MemberData(nameof(RegistryRows.FamilyOperations), MemberType = typeof(RegistryRows))]
    public void Memory_of_another_length_is_refused(string operation) =>
        RegistryRows.Call(typeof(SpanEntryTests), nameof(RefusesLengths), RegistryRows.Find(operation));

    internal static void RefusesDefault<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        SpanEntry<TArgs> entry = new(operation);
        foreach (int length in new[] { 0, 1, 1000 })
        {
            KernelMemory[] memory = [.. entry.Names.Select(_ => new KernelMemory(new float[length]))];
            Assert.Throws<ShapeException>(() => entry.Call(default, memory));
        }
    }

    internal static void RefusesOverlap<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        SpanEntry<TArgs> entry = new(operation);
        TArgs args = Cases.Space<TArgs>().Sample(20, 16).Last();
        float[][] clean = entry.Operands(args, 1);
        entry.Call(args, KernelMemory.Of(clean));
        for (int i = 0; i < clean.Length; i++)
        {
            for (int j = 0; j < clean.Length; j++)
            {
                if (entry.IsWritten[i] && i != j && clean[i].Length * clean[j].Length > 0)
                {
                    Overlapped(entry, args, clean, i, j, 0);
                    Overlapped(entry, args, clean, i, j, clean[j].Length - 1);
                }
            }
        }
    }

    internal static void RefusesLengths<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        SpanEntry<TArgs> entry = new(operation);
        TArgs args = Cases.Space<TArgs>().Sample(20, 17).Last();
        for (int i = 0; i < entry.Names.Length; i++)
        {
            foreach (int change in entry.Names[i] == "scratch" ? [-1] : new[] { -1, 1 })
            {
                KernelMemory[] memory = KernelMemory.Of(entry.Operands(args, 1));
                int length = memory[i].Length + change;
                bool absent = length <= 0; // An empty span says that the operand is not wanted.
                memory[i] = new float[Math.Max(length, 0)];
                if (!absent)
                {
                    ShapeException e = Assert.Throws<ShapeException>(() => entry.Call(args, memory));
                    Assert.Contains(entry.Names[i], e.Message);
                    Assert.Contains("expected", e.Message);
                }
            }
        }
    }

    /// <summary>Span i begins at an element of span j.</summary>
    private static void Overlapped<TArgs>(SpanEntry<TArgs> entry, TArgs args, float[][] clean, int i, int j, int shift)
        where TArgs : struct
    {
        float[][] operands = entry.Operands(args, 1);
        float[] shared = new float[shift + operands[i].Length + operands[j].Length];
        operands[i].CopyTo(shared, shift);
        operands[j].CopyTo(shared, 0);
        KernelMemory[] memory = KernelMemory.Of(operands);
        memory[i] = new KernelMemory(shared.AsMemory(shift, operands[i].Length));
        memory[j] = new KernelMemory(shared.AsMemory(0, operands[j].Length));
        string what = $"{entry.Names[i]} at element {shift} of {entry.Names[j]}";
        try
        {
            entry.Call(args, memory);
        }
        catch (ShapeException e)
        {
            Assert.Contains("overlaps", e.Message);
            return;
        }

        for (int k = 0; k < operands.Length; k++)
        {
            if (entry.IsWritten[k] && k != j && entry.Names[k] != "scratch")
            {
                Check.SameBits(clean[k], memory[k].Span, $"{what}: {entry.Names[k]}");
            }
        }
    }
}
