using System.Buffers.Binary;
using System.IO.Compression;

namespace MuxKernels.Data.Tests;

/// <summary>A folder of its own for one test, removed at the end.</summary>
public sealed class Files : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("muxkernels-data-").FullName;

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    public string Write(string name, params byte[] bytes)
    {
        File.WriteAllBytes(Path(name), bytes);
        return Path(name);
    }

    /// <summary>IDX data with a header that may lie.</summary>
    public static byte[] Idx(uint magic, uint[] axes, byte[] payload)
    {
        byte[] data = new byte[4 + 4 * axes.Length + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(data, magic);
        for (int i = 0; i < axes.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(4 + 4 * i), axes[i]);
        }

        payload.CopyTo(data, 4 + 4 * axes.Length);
        return data;
    }

    public static byte[] Gzip(byte[] data)
    {
        using MemoryStream result = new();
        using (GZipStream gzip = new(result, CompressionLevel.Fastest))
        {
            gzip.Write(data);
        }

        return result.ToArray();
    }

    /// <summary>Bytes 0, 1, 2, … modulo 251.</summary>
    public static byte[] Ramp(int count, int start = 0) =>
        [.. Enumerable.Range(start, count).Select(i => (byte)(i % 251))];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
