using MuxKernels.Autograd;

namespace MuxKernels.Interop;

/// <summary>The rewriting of <see cref="OnnxOptions.RewriteForPeer"/>.</summary>
internal sealed partial class OnnxWriter
{
    /// <summary>Writes a grouped or mixed convolution, and the batch-norm that alone reads it, in the rewritten
    /// form.</summary>
    /// <returns>False for another operator, or one whose form stays.</returns>
    private bool TryRewrite(Node node)
    {
        switch (node.Operator)
        {
            case GroupConvOperator { Args: { InPerGroup: 2, OutPerGroup: 2 } group }:
                Rewritten(node, group.Window, group.Y.C, 2, Numbers(node.Inputs[1]!), Bias(node));
                return true;
            case MixedConvOperator { Args: var mixed } when mixed.Kernels.Count > 1
                && Enclosing(mixed) is { } window:
                float[] weight = Enclosed(mixed, window, Numbers(node.Inputs[1]!));
                Rewritten(node, window, mixed.Y.C, mixed.ChannelsPerGroup, weight, null);
                return true;
            default:
                return false;
        }

        float[]? Bias(Node n) => n.Inputs.Count > 2 && n.Inputs[2] is { } bias ? Numbers(bias) : null;
    }

    /// <summary>The window of the largest kernel, if every smaller one lies on its taps.</summary>
    private static Window? Enclosing(in MixedConv.Args args)
    {
        Window largest = args.PartWindow(0);
        for (int k = 1; k < args.Kernels.Count; k++)
        {
            largest = args.Kernels[k] > largest.Kernel ? args.PartWindow(k) : largest;
        }

        for (int k = 0; k < args.Kernels.Count; k++)
        {
            Window part = args.PartWindow(k);
            int top = largest.PadTop - part.PadTop, left = largest.PadLeft - part.PadLeft, room =
                (largest.Kernel - part.Kernel) * args.Dilation;
            if (top % args.Dilation != 0 || left % args.Dilation != 0 || top < 0 || left < 0 || top > room
                || left > room)
            {
                return null;
            }
        }

        return largest;
    }

    /// <summary>All parts' weights as one, <c>[C, g, K, K]</c>: smaller kernels stand among zeros.</summary>
    private static float[] Enclosed(in MixedConv.Args args, in Window window, float[] parts)
    {
        int size = window.Kernel;
        float[] whole = new float[args.Y.C * args.ChannelsPerGroup * window.Taps];
        int from = 0, plane = 0;
        for (int k = 0; k < args.Kernels.Count; k++)
        {
            Window part = args.PartWindow(k);
            int top = (window.PadTop - part.PadTop) / args.Dilation;
            int left = (window.PadLeft - part.PadLeft) / args.Dilation;
            for (int c = 0; c < args.Channels[k] * args.ChannelsPerGroup; c++, plane++)
            {
                for (int row = 0; row < part.Kernel; row++, from += part.Kernel)
                {
                    parts.AsSpan(from, part.Kernel).CopyTo(
                        whole.AsSpan((plane * size + top + row) * size + left, part.Kernel));
                }
            }
        }

        return whole;
    }

    private void Rewritten(Node node, in Window window, int channels, int perGroup, float[] weight, float[]? bias)
    {
        Node? norm = SoleReader(node.Results[0]) is { Operator: BatchNormEvalOperator } reader ? reader : null;
        if (norm is not null)
        {
            bias = Fold(norm, channels, weight, bias);
        }

        string x = Map(node.Inputs[0]!), name = ConstantName(node.Inputs[1]!, 0), y = perGroup == 2
            ? PairedConv(window, channels, x, weight, bias, name)
            : Conv(window, channels / perGroup, x,
                graph.Floats(name + ".whole", [channels, perGroup, window.Kernel, window.Kernel], weight),
                bias is null ? null : graph.Floats(name + ".shift", [channels], bias));
        values[node.Results[0]] = y;
        if (norm is not null)
        {
            current = norm;
            written.Add(norm);
            values[norm.Results[0]] = Activate(y, ((BatchNormEvalOperator)norm.Operator).Args.Activation);
        }
    }

    /// <summary>Scales a weight by <c>γ/√(σ² + ε)</c>.</summary>
    /// <returns>The shift, <c>β + (b − μ)·γ/√(σ² + ε)</c>.</returns>
    private float[] Fold(Node norm, int channels, float[] weight, float[]? bias)
    {
        float epsilon = ((BatchNormEvalOperator)norm.Operator).Args.Epsilon;
        float[][] n = [.. norm.Inputs.Skip(1).Select(i => Numbers(i!))];
        float[] shift = new float[channels];
        int each = weight.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            double scale = n[0][c] / Math.Sqrt((double)n[3][c] + epsilon);
            foreach (ref float w in weight.AsSpan(c * each, each))
            {
                w = (float)(w * scale);
            }

            shift[c] = (float)(n[1][c] + ((bias is null ? 0 : bias[c]) - (double)n[2][c]) * scale);
        }

        return shift;
    }

    /// <summary>
    /// A convolution with two channels a group as the sum of two depthwise ones: of the map, and of the map with the
    /// channels of every pair swapped. The swap is a Gather: in ONNX Runtime 1.30 it is as fast as computing the
    /// swapped map by the preceding 1×1 convolution, twice or in halves.
    /// </summary>
    private string PairedConv(in Window window, int channels, string x, float[] weight, float[]? bias, string name)
    {
        int taps = window.Taps;
        float[] own = new float[channels * taps], other = new float[channels * taps];
        for (int o = 0; o < channels; o++)
        {
            weight.AsSpan((2 * o + o % 2) * taps, taps).CopyTo(own.AsSpan(o * taps));
            weight.AsSpan((2 * o + 1 - o % 2) * taps, taps).CopyTo(other.AsSpan(o * taps));
        }

        long[] shape = [channels, 1, window.Kernel, window.Kernel];
        string swapped = graph.Node(Scope, "Gather",
            [x, graph.Integers([.. Enumerable.Range(0, channels).Select(c => (long)(c ^ 1))])], Attribute("axis", 1));
        string y = Conv(window, channels, x, graph.Floats(name + ".own", shape, own),
            bias is null ? null : graph.Floats(name + ".shift", [channels], bias));
        string z = Conv(window, channels, swapped, graph.Floats(name + ".other", shape, other), null);
        return graph.Node(Scope, "Add", [y, z]);
    }

    /// <summary>The one node that reads a tensor; null where it is an output or read by several.</summary>
    private Node? SoleReader(Tensor tensor) =>
        !outputs.Contains(tensor) && readers.GetValueOrDefault(tensor) is [Node reader] ? reader : null;
}
