using MuxKernels.Autograd;
using MuxKernels.Compare;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Bench.Tests;

public sealed class CompareTests
{
    [Fact]
    public void Outputs_that_differ_are_refused()
    {
        Assert.Equal(0, Outputs.Difference("same", [1, -2], [1, -2]));
        Assert.Equal(Math.Pow(2, -18), Outputs.Difference("near", [1, 2], [1 + MathF.Pow(2, -17), 2]));
        ComparisonException far = Assert.Throws<ComparisonException>(
            () => Outputs.Difference("far", [1, 2], [1.1f, 2]));
        Assert.Contains("far: outputs differ by 5.0E-002", far.Message, StringComparison.Ordinal);
        Assert.Throws<ComparisonException>(() => Outputs.Difference("zeros", [0, 0], [0, 0]));
        Assert.Throws<ComparisonException>(() => Outputs.Difference("nan", [1], [float.NaN]));
        Assert.Throws<ComparisonException>(() => Outputs.Difference("length", [1], [1, 2]));
    }

    [Fact]
    public void Kernel_table_reads_the_pointwise_convolutions_of_the_network()
    {
        IReadOnlyList<KernelRow> rows = KernelRow.All();
        Assert.Equal(rows.Count, rows.Select(r => r.Name).Distinct().Count());
        Assert.Equal(2, rows.Count(r => r.Kernels.Count > 1));
        Assert.All(rows[1].Kernels, k => Assert.Equal(7, k.Operator.Results[0].H));
        Assert.True(rows[0].Kernels.Sum(k => k.Count) > rows[0].Kernels.Count);
    }

    public static TheoryData<int> Rows => [.. Enumerable.Range(2, KernelRow.All().Count - 2)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Kernels_in_the_inner_layout_and_peers_agree_with_eager(int row)
    {
        using CpuDevice device = new(1);
        KernelSubject subject = new(KernelRow.All()[row].Kernels[0].Operator);
        float[] expected = subject.Eager(device);
        using BlockedKernel ours = BlockedKernel.Of(subject);
        ours.Run();
        Outputs.Difference("ours", expected, ours.Read(subject.Y));
        Assert.InRange(ours.LaneCap, 0.3, 1);
        foreach (PeerKernel peer in PeerKernels.Of(subject, device))
        {
            peer.Run();
            Outputs.Difference(peer.Name, expected, peer.Read());
            peer.End.Dispose();
        }
    }

    [Fact]
    public void Pointwise_in_the_inner_layout_agrees_with_eager()
    {
        using CpuDevice device = new(1);
        KernelSubject subject = new(new PointwiseConvOperator(new(new Shape(1, 20, 30, 14), 37)));
        using BlockedKernel ours = BlockedKernel.Of(subject);
        ours.Run();
        Outputs.Difference("ours", subject.Eager(device), ours.Read(subject.Y));
        Assert.InRange(ours.LaneCap, 37 / 48.0, 37 / 40.0);
    }

    [Fact]
    public void Weights_of_pairs_and_padded_kernels()
    {
        (float[] own, float[] other) = PeerWeights.Pairs([1, 2, 3, 4, 5, 6, 7, 8], 2);
        Assert.Equal([1, 2, 7, 8], own);
        Assert.Equal([3, 4, 5, 6], other);
        Assert.Equal([3, 4, 1, 2], PeerWeights.Swapped([1, 2, 3, 4], 2));
        MixedConv.Args args = new(new Shape(1, 2, 8, 8), [1, 3], stride: 2);
        Assert.Equal([0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10],
            PeerWeights.Padded(args, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    }

    [Fact]
    public void Networks_are_measured_with_numbers_that_neither_fade_nor_grow()
    {
        using CpuDevice device = new(2);
        using Layers.MuxNet network = Subjects.Network("muxnet-tiny", device);
        Shape shape = new(2, network.Spec.ImageChannels, network.Spec.ImageSize, network.Spec.ImageSize);
        using Session session = new(device);
        float[] y = network.Invoke(session.Input(shape, Fill.Uniform(7, shape.Length))).ToArray();
        Assert.InRange(y.Max(Math.Abs), 1e-3f, 1e3f);
    }
}
