using System.CommandLine;

namespace MuxKernels.Cli;

/// <summary>How a network is run.</summary>
internal enum Engine
{
    /// <summary>Prepared, fused steps.</summary>
    Plan,

    /// <summary>The same with maps in float16 (GPUs).</summary>
    Plan16,

    /// <summary>Layer by layer.</summary>
    Eager,
}

/// <summary><c>--engine</c>: plans where there are some, else layer by layer.</summary>
internal sealed class EngineOption
{
    private readonly Option<string?> engine = new("--engine")
    {
        Description = "plan (prepared, fused steps; the default where the device has them), plan16 (on GPUs, with "
            + "maps in float16) or eager (layer by layer).",
        HelpName = "plan|plan16|eager",
    };

    /// <summary>Adds the option to a command.</summary>
    public EngineOption(Command command) => command.Add(engine);

    /// <summary>An engine as the user writes it.</summary>
    public static string Name(Engine engine) => engine switch
    {
        Engine.Plan => "plan",
        Engine.Plan16 => "plan16",
        _ => "eager",
    };

    /// <summary>Whether an engine was named.</summary>
    public bool IsNamed(ParseResult parsed) => parsed.GetValue(engine) is not null;

    /// <summary>The engine that was asked for, or the usual one.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="device">Where the network is.</param>
    /// <param name="because">What rules a plan out, as the user wrote it; null for nothing.</param>
    /// <param name="usual">The engine where none was named and a plan is possible.</param>
    /// <exception cref="UsageException">Another word, or a plan where there can be none.</exception>
    public Engine Choose(ParseResult parsed, Device device, string? because = null, Engine usual = Engine.Plan)
    {
        Engine? asked = parsed.GetValue(engine) is { } word ? Check.Word<Engine>(word, "--engine") : null;
        string? obstacle = because ?? (device is ReferenceDevice or MetaDevice ? $"--device {device.Name}" : null);
        if (asked == Engine.Plan16 && !device.HasHalfMaps)
        {
            throw new UsageException($"--engine is plan16 with --device {device.Name}, expected a GPU.");
        }

        if (asked is Engine.Plan or Engine.Plan16 && obstacle is not null)
        {
            throw new UsageException($"--engine is {Name(asked.Value)} with {obstacle}, expected eager: there are no "
                + "plans then.");
        }

        return asked ?? (obstacle is null ? usual : Engine.Eager);
    }
}
