using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Interop.Tests;

/// <summary>Files that are no models: always an <see cref="OnnxException"/> of one sentence, nothing else.</summary>
public sealed class HostileOnnxTests : IDisposable
{
    private readonly Files files = new();
    private readonly byte[] good;

    public HostileOnnxTests()
    {
        using CpuDevice device = new(1);
        using MuxNet network = OnnxCases.Network("muxnet-tiny", device);
        good = Onnx.ToBytes(Onnx.Model(network, new Shape(1, 1, 32, 32)));
    }

    public void Dispose() => files.Dispose();

    [Fact]
    public void A_file_that_is_cut_off_anywhere_is_told()
    {
        // From the end of the graph on, what is missing is optional.
        for (int length = 0; length < good.Length - 40; length += length < 400 ? 1 : 1009)
        {
            OnnxException e = Assert.Throws<OnnxException>(() => Onnx.Read(good[..length], "cut.onnx"));
            Assert.StartsWith("cut.onnx: ", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
        }
    }

    [Fact]
    public void Garbage_is_told()
    {
        foreach (byte[] bytes in new byte[][]
        {
            [], [0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "<html>not found</html>"u8.ToArray(), "PK\u0003\u0004 archive"u8.ToArray(),
            [.. Enumerable.Repeat((byte)0x0b, 9999)],
            [0x3a, 0xff, 0xff, 0xff, 0xff, 0x07], [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        })
        {
            string path = files.Write("garbage.onnx", bytes);
            OnnxException e = Assert.Throws<OnnxException>(() => Onnx.Read(path));
            Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Flipped_bytes_end_in_a_model_or_in_a_message()
    {
        int told = 0;
        for (int i = 0; i < 800; i++)
        {
            byte[] bytes = [.. good];
            for (int j = 0; j < 3; j++)
            {
                bytes[(int)(SplitMix.Hash((ulong)(3 * i + j)) % (ulong)Math.Min(bytes.Length, 60_000))] ^=
                    (byte)(1 << (i + j) % 8);
            }

            try
            {
                Assert.NotNull(Onnx.Read(bytes, "flipped").Nodes);
            }
            catch (OnnxException e)
            {
                Assert.StartsWith("flipped: ", e.Message, StringComparison.Ordinal);
                told++;
            }
        }

        Assert.InRange(told, 50, 800);
    }

    [Fact]
    public void Tensors_that_lie_about_their_size_are_told()
    {
        foreach ((long[] shape, string word) in new (long[], string)[]
        {
            ([3], "expected 12"), ([-1], "-1"), ([1L << 40, 1L << 40, 1L << 40], "more than"), ([0, 5], "expected 0"),
        })
        {
            OnnxModel model = new() { Initializers = [new OnnxTensor("w", OnnxType.Float, shape, new byte[8])] };
            OnnxException e = Assert.Throws<OnnxException>(() => Onnx.Read(Onnx.ToBytes(model), "lies"));
            Assert.Contains("'w'", e.Message, StringComparison.Ordinal);
            Assert.Contains(word, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Numbers_in_either_form_are_read()
    {
        // A tensor "w" [2] of floats as float_data, packed and not; dims packed.
        byte[] values = [0, 0, 128, 63, 0, 0, 0, 64];
        byte[] packed = [0x0a, 1, 2, 0x10, 1, 0x42, 1, (byte)'w', 0x22, 8, .. values];
        byte[] single = [0x08, 2, 0x10, 1, 0x42, 1, (byte)'w', 0x25, .. values[..4], 0x25, .. values[4..]];
        foreach (byte[] tensor in new[] { packed, single })
        {
            byte[] graph = [0x2a, (byte)tensor.Length, .. tensor];
            OnnxTensor read = Assert.Single(Onnx.Read([0x3a, (byte)graph.Length, .. graph], "forms").Initializers);
            Assert.Equal(("w", OnnxType.Float, 2), (read.Name, read.Type, read.Count));
            Assert.Equal(values, read.Data.ToArray());
        }
    }
}
