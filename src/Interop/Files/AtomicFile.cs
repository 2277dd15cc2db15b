using System.Text;

namespace MuxKernels.Interop;

/// <summary>
/// Writes a file all or not at all: beside the target (<c>.tmp-…</c> in the same folder), to the disk, then renamed
/// over it. A full disk, an exception or an end of the program in the middle leaves the old file as it was.
/// </summary>
public static class AtomicFile
{
    private const int BufferLength = 1 << 16;

    /// <summary>Writes a file.</summary>
    /// <param name="path">Target; a symbolic link stays, and what it points to is replaced.</param>
    /// <param name="write">Writes the content; if it throws, nothing has happened.</param>
    /// <exception cref="DirectoryNotFoundException">The target's folder does not exist.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string? linked = new FileInfo(path).LinkTarget is null
            ? null
            : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;
        string target = Path.GetFullPath(linked ?? path);
        string folder = Path.GetDirectoryName(target)
            ?? throw new IOException($"{path}: expected the name of a file.");
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{path}: the folder {folder} does not exist.");
        }

        if (Directory.Exists(target))
        {
            throw new IOException($"{path}: expected a file, found a folder.");
        }

        string temporary = Path.Combine(folder, $".tmp-{Guid.NewGuid():N}");
        bool renamed = false;
        try
        {
            using (FileStream file = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferLength))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            KeepMode(target, temporary);
            File.Move(temporary, target, overwrite: true);
            renamed = true;
        }
        finally
        {
            if (!renamed)
            {
                File.Delete(temporary);
            }
        }
    }

    /// <summary>Writes a text file, UTF-8 without a byte order mark.</summary>
    /// <exception cref="IOException">See <see cref="Write"/>.</exception>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The new file may be read by whom the old one could be read.</summary>
    private static void KeepMode(string target, string temporary)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(target))
        {
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
        }
    }
}
