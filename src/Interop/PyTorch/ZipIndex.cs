using System.Buffers.Binary;
using System.Text;

namespace MuxKernels.Interop;

/// <summary>Where the bytes of an entry lie.</summary>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="IsStored">Whether they are the entry's own bytes, neither compressed nor encrypted.</param>
internal readonly record struct ZipEntryRange(long Offset, long Length, bool IsStored);

/// <summary>
/// The directory of a zip archive: where each entry's bytes lie in the file, stored as they are where
/// <c>torch.save</c> wrote them. Every range lies inside the file; nothing is unpacked.
/// </summary>
internal static class ZipIndex
{
    private const int EndLength = 22, LocatorLength = 20, End64Length = 56, EntryLength = 46, LocalLength = 30;
    private const int MaxComment = 65_535;
    private const int MaxDirectory = 1 << 26;
    private const uint EndMark = 0x06054b50, LocatorMark = 0x07064b50, End64Mark = 0x06064b50;
    private const uint EntryMark = 0x02014b50, LocalMark = 0x04034b50;
    private const ushort Wide = 1, Encrypted = 1;

    /// <summary>Reads bytes at an offset of the file; all of them or an exception.</summary>
    public delegate void Reader(Span<byte> bytes, long offset);

    /// <summary>Reads the directory.</summary>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="read">Reads from it.</param>
    /// <exception cref="InvalidDataException">Not such an archive; the message says what was expected.</exception>
    public static Dictionary<string, ZipEntryRange> Read(long length, Reader read)
    {
        (long start, long size, long count) = Directory(length, read);
        byte[] directory = new byte[size];
        read(directory, start);
        Dictionary<string, ZipEntryRange> entries = new(StringComparer.Ordinal);
        int at = 0;
        for (long i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = directory.AsSpan(at);
            Check(entry.Length >= EntryLength && U32(entry, 0) == EntryMark, "the archive's directory is damaged");
            int nameLength = U16(entry, 28), extraLength = U16(entry, 30), all = EntryLength + nameLength + extraLength
                + U16(entry, 32);
            Check(entry.Length >= all, "the archive's directory is cut off");
            string name = Encoding.UTF8.GetString(entry.Slice(EntryLength, nameLength));
            long packed = U32(entry, 20), bytes = U32(entry, 24), local = U32(entry, 42);
            Widen(entry.Slice(EntryLength + nameLength, extraLength), ref bytes, ref packed, ref local);
            bool isStored = (U16(entry, 8) & Encrypted) == 0 && U16(entry, 10) == 0 && packed == bytes;
            Check(entries.TryAdd(name, Locate(name, local, packed, length, read) with { IsStored = isStored }),
                $"two entries are named {SafeTensors.Quote(name)}");
            at += all;
        }

        return entries;
    }

    private static (long Start, long Size, long Count) Directory(long length, Reader read)
    {
        Check(length >= EndLength, $"{length} bytes, expected a zip archive");
        byte[] tail = new byte[Math.Min(length, EndLength + MaxComment)];
        long tailStart = length - tail.Length;
        read(tail, tailStart);
        int end = tail.Length - EndLength;
        while (end >= 0 && U32(tail, end) != EndMark)
        {
            end--;
        }

        Check(end >= 0, "the end of a zip archive is missing (the file is cut off, or no such archive)");
        (long count, long size, long start) = (U16(tail, end + 10), U32(tail, end + 12), U32(tail, end + 16));
        if (end >= LocatorLength && U32(tail, end - LocatorLength) == LocatorMark)
        {
            long at = I64(tail, end - LocatorLength + 8);
            Check(at >= 0 && at <= length - End64Length, "the archive's end names a place outside the file");
            byte[] wide = new byte[End64Length];
            read(wide, at);
            Check(U32(wide, 0) == End64Mark, "the archive's end is damaged");
            (count, size, start) = (I64(wide, 32), I64(wide, 40), I64(wide, 48));
        }

        Check(start >= 0 && size >= 0 && start <= length && size <= length - start,
            "the archive's directory lies outside the file (the file is cut off or damaged)");
        Check(size <= MaxDirectory, $"the archive's directory has {size} bytes, expected at most {MaxDirectory}");
        Check(count >= 0 && count <= size / EntryLength, $"the archive's directory has no room for {count} entries");
        return (start, size, count);
    }

    /// <summary>Sizes and offset of 64 bits, in this order, where those of 32 bits are all ones.</summary>
    private static void Widen(ReadOnlySpan<byte> extra, ref long bytes, ref long packed, ref long local)
    {
        while (extra.Length >= 4)
        {
            int length = U16(extra, 2);
            Check(extra.Length >= 4 + length, "the archive's directory is damaged");
            if (U16(extra, 0) == Wide)
            {
                ReadOnlySpan<byte> fields = extra.Slice(4, length);
                Take(ref fields, ref bytes);
                Take(ref fields, ref packed);
                Take(ref fields, ref local);
            }

            extra = extra[(4 + length)..];
        }
    }

    private static void Take(ref ReadOnlySpan<byte> fields, ref long value)
    {
        if (value != uint.MaxValue)
        {
            return;
        }

        Check(fields.Length >= sizeof(long), "the archive's directory is damaged");
        value = I64(fields, 0);
        fields = fields[sizeof(long)..];
    }

    private static ZipEntryRange Locate(string name, long local, long bytes, long length, Reader read)
    {
        string outside = $"{SafeTensors.Quote(name)} lies outside the file (the file is cut off or damaged)";
        Check(local >= 0 && bytes >= 0 && local <= length - LocalLength, outside);
        Span<byte> header = stackalloc byte[LocalLength];
        read(header, local);
        Check(U32(header, 0) == LocalMark, $"the header of {SafeTensors.Quote(name)} is damaged");
        long start = local + LocalLength + U16(header, 26) + U16(header, 28);
        Check(start <= length && bytes <= length - start, outside);
        return new ZipEntryRange(start, bytes, false);
    }

    private static void Check(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidDataException(message + ".");
        }
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
