using System.Text;
using MuxKernels.Peers;
using Xunit;

namespace MuxKernels.Bench.Tests;

public sealed class OrtSessionTests
{
    /// <summary>An ONNX model with one node <c>y = type(x)</c> for x of shape [?, 3].</summary>
    private static byte[] Model(string type)
    {
        byte[] axes = [.. Field(1, Text(2, "n")), .. Field(1, [0x08, 3])];
        byte[] tensor = [0x08, 1, .. Field(2, axes)];
        byte[] value = Field(2, Field(1, tensor));
        byte[] node = [.. Text(1, "x"), .. Text(2, "y"), .. Text(4, type)];
        byte[] graph = [.. Field(1, node), .. Text(2, "g"), .. Field(11, [.. Text(1, "x"), .. value]),
            .. Field(12, [.. Text(1, "y"), .. value])];
        return [0x08, 8, .. Field(7, graph), .. Field(8, [.. Text(1, ""), 0x10, 17])];
    }

    private static byte[] Field(int number, byte[] content) =>
        [(byte)(number << 3 | 2), (byte)content.Length, .. content];

    private static byte[] Text(int number, string text) => Field(number, Encoding.ASCII.GetBytes(text));

    [OnnxRuntimeFact]
    public void Runs_a_model_on_its_own_memory_and_on_spans()
    {
        using OrtSession session = new(Model("Relu"), new OrtOptions { Threads = 2 }, Shape.Matrix(2, 3));
        Assert.Equal(Shape.Matrix(2, 3), Assert.Single(session.Outputs));
        float[] y = new float[6];
        session.Run([-1, 2, -3, 4, -5, 6], y);
        Assert.Equal([0, 2, 0, 4, 0, 6], y);
        session.Input().Fill(7);
        session.Run();
        Assert.Equal([7, 7, 7, 7, 7, 7], session.Output().ToArray());
    }

    [OnnxRuntimeFact]
    public void Errors_are_told_in_the_library_s_words()
    {
        PeerException unknown = Assert.Throws<PeerException>(
            () => new OrtSession(Model("NoSuchNode"), null, Shape.Matrix(1, 3)));
        Assert.Contains("NoSuchNode", unknown.Message, StringComparison.Ordinal);
        PeerException garbage = Assert.Throws<PeerException>(
            () => new OrtSession([1, 2, 3], null, Shape.Matrix(1, 3)));
        Assert.Contains("load model", garbage.Message, StringComparison.Ordinal);
        PeerException shape = Assert.Throws<PeerException>(
            () => new OrtSession(Model("Relu"), null, Shape.Matrix(1, 4)));
        Assert.Contains("dimension", shape.Message, StringComparison.OrdinalIgnoreCase);
        PeerException count = Assert.Throws<PeerException>(() => new OrtSession(Model("Relu"), null));
        Assert.Contains("1 inputs, got 0", count.Message, StringComparison.Ordinal);
    }

    [OnnxRuntimeFact]
    public void Lengths_and_the_end_of_a_session_are_checked()
    {
        OrtSession session = new(Model("Relu"), null, Shape.Matrix(1, 3));
        ArgumentException x = Assert.Throws<ArgumentException>(() => session.Run(new float[2], new float[3]));
        Assert.Contains("x has 2 elements, expected 3", x.Message, StringComparison.Ordinal);
        ArgumentException y = Assert.Throws<ArgumentException>(() => session.Run(new float[3], new float[4]));
        Assert.Contains("y has 4 elements, expected 3", y.Message, StringComparison.Ordinal);
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(session.Run);
    }
}
