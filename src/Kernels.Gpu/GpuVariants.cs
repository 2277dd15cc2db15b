using System.Collections.Concurrent;

namespace MuxKernels;

/// <summary>The GPU bodies as variants of the registry's operations: targets <c>cuda</c>, <c>opencl</c> and
/// <c>ilgpu-cpu</c>. A call copies the operands to the first device of that kind and the results back.</summary>
public static partial class GpuVariants
{
    private static readonly ConcurrentDictionary<string, Lazy<GpuDevice?>> Devices = new(StringComparer.Ordinal);
    private static readonly Lock Gate = new();
    private static bool registered;

    private delegate void DeviceCall<TArgs>(GpuDevice device, in TArgs args, View[] x, View[] y)
        where TArgs : struct;

    /// <summary>Kinds that variants are registered for.</summary>
    public static IReadOnlyList<string> Targets { get; } = ["cuda", "opencl", "ilgpu-cpu"];

    /// <summary>The device that a target's variants run on; null where there is none. It lives as long as the process.
    /// </summary>
    public static GpuDevice? DeviceOf(string target) => Devices.GetOrAdd(target, static kind => new Lazy<GpuDevice?>(
        () => GpuDevice.List(kind).Count > 0 ? GpuDevice.Open(kind, 0) : null)).Value;

    /// <summary>Adds the variants to every operation that has a GPU body. A second call does nothing.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (registered)
            {
                return;
            }

            registered = true;
        }

        AddConvolutions();
        AddMultiplexing();
        AddMoves();
        AddFused();
        AddLayers();
        AddTraining();
    }

    private static void AddConvolutions()
    {
        Add<PointwiseConv.Args>("pointwise.forward", static (d, in a, x, y) =>
            d.PointwiseConvForward(a, x[0], x[1], Bias(x), y[0]));
        Add<PointwiseConv.Args>("pointwise.backward-input", static (d, in a, x, y) =>
            d.PointwiseConvBackwardInput(a, x[0], x[1], y[0]));
        Add<PointwiseConv.Args>("pointwise.backward-weight", static (d, in a, x, y) =>
            d.PointwiseConvBackwardWeight(a, x[0], x[1], y[0]));
        Add<DenseConv.Args>("dense.forward", static (d, in a, x, y) =>
            d.DenseConvForward(a, x[0], x[1], Bias(x), y[0]));
        Add<DenseConv.Args>("dense.backward-input", static (d, in a, x, y) =>
            d.DenseConvBackwardInput(a, x[0], x[1], y[0]));
        Add<DenseConv.Args>("dense.backward-weight", static (d, in a, x, y) =>
            d.DenseConvBackwardWeight(a, x[0], x[1], y[0]));
        Add<DepthwiseConv.Args>("depthwise.forward", static (d, in a, x, y) =>
            d.DepthwiseConvForward(a, x[0], x[1], Bias(x), y[0]));
        Add<DepthwiseConv.Args>("depthwise.backward-input", static (d, in a, x, y) =>
            d.DepthwiseConvBackwardInput(a, x[0], x[1], y[0]));
        Add<DepthwiseConv.Args>("depthwise.backward-weight", static (d, in a, x, y) =>
            d.DepthwiseConvBackwardWeight(a, x[0], x[1], y[0]));
        Add<GroupConv.Args>("group.forward", static (d, in a, x, y) =>
            d.GroupConvForward(a, x[0], x[1], Bias(x), y[0]));
        Add<GroupConv.Args>("group.backward-input", static (d, in a, x, y) =>
            d.GroupConvBackwardInput(a, x[0], x[1], y[0]));
        Add<GroupConv.Args>("group.backward-weight", static (d, in a, x, y) =>
            d.GroupConvBackwardWeight(a, x[0], x[1], y[0]));
        Add<Shape>("conv.backward-bias", static (d, in a, x, y) => d.ConvBackwardBias(a, x[0], y[0]));
    }

    private static void AddMultiplexing()
    {
        Add<MixedConv.Args>("mixed.forward", static (d, in a, x, y) => d.MixedConvForward(a, x[0], x[1], y[0]));
        Add<MixedConv.Args>("mixed.backward-input", static (d, in a, x, y) =>
            d.MixedConvBackwardInput(a, x[0], x[1], y[0]));
        Add<MixedConv.Args>("mixed.backward-weight", static (d, in a, x, y) =>
            d.MixedConvBackwardWeight(a, x[0], x[1], y[0]));
        Add<MuxConv.Args>("muxconv.forward", static (d, in a, x, y) => d.MuxConvForward(a, x[0], x[1], y[0]));
        Add<MuxConv.Args>("muxconv.backward-input", static (d, in a, x, y) =>
            d.MuxConvBackwardInput(a, x[0], x[1], y[0]));
        Add<MuxConv.Args>("muxconv.backward-weight", static (d, in a, x, y) =>
            d.MuxConvBackwardWeight(a, x[0], x[1], y[0]));
        Add<MuxJoin.Args>("mux-join.forward", static (d, in a, x, y) => d.MuxJoinForward(a, x[0], x[1], y[0]));
        Add<MuxJoin.Args>("mux-join.backward", static (d, in a, x, y) => d.MuxJoinBackward(a, x[0], y[0], y[1]));
    }

    private static void AddMoves()
    {
        Add<SpaceToChannel.Args>("space-to-channel.forward", static (d, in a, x, y) =>
            d.SpaceToChannelForward(a, x[0], y[0]));
        Add<ChannelToSpace.Args>("channel-to-space.forward", static (d, in a, x, y) =>
            d.ChannelToSpaceForward(a, x[0], y[0]));
        Add<ChannelSlice.Args>("slice.forward", static (d, in a, x, y) => d.ChannelSliceForward(a, x[0], y[0]));
        Add<ChannelSlice.Args>("slice.backward", static (d, in a, x, y) => d.ChannelSliceBackward(a, x[0], y[0]));
        Add<ChannelConcat.Args>("concat.forward", static (d, in a, x, y) =>
            d.ChannelConcatForward(a, x[0], x[1], y[0]));
        Add<ChannelConcat.Args>("concat.backward", static (d, in a, x, y) =>
            d.ChannelConcatBackward(a, x[0], y[0], y[1]));
        Add<ChannelShuffle.Args>("shuffle.forward", static (d, in a, x, y) => d.ChannelShuffleForward(a, x[0], y[0]));
        Add<Add.Args>("add.forward", static (d, in a, x, y) => d.AddForward(a, x[0], x[1], y[0]));
        Add<Activation.Args>("activation.forward", static (d, in a, x, y) => d.ActivationForward(a, x[0], y[0]));
        Add<Activation.Args>("activation.backward", static (d, in a, x, y) =>
            d.ActivationBackward(a, x[0], x[1], y[0]));
    }

    private static View Bias(View[] x) => x.Length > 2 ? x[2] : View.None;

    private static void Add<TArgs>(string name, DeviceCall<TArgs> call)
        where TArgs : struct
    {
        KernelOperation<TArgs> operation = KernelRegistry.Get<TArgs>(name);
        DeviceBody<TArgs> launch = (device, in args, inputs, outputs) => call((GpuDevice)device, args, inputs, outputs);
        foreach (string target in Targets)
        {
            operation.With(target, () => DeviceOf(target) is not null, (in args, inputs, outputs, pool) =>
            {
                GpuDevice device = DeviceOf(target)
                    ?? throw new InvalidOperationException($"There is no {target} device.");
                lock (device)
                {
                    launch.OnHost(device)(args, inputs, outputs, pool);
                }
            }, launch);
        }
    }
}
