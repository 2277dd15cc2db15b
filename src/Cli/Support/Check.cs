namespace MuxKernels.Cli;

/// <summary>Checks of option values.</summary>
internal static class Check
{
    /// <summary>A whole number in a range.</summary>
    public static int Range(int value, int least, int most, string option) => value >= least && value <= most
        ? value
        : throw new UsageException($"{option} is {value}, expected {least} … {most}.");

    /// <summary>A number in a range.</summary>
    public static double Range(double value, double least, double most, string option) =>
        value >= least && value <= most
            ? value
            : throw new UsageException($"{option} is {value}, expected {least} … {most}.");

    /// <summary>One of some words.</summary>
    public static T Word<T>(string value, string option)
        where T : struct, Enum => Enum.TryParse(value, ignoreCase: true, out T word) && Enum.IsDefined(word)
            && !int.TryParse(value, out _)
            ? word
            : throw new UsageException($"{option} is '{value}', expected one of "
                + $"{string.Join(", ", Enum.GetNames<T>().Select(n => n.ToLowerInvariant()))}.");
}
