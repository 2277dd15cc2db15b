using MuxKernels.Peers;

namespace MuxKernels.Compare;

/// <summary>Which peers take part.</summary>
internal static class PeerSet
{
    /// <summary>Versions of the peers, or why one is missing.</summary>
    public static Dictionary<string, string> Describe() => new()
    {
        ["ONNX Runtime"] = OnnxRuntime.IsAvailable ? OnnxRuntime.Version : OnnxRuntime.Missing,
        ["oneDNN"] = OneDnn.IsAvailable ? OneDnn.Version : OneDnn.Missing,
    };

    /// <summary>Says on standard error which peers are skipped.</summary>
    public static void TellMissing(bool oneDnn)
    {
        if (!OnnxRuntime.IsAvailable)
        {
            Console.Error.WriteLine($"Skipped: {OnnxRuntime.Missing}");
        }

        if (oneDnn && !OneDnn.IsAvailable)
        {
            Console.Error.WriteLine($"Skipped: {OneDnn.Missing}");
        }
    }
}
