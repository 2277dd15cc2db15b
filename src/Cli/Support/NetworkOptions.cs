using System.CommandLine;
using MuxKernels.Interop;
using MuxKernels.Layers;

namespace MuxKernels.Cli;

/// <summary>Which network a command works with: a name, a definition in a file, or what a weight file says.</summary>
internal sealed class NetworkOptions
{
    private readonly Option<string?> model;
    private readonly Option<string?> network = new("--network")
    {
        Description = "A network's definition as JSON, in place of a model's name.",
        HelpName = "FILE.json",
    };

    private readonly Option<int> classes = new("--classes")
    {
        Description = "Number of classes, in place of the model's own.",
        HelpName = "K",
    };

    /// <summary>Adds the options to a command.</summary>
    public NetworkOptions(Command command)
    {
        model = new Option<string?>("--model")
        {
            Description = $"One of {string.Join(", ", MuxNets.Names)}; "
                + $"{string.Join(", ", MuxNets.Names.Where(n => MuxNets.Get(n).IsDerived))} are derived, not the "
                + "authors' networks.",
            HelpName = "NAME",
        };
        command.Add(model);
        command.Add(network);
        command.Add(classes);
    }

    /// <summary>Text that stands wherever a derived network appears.</summary>
    public static string Mark(NetworkSpec spec) =>
        spec.IsDerived ? $"{spec.Name} (derived, not the authors' network)" : spec.Name;

    /// <summary>The network that was asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="standard">Name to take where none was given; null where one is needed.</param>
    /// <exception cref="UsageException">No such network, or two at once.</exception>
    /// <exception cref="FormatException">A definition that can't be read; the message names the file.</exception>
    public NetworkSpec Read(ParseResult parsed, string? standard = null) => Find(parsed, standard)
        ?? throw new UsageException($"--model is missing, expected one of {string.Join(", ", MuxNets.Names)} "
            + "(or --network FILE.json).");

    /// <summary>The network that was asked for, or what a weight file says it belongs to.</summary>
    /// <exception cref="IOException">A file without a definition where no network was named.</exception>
    public NetworkSpec Read(ParseResult parsed, TensorFile weights) =>
        Find(parsed, null) ?? WithClasses(parsed, WeightFile.Spec(weights));

    /// <summary>Number of classes asked for, 0 for none.</summary>
    public int Classes(ParseResult parsed)
    {
        int count = parsed.GetValue(classes);
        return count >= 0 && (count > 0 || parsed.GetResult(classes) is null or { Implicit: true })
            ? count
            : throw new UsageException($"--classes is {count}, expected at least 1.");
    }

    private NetworkSpec? Find(ParseResult parsed, string? standard)
    {
        string? name = parsed.GetValue(model), file = parsed.GetValue(network);
        if (name is not null && file is not null)
        {
            throw new UsageException("--model and --network were both given, expected one of them.");
        }

        if (file is not null)
        {
            try
            {
                return WithClasses(parsed, NetworkJson.Parse(File.ReadAllText(file)));
            }
            catch (FormatException e)
            {
                throw new FormatException($"{file}: {e.Message}", e);
            }
        }

        name ??= standard;
        if (name is null)
        {
            return null;
        }

        string known = name.Replace('_', '-');
        return MuxNets.Names.Contains(known, StringComparer.OrdinalIgnoreCase)
            ? WithClasses(parsed, MuxNets.Get(known))
            : throw new UsageException($"--model is '{name}', expected one of {string.Join(", ", MuxNets.Names)}.");
    }

    private NetworkSpec WithClasses(ParseResult parsed, NetworkSpec spec) =>
        Classes(parsed) is > 0 and int count ? spec with { Classes = count } : spec;
}
