using System.Globalization;
using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop;

public static partial class GoldenVerifier
{
    private static List<Job> NetworkJobs(string manifest, string name, NetworkCase net, Context context)
    {
        List<Job> jobs =
        [
            new Job(GoldenParts.Networks, $"{name} parameters", comparer => RunParameters(name, net, comparer)),
        ];
        foreach ((string resolution, NetworkRun run) in net.Eval)
        {
            jobs.Add(new Job(GoldenParts.Networks, $"{name} logits {resolution}",
                comparer => RunLogits(manifest, name, resolution, net, run, context, comparer)));
        }

        return jobs;
    }

    /// <summary>Names, shapes, order and values of the parameters: the formula's self check.</summary>
    private static void RunParameters(string name, NetworkCase net, GoldenComparer comparer)
    {
        using MuxNet network = NetworkOf(name, net);
        IReadOnlyList<StateEntry> state = network.State();
        if (state.Count != net.Tensors.Count)
        {
            throw new InvalidDataException(
                $"{name} has {state.Count} entries in its state dictionary, the manifest {net.Tensors.Count}.");
        }

        for (int number = 0; number < state.Count; number++)
        {
            (StateEntry ours, NetworkTensor theirs) = (state[number], net.Tensors[number]);
            bool counter = theirs.Kind == "counter";
            Shape shape = counter ? Shape.Vector(1) : ShapeOf(theirs.Shape, theirs.Name);
            if (ours.Name != theirs.Name || theirs.T != number || counter != (ours.Counter is not null)
                || ours.Shape != shape)
            {
                throw new InvalidDataException($"{name}: entry {number} of the state dictionary is {ours.Name} "
                    + $"{ours.Shape}, the manifest has {SafeTensors.Quote(theirs.Name)} {shape} as number {theirs.T}.");
            }

            if (!counter)
            {
                float[] values = GoldenFormula.Parameter(net.Seed, number, ours.Name, shape);
                comparer.Add(ours.Name, Differences(values, theirs), 0);
            }
        }
    }

    /// <summary>Number of first values and checksums that differ.</summary>
    private static int Differences(float[] values, NetworkTensor tensor)
    {
        int different = tensor.First.Count > values.Length ? 1 : 0;
        for (int i = 0; i < Math.Min(tensor.First.Count, values.Length); i++)
        {
            different += values[i] == (float)tensor.First[i] ? 0 : 1;
        }

        if (tensor.Crc32 is { } text)
        {
            bool same = uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint crc)
                && crc == GoldenFormula.Checksum(values);
            different += same ? 0 : 1;
        }

        return different;
    }

    private static void RunLogits(string manifest, string name, string resolution, NetworkCase net, NetworkRun run,
        Context context, GoldenComparer comparer)
    {
        string path = Beside(manifest, $"{name}_logits.safetensors");
        Shape shape = ShapeOf(run.InputShape, $"{name}: input_shape");
        double[] want;
        using (SafeTensorsFile file = SafeTensors.Read(path))
        {
            want = file.Read<double>($"logits_{resolution}");
        }

        float[] input = GoldenFormula.Values(net.Seed, run.InputTensorNumber, CheckedInput(shape),
            Factor(run.InputFormula));
        using MuxNet network = NetworkOf(name, net);
        network.Materialize(context.Device);
        GoldenFormula.Fill(network, net.Seed);
        double bound = context.Rule == GoldenRule.Double ? 1e-6 : 1e-5;
        double[] got = Logits(network, shape, input, context);
        comparer.Add($"logits_{resolution}", got, want, GoldenComparer.Largest(want), bound);
        context.Cancellation.ThrowIfCancellationRequested();
        FeaturePoint[] points = [.. run.Stages.Select(s => new FeaturePoint(s.Block))];
        foreach (((Shape map, double[] values), NetworkStage stage) in Maps(network, points, shape, input, context)
            .Zip(run.Stages))
        {
            CompareStage(map, values, stage, bound, comparer);
        }
    }

    private static double[] Logits(MuxNet network, Shape shape, float[] input, Context context)
    {
        if (context.Inference is { } infer)
        {
            return Array.ConvertAll(infer(network, shape, input), v => (double)v);
        }

        using Session session = new(context.Device);
        return network.Invoke(session.Input(shape, input)).ToDoubles();
    }

    /// <summary>Maps at some points of a network.</summary>
    private static IEnumerable<(Shape Shape, double[] Values)> Maps(MuxNet network, FeaturePoint[] points, Shape shape,
        float[] input, Context context)
    {
        if (points.Length == 0)
        {
            yield break;
        }

        if (context.Inference is { } infer)
        {
            foreach (FeaturePoint point in points)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                using GoldenPart part = new(x => network.Features(x, [point])[0]);
                yield return (part.ResultOf(shape), Array.ConvertAll(infer(part, shape, input), v => (double)v));
            }

            yield break;
        }

        using Session session = new(context.Device);
        foreach (Tensor map in network.Features(session.Input(shape, input), points))
        {
            yield return (map.Shape, map.ToDoubles());
        }
    }

    private static void CompareStage(Shape map, double[] values, NetworkStage stage, double bound,
        GoldenComparer comparer)
    {
        string name = $"block {stage.Block}";
        Shape shape = ShapeOf(stage.Shape, name);
        if (map != shape || stage.First.Count > shape.Length)
        {
            throw new InvalidDataException($"{name} has shape {map}, the manifest says {shape}.");
        }

        double rms = GoldenComparer.Norm(values) / Math.Sqrt(values.Length);
        double[] got = [values.Average(), rms, .. values[..stage.First.Count]];
        double[] want = [stage.Mean, stage.Rms, .. stage.First];
        comparer.Add(name, got, want, Math.Max(Math.Abs(stage.Rms), GoldenComparer.Smallest), bound);
    }

    private static MuxNet NetworkOf(string name, NetworkCase net)
    {
        NetworkTensor classifier = net.Tensors.FirstOrDefault(t => t.Name == "classifier.weight")
            ?? throw new InvalidDataException($"{name}: the manifest has no classifier.weight.");
        NetworkTensor stem = net.Tensors.FirstOrDefault(t => t.Name == "conv_stem.weight")
            ?? throw new InvalidDataException($"{name}: the manifest has no conv_stem.weight.");
        return BuildNetwork(name, ShapeOf(classifier.Shape, classifier.Name).N, ShapeOf(stem.Shape, stem.Name).C);
    }

    /// <summary>A network by the manifest's name, without anything random.</summary>
    private static MuxNet BuildNetwork(string name, int classes, int imageChannels)
    {
        if (classes is < 1 or > 1 << 20 || imageChannels is < 1 or > 1 << 12)
        {
            throw new InvalidDataException($"{name}: {classes} classes and {imageChannels} image channels.");
        }

        return new MuxNet(MuxNets.Get(name) with
        {
            Classes = classes,
            ImageChannels = imageChannels,
            Dropout = 0,
            DropConnect = 0,
        });
    }

    /// <summary>A shape of an input that a network may be fed with.</summary>
    private static Shape CheckedInput(Shape shape)
    {
        const long Longest = 1 << 24;
        return shape.Length <= Longest
            ? shape
            : throw new InvalidDataException($"An input of shape {shape}, expected at most {Longest} elements.");
    }

    private static double Factor(string formula) => formula.EndsWith("*u", StringComparison.Ordinal)
        && double.TryParse(formula.AsSpan(0, formula.Length - 2), NumberStyles.Float, CultureInfo.InvariantCulture,
            out double factor) && double.IsFinite(factor)
            ? factor
            : throw new InvalidDataException(
                $"The input's formula is {SafeTensors.Quote(formula)}, expected a number followed by *u.");
}
