using Xunit;

namespace MuxKernels.Cli.Tests;

/// <summary>What the README shows is what the repository has.</summary>
public class ReadmeTests
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("samples/OneKernel/Program.cs")]
    [InlineData("samples/OneNetwork/Program.cs")]
    [InlineData("samples/PlannedNetwork/Program.cs")]
    public void Its_programs_are_the_samples(string sample) =>
        Assert.Contains(Lines(File.ReadAllText(Path.Combine(Root, sample))), Lines(Readme()));

    [Fact]
    public void Its_block_string_is_the_networks()
    {
        foreach (string row in Layers.MuxNets.TinyBlocks.Split(' '))
        {
            Assert.Contains($"\n{row}\n", Lines(Readme()));
        }
    }

    [Fact]
    public void Its_links_lead_somewhere()
    {
        foreach (string link in Readme().Split("](").Skip(1).Select(part => part[..part.IndexOf(')')])
            .Where(link => !link.StartsWith("http", StringComparison.Ordinal)))
        {
            string[] parts = link.Split('#', 2);
            string file = Path.Combine(Root, parts[0].Length == 0 ? "README.md" : parts[0]);
            Assert.True(File.Exists(file), $"README.md links to {link}, which is not there.");
            Assert.True(parts.Length == 1 || File.ReadLines(file).Any(line => Anchor(line) == parts[1]),
                $"README.md links to {link}: the file has no such heading.");
        }
    }

    /// <summary>What links call a heading: small letters, digits and dashes; null for other lines.</summary>
    private static string? Anchor(string line) => !line.StartsWith('#') ? null : new(
        [
            .. line.TrimStart('#').Trim().ToLowerInvariant().Replace(' ', '-')
                .Where(c => char.IsLetterOrDigit(c) || c is '-' or '_'),
        ]);

    private static string Readme() => File.ReadAllText(Path.Combine(Root, "README.md"));

    private static string Lines(string text) => text.ReplaceLineEndings("\n");

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "MuxKernels.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException("MuxKernels.sln is in no folder above the tests.");
    }
}
