using MuxKernels.Autograd;

namespace MuxKernels.Inference;

internal sealed unsafe partial class Lowering<TSimd, TVector>
{
    /// <summary>Multiply-adds of one layer from which squeeze-excite's two layers are shared by several
    /// workers.</summary>
    private const long ParallelExcite = 8_000;

    private void LowerSqueezeExcite(Node node, in SqueezeExcite.Args args)
    {
        (Region pooled, int chunks, int slots, Map? map, int[] order) = sums[node.Inputs[0]!];
        SqueezeExcite.Args one = args;
        int[] channels = [.. order.Where(c => c >= 0)];
        float[] w1 = node.Inputs[1]!.ToArray(), b1 = node.Inputs[2]!.ToArray(), w2 = node.Inputs[3]!.ToArray(),
            b2 = node.Inputs[4]!.ToArray();
        Gate gate = new(channels);
        regions.Add(gate.Region);
        (int c, int r) = (one.X.C, one.Reduced);
        SqueezeExciteLayers layers = new()
        {
            Args = one,
            Sums = pooled,
            Chunks = chunks,
            Slots = slots,
            Gate = gate,
            Hidden = NewRegion(r + 16),
            Reduce = store.Reserve(BlockedLinear<TSimd, TVector>.PackedLength(slots, r), p =>
            {
                float[] ordered = new float[(long)r * slots];
                for (int s = 0; s < slots; s++)
                {
                    for (int o = 0; order[s] >= 0 && o < r; o++)
                    {
                        ordered[o * slots + s] = w1[o * c + order[s]];
                    }
                }

                BlockedLinear<TSimd, TVector>.Pack(ordered, slots, r, p);
            }),
            ReduceBias = Vector(b1),
            Expand = store.Reserve(BlockedLinear<TSimd, TVector>.PackedLength(r, c), p =>
            {
                float[] ordered = new float[(long)c * r];
                for (int i = 0; i < c; i++)
                {
                    w2.AsSpan(channels[i] * r, r).CopyTo(ordered.AsSpan(i * r));
                }

                BlockedLinear<TSimd, TVector>.Pack(ordered, r, c, p);
            }),
            ExpandBias = Vector([.. channels.Select(i => b2[i])]),
        };
        if (workers == 1 || (long)c * r < ParallelExcite)
        {
            Add(new SqueezeExciteStep<TSimd, TVector>(NameOf(node), layers, 0, 1), pooled, gate.Region, layers.Hidden);
        }
        else
        {
            Add(new SqueezeExciteStep<TSimd, TVector>(NameOf(node), layers, 1, workers), pooled, layers.Hidden);
            Add(new SqueezeExciteStep<TSimd, TVector>(NameOf(node), layers, 2, workers), layers.Hidden, gate.Region);
        }

        values[node.Results[0]] = BlockedValue.Of(node.Results[0].Shape, map!, order) with { Gate = gate };
    }

    private void LowerPool(Node node)
    {
        (Region pooled, int chunks, int slots, Map? _, int[] order) = sums[node.Inputs[0]!];
        Shape x = node.Inputs[0]!.Shape;
        Region y = NewRegion(slots);
        Add(new MeanStep<TSimd, TVector>(NameOf(node), pooled, chunks, slots, x.Pixels, y), pooled, y);
        if (!order.AsSpan(0, x.C).SequenceEqual(Natural(x.C).AsSpan(0, x.C)))
        {
            throw new InvalidOperationException($"{NameOf(node)}: pooled channels are not in their own order.");
        }

        values[node.Results[0]] = new VectorValue(node.Results[0].Shape, y);
    }

    private void LowerLinear(Node node, in Linear.Args args, VectorValue x)
    {
        Linear.Args one = args;
        float[] w = node.Inputs[1]!.ToArray();
        float[] bias = node.Inputs.Count > 2 && node.Inputs[2] is { } b ? b.ToArray() : new float[one.Y.C];
        Packed weights = store.Reserve(BlockedLinear<TSimd, TVector>.PackedLength(one.X.C, one.Y.C),
            p => BlockedLinear<TSimd, TVector>.Pack(w, one.X.C, one.Y.C, p));
        bool last = ReferenceEquals(node.Results[0], graph.Output);
        Region? y = last ? null : NewRegion(one.Y.C);
        Add(new LinearStep<TSimd, TVector>(NameOf(node), one, x.Region, y, weights, Vector(bias)), x.Region, y);
        values[node.Results[0]] = new VectorValue(node.Results[0].Shape, y ?? x.Region);
    }

    private Packed Vector(float[] numbers) => store.Reserve(numbers.Length, p => numbers.CopyTo(new Span<float>(p,
        numbers.Length)));

    private void LowerEager(Node node)
    {
        int count = node.Inputs.Count;
        Value?[] read = new Value?[count];
        float[]?[] constants = new float[]?[count];
        List<Region?> touched = [];
        for (int i = 0; i < count; i++)
        {
            if (node.Inputs[i] is not { } input)
            {
                continue;
            }

            if (values.TryGetValue(input, out Value? value))
            {
                read[i] = value;
                touched.AddRange(value switch
                {
                    BlockedValue blocked => Regions(blocked),
                    VectorValue vector => [vector.Region],
                    _ => [],
                });
            }
            else
            {
                constants[i] = input.ToArray();
            }
        }

        Shape shape = node.Results[0].Shape;
        (int[] order, int border) = shape.Rank == 4 ? Preferred(node.Results[0]) : ([], 0);
        Value result;
        if (shape.Rank == 4)
        {
            Map map = NewMap(shape, order, border);
            touched.Add(map.Region);
            result = BlockedValue.Of(shape, map, order);
        }
        else
        {
            Region region = NewRegion(shape.Length);
            touched.Add(region);
            result = new VectorValue(shape, region);
        }

        Add(new EagerStep(NameOf(node), node.Operator, device.Value, read, constants, result, order, workers), touched);
        values[node.Results[0]] = result;
    }
}
