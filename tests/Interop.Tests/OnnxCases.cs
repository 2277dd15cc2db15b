using MuxKernels.Autograd;
using MuxKernels.Layers;

namespace MuxKernels.Interop.Tests;

/// <summary>One small record: inputs fed and what is computed of them; everything else is a constant.</summary>
/// <param name="Name">Operation and geometry.</param>
/// <param name="Inputs">Shapes of what is fed.</param>
/// <param name="Compute">Computes the result; weights are inputs of the session.</param>
public sealed record OnnxCase(string Name, Shape[] Inputs, Func<Session, Tensor[], Tensor> Compute)
{
    public override string ToString() => Name;
}

/// <summary>Every operator over a spread of geometries, and networks with non-trivial statistics.</summary>
internal static class OnnxCases
{
    private static readonly Padding[] Paddings = [default, Padding.Same, Padding.Of(0), Padding.Of(2)];

    public static IEnumerable<OnnxCase> Operators() =>
    [
        .. Convolutions(), .. Mixed(), .. Multiplexed(), .. Movement(), .. Maps(), .. Chains(),
    ];

    /// <summary>Numbers that are a function of the seed alone.</summary>
    public static float[] Values(int seed, long length, float low = -1, float high = 1)
    {
        float[] x = new float[length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = low + (high - low) * (float)SplitMix.Uniform(((ulong)seed << 40) + (ulong)i);
        }

        return x;
    }

    /// <summary>A constant of a session.</summary>
    public static Tensor Constant(this Session session, int seed, Shape shape, float low = -1, float high = 1) =>
        session.Input(shape, Values(seed, shape.Length, low, high));

    /// <summary>Images that differ: a wave of its own for every plane, and noise.</summary>
    public static float[] Images(int seed, Shape shape)
    {
        float[] x = Values(seed, shape.Length);
        for (int i = 0; i < x.Length; i++)
        {
            (int plane, int row, int column) = (i / shape.Pixels, i / shape.W % shape.H, i % shape.W);
            double angle = (1 + plane % 5) * 9.0 * row / shape.H + (3 + plane % 3) * 7.0 * column / shape.W;
            x[i] = 0.4f * x[i] + (float)(Math.Sin(angle) + 0.3 * (plane % 7 - 3));
        }

        return x;
    }

    /// <summary>
    /// A network whose batch-norms do something and whose logits depend on the image: random scales and shifts, and
    /// about the statistics of one batch as running ones, so that the signal neither dies nor grows on the way.
    /// </summary>
    public static MuxNet Network(string name, Device device)
    {
        MuxNet network = new(MuxNets.Get(name) with { Norm = new NormNumbers(Momentum: 1) });
        network.Materialize(device, 3);
        int seed = 100;
        foreach (StateEntry entry in network.State().Where(e => e.Counter is null && e.Shape.Rank == 1
            && !e.Name.Contains("running", StringComparison.Ordinal)))
        {
            (float low, float high) = entry.Name.EndsWith(".bias", StringComparison.Ordinal)
                ? (-0.5f, 0.5f)
                : (0.7f, 1.3f);
            device.Write(Values(seed++, entry.Shape.Length, low, high), entry.Data);
        }

        using Session session = new(device, training: true);
        Shape batch = new(8, network.Spec.ImageChannels, 96, 96);
        network.Invoke(session.Input(batch, Images(90, batch)));
        foreach (StateEntry entry in network.State().Where(e =>
            e.Name.EndsWith("running_var", StringComparison.Ordinal)))
        {
            // A channel that hardly varied in this batch must not be blown up in another.
            float[] variance = new float[entry.Shape.Length];
            device.Read(entry.Data, variance);
            float floor = 0.05f * variance.Average();
            device.Write(Array.ConvertAll(variance, v => v + floor), entry.Data);
        }

        return network;
    }

    private static IEnumerable<OnnxCase> Convolutions()
    {
        foreach ((int c, int o, int groups) in new[]
            { (3, 5, 1), (6, 6, 6), (8, 8, 4), (6, 9, 3), (4, 8, 4), (8, 4, 2), (16, 32, 1) })
        {
            foreach ((int k, int stride, int dilation) in new[]
            {
                (1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 1), (3, 1, 1), (3, 2, 1), (3, 1, 2), (3, 2, 2), (5, 3, 1),
                (4, 2, 3),
            })
            {
                foreach (Padding padding in Paddings)
                {
                    foreach ((int h, int w) in new[] { (7, 10), (12, 9) })
                    {
                        bool bias = (h + k + stride) % 2 == 0;
                        Shape x = new(1, c, h, w), weight = new(o, c / groups, k, k);
                        if (Fits(() => _ = new GroupConv.Args(x, o, k, groups, stride, dilation, padding)))
                        {
                            yield return new($"conv {x} → {o} k{k} s{stride} d{dilation} g{groups} {padding}", [x],
                                (s, t) => t[0].Conv2d(s.Constant(1, weight),
                                    bias ? s.Constant(2, Shape.Vector(o)) : null, stride, dilation, groups, padding));
                        }
                    }
                }
            }
        }
    }

    private static IEnumerable<OnnxCase> Mixed()
    {
        foreach ((int c, int g, IntList kernels) in new (int, int, IntList)[]
        {
            (10, 1, [3, 5, 7]), (12, 2, [3, 5, 7]), (8, 2, [5, 3]), (7, 1, [3, 3]), (12, 4, [1, 3, 5]), (6, 1, [3, 1]),
            (5, 1, [2, 4]), (6, 1, [2, 3]), (4, 1, [3]),
        })
        {
            foreach ((int stride, int dilation) in new[] { (1, 1), (2, 1), (1, 2), (3, 2), (2, 3) })
            {
                foreach (Padding padding in Paddings)
                {
                    Shape x = new(1, c, 13, 14);
                    if (Fits(() => _ = new MixedConv.Args(x, kernels, g, stride, dilation, padding)))
                    {
                        MixedConv.Args args = new(x, kernels, g, stride, dilation, padding);
                        yield return new($"mixed {args}", [x], (s, t) => t[0].MixedConv(s.Constant(1, args.Weight),
                            kernels, g, stride, dilation, padding));
                    }
                }
            }
        }
    }

    private static IEnumerable<OnnxCase> Multiplexed()
    {
        foreach ((int c, int g, IntList scales, IntList kernels) in new (int, int, IntList, IntList)[]
        {
            (12, 1, [-1, 0, 1], 3), (24, 2, [-1, 0, 1], [5, 3, 3]), (8, 1, [-1, 1], 3), (9, 1, [0, -1], [3, 5]),
            (4, 1, [1], 3), (3, 1, [-1], 1), (12, 4, [-1, 0, 0], 3),
        })
        {
            foreach ((int h, int w, int r) in new[]
                { (8, 6, 2), (7, 8, 2), (7, 9, 2), (6, 9, 3), (8, 10, 3), (5, 4, 1) })
            {
                foreach ((int stride, int dilation) in new[] { (1, 1), (2, 1), (1, 2) })
                {
                    foreach (OddMaps odd in new[] { OddMaps.Error, OddMaps.Pad, OddMaps.Plain })
                    {
                        Shape x = new(1, c, h, w);
                        if (Fits(() => _ = new MuxConv.Args(x, scales, kernels, g, stride, dilation, odd, r)))
                        {
                            MuxConv.Args args = new(x, scales, kernels, g, stride, dilation, odd, r);
                            yield return new($"muxconv {args}", [x],
                                (s, t) => t[0].MuxConv(s.Constant(1, args.Weight), args));
                        }
                    }
                }
            }
        }
    }

    private static IEnumerable<OnnxCase> Movement()
    {
        Shape x = new(1, 12, 6, 4);
        foreach (int r in new[] { 1, 2 })
        {
            yield return new($"space to channel {r}", [x], (_, t) => t[0].SpaceToChannel(r));
            yield return new($"channel to space {r}", [x], (_, t) => t[0].ChannelToSpace(r));
        }

        foreach (int groups in new[] { 1, 2, 3, 4, 6, 12 })
        {
            yield return new($"shuffle {groups}", [x], (_, t) => t[0].Shuffle(groups));
            foreach (int p in new[] { 1, 6, 9, 12 })
            {
                foreach (bool residual in new[] { false, true })
                {
                    yield return new($"join {p} of 12, {groups} groups, {residual}", [x with { C = p }, x],
                        (_, t) => t[0].MuxJoin(t[1], groups, residual));
                }
            }
        }

        foreach ((int first, int count) in new[] { (0, 12), (0, 5), (5, 7), (3, 4) })
        {
            yield return new($"channels {first} + {count}", [x], (_, t) => t[0].Channels(first, count));
        }

        yield return new("two overlapping runs", [x],
            (_, t) => t[0].Channels(0, 7).Concat(t[0].Channels(3, 9)));
        yield return new("split in three and back in another order", [x], (_, t) =>
        {
            Tensor[] parts = t[0].Split(2, 7, 3);
            return parts[2].Concat(parts[0]).Concat(parts[1]);
        });
        yield return new("concat", [x, x with { C = 5 }], (_, t) => t[0].Concat(t[1]));
        yield return new("add", [x, x], (_, t) => t[0].Plus(t[1]));
        yield return new("add itself", [x], (_, t) => t[0].Plus(t[0]));
        yield return new("add a constant", [x], (s, t) => t[0].Plus(s.Constant(5, x)));
    }

    private static IEnumerable<OnnxCase> Maps()
    {
        Shape x = new(1, 7, 5, 6);
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
        {
            if (kind != ActivationKind.None)
            {
                yield return new($"activation {kind}", [x], (s, t) => t[0].Plus(t[0]).Plus(t[0]).Plus(t[0])
                    .Plus(s.Constant(8, x, -5, 5)).Activate(kind));
            }

            yield return new($"batch-norm {kind}", [x], (s, t) => Norm(s, t[0], kind));
            yield return new($"squeeze-excite {kind}", [x], (s, t) => Gate(s, t[0], kind, ActivationKind.Sigmoid));
        }

        yield return new("squeeze-excite, hard gate", [x],
            (s, t) => Gate(s, t[0], ActivationKind.HardSwish, ActivationKind.HardSigmoid));
        yield return new("pool", [x], (_, t) => t[0].GlobalAveragePool());
        yield return new("pool, linear", [x], (s, t) => t[0].GlobalAveragePool()
            .Linear(s.Constant(1, Shape.Matrix(4, 7)), s.Constant(2, Shape.Vector(4))));
        yield return new("linear without bias", [Shape.Matrix(1, 9)],
            (s, t) => t[0].Linear(s.Constant(1, Shape.Matrix(4, 9))));
    }

    /// <summary>What the rewriting folds, and what it must not.</summary>
    private static IEnumerable<OnnxCase> Chains()
    {
        Shape x = new(1, 12, 9, 8);
        foreach (ActivationKind kind in new[] { ActivationKind.None, ActivationKind.Swish })
        {
            yield return new($"grouped, norm {kind}", [x], (s, t) => Norm(s, Paired(s, t[0]), kind));
            yield return new($"mixed, norm {kind}", [x], (s, t) => Norm(s, Uneven(s, t[0], 1), kind));
            yield return new($"mixed in pairs, norm {kind}", [x], (s, t) => Norm(s, Uneven(s, t[0], 2), kind));
        }

        yield return new("grouped, read twice", [x], (s, t) =>
        {
            Tensor y = Paired(s, t[0]);
            return Norm(s, y, ActivationKind.Relu).Plus(y);
        });
        yield return new("a mux block", [x], (s, t) =>
        {
            Tensor y = t[0].Channels(0, 6).Conv2d(s.Constant(21, new Shape(12, 6, 1, 1)));
            y = Norm(s, Paired(s, Norm(s, y, ActivationKind.Swish)), ActivationKind.Swish);
            y = Gate(s, y, ActivationKind.Swish, ActivationKind.Sigmoid);
            y = Norm(s, y.Conv2d(s.Constant(22, new Shape(6, 12, 1, 1))), ActivationKind.None);
            return y.MuxJoin(t[0], 2, residual: true);
        });
    }

    private static Tensor Paired(Session s, Tensor x) => x.Conv2d(s.Constant(11, new Shape(x.Shape.C, 2, 3, 3)),
        s.Constant(12, Shape.Vector(x.Shape.C)), groups: x.Shape.C / 2);

    private static Tensor Uneven(Session s, Tensor x, int g)
    {
        MixedConv.Args args = new(x.Shape, [3, 5, 7], g, 2);
        return x.MixedConv(s.Constant(13, args.Weight), [3, 5, 7], g, 2);
    }

    private static Tensor Norm(Session s, Tensor x, ActivationKind kind)
    {
        Shape c = Shape.Vector(x.Shape.C);
        return x.BatchNorm(s.Constant(1, c), s.Constant(2, c), s.Constant(3, c), s.Constant(4, c, 0.2f, 2), kind,
            1e-3f);
    }

    private static Tensor Gate(Session s, Tensor x, ActivationKind inner, ActivationKind gate)
    {
        int c = x.Shape.C;
        return x.SqueezeExcite(s.Constant(1, new Shape(3, c, 1, 1)), s.Constant(2, Shape.Vector(3)),
            s.Constant(3, new Shape(c, 3, 1, 1)), s.Constant(4, Shape.Vector(c)), inner, gate);
    }

    private static bool Fits(Action build)
    {
        try
        {
            build();
            return true;
        }
        catch (ShapeException)
        {
            return false;
        }
    }
}
