namespace MuxKernels;

/// <summary>One run of neighbouring elements of each image: <c>to[n·toStep + i] ← from[n·fromStep + i]</c>, with zeros
/// before and behind it where asked for.</summary>
internal readonly unsafe struct Runs(float* from, long fromStep, float* to, long toStep, long length) : IWork
{
    /// <summary>Elements before the run that become zero.</summary>
    public long ZerosBefore { get; init; }

    /// <summary>Elements behind the run that become zero.</summary>
    public long ZerosAfter { get; init; }

    public void Run(int index, int worker)
    {
        float* run = to + index * toStep;
        new Span<float>(run - ZerosBefore, (int)ZerosBefore).Clear();
        new ReadOnlySpan<float>(from + index * fromStep, (int)length).CopyTo(new Span<float>(run, (int)length));
        new Span<float>(run + length, (int)ZerosAfter).Clear();
    }
}
