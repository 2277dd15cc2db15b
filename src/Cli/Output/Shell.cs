using System.CommandLine;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MuxKernels.Cli;

/// <summary>
/// What all commands share: the common options, one JSON document or readable text on standard output, progress on
/// standard error, the device.
/// </summary>
internal sealed class Shell
{
    private static readonly JsonSerializerOptions Lines = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static readonly JsonSerializerOptions Indented = new(Lines) { WriteIndented = true };

    private readonly Option<bool> json = new("--json")
    {
        Description = "One JSON document on standard output; progress as JSON lines on standard error.",
        Recursive = true,
    };

    private readonly Option<bool> quiet = new("--quiet") { Description = "No progress.", Recursive = true };

    private readonly Option<int> threads = new("--threads")
    {
        Description = "Threads; 0 for one for each processor.",
        Recursive = true,
        HelpName = "N",
    };

    private readonly Option<string> device = new("--device")
    {
        Description = "cpu, reference, cuda, opencl, ilgpu-cpu (the second of several: opencl:1), auto.",
        Recursive = true,
        DefaultValueFactory = static _ => "auto",
        HelpName = "NAME",
    };

    private readonly Option<bool> tf32 = new("--tf32")
    {
        Description = "Rounds the factors of 1×1 convolutions and linear layers to TF32 for the device's tensor cores.",
        Recursive = true,
    };

    private readonly TextWriter output;
    private readonly TextWriter error;
    private readonly bool isTerminal;
    private readonly Stopwatch sinceShown = Stopwatch.StartNew();
    private int liveLength;
    private bool shown;

    public Shell(TextWriter output, TextWriter error, CancellationToken cancellation, bool isTerminal) =>
        (this.output, this.error, Cancellation, this.isTerminal) = (output, error, cancellation, isTerminal);

    /// <summary>Ends the command between two steps.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Options of every command.</summary>
    public IReadOnlyList<Option> Options => [json, quiet, threads, device, tf32];

    /// <summary>Whether the result is a JSON document.</summary>
    public bool IsJson { get; set; }

    /// <summary>Whether there is no progress.</summary>
    public bool IsQuiet { get; private set; }

    /// <summary>Threads asked for, 0 for the device's own choice.</summary>
    public int Threads { get; private set; }

    /// <summary>Device asked for.</summary>
    public string DeviceName { get; private set; } = "auto";

    /// <summary>Whether tensor cores were asked for.</summary>
    public bool IsTensorFloat32 { get; private set; }

    /// <summary>Where pieces of text go: standard output, or nowhere where the result is a JSON document.</summary>
    public TextWriter Output => IsJson ? TextWriter.Null : output;

    /// <summary>Gives a command its work: the common options are read first.</summary>
    public void Handle(Command command, Func<ParseResult, int> work) => command.SetAction(parsed =>
    {
        (IsJson, IsQuiet) = (parsed.GetValue(json), parsed.GetValue(quiet));
        (Threads, DeviceName) = (parsed.GetValue(threads), parsed.GetValue(device) ?? "auto");
        IsTensorFloat32 = parsed.GetValue(tf32);
        if (Threads is < 0 or > 1024)
        {
            throw new UsageException($"--threads is {Threads}, expected 0 … 1024.");
        }

        string kind = DeviceName.Split(':')[0];
        if (kind != "auto" && DeviceProvider.Kinds.All(k => k.Kind != kind))
        {
            throw new UsageException($"--device is '{DeviceName}', expected one of auto, "
                + $"{string.Join(", ", DeviceProvider.Kinds.Select(k => k.Kind))}.");
        }

        Cancellation.ThrowIfCancellationRequested();
        return work(parsed);
    });

    /// <summary>Opens the device that was asked for; the caller disposes of it.</summary>
    /// <exception cref="UsageException">No such device, or it has no tensor cores and they were asked for.</exception>
    public Device OpenDevice()
    {
        Device opened = Open();
        if (IsTensorFloat32)
        {
            try
            {
                opened.Precision = ProductPrecision.TensorFloat32;
            }
            catch (InvalidOperationException e)
            {
                opened.Dispose();
                throw new UsageException($"--tf32: {e.Message}");
            }
        }

        return opened;
    }

    /// <summary>The command's one JSON document; nothing where text was asked for.</summary>
    public void Result(object document)
    {
        EndLive();
        if (IsJson)
        {
            output.WriteLine(ToJson(document));
        }
    }

    /// <summary>A line of text on standard output; nothing where JSON was asked for.</summary>
    public void Line(string text = "")
    {
        EndLive();
        Output.WriteLine(text);
    }

    /// <summary>Progress: a JSON line, a line that a terminal rewrites, or now and then a line of text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="document">The same as a JSON object.</param>
    /// <param name="always">Whether it must not be left out.</param>
    public void Progress(string text, object document, bool always = false)
    {
        if (IsQuiet)
        {
            return;
        }

        bool due = always || !shown || sinceShown.Elapsed.TotalSeconds > 5;
        if (IsJson ? always || !shown || sinceShown.Elapsed.TotalSeconds > 1 : isTerminal || due)
        {
            if (IsJson)
            {
                error.WriteLine(JsonSerializer.Serialize(document, Lines));
            }
            else if (isTerminal && !always)
            {
                error.Write("\r" + text.PadRight(liveLength));
                liveLength = text.Length;
            }
            else
            {
                EndLive();
                error.WriteLine(text);
            }

            shown = true;
            sinceShown.Restart();
            error.Flush();
        }
    }

    /// <summary>A remark on standard error.</summary>
    public void Note(string text) => Progress(text, new { note = text }, always: true);

    /// <summary>The end of a command that failed.</summary>
    public void Fail(int code, string message)
    {
        EndLive();
        string sentence = message.ReplaceLineEndings(" ");
        error.WriteLine(IsJson
            ? JsonSerializer.Serialize(new { error = sentence, exitCode = code }, Lines)
            : $"muxnet: {sentence}");
        error.Flush();
    }

    /// <summary>A document as the text that <see cref="Result"/> writes.</summary>
    public static string ToJson(object document) => JsonSerializer.Serialize(document, Indented);

    private Device Open()
    {
        try
        {
            return DeviceProvider.Open(DeviceName, Threads);
        }
        catch (ArgumentException e) when (e is not ShapeException)
        {
            int end = e.Message.IndexOf(" (Parameter '", StringComparison.Ordinal);
            throw new UsageException($"--device: {(end < 0 ? e.Message : e.Message[..end])}");
        }
    }

    private void EndLive()
    {
        if (liveLength > 0)
        {
            error.Write("\r" + new string(' ', liveLength) + "\r");
            liveLength = 0;
        }
    }
}
