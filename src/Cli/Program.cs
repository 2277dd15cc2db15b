using System.CommandLine;
using System.Runtime.InteropServices;
using MuxKernels.Cli.Commands;

namespace MuxKernels.Cli;

/// <summary>The command line <c>muxnet</c>.</summary>
public static class Program
{
    /// <summary>Runs a command with the process's own streams; Ctrl-C ends it between two steps.</summary>
    /// <param name="args">Command and options.</param>
    /// <returns>0 done, 1 the work failed, 2 bad usage, 130 interrupted.</returns>
    public static int Main(string[] args)
    {
        using CancellationTokenSource source = new();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            source.Cancel();
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return Run(args, Console.Out, Console.Error, source.Token, !Console.IsErrorRedirected);
    }

    /// <summary>Runs a command with streams of the caller's.</summary>
    /// <param name="args">Command and options.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Progress and errors.</param>
    /// <param name="cancellation">Ends the command between two steps.</param>
    /// <param name="isTerminal">Whether progress may rewrite its line.</param>
    /// <returns>0 done, 1 the work failed, 2 bad usage, 130 interrupted.</returns>
    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error,
        CancellationToken cancellation = default, bool isTerminal = false)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        GpuDevices.Register();
        Shell shell = new(output, error, cancellation, isTerminal) { IsJson = args.Contains("--json") };
        try
        {
            ParseResult parsed = Root(shell).Parse(args);
            if (parsed.Errors.Count > 0)
            {
                throw new UsageException(string.Join(" ", parsed.Errors.Select(e => Plain(e.Message)))
                    + " See muxnet --help.");
            }

            return parsed.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
#pragma warning disable CA1031 // Whatever happens is told in one sentence.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Fail(shell, e);
        }
    }

    private static RootCommand Root(Shell shell)
    {
        RootCommand root = new("MUXNets on the processor and on GPUs: train, evaluate, verify, measure.");
        foreach (Option option in shell.Options)
        {
            root.Add(option);
        }

        foreach (Command command in (ReadOnlySpan<Command>)
        [
            DemoCommand.Create(shell), TrainCommand.Create(shell), EvalCommand.Create(shell),
            PredictCommand.Create(shell), SummaryCommand.Create(shell), BenchCommand.Create(shell),
            VerifyCommand.Create(shell), ExportCommand.Create(shell), InspectCommand.Create(shell),
            DevicesCommand.Create(shell),
        ])
        {
            root.Add(command);
        }

        return root;
    }

    private static int Fail(Shell shell, Exception e)
    {
        (int code, string message) = e switch
        {
            OperationCanceledException => (ExitCode.Interrupted, "Interrupted."),
            UsageException => (ExitCode.Usage, e.Message),
            ShapeException or IOException or UnauthorizedAccessException or InvalidDataException or FormatException
                or ArithmeticException or OperationMissingException or OutOfMemoryException =>
                (ExitCode.Failed, e.Message),
            ArgumentException argument => (ExitCode.Usage, WithoutName(argument)),
            _ => (ExitCode.Failed, $"Unexpected {e.GetType().Name}: {e.Message}"),
        };
        shell.Fail(code, message);
        return code;
    }

    /// <summary>A parser's message without names of types.</summary>
    private static string Plain(string message)
    {
        foreach ((string type, string kind) in (ReadOnlySpan<(string, string)>)
            [("System.Int32", "a whole number"), ("System.Double", "a number")])
        {
            message = message
                .Replace($"as expected type '{type}'", $"expected {kind}", StringComparison.Ordinal)
                .Replace($"as expected type 'System.Nullable`1[{type}]'", $"expected {kind}", StringComparison.Ordinal);
        }

        return message;
    }

    /// <summary>An exception's message without the name of a parameter that the user does not know.</summary>
    private static string WithoutName(ArgumentException e)
    {
        int end = e.ParamName is { } name
            ? e.Message.IndexOf($" (Parameter '{name}')", StringComparison.Ordinal)
            : -1;
        return end < 0 ? e.Message : e.Message[..end];
    }
}
