using System.Text.Json;

namespace MuxKernels.Cli.Tests;

/// <summary>One run of the command line in this process.</summary>
/// <param name="Code">Exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record Run(int Code, string Output, string Error)
{
    /// <summary>Runs a command.</summary>
    public static Run Of(params string[] args) => Of(CancellationToken.None, args);

    /// <summary>Runs a command that can be interrupted.</summary>
    public static Run Of(CancellationToken cancellation, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = Program.Run(args, output, error, cancellation);
        return new Run(code, output.ToString(), error.ToString());
    }

    /// <summary>The one JSON document on standard output, of a run that ended well.</summary>
    public JsonElement Json()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return Document();
    }

    /// <summary>The one JSON document on standard output.</summary>
    public JsonElement Document()
    {
        using JsonDocument document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>Demands one sentence of error, and no trace of the program's inside.</summary>
    public void Fails(int code, params string[] words)
    {
        Assert.True(code == Code, $"exit code {Code}, expected {code}: {Error}");
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Error, StringComparison.Ordinal);
        foreach (string word in words)
        {
            Assert.Contains(word, Error, StringComparison.Ordinal);
        }
    }
}
