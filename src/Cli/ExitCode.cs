namespace MuxKernels.Cli;

/// <summary>What the program ends with.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The work failed: a check fell short, a file is bad.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage.</summary>
    public const int Usage = 2;

    /// <summary>Interrupted.</summary>
    public const int Interrupted = 130;
}
