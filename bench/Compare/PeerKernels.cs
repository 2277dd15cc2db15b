using MuxKernels.Autograd;
using MuxKernels.Interop;
using MuxKernels.Layers;
using MuxKernels.Peers;

namespace MuxKernels.Compare;

/// <summary>A peer's form of a convolution.</summary>
/// <param name="Name">Name in the result.</param>
/// <param name="Note">The peer's name of its kernel, or null.</param>
/// <param name="Run">One run.</param>
/// <param name="Read">The result, NCHW.</param>
/// <param name="End">Gives its memory back.</param>
internal sealed record PeerKernel(string Name, string? Note, Action Run, Func<float[]> Read, IDisposable End);

/// <summary>Convolutions in the peers.</summary>
internal static class PeerKernels
{
    /// <summary>What ONNX Runtime makes of an exported graph.</summary>
    public const string Exported = "ONNX Runtime, exported graph";

    /// <summary>What it makes of the graph that an expert rewrote.</summary>
    public const string Rewritten = "ONNX Runtime, rewritten graph";

    /// <summary>oneDNN's convolution.</summary>
    public const string OneDnnPlain = "oneDNN";

    /// <summary>oneDNN's depthwise convolution instead of a grouped or mixed one.</summary>
    public const string OneDnnDepthwise = "oneDNN, as depthwise";

    /// <summary>All forms of a convolution in the peers that are here.</summary>
    public static IEnumerable<PeerKernel> Of(KernelSubject subject, CpuDevice device)
    {
        foreach (bool rewrite in OnnxRuntime.IsAvailable ? new[] { true, false } : [])
        {
            if (!rewrite || IsRewritten(subject.Operator))
            {
                yield return OnnxRuntimeOf(subject, device, rewrite);
            }
        }

        if (OneDnn.IsAvailable)
        {
            foreach (PeerKernel kernel in OneDnnOf(subject))
            {
                yield return kernel;
            }
        }
    }

    /// <summary>A module in ONNX Runtime.</summary>
    public static PeerKernel OnnxRuntimeOf(Module module, Shape shape, float[] x, bool rewrite) =>
        Session(Onnx.Model(module, shape, Options(rewrite)), shape, x, rewrite);

    /// <summary>Whether the expert's graph differs from the exported one.</summary>
    private static bool IsRewritten(Operator @operator) => @operator switch
    {
        MixedConvOperator => true,
        GroupConvOperator o => o.Args is { InPerGroup: 2, OutPerGroup: 2 },
        _ => false,
    };

    private static OnnxOptions Options(bool rewrite) => new() { FixedBatch = true, RewriteForPeer = rewrite };

    private static PeerKernel OnnxRuntimeOf(KernelSubject subject, CpuDevice device, bool rewrite)
    {
        using Session session = new(device, record: true);
        Tensor y = subject.Record(session);
        return Session(Onnx.Model(session.Record, [session.Record[0].Inputs[0]!], [y], Options(rewrite)), subject.X,
            subject.Input, rewrite);
    }

    private static PeerKernel Session(OnnxModel model, Shape shape, float[] x, bool rewrite)
    {
        OrtSession session = new(Onnx.ToBytes(model), new OrtOptions(), shape);
        x.CopyTo(session.Input());
        return new PeerKernel(rewrite ? Rewritten : Exported, null, session.Run, () => session.Output().ToArray(),
            session);
    }

    private static IEnumerable<PeerKernel> OneDnnOf(KernelSubject subject)
    {
        (Shape x, Shape y, float[] w, float[] input) = (subject.X, subject.Y, subject.Weights, subject.Input);
        switch (subject.Operator)
        {
            case PointwiseConvOperator:
                yield return Convolution(OneDnnPlain, new PeerConvolution(x, y.C, 1, 1, 0, 1), y, [w], [input]);
                break;
            case DenseConvOperator o:
                yield return Convolution(OneDnnPlain, Geometry(x, y.C, o.Args.Window, 1), y, [w], [input]);
                break;
            case DepthwiseConvOperator o:
                yield return Convolution(OneDnnPlain, Geometry(x, y.C, o.Args.Window, x.C), y, [w], [input]);
                break;
            case GroupConvOperator o:
                yield return Convolution(OneDnnPlain, Geometry(x, y.C, o.Args.Window, o.Args.Groups), y, [w], [input]);
                if (o.Args is { InPerGroup: 2, OutPerGroup: 2 })
                {
                    (float[] own, float[] other) = PeerWeights.Pairs(w, o.Args.Window.Taps);
                    yield return Convolution(OneDnnDepthwise, Geometry(x, y.C, o.Args.Window, x.C), y, [own, other],
                        [input, PeerWeights.Swapped(input, x.Pixels)]);
                }

                break;
            case MixedConvOperator o when o.Args.ChannelsPerGroup == 1:
                Window largest = o.Args.PartWindow(o.Args.Kernels.Count - 1);
                yield return Convolution(OneDnnDepthwise, Geometry(x, y.C, largest, x.C), y,
                    [PeerWeights.Padded(o.Args, w)], [input]);
                break;
        }
    }

    private static PeerConvolution Geometry(Shape x, int outChannels, Window window, int groups) =>
        new(x, outChannels, window.Kernel, window.Stride, window.PadTop, groups);

    private static PeerKernel Convolution(string name, PeerConvolution geometry, Shape y, float[][] weights,
        float[][] inputs)
    {
        OneDnnConvolution convolution = new(geometry, weights);
        for (int part = 0; part < inputs.Length; part++)
        {
            convolution.Write(part, inputs[part]);
        }

        return new PeerKernel(name, convolution.Implementation, convolution.Run, Read, convolution);

        float[] Read()
        {
            float[] result = new float[y.Length];
            convolution.Read(result);
            return result;
        }
    }
}
