namespace MuxKernels.Benchmarks;

/// <summary>Options of this program that BenchmarkDotNet does not know; they are taken off the command line
/// first.</summary>
public static class BenchOptions
{
    /// <summary>Network whose shapes are measured.</summary>
    public static string Network { get; private set; } = "muxnet-m";

    /// <summary>Images of a batch.</summary>
    public static int Batch { get; private set; } = 1;

    /// <summary>Threads.</summary>
    public static int Threads { get; private set; } = 1;

    /// <summary>Reads <c>--network NAME</c>, <c>--batch N</c> and <c>--threads N</c>.</summary>
    /// <returns>What is left.</returns>
    /// <exception cref="ArgumentException">An option without a good value.</exception>
    public static string[] Take(string[] args)
    {
        List<string> rest = [];
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--network":
                    Network = Value(args, ref i);
                    break;
                case "--batch":
                    Batch = Number(args, ref i);
                    break;
                case "--threads":
                    Threads = Number(args, ref i);
                    break;
                default:
                    rest.Add(args[i]);
                    break;
            }
        }

        return [.. rest];
    }

    private static string Value(string[] args, ref int i) => i + 1 < args.Length
        ? args[++i]
        : throw new ArgumentException($"{args[i]} needs a value.");

    private static int Number(string[] args, ref int i)
    {
        string name = args[i], value = Value(args, ref i);
        return int.TryParse(value, out int number) && number > 0
            ? number
            : throw new ArgumentException($"{name} is '{value}', expected a positive number.");
    }
}
