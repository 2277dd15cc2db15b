using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

public static partial class GoldenVerifier
{
    private const long LongestTensor = 1 << 28;

    /// <summary>One operator case: forward, backward, every listed tensor.</summary>
    private static void RunOperator(string manifest, OperatorCase c, Context context, GoldenComparer comparer)
    {
        string path = Beside(manifest, c.File);
        Dictionary<string, GoldenTensor> tensors = ReadTensors(path, c);
        bool training = c.Mode switch
        {
            "train" => true,
            "eval" => false,
            _ => throw new InvalidDataException(
                $"{manifest}: case {c.Case} has mode {SafeTensors.Quote(c.Mode)}, expected train or eval."),
        };
        GoldenConfig config = new(c.Config);
        Dictionary<string, Shape> shapes = tensors.Where(t => t.Key.StartsWith("p.", StringComparison.Ordinal))
            .ToDictionary(t => t.Key[2..], t => t.Value.Shape, StringComparer.Ordinal);
        GoldenOperator op = GoldenOperator.Create(c.Op, config, shapes);
        string[] unused = [.. config.Unused];
        comparer.Hint = unused.Length == 0
            ? ""
            : $" (configuration keys without meaning here: {string.Join(", ", unused)})";
        using Module? layer = op.Layer;
        StateEntry[] state = layer is null ? [] : [.. layer.State().Where(e => e.Counter is null)];
        CheckState(path, state, tensors);
        layer?.Materialize(context.Device);
        foreach (StateEntry entry in state)
        {
            context.Device.Write(tensors[KeyOf(entry)].Values, entry.Data);
        }

        Dictionary<string, double[]> computed = Compute(path, op, tensors, training, context);
        foreach (StateEntry entry in state)
        {
            bool trained = entry.Parameter!.IsTrained;
            computed[(trained ? "gp." : "b_after.") + entry.Name] =
                ReadDoubles(context.Device, trained ? entry.Gradient : entry.Data);
        }

        CompareOperator(tensors, computed, new OperatorLimits(op.Class, training, context.Rule), comparer);
    }

    private static Dictionary<string, double[]> Compute(string path, GoldenOperator op,
        Dictionary<string, GoldenTensor> tensors, bool training, Context context)
    {
        if (!tensors.TryGetValue("x", out GoldenTensor? input))
        {
            throw new InvalidDataException($"{path}: there is no input named x.");
        }

        Dictionary<string, double[]> computed = new(StringComparer.Ordinal);
        using Session session = new(context.Device, training, record: true);
        Tensor x = session.Input(input.Shape, input.Values, needsGradient: true);
        Tensor[] ys = op.Run(x);
        double[][] upstream = new double[ys.Length][];
        for (int i = 0; i < ys.Length; i++)
        {
            string index = ys.Length == 1 ? "" : $"{i}";
            computed["y" + index] = op.IsInference && !training && context.Inference is { } infer
                ? Infer(infer, op, i, input)
                : ys[i].ToDoubles();
            CheckShape(path, "y" + index, tensors, ys[i].Shape);
            upstream[i] = tensors.TryGetValue("gy" + index, out GoldenTensor? gy) ? gy.Doubles : [];
            CheckShape(path, "gy" + index, tensors, ys[i].Shape);
        }

        if (upstream.All(u => u.Length > 0))
        {
            session.Backward(ys, upstream);
            if (!x.Gradient.IsEmpty)
            {
                computed["gx"] = x.GradientToDoubles();
            }
        }

        return computed;
    }

    /// <summary>One result of an operator, computed as the caller of the verification wants it.</summary>
    private static double[] Infer(GoldenInference infer, GoldenOperator op, int result, GoldenTensor input)
    {
        using GoldenPart part = new(x => op.Run(x)[result]);
        return Array.ConvertAll(infer(part, input.Shape, input.Values), v => (double)v);
    }

    private static void CompareOperator(Dictionary<string, GoldenTensor> tensors,
        Dictionary<string, double[]> computed, OperatorLimits limits, GoldenComparer comparer)
    {
        double largestGradient = tensors.Where(t => t.Key.StartsWith("gp.", StringComparison.Ordinal))
            .Select(t => GoldenComparer.Largest(t.Value.Doubles)).DefaultIfEmpty(0).Max();
        foreach ((string name, GoldenTensor tensor) in tensors)
        {
            if (name[0] is 'x' || name.StartsWith("gy", StringComparison.Ordinal)
                || name.StartsWith("p.", StringComparison.Ordinal) || name.StartsWith("b.", StringComparison.Ordinal))
            {
                continue;
            }

            double[] want = tensor.Doubles;
            if (!computed.TryGetValue(name, out double[]? got))
            {
                comparer.AddMissing(name, limits.Relative);
                continue;
            }

            double largest = GoldenComparer.Largest(want);
            bool zero = limits.IsTraining && name[0] == 'g' && largest <= 1e-9 * largestGradient;
            comparer.Add(name, got, want, zero ? largestGradient : largest, zero ? limits.Zero : limits.Relative);
        }
    }

    private static void CheckState(string path, StateEntry[] state, Dictionary<string, GoldenTensor> tensors)
    {
        foreach (StateEntry entry in state)
        {
            if (!tensors.ContainsKey(KeyOf(entry)))
            {
                throw new InvalidDataException($"{path}: there is no {KeyOf(entry)}, expected shape {entry.Shape}.");
            }

            CheckShape(path, KeyOf(entry), tensors, entry.Shape);
        }

        HashSet<string> known = [.. state.Select(KeyOf)];
        string? extra = tensors.Keys.FirstOrDefault(name =>
            (name.StartsWith("p.", StringComparison.Ordinal) || name.StartsWith("b.", StringComparison.Ordinal))
            && !known.Contains(name));
        if (extra is not null)
        {
            throw new InvalidDataException(
                $"{path}: the operator has no parameter or buffer for {SafeTensors.Quote(extra)}.");
        }
    }

    private static void CheckShape(string path, string name, Dictionary<string, GoldenTensor> tensors, Shape expected)
    {
        if (tensors.TryGetValue(name, out GoldenTensor? tensor)
            && (tensor.Shape.N, tensor.Shape.C, tensor.Shape.H, tensor.Shape.W)
                != (expected.N, expected.C, expected.H, expected.W))
        {
            throw new InvalidDataException($"{path}: {name} has shape {tensor.Shape}, expected {expected}.");
        }
    }

    private static string KeyOf(StateEntry entry) => (entry.Parameter!.IsTrained ? "p." : "b.") + entry.Name;

    private static Dictionary<string, GoldenTensor> ReadTensors(string path, OperatorCase c)
    {
        using SafeTensorsFile file = SafeTensors.Read(path);
        Dictionary<string, GoldenTensor> tensors = new(StringComparer.Ordinal);
        foreach ((string name, IReadOnlyList<int> axes) in c.Tensors)
        {
            SafeTensorInfo info = file[name];
            if (!info.Shape.SequenceEqual(axes.Select(a => (long)a)) || info.Count > LongestTensor || name.Length == 0)
            {
                throw new InvalidDataException($"{path}: {SafeTensors.Quote(name)} has shape "
                    + $"[{string.Join(", ", info.Shape)}], the manifest says [{string.Join(", ", axes)}].");
            }

            tensors[name] = new GoldenTensor(ShapeOf(axes, name), file.Read<float>(name));
        }

        return tensors;
    }

    private sealed record GoldenTensor(Shape Shape, float[] Values)
    {
        public double[] Doubles => Array.ConvertAll(Values, v => (double)v);
    }

    /// <summary>Limits of an operator case, relative to the tensor's largest value.</summary>
    private sealed record OperatorLimits(GoldenClass Class, bool IsTraining, GoldenRule Rule)
    {
        public double Relative => (Class, Rule) switch
        {
            (GoldenClass.Exact, _) => 0,
            (_, GoldenRule.Double) => 1e-6,
            (GoldenClass.Single, _) => 2e-6,
            _ => IsTraining ? 3e-5 : 5e-6,
        };

        /// <summary>For analytically zero gradients, relative to the largest parameter gradient.</summary>
        public double Zero => Rule == GoldenRule.Double ? 1e-9 : 1e-6;
    }
}
