namespace MuxKernels.Cli;

/// <summary>The command was used wrongly: exit code 2. The message is one sentence that names the option.</summary>
internal sealed class UsageException(string message) : Exception(message);
