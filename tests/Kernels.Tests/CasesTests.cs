using System.Reflection;
using FsCheck;
using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

public class CasesTests
{
    public static TheoryData<Type> Types => [.. Cases.Types];

    [Theory]
    [MemberData(nameof(Types))]
    public void Cases_differ_and_shrink_to_one_plain_case(Type type) =>
        typeof(CasesTests).GetMethod(nameof(Shrinks), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(type).Invoke(null, null);

    [Fact]
    public void Cases_reach_every_option_of_a_mux_convolution()
    {
        MuxConv.Args[] cases = [.. Cases.Space<MuxConv.Args>().Sample(600)];
        Assert.Contains(cases, a => a.Scales.Contains(-1) && a.Scales.Contains(0) && a.Scales.Contains(1));
        Assert.Contains(cases, a => a.Stride == 2 && a.Scales.Contains(-1));
        Assert.Contains(cases, a => a.Stride == 2 && a.Scales.Contains(1));
        Assert.Contains(cases, a => a.OddMaps == OddMaps.Pad && a.X.H % 2 == 1 && a.Scales.Contains(-1));
        Assert.Contains(cases, a => a.OddMaps == OddMaps.Plain && a.X.W % 2 == 1 && a.Scales.Contains(-1));
        Assert.Contains(cases, a => a.ChannelsPerGroup > 1);
        Assert.Contains(cases, a => a.Factor == 3);
        Assert.Contains(cases, a => a.Dilation == 2);
        Assert.Contains(cases, a => a.Kernels.Count > 1);
        Assert.Contains(cases, a => a.Channels != ChannelParts.Split(a.X.C, a.Scales.Count));
    }

    [Fact]
    public void Cases_reach_every_option_of_a_depthwise_convolution()
    {
        DepthwiseConv.Args[] cases = [.. Cases.Space<DepthwiseConv.Args>().Sample(600)];
        Assert.Equal(Enumerable.Range(1, 11), cases.Select(a => a.Window.Kernel).Distinct().Order());
        Assert.Equal([1, 2, 3], cases.Select(a => a.Window.Stride).Distinct().Order());
        Assert.Equal([1, 2], cases.Select(a => a.Window.Dilation).Distinct().Order());
        Assert.Equal(3, cases.Select(a => a.Window.Padding.Kind).Distinct().Count());
    }

    private static void Shrinks<TArgs>()
        where TArgs : struct
    {
        TArgs[] cases = [.. Cases.Space<TArgs>().Sample(100)];
        Assert.True(cases.Distinct().Count() > 50,
            $"{cases.Distinct().Count()} of 100 cases differ: {string.Join("; ", cases.Take(5))}");
        HashSet<TArgs> ends = [];
        foreach (TArgs args in cases)
        {
            TArgs smallest = args;
            while (Cases.For<TArgs>().Shrinker(smallest).Cast<TArgs?>().FirstOrDefault() is { } simpler)
            {
                smallest = simpler;
            }

            ends.Add(smallest);
        }

        Assert.True(ends.Count <= 3, $"Shrinking ends at {string.Join("; ", ends.Take(10))}.");
    }
}
