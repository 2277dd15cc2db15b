namespace MuxKernels.Interop.Tests;

/// <summary>A folder of its own for one test, removed at the end.</summary>
public sealed class Files : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("muxkernels-interop-").FullName;

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    public string Write(string name, params byte[] bytes)
    {
        File.WriteAllBytes(Path(name), bytes);
        return Path(name);
    }

    /// <summary>Names of all files, also hidden ones.</summary>
    public string[] Names() => [.. Directory.GetFiles(Folder).Select(file => System.IO.Path.GetFileName(file)).Order()];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
