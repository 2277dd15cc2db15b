namespace MuxKernels.Cli;

/// <summary>Where the time of a plan goes, step by step; a document of its public properties.</summary>
internal interface IBudget
{
    /// <summary>Writes the steps as a table.</summary>
    void Write(TextWriter writer);

    /// <summary>The same as an SVG picture.</summary>
    string Draw(string name);
}
