using System.CommandLine;
using MuxKernels.Data;
using MuxKernels.Interop;
using MuxKernels.Layers;

namespace MuxKernels.Cli.Commands;

/// <summary><c>muxnet predict</c>: classes of tensors or images.</summary>
internal static class PredictCommand
{
    public static Command Create(Shell shell)
    {
        Command command = new("predict", "Classes and probabilities of tensors or images.");
        NetworkOptions network = new(command);
        Option<string> weights = new("--weights")
        {
            Description = "Weights (safetensors or a PyTorch checkpoint).",
            Required = true,
            HelpName = "FILE",
        };
        Option<string> input = new("--input")
        {
            Description = "Safetensors with a tensor x [N, C, H, W], preprocessed already; or an IDX file of images "
                + "with its labels beside it; or a folder of IDX or CIFAR-10 files (its test images).",
            Required = true,
            HelpName = "FILE|DIR",
        };
        Option<bool> raw = new("--raw")
        {
            Description = "x holds pixels 0 … 255 and is preprocessed as the weight file says.",
        };
        Option<int> top = new("--top")
        {
            Description = "Classes shown for each image.",
            DefaultValueFactory = static _ => 5,
            HelpName = "K",
        };
        Option<int> limit = new("--limit") { Description = "Only the first N images of a folder.", HelpName = "N" };
        Option<string?> output = new("--output")
        {
            Description = "Writes the logits as tensor y.",
            HelpName = "FILE.safetensors",
        };
        EngineOption engine = new(command);
        foreach (Option option in (ReadOnlySpan<Option>)[weights, input, raw, top, limit, output])
        {
            command.Add(option);
        }

        shell.Handle(command, parsed =>
        {
            int best = Check.Range(parsed.GetValue(top), 1, 1_000_000, "--top");
            using Device device = shell.OpenDevice();
            Engine chosen = engine.Choose(parsed, device);
            using Weights loaded = Weights.Open(parsed.GetRequiredValue(weights), network, parsed, device);
            (Shape shape, float[] x) = Read(shell, parsed.GetRequiredValue(input), loaded, parsed.GetValue(raw),
                parsed.GetValue(limit));
            float[] logits = Logits(chosen, loaded.Network, device, shape, x, shell.Cancellation);
            return Report(shell, loaded, chosen, shape.N, logits, best, parsed.GetValue(output));
        });
        return command;
    }

    /// <summary>Logits <c>[N, K]</c> of some images, a hundred at a time.</summary>
    public static float[] Logits(Engine engine, MuxNet network, Device device, Shape shape, ReadOnlySpan<float> x,
        CancellationToken cancellation)
    {
        const int Step = 100;
        int classes = network.Spec.Classes, image = (int)shape.ImageLength;
        float[] logits = new float[(long)shape.N * classes];
        using Runner runner = new(engine, network, device, shape with { N = Math.Min(Step, shape.N) });
        for (int n = 0; n < shape.N; n += Step)
        {
            cancellation.ThrowIfCancellationRequested();
            Shape part = shape with { N = Math.Min(Step, shape.N - n) };
            runner.Of(part, x.Slice(n * image, part.N * image), logits.AsSpan(n * classes, part.N * classes));
        }

        return logits;
    }

    /// <summary>A tensor <c>x</c> of four axes.</summary>
    /// <exception cref="SafeTensorsException">No such tensor, or other axes.</exception>
    public static (Shape Shape, float[] X) ReadTensor(string path, NetworkSpec spec)
    {
        using SafeTensorsFile file = SafeTensors.Read(path);
        SafeTensorInfo info = file["x"];
        if (info.Shape.Count != 4 || info.Shape[1] != spec.ImageChannels || info.Count is < 1 or > int.MaxValue)
        {
            throw new SafeTensorsException($"{path}: 'x' has shape [{string.Join(", ", info.Shape)}], expected "
                + $"[N, {spec.ImageChannels}, H, W] for {spec.Name}.");
        }

        return (Shape.Of([.. info.Shape.Select(a => (int)a)]), file.Read<float>("x"));
    }

    private static (Shape Shape, float[] X) Read(Shell shell, string path, Weights weights, bool raw, int limit)
    {
        NetworkSpec spec = weights.Network.Spec;
        bool idx = Path.GetFileName(path).Contains("images", StringComparison.Ordinal)
            && Path.GetFileName(path).Contains("idx3", StringComparison.Ordinal);
        if (idx || Directory.Exists(path))
        {
            ImageDataset data = DataSets.Limit(idx ? DataSets.OpenPair(path) : DataSets.Open(path, train: false),
                limit, "--limit");
            weights.CheckFits(data);
            return Preprocess(data, weights.PreprocessingFor(data, shell).Transforms(augment: false));
        }

        (Shape shape, float[] x) = ReadTensor(path, spec);
        if (!raw)
        {
            return (shape, x);
        }

        int bad = Array.FindIndex(x, v => !(v >= 0 && v <= 255));
        if (bad >= 0)
        {
            throw new SafeTensorsException($"{path}: 'x' has {x[bad]} at element {bad}, expected pixels 0 … 255.");
        }

        ImageDataset images = new(Array.ConvertAll(x, v => (byte)MathF.Round(v)), new int[shape.N], shape.C, shape.H,
            shape.W, [.. Enumerable.Range(0, spec.Classes).Select(k => $"{k}")], path);
        return Preprocess(images, weights.PreprocessingFor(images, shell).Transforms(augment: false));
    }

    /// <summary>All images as a network sees them.</summary>
    public static (Shape Shape, float[] X) Preprocess(ImageDataset data, IReadOnlyList<Transform> transforms)
    {
        Loader loader = new(data, new LoaderOptions { BatchSize = 100, Transforms = transforms, Prefetch = 0 });
        Shape shape = loader.BatchShape with { N = data.Count };
        float[] x = new float[shape.Length];
        int at = 0;
        foreach (Batch batch in loader.Epoch(0))
        {
            batch.Images.CopyTo(x, at);
            at += batch.Images.Length;
        }

        return (shape, x);
    }

    private static int Report(Shell shell, Weights weights, Engine engine, int count, float[] logits, int top,
        string? output)
    {
        int classes = weights.Network.Spec.Classes;
        Table table = new(">image", "classes and probabilities");
        List<object> predictions = [];
        for (int n = 0; n < count; n++)
        {
            double[] p = Softmax(logits.AsSpan(n * classes, classes));
            int[] best = [.. Enumerable.Range(0, classes).OrderByDescending(k => p[k]).Take(top)];
            predictions.Add(new
            {
                image = n,
                @class = best[0],
                top = best.Select(k => new { @class = k, probability = p[k] }),
            });
            table.Add($"{n}", string.Join("  ", best.Select(k => $"{k} {p[k]:P1}")));
        }

        if (output is not null)
        {
            SafeTensors.Write(output, [SafeTensor.Of<float>("y", Shape.Matrix(count, classes), logits)]);
        }

        shell.Result(new
        {
            model = weights.Network.Spec.Name,
            derived = weights.Network.Spec.IsDerived,
            engine = EngineOption.Name(engine),
            images = count,
            predictions,
            output,
        });
        table.Write(shell.Output);
        return ExitCode.Done;
    }

    private static double[] Softmax(ReadOnlySpan<float> logits)
    {
        double[] p = new double[logits.Length];
        double sum = 0;
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            largest = float.IsNaN(logit) ? throw new ArithmeticException("A logit is NaN.") : MathF.Max(largest, logit);
        }

        for (int k = 0; k < p.Length; k++)
        {
            sum += p[k] = Math.Exp((double)logits[k] - largest);
        }

        return Array.ConvertAll(p, v => v / sum);
    }
}
