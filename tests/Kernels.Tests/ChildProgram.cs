using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>What the tests' child processes do. Each line of output is a start (<c>? name</c>), a success
/// (<c>ok name</c>) or a failure (<c>failed name: why</c>); the last start without an end is what ended the process.
/// </summary>
internal static class ChildProgram
{
    /// <summary>Checks every operation with the instruction sets that the environment leaves.</summary>
    public const string Sets = "sets";

    /// <summary>Runs every kernel on memory between forbidden pages; a second word is the number of rows to
    /// skip.</summary>
    public const string Guards = "guards";

    /// <summary>Reads one element past the end of guarded memory: has to end the process.</summary>
    public const string Overrun = "overrun";

    /// <summary>Reads one element before the start of guarded memory: has to end the process.</summary>
    public const string Underrun = "underrun";

    public static int Main(string[] args)
    {
        switch (args)
        {
            case [Sets, string count]:
                Console.WriteLine($"avx512={Avx512F.IsSupported} avx2={Avx2.IsSupported} fma={Fma.IsSupported} "
                    + $"vector128={Vector128.IsHardwareAccelerated}");
                Each(0, (operation, target) =>
                {
                    int cases = int.Parse(count);
                    RegistryRows.Call(typeof(RegistryProperties), nameof(RegistryProperties.Agrees), operation, target,
                        cases, 11UL);
                    if (operation != RegistryRows.Doubling && RegistryRows.AvailableTargets(operation)[0] == target)
                    {
                        RegistryRows.Call(typeof(RegistryEntries), nameof(RegistryEntries.CpuDeviceAgrees), operation,
                            1, cases, 12UL);
                    }
                });
                return 0;
            case [Guards, string skip]:
                Each(int.Parse(skip), (operation, target) =>
                    RegistryRows.Call(typeof(ChildProgram), nameof(RunGuarded), operation, target));
                return 0;
            case [Overrun]:
                return Touch(GuardSide.Upper, 5);
            case [Underrun]:
                return Touch(GuardSide.Lower, -1);
            default:
                Console.Error.WriteLine($"A child process takes {Sets} COUNT, {Guards} SKIP, {Overrun} or {Underrun}.");
                return 2;
        }
    }

    /// <summary>Runs a kernel with every operand flush against a forbidden page, on one and two threads.</summary>
    public static void RunGuarded<TArgs>(KernelOperation<TArgs> operation, string target)
        where TArgs : struct
    {
        KernelBody<TArgs> body = RegistryProperties.Body(operation, target);
        using WorkPool pool = new(2);
        int run = 0;
        bool first = operation != (KernelOperation)RegistryRows.Doubling
            && RegistryRows.AvailableTargets(operation)[0] == target;
        SpanEntry<TArgs>? entry = first ? new(operation) : null;
        foreach (TArgs args in Cases.Space<TArgs>().Sample(40, 13))
        {
            if (entry is not null)
            {
                // Scratch memory too ends at a forbidden page here.
                GuardedMemory[] all = [.. entry.Operands(args, 14).Select(Guarded)];
                entry.Call(args, Array.ConvertAll(all, Memory));
                foreach (IDisposable memory in all)
                {
                    memory.Dispose();
                }
            }

            foreach (GuardSide side in Enum.GetValues<GuardSide>())
            {
                GuardedMemory[] x = [.. operation.Inputs(args).Select(o => Guarded(o, side))];
                GuardedMemory[] y = [.. operation.Outputs(args)
                    .Select(o => new GuardedMemory((int)o.Shape.Length, side))];
                body(args, Array.ConvertAll(x, Memory), Array.ConvertAll(y, Memory), run++ % 4 == 0 ? pool : null);
                foreach (IDisposable memory in x.Concat(y).Cast<IDisposable>())
                {
                    memory.Dispose();
                }
            }
        }
    }

    private static void Each(int skip, Action<KernelOperation, string> check)
    {
        foreach (object[] row in RegistryRows.Variants.Skip(skip))
        {
            (string name, string target) = ((string)row[0], (string)row[1]);
            Console.WriteLine($"? {name}/{target}");
            try
            {
                check(RegistryRows.Find(name), target);
                Console.WriteLine($"ok {name}/{target}");
            }
#pragma warning disable CA1031 // Whatever fails is reported to the parent, which fails its test.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Console.WriteLine($"failed {name}/{target}: {e.Message.ReplaceLineEndings(" ")}");
            }
        }
    }

    private static GuardedMemory Guarded(KernelOperand operand, GuardSide side)
    {
        GuardedMemory memory = new((int)operand.Shape.Length, side);
        Fill.Operand(14, operand).CopyTo(memory.GetSpan());
        return memory;
    }

    private static GuardedMemory Guarded(float[] numbers)
    {
        GuardedMemory memory = new(numbers.Length);
        numbers.CopyTo(memory.GetSpan());
        return memory;
    }

    private static KernelMemory Memory(GuardedMemory memory) => new(memory.Memory);

    private static unsafe int Touch(GuardSide side, int index)
    {
        GuardedMemory memory = new(5, side);
        memory.GetSpan().Fill(1f);
        return memory.Pointer[index] > 0 ? 0 : 1;
    }
}
