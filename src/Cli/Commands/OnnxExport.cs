using System.CommandLine;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Training;

namespace MuxKernels.Cli.Commands;

/// <summary>The ONNX side of <c>muxnet export</c>.</summary>
internal sealed class OnnxExport
{
    private readonly Option<string?> target = new("--onnx")
    {
        Description = "The file to write: the network as an ONNX model, opset 17, input x, output y.",
        HelpName = "FILE",
    };

    private readonly Option<int> batch = new("--batch")
    {
        Description = "Images of a batch in the ONNX model; without it any number.",
        HelpName = "N",
    };

    private readonly Option<int> size = new("--size")
    {
        Description = "Side length of the image in the ONNX model; without it the network's own.",
        HelpName = "PIXELS",
    };

    private readonly Option<bool> rewrite = new("--rewrite-for-peer")
    {
        Description = "Rewrites grouped and mixed convolutions of the ONNX model as depthwise ones, as an expert does "
            + "for a runtime that is slow at them; the results are the same.",
    };

    public OnnxExport(Command command)
    {
        foreach (Option option in (ReadOnlySpan<Option>)[target, batch, size, rewrite])
        {
            command.Add(option);
        }
    }

    /// <summary>Demands one target, and none of ONNX's options without it.</summary>
    /// <exception cref="UsageException">No target, two, or an option that says nothing.</exception>
    public void Check(ParseResult parsed, string? safetensors)
    {
        if (parsed.GetValue(target) is { } onnx)
        {
            if (safetensors is not null)
            {
                throw new UsageException($"--safetensors {safetensors} and --onnx {onnx} were both given, expected one "
                    + "of them.");
            }
        }
        else if (safetensors is null)
        {
            throw new UsageException("--safetensors FILE or --onnx FILE is missing, expected one of them.");
        }
        else if (((ReadOnlySpan<Option>)[batch, size, rewrite]).ToArray()
            .FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } lost)
        {
            throw new UsageException($"{lost.Name} was given with --safetensors, expected with --onnx FILE.");
        }

        Cli.Check.Range(Batch(parsed), 0, 65_536, "--batch");
        Cli.Check.Range(parsed.GetValue(size), 0, 8192, "--size");
    }

    /// <summary>Writes the model and tells what it has.</summary>
    public int Write(Shell shell, ParseResult parsed, MuxNet network, Preprocessing? preprocessing)
    {
        string path = parsed.GetValue(target)!;
        NetworkSpec spec = network.Spec;
        int side = parsed.GetValue(size) is > 0 and int pixels ? pixels : spec.ImageSize;
        List<KeyValuePair<string, string>> metadata = [new(WeightFile.NetworkKey, NetworkJson.Format(spec))];
        if (preprocessing is not null)
        {
            metadata.Add(new(Preprocessing.Key, preprocessing.ToJson()));
        }

        OnnxModel model = Onnx.Model(network,
            new Shape(Math.Max(1, Batch(parsed)), spec.ImageChannels, side, side), new OnnxOptions
            {
                FixedBatch = Batch(parsed) > 0,
                RewriteForPeer = parsed.GetValue(rewrite),
                Name = spec.Name,
                Metadata = metadata,
            });
        Onnx.Write(path, model, shell.Cancellation);
        long bytes = new FileInfo(path).Length;
        shell.Result(new
        {
            model = spec.Name,
            derived = spec.IsDerived,
            file = path,
            opset = model.Opset,
            input = model.Inputs[0].Shape,
            output = model.Outputs[0].Shape,
            rewritten = parsed.GetValue(rewrite),
            nodes = model.Nodes.Count,
            initializers = model.Initializers.Count,
            parameters = network.ParameterCount,
            bytes,
        });
        shell.Line($"{path}: {NetworkOptions.Mark(spec)}, ONNX opset {model.Opset}"
            + (parsed.GetValue(rewrite) ? ", rewritten" : "") + $", {model.Inputs[0]} → {model.Outputs[0]}, "
            + $"{model.Nodes.Count} nodes, {model.Initializers.Count} initializers, {Table.Number(bytes)} bytes");
        return ExitCode.Done;
    }

    private int Batch(ParseResult parsed) =>
        parsed.GetValue(batch) is var count && (count > 0 || parsed.GetResult(batch) is null or { Implicit: true })
            ? count
            : throw new UsageException($"--batch is {count}, expected 1 … 65536.");
}
