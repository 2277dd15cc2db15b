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
        foreach (string target in Readme().Split("](").Skip(1).Select(part => part[..part.IndexOf(')')])
            .Where(link => !link.StartsWith("http", StringComparison.Ordinal)))
        {
            Assert.True(File.Exists(Path.Combine(Root, target)), $"README.md links to {target}, which is not there.");
        }
    }

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
