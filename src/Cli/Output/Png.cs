using System.Buffers.Binary;
using System.IO.Compression;

namespace MuxKernels.Cli;

/// <summary>Writes small pictures as PNG: 8 bits a channel, grey or red-green-blue.</summary>
internal static class Png
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>A picture as a file's bytes.</summary>
    /// <param name="planes">Pixels, <c>[channels, height, width]</c> with 1 or 3 channels.</param>
    /// <param name="shape">Their shape.</param>
    public static byte[] Encode(ReadOnlySpan<byte> planes, Shape shape)
    {
        Guard.That(shape.C is 1 or 3, nameof(Png), $"a picture has {shape.C} channels, expected 1 or 3.");
        using MemoryStream file = new();
        file.Write(Signature);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, shape.W);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), shape.H);
        (header[8], header[9]) = (8, shape.C == 1 ? (byte)0 : (byte)2);
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Rows(planes, shape));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Rows(ReadOnlySpan<byte> planes, Shape shape)
    {
        byte[] rows = new byte[shape.H * (1 + shape.W * shape.C)];
        int at = 0;
        for (int h = 0; h < shape.H; h++)
        {
            at++; // No filter.
            for (int w = 0; w < shape.W; w++)
            {
                for (int c = 0; c < shape.C; c++)
                {
                    rows[at++] = planes[(c * shape.H + h) * shape.W + w];
                }
            }
        }

        using MemoryStream packed = new();
        using (ZLibStream zip = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            zip.Write(rows);
        }

        return packed.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        file.Write(number);
    }

    /// <summary>CRC-32 with the reflected polynomial 0xEDB88320.</summary>
    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320u;
            }
        }

        return crc;
    }
}
