using System.Globalization;

namespace MuxKernels.Cli;

/// <summary>
/// A kernel's arguments as text: <c>1x48x56x56 k3 m-1.0.1</c>. First the input <c>NxCxHxW</c> (or <c>NxC</c>), then in
/// any order <c>k3</c> or <c>k3.5.7</c> kernels, <c>s2</c> stride, <c>o64</c> output channels, <c>g2</c> channels a
/// group (groups of a shuffle), <c>d2</c> dilation, <c>m-1.0.1</c> signed scales, <c>r2</c> factor of a rearrangement,
/// <c>pad</c> or <c>plain</c> for odd maps, and an activation's name.
/// </summary>
internal sealed class KernelShape
{
    /// <summary>The same for a command's help.</summary>
    public const string Help = "The kernel's input and numbers: NxCxHxW, then k3 or k3.5.7 kernels, s2 stride, o64 "
        + "outputs, g2 channels a group, d2 dilation, m-1.0.1 scales, r2 factor, pad|plain, relu|swish|…";

    private readonly Dictionary<char, string> numbers = [];
    private readonly string text;
    private ActivationKind? activation;
    private OddMaps odd = OddMaps.Error;

    private KernelShape(string text)
    {
        this.text = text;
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        X = words.Length > 0 ? Axes(words[0]) : throw Wrong("");
        foreach (string word in words.Skip(1))
        {
            if (word is "pad" or "plain")
            {
                odd = word == "pad" ? OddMaps.Pad : OddMaps.Plain;
            }
            else if (Enum.GetNames<ActivationKind>().FirstOrDefault(n => n.Equals(
                word.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase)) is { } name)
            {
                activation = Enum.Parse<ActivationKind>(name);
            }
            else if ("ksogdmr".Contains(word[0], StringComparison.Ordinal) && word.Length > 1)
            {
                numbers[word[0]] = word[1..];
            }
            else
            {
                throw Wrong(word);
            }
        }
    }

    /// <summary>The input.</summary>
    public Shape X { get; }

    /// <summary>Reads a text.</summary>
    /// <exception cref="UsageException">A word that is none of the known ones.</exception>
    public static KernelShape Parse(string text) => new(text);

    /// <summary>The arguments that an operation takes.</summary>
    /// <exception cref="UsageException">An operation whose arguments this text can't give, or numbers that do not
    /// fit.</exception>
    public object ArgsFor(KernelOperation operation)
    {
        try
        {
            return Build(operation);
        }
        catch (ShapeException e)
        {
            throw new UsageException($"--shape '{text}': {e.Message}");
        }
    }

    /// <summary>A whole number by its letter.</summary>
    private int One(char letter, int standard) => !numbers.TryGetValue(letter, out string? value) ? standard
        : int.TryParse(value, CultureInfo.InvariantCulture, out int number) ? number : throw Wrong(letter + value);

    private IntList Many(char letter, int standard) => !numbers.TryGetValue(letter, out string? value) ? standard
        : IntList.Create([.. value.Split('.').Select(v => int.TryParse(v, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw Wrong(letter + value))]);

    private object Build(KernelOperation operation)
    {
        (int s, int g, int d) = (One('s', 1), One('g', 1), One('d', 1));
        int o = One('o', X.C);
        Type type = operation.ArgsType;
        return type == typeof(MuxConv.Args) ? new MuxConv.Args(X, Many('m', 0), Many('k', 3), g, s, d, odd)
            : type == typeof(MixedConv.Args) ? new MixedConv.Args(X, Many('k', 3), g, s, d)
            : type == typeof(DepthwiseConv.Args) ? new DepthwiseConv.Args(X, One('k', 3), s, d)
            : type == typeof(GroupConv.Args)
                ? new GroupConv.Args(X, o, One('k', 3), Math.Max(1, X.C / Math.Max(1, g)), s, d)
            : type == typeof(DenseConv.Args) ? new DenseConv.Args(X, o, One('k', 3), s, d)
            : type == typeof(PointwiseConv.Args) ? new PointwiseConv.Args(X, o)
            : type == typeof(Linear.Args) ? new Linear.Args(X.N, X.C, o)
            : type == typeof(SpaceToChannel.Args) ? new SpaceToChannel.Args(X, One('r', 2))
            : type == typeof(ChannelToSpace.Args) ? new ChannelToSpace.Args(X, One('r', 2))
            : type == typeof(ChannelShuffle.Args) ? new ChannelShuffle.Args(X, g)
            : type == typeof(Activation.Args) ? new Activation.Args(X, activation ?? ActivationKind.Relu)
            : type == typeof(BatchNorm.Args) ? new BatchNorm.Args(X, activation ?? ActivationKind.None)
            : type == typeof(GlobalAveragePool.Args) ? new GlobalAveragePool.Args(X)
            : throw new UsageException($"--kernel {operation.Name} can't be measured alone; expected one of the "
                + "convolutions, linear, rearrangements, shuffle, activation, batch-norm or pool.");
    }

    private Shape Axes(string word)
    {
        int[] axes = [.. word.Split('x').Select(v =>
            int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out int axis) && axis > 0 ? axis
                : throw Wrong(word))];
        return axes.Length is 2 or 4 ? Shape.Of(axes) : throw Wrong(word);
    }

    private UsageException Wrong(string word) =>
        new($"--shape '{text}': '{word}' is not understood, expected for example '1x48x56x56 k3 m-1.0.1'. {Help}");
}
