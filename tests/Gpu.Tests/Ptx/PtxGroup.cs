namespace MuxKernels.Tests;

/// <summary>A group of threads that executes a kernel. Those that are furthest behind go on first, together, until
/// they part, wait, end or meet others. A barrier must be met by all threads, and what a warp does together by the
/// whole warp.</summary>
internal sealed class PtxGroup
{
    /// <summary>Threads of a warp.</summary>
    public const int WarpSize = 32;

    private const int Done = int.MaxValue;
    private const int Waiting = Done - 1;
    private const int Meeting = Done - 2;

    private readonly PtxProgram program;
    private readonly int[] next;
    private readonly int[] lanes;
    private readonly int[] some;
    private readonly int[] meetings;
    private int count;
    private int barrier;

    /// <summary>Makes room for the threads of a group.</summary>
    public PtxGroup(PtxLaunch launch, PtxProgram program, int threads)
    {
        (Launch, this.program) = (launch, program);
        (next, lanes, some, meetings) = (new int[threads], new int[threads], new int[threads], new int[threads]);
        Shared = new PtxShared(program.SharedBytes, threads);
        Rows = [.. Enumerable.Range(0, program.RowCount).Select(_ => new ulong[threads])];
        foreach ((int row, ulong value) in program.Constants)
        {
            Array.Fill(Rows[row], value);
        }
    }

    /// <summary>The launch that this group is part of.</summary>
    public PtxLaunch Launch { get; }

    /// <summary>Registers, one number for each thread.</summary>
    public ulong[][] Rows { get; }

    /// <summary>What the threads share.</summary>
    public PtxShared Shared { get; }

    /// <summary>Executes the kernel for the group at a place of the grid.</summary>
    public void Run(PtxSize place, PtxSize grid, PtxSize size)
    {
        foreach ((int row, string name) in program.Specials)
        {
            for (int t = 0; t < next.Length; t++)
            {
                Rows[row][t] = (ulong)Special(name, t, place, grid, size);
            }
        }

        Array.Clear(next);
        Shared.Clear();
        while (Gather(out int at, out int others))
        {
            bool together = true;
            while (together && at < others)
            {
                together = Execute(ref at);
            }

            if (together)
            {
                Send(lanes.AsSpan(0, count), at);
            }
        }
    }

    /// <summary>The threads that are furthest behind, and where the next ones are. Where all wait, the barrier opens.
    /// </summary>
    private bool Gather(out int at, out int others)
    {
        at = next.Min();
        if (at == Meeting)
        {
            int first = Array.IndexOf(next, Meeting);
            PtxLaunch.Check(false, program.Code[meetings[first]].Text, "only a part of a warp");
        }

        if (at == Waiting)
        {
            PtxLaunch.Check(!next.Contains(Done), program.Code[barrier].Text, "a barrier that some threads never meet");
            at = barrier + 1;
            Send(next.Length, at);
            Shared.Open();
        }

        (others, count) = (Meeting, 0);
        for (int t = 0; t < next.Length; t++)
        {
            if (next[t] == at)
            {
                lanes[count++] = t;
            }
            else if (next[t] < others)
            {
                others = next[t];
            }
        }

        return at != Done;
    }

    /// <summary>Executes an instruction; false where the threads have parted.</summary>
    private bool Execute(ref int at)
    {
        PtxInstruction instruction = program.Code[at];
        ReadOnlySpan<int> all = lanes.AsSpan(0, count), threads = Selected(instruction);
        switch (instruction.Flow)
        {
            case PtxFlow.Next:
                instruction.Run!.Run(this, threads);
                at++;
                return true;
            case PtxFlow.Warp:
                if (AreWarps(threads) && threads.Length == count)
                {
                    instruction.Run!.Run(this, threads);
                    at++;
                    return true;
                }

                Meet(instruction, threads, at);
                return false;
            case PtxFlow.Barrier:
                PtxLaunch.Check(threads.Length == count && (at == barrier || !next.Contains(Waiting)),
                    instruction.Text, "a barrier that only some threads meet");
                barrier = at;
                Send(all, Waiting);
                return false;
            default:
                int target = instruction.Flow == PtxFlow.Return ? Done : instruction.Target();
                if (threads.Length == count && target != Done)
                {
                    at = target;
                    return true;
                }

                Send(all, at + 1);
                Send(threads, target);
                return false;
        }
    }

    private ReadOnlySpan<int> Selected(PtxInstruction instruction)
    {
        if (instruction.Predicate < 0)
        {
            return lanes.AsSpan(0, count);
        }

        ulong[] predicate = Rows[instruction.Predicate];
        int selected = 0;
        for (int i = 0; i < count; i++)
        {
            if (predicate[lanes[i]] != 0 != instruction.Negated)
            {
                some[selected++] = lanes[i];
            }
        }

        return some.AsSpan(0, selected);
    }

    /// <summary>Threads wait for the others of their warp; where all are there, the instruction is executed.</summary>
    private void Meet(PtxInstruction instruction, ReadOnlySpan<int> threads, int at)
    {
        Send(lanes.AsSpan(0, count), at + 1);
        foreach (int t in threads)
        {
            (next[t], meetings[t]) = (Meeting, at);
        }

        int[] warp = new int[WarpSize];
        for (int first = 0; first + WarpSize <= next.Length; first += WarpSize)
        {
            bool isWhole = true;
            for (int lane = 0; lane < WarpSize; lane++)
            {
                warp[lane] = first + lane;
                isWhole &= next[first + lane] == Meeting && meetings[first + lane] == at;
            }

            if (isWhole)
            {
                instruction.Run!.Run(this, warp);
                Send(warp, at + 1);
            }
        }
    }

    private static bool AreWarps(ReadOnlySpan<int> threads)
    {
        bool whole = threads.Length % WarpSize == 0;
        for (int i = 0; i < threads.Length && whole; i++)
        {
            whole = threads[i] % WarpSize == i % WarpSize;
        }

        return whole;
    }

    private void Send(ReadOnlySpan<int> threads, int to)
    {
        foreach (int t in threads)
        {
            next[t] = to;
        }
    }

    private void Send(int threads, int to) => Array.Fill(next, to, 0, threads);

    private static int Special(string name, int thread, PtxSize place, PtxSize grid, PtxSize size) => name switch
    {
        "tid.x" => thread % size.X,
        "tid.y" => thread / size.X % size.Y,
        "tid.z" => thread / size.X / size.Y,
        "ntid.x" => size.X,
        "ntid.y" => size.Y,
        "ntid.z" => size.Z,
        "ctaid.x" => place.X,
        "ctaid.y" => place.Y,
        "ctaid.z" => place.Z,
        "nctaid.x" => grid.X,
        "nctaid.y" => grid.Y,
        "nctaid.z" => grid.Z,
        "laneid" => thread % WarpSize,
        _ => thread / WarpSize,
    };
}

/// <summary>Sizes or a place of a grid or a group.</summary>
internal readonly record struct PtxSize(int X, int Y, int Z)
{
    /// <summary>Places in all.</summary>
    public int Count => X * Y * Z;
}
