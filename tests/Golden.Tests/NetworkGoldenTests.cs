using MuxKernels.Interop;
using Xunit;

namespace MuxKernels.Golden.Tests;

public class NetworkGoldenTests
{
    private const int Cases = 6;

    private static readonly GoldenOptions Networks = new() { Parts = GoldenParts.Networks };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Logits_and_block_summaries_agree_on_the_processor(int threads)
    {
        using CpuDevice device = new(threads);
        GoldenFixture.AssertPassed(GoldenVerifier.Verify([GoldenFixture.Folder], device, Networks), Cases);
    }

    [Fact]
    public void Logits_and_block_summaries_agree_to_a_millionth_in_double()
    {
        using ReferenceDevice device = new();
        GoldenReport report = GoldenVerifier.Verify([GoldenFixture.Part("nets/manifest.json")], device,
            Networks with { Rule = GoldenRule.Double });
        GoldenFixture.AssertPassed(report, Cases);
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    public void Checksum_is_the_usual_crc(string text, uint expected)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(text.PadRight((text.Length + 3) / 4 * 4));
        float[] floats = new float[bytes.Length / 4];
        Buffer.BlockCopy(bytes, 0, floats, 0, bytes.Length);
        uint reference = Bitwise(bytes);
        Assert.Equal(reference, GoldenFormula.Checksum(floats));
        Assert.Equal(expected, Bitwise(System.Text.Encoding.ASCII.GetBytes(text)));
    }

    private static uint Bitwise(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320u & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }
}
