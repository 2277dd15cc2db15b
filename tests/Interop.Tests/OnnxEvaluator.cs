using System.Runtime.InteropServices;

namespace MuxKernels.Interop.Tests;

/// <summary>
/// Runs an ONNX model in plain loops and double, from the operators' specification alone: what an exported model means
/// is checked without any runtime. Only what the writer writes is known.
/// </summary>
internal sealed class OnnxEvaluator
{
    private readonly OnnxModel model;
    private readonly Dictionary<string, Value> values = [];

    private OnnxEvaluator(OnnxModel model)
    {
        this.model = model;
        foreach (OnnxTensor t in model.Initializers)
        {
            int[] shape = [.. t.Shape.Select(a => checked((int)a))];
            double[] data = t.Type == OnnxType.Int64
                ? [.. MemoryMarshal.Cast<byte, long>(t.Data.Span).ToArray().Select(v => (double)v)]
                : [.. MemoryMarshal.Cast<byte, float>(t.Data.Span).ToArray().Select(v => (double)v)];
            values.Add(t.Name, new Value(shape, data));
        }
    }

    /// <summary>The first output for the given inputs.</summary>
    public static float[] Run(OnnxModel model, Shape[] shapes, float[][] inputs)
    {
        OnnxEvaluator evaluator = new(model);
        for (int i = 0; i < inputs.Length; i++)
        {
            evaluator.values.Add(model.Inputs[i].Name, new Value(shapes[i].Axes,
                [.. inputs[i].Select(v => (double)v)]));
        }

        foreach (OnnxNode node in model.Nodes)
        {
            Value[] results = evaluator.Compute(node);
            for (int i = 0; i < results.Length; i++)
            {
                evaluator.values.Add(node.Outputs[i], results[i]);
            }
        }

        return [.. evaluator.values[model.Outputs[0].Name].Data.Select(v => (float)v)];
    }

    private Value[] Compute(OnnxNode node)
    {
        Value x = values[node.Inputs[0]];
        Value At(int i) => values[node.Inputs[i]];
        int[] Ints(int i) => [.. At(i).Data.Select(v => (int)v)];
        return node.Type switch
        {
            "Conv" => [Conv(node, x, At(1), node.Inputs.Count > 2 ? At(2) : null)],
            "BatchNormalization" => [Normalise(x, At(1), At(2), At(3), At(4), Float(node, "epsilon"))],
            "Relu" => [x.Select(v => Math.Max(v, 0))],
            "Clip" => [x.Select(v => Math.Clamp(v, At(1).Data[0], At(2).Data[0]))],
            "Sigmoid" => [x.Select(v => 1 / (1 + Math.Exp(-v)))],
            "HardSigmoid" => [x.Select(v => Math.Clamp(Float(node, "alpha") * v + Float(node, "beta"), 0, 1))],
            "HardSwish" => [x.Select(v => v * Math.Clamp(v / 6 + 0.5, 0, 1))],
            "Identity" => [x],
            "Add" => [Pair(x, At(1), (a, b) => a + b)],
            "Mul" => [Pair(x, At(1), (a, b) => a * b)],
            "Concat" => [Concat([.. node.Inputs.Select(n => values[n])])],
            "Split" => Split(x, Ints(1)),
            "Slice" => [Slice(x, Ints(1), Ints(2), Ints(3))],
            "Pad" => [Pad(x, Ints(1))],
            "Gather" => [Gather(x, Ints(1))],
            "Reshape" => [Reshape(x, Ints(1))],
            "Transpose" => [Transpose(x, Longs(node, "perm"))],
            "SpaceToDepth" => [Blocks(x, (int)Long(node, "blocksize"), toDepth: true)],
            "DepthToSpace" when (string)Attribute(node, "mode") == "DCR" =>
                [Blocks(x, (int)Long(node, "blocksize"), toDepth: false)],
            "GlobalAveragePool" => [Pool(x)],
            "Flatten" => [new Value([x.Shape[0], x.Data.Length / x.Shape[0]], x.Data)],
            "Gemm" => [Gemm(x, At(1), node.Inputs.Count > 2 ? At(2) : null, Long(node, "transB") == 1)],
            _ => throw new InvalidOperationException($"unknown node {node}"),
        };
    }

    private static object Attribute(OnnxNode node, string name) =>
        node.Attributes.Single(a => a.Name == name).Value!;

    private static long Long(OnnxNode node, string name) => (long)Attribute(node, name);

    private static float Float(OnnxNode node, string name) => (float)Attribute(node, name);

    private static int[] Longs(OnnxNode node, string name) =>
        [.. ((IReadOnlyList<long>)Attribute(node, name)).Select(v => (int)v)];

    private static Value Conv(OnnxNode node, Value x, Value w, Value? bias)
    {
        (int n, int c, int h, int v) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        (int o, int each, int k) = (w.Shape[0], w.Shape[1], w.Shape[2]);
        int[] pads = Longs(node, "pads"), strides = Longs(node, "strides"), dilations = Longs(node, "dilations");
        int groups = (int)Long(node, "group"), outEach = o / groups;
        Check(c == each * groups && Longs(node, "kernel_shape").SequenceEqual(w.Shape[2..]), node);
        int outH = (h + pads[0] + pads[2] - dilations[0] * (k - 1) - 1) / strides[0] + 1;
        int outW = (v + pads[1] + pads[3] - dilations[1] * (k - 1) - 1) / strides[1] + 1;
        Value y = new([n, o, outH, outW]);
        for (int i = 0; i < y.Data.Length; i++)
        {
            (int image, int channel, int row, int column) = (i / (o * outH * outW), i / (outH * outW) % o,
                i / outW % outH, i % outW);
            double sum = bias?.Data[channel] ?? 0;
            for (int j = 0; j < each; j++)
            {
                int plane = (image * c + channel / outEach * each + j) * h;
                for (int kh = 0; kh < k; kh++)
                {
                    int r = row * strides[0] + kh * dilations[0] - pads[0];
                    for (int kw = 0; kw < k && r >= 0 && r < h; kw++)
                    {
                        int q = column * strides[1] + kw * dilations[1] - pads[1];
                        sum += q < 0 || q >= v ? 0
                            : w.Data[((channel * each + j) * k + kh) * k + kw] * x.Data[(plane + r) * v + q];
                    }
                }
            }

            y.Data[i] = sum;
        }

        return y;
    }

    private static Value Normalise(Value x, Value scale, Value shift, Value mean, Value variance, double epsilon)
    {
        int c = x.Shape[1], pixels = x.Data.Length / x.Shape[0] / c;
        return x.Select((v, i) => (v - mean.Data[i / pixels % c]) / Math.Sqrt(variance.Data[i / pixels % c] + epsilon)
            * scale.Data[i / pixels % c] + shift.Data[i / pixels % c]);
    }

    /// <summary>An elementwise operation of equal ranks, axes of 1 stretched.</summary>
    private static Value Pair(Value a, Value b, Func<double, double, double> f)
    {
        Value y = new([.. a.Shape.Zip(b.Shape, Math.Max)]);
        return y.Select((_, i) => f(a.Data[Place(a, i)], b.Data[Place(b, i)]));

        int Place(Value from, int i)
        {
            (int place, int step) = (0, 1);
            for (int axis = y.Shape.Length - 1; axis >= 0; axis--)
            {
                place += from.Shape[axis] == 1 ? 0 : i % y.Shape[axis] * step;
                step *= from.Shape[axis];
                i /= y.Shape[axis];
            }

            return place;
        }
    }

    private static Value Concat(Value[] parts)
    {
        Value y = new([parts[0].Shape[0], parts.Sum(p => p.Shape[1]), .. parts[0].Shape[2..]]);
        int first = 0;
        foreach (Value p in parts)
        {
            CopyChannels(p, 0, y, first, p.Shape[1]);
            first += p.Shape[1];
        }

        return y;
    }

    private static Value[] Split(Value x, int[] widths)
    {
        Value[] parts = [.. widths.Select(w => new Value([x.Shape[0], w, .. x.Shape[2..]]))];
        int first = 0;
        foreach (Value p in parts)
        {
            CopyChannels(x, first, p, 0, p.Shape[1]);
            first += p.Shape[1];
        }

        return parts;
    }

    private static Value Gather(Value x, int[] channels)
    {
        Value y = new([x.Shape[0], channels.Length, .. x.Shape[2..]]);
        for (int c = 0; c < channels.Length; c++)
        {
            CopyChannels(x, channels[c], y, c, 1);
        }

        return y;
    }

    private static void CopyChannels(Value from, int first, Value to, int toFirst, int count)
    {
        int pixels = from.Data.Length / from.Shape[0] / from.Shape[1];
        for (int n = 0; n < from.Shape[0]; n++)
        {
            from.Data.AsSpan((n * from.Shape[1] + first) * pixels, count * pixels)
                .CopyTo(to.Data.AsSpan((n * to.Shape[1] + toFirst) * pixels));
        }
    }

    private static Value Slice(Value x, int[] starts, int[] ends, int[] axes)
    {
        int[] begin = new int[4], end = [.. x.Shape];
        for (int i = 0; i < axes.Length; i++)
        {
            (begin[axes[i]], end[axes[i]]) = (starts[i], Math.Min(ends[i], x.Shape[axes[i]]));
        }

        Value y = new([.. end.Zip(begin, (e, b) => e - b)]);
        return y.Select((_, i) => x.Data[x.Index([.. y.Axes(i).Zip(begin, (a, b) => a + b)])]);
    }

    private static Value Pad(Value x, int[] pads)
    {
        Value y = new([.. x.Shape.Select((s, a) => s + pads[a] + pads[a + 4])]);
        return y.Select((_, i) =>
        {
            int[] at = [.. y.Axes(i).Select((v, a) => v - pads[a])];
            return at.Zip(x.Shape, (v, s) => v >= 0 && v < s).All(inside => inside) ? x.Data[x.Index(at)] : 0;
        });
    }

    private static Value Reshape(Value x, int[] shape)
    {
        Value y = new([.. shape.Select((s, a) => s == 0 ? x.Shape[a] : s)], x.Data);
        return y.Shape.Aggregate(1, (p, s) => p * s) == x.Data.Length
            ? y
            : throw new InvalidOperationException("reshape of another length");
    }

    private static Value Transpose(Value x, int[] order)
    {
        Value y = new([.. order.Select(a => x.Shape[a])]);
        return y.Select((_, i) =>
        {
            int[] to = y.Axes(i), from = new int[to.Length];
            for (int a = 0; a < to.Length; a++)
            {
                from[order[a]] = to[a];
            }

            return x.Data[x.Index(from)];
        });
    }

    /// <summary>The specification's definition: reshape to six axes, transpose, reshape.</summary>
    private static Value Blocks(Value x, int b, bool toDepth)
    {
        (int n, int c, int h, int w) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        return toDepth
            ? Reshape(Transpose(Reshape(x, [n, c, h / b, b, w / b, b]), [0, 3, 5, 1, 2, 4]),
                [n, c * b * b, h / b, w / b])
            : Reshape(Transpose(Reshape(x, [n, b, b, c / b / b, h, w]), [0, 3, 4, 1, 5, 2]),
                [n, c / b / b, h * b, w * b]);
    }

    private static Value Pool(Value x)
    {
        int pixels = x.Shape[2] * x.Shape[3];
        return new Value([x.Shape[0], x.Shape[1], 1, 1]).Select((_, i) =>
            x.Data.AsSpan(i * pixels, pixels).ToArray().Average());
    }

    private static Value Gemm(Value x, Value w, Value? bias, bool transposed)
    {
        int inputs = x.Shape[1], outputs = w.Shape[transposed ? 0 : 1];
        return new Value([x.Shape[0], outputs]).Select((_, i) =>
        {
            double sum = bias?.Data[i % outputs] ?? 0;
            for (int j = 0; j < inputs; j++)
            {
                sum += x.Data[i / outputs * inputs + j]
                    * w.Data[transposed ? i % outputs * inputs + j : j * outputs + i % outputs];
            }

            return sum;
        });
    }

    private static void Check(bool holds, OnnxNode node)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"shapes do not fit: {node}");
        }
    }

    private sealed record Value(int[] Shape, double[] Data)
    {
        public Value(int[] shape)
            : this(shape, new double[shape.Aggregate(1, (p, s) => p * s)])
        {
        }

        public Value Select(Func<double, double> f) => new(Shape, Array.ConvertAll(Data, v => f(v)));

        public Value Select(Func<double, int, double> f) => new(Shape, [.. Data.Select((v, i) => f(v, i))]);

        public int[] Axes(int index)
        {
            int[] axes = new int[Shape.Length];
            for (int a = axes.Length - 1; a >= 0; a--)
            {
                (index, axes[a]) = Math.DivRem(index, Shape[a]);
            }

            return axes;
        }

        public int Index(int[] axes) => axes.Select((v, a) => (v, a)).Aggregate(0, (i, p) => i * Shape[p.a] + p.v);
    }
}
