using MuxKernels.Autograd;
using MuxKernels.Inference;

namespace MuxKernels.Training;

/// <summary>A step of a training plan on a device.</summary>
/// <param name="Name">Path of the module.</param>
/// <param name="Phase">Where it belongs.</param>
/// <param name="MultiplyAdds">Multiply-adds for the batch; of both gradients on the way back.</param>
/// <param name="IsRandom">Whether it throws coins, which change from one training step to the next.</param>
/// <param name="Launch">Launches it, with the seed of the training step.</param>
internal sealed record DeviceTrainingStep(string Name, TrainingPhase Phase, long MultiplyAdds, bool IsRandom,
    Action<ulong> Launch);

/// <summary>What lowering a record of a training step gives.</summary>
internal sealed record LoweredDeviceTraining(IReadOnlyList<DeviceTrainingStep> Steps, IReadOnlyList<Slot> Slots,
    Slot Images, Slot Labels, Slot Logits, Slot Loss);

/// <summary>
/// Turns the record of a training step into launches: its operators in their order, then their gradients in reverse, on
/// memory that is shared by what never lives at the same time. An operator's own way back says which of its operands it
/// needs; the others' memory is free after the way forward. Numbers are those of the recorded session.
/// </summary>
internal sealed class DeviceTrainingLowering
{
    private readonly RecordGraph graph;
    private readonly Device device;
    private readonly Dictionary<Tensor, Slot> values = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tensor, Slot> gradients = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ulong, ulong> coins = [];
    private readonly List<DeviceTrainingStep> steps = [];
    private readonly List<Slot> slots = [];

    private DeviceTrainingLowering(RecordGraph graph, Device device)
    {
        (this.graph, this.device) = (graph, device);
        for (ulong i = 0; i < (ulong)graph.Nodes.Count + 1024; i++)
        {
            coins[SplitMix.Hash(i)] = i; // The record's session began with seed 0.
        }
    }

    /// <summary>Lowers a record.</summary>
    /// <param name="graph">The record of a session with seed 0, of which the loss is the output.</param>
    /// <param name="images">The batch.</param>
    /// <param name="labels">Class indices.</param>
    /// <param name="logits">The network's result.</param>
    /// <param name="device">Where it will run.</param>
    public static LoweredDeviceTraining Of(RecordGraph graph, Tensor images, Tensor labels, Tensor logits,
        Device device) => new DeviceTrainingLowering(graph, device).Lower(images, labels, logits);

    private LoweredDeviceTraining Lower(Tensor images, Tensor labels, Tensor logits)
    {
        foreach (Tensor input in (Tensor[])[images, labels])
        {
            values[input] = NewSlot(input.Shape);
            values[input].Region.Use(0);
        }

        foreach (Node node in graph.Nodes)
        {
            Forward(node);
        }

        Slot dy = gradients[graph.Output] = NewSlot(graph.Output.Shape);
        Add("loss", TrainingPhase.Backward, 0, _ => device.Fill(dy.View, 1f), dy);
        for (int n = graph.Nodes.Count - 1; n >= 0; n--)
        {
            if (graph.Nodes[n].Results.Any(gradients.ContainsKey))
            {
                Backward(graph.Nodes[n]);
            }
        }

        // Read when everything is done.
        values[logits].Region.Use(steps.Count);
        values[graph.Output].Region.Use(steps.Count);
        return new LoweredDeviceTraining(steps, slots, values[images], values[labels], values[logits],
            values[graph.Output]);
    }

    private void Forward(Node node)
    {
        foreach (Tensor result in node.Results)
        {
            values[result] = NewSlot(result.Shape);
        }

        Lazy<Operands> operands = new(() => new Operands([.. node.Inputs.Select(ViewOf)],
            [.. node.Results.Select(r => values[r].View)], [], []));
        Add(node.Scope, TrainingPhase.Forward, node.Operator.MultiplyAddsLinear,
            Launch(node.Operator, (o) => o.Forward(device, operands.Value)),
            [.. node.Inputs.Select(SlotOf), .. node.Results.Select(r => values[r])]);
        MarkRandom(node);
    }

    private void Backward(Node node)
    {
        int count = node.Inputs.Count;
        Func<View>?[] into = new Func<View>?[count];
        List<(Slot From, Tensor To)> sums = [];
        List<Slot> written = [];
        for (int i = 0; i < node.Operator.ResultCount; i++)
        {
            if (!gradients.ContainsKey(node.Results[i]))
            {
                Zeroed(node, gradients[node.Results[i]] = NewSlot(node.Results[i].Shape));
            }
        }

        for (int i = 0; i < count; i++)
        {
            if (node.Inputs[i] is not { NeedsGradient: true } input)
            {
                continue;
            }

            bool adds = node.Operator.Adds(i), repeated = node.Inputs.Take(i).Any(t => ReferenceEquals(t, input));
            bool isParameter = input is Parameter;
            if (!isParameter && !gradients.ContainsKey(input))
            {
                Slot fresh = gradients[input] = NewSlot(input.Shape);
                if (adds)
                {
                    Zeroed(node, fresh);
                }

                into[i] = () => fresh.View;
                written.Add(fresh);
            }
            else if (adds && !repeated)
            {
                into[i] = () => isParameter ? input.Gradient : gradients[input].View;
                written.AddRange(isParameter ? [] : [gradients[input]]);
            }
            else
            {
                // Written gradients of a tensor that has one already (a fork) are computed beside and added.
                Slot beside = NewSlot(input.Shape);
                if (adds)
                {
                    Zeroed(node, beside);
                }

                into[i] = () => beside.View;
                written.Add(beside);
                sums.Add((beside, input));
            }
        }

        Lazy<Operands> operands = new(() => new Operands([.. node.Inputs.Select(ViewOf)],
            [.. node.Results.Select(r => values[r].View)], Array.ConvertAll(into, v => v?.Invoke() ?? View.None),
            [.. node.Results.Select(r => gradients.TryGetValue(r, out Slot? g) ? g.View : View.None)]));
        int ways = into.Count(v => v is not null);
        Add(node.Scope, TrainingPhase.Backward, node.Operator.MultiplyAddsLinear * Math.Min(2, ways),
            Launch(node.Operator, o => o.Backward(device, operands.Value)),
            [
                .. Needed(node), .. written,
                .. node.Results.Where(gradients.ContainsKey).Select(r => gradients[r]),
            ]);
        MarkRandom(node);
        foreach ((Slot from, Tensor to) in sums)
        {
            Add(node.Scope, TrainingPhase.Backward, 0, _ => device.Accumulate(from.View,
                to is Parameter ? to.Gradient : gradients[to].View), from,
                to is Parameter ? null : gradients[to]);
        }
    }

    /// <summary>What an operator's way back reads of the way forward: it is asked on a device that computes nothing.
    /// </summary>
    private IEnumerable<Slot?> Needed(Node node)
    {
        HashSet<(bool IsInput, int Index)> asked = [];
        using MetaDevice meta = new();
        View Any(Shape shape) => meta.Rent((int)shape.Length).View;
        View[] inputs = [.. node.Inputs.Select(i => i is null ? View.None : Any(i.Shape))];
        View[] results = [.. node.Results.Select(r => Any(r.Shape))];
        View[] wanted = [.. node.Inputs.Select(i => i is { NeedsGradient: true } ? Any(i.Shape) : View.None)];
        node.Operator.Backward(meta, new Operands(inputs, results, wanted, results) { Asked = asked });
        return asked.Where(a => a.Index < (a.IsInput ? inputs.Length : results.Length))
            .Select(a => a.IsInput ? SlotOf(node.Inputs[a.Index]) : values[node.Results[a.Index]]);
    }

    /// <summary>An operator that throws coins throws those of the training step's seed.</summary>
    private Action<ulong> Launch(Operator recorded, Action<Operator> run)
    {
        if (recorded is not DropoutOperator { Args: var args } || !coins.TryGetValue(args.Seed, out ulong index))
        {
            return _ => run(recorded);
        }

        return seed => run(new DropoutOperator(new Dropout.Args(args.X, args.Rate, SplitMix.Hash(seed + index),
            args.WholeImages)));
    }

    private void MarkRandom(Node node)
    {
        if (node.Operator is DropoutOperator)
        {
            steps[^1] = steps[^1] with { IsRandom = true };
        }
    }

    private void Zeroed(Node node, Slot slot) =>
        Add(node.Scope, TrainingPhase.Backward, 0, _ => device.Fill(slot.View, 0f), slot);

    private View ViewOf(Tensor? tensor) => tensor is null ? View.None
        : values.TryGetValue(tensor, out Slot? slot) ? slot.View : tensor.Data;

    private Slot? SlotOf(Tensor? tensor) =>
        tensor is not null && values.TryGetValue(tensor, out Slot? slot) ? slot : null;

    private Slot NewSlot(Shape shape)
    {
        Slot slot = new(shape.Length);
        slots.Add(slot);
        return slot;
    }

    private void Add(string scope, TrainingPhase phase, long multiplyAdds, Action<ulong> launch,
        params ReadOnlySpan<Slot?> touched)
    {
        foreach (Slot? slot in touched)
        {
            slot?.Region.Use(steps.Count);
        }

        steps.Add(new DeviceTrainingStep(scope.TrimStart('.'), phase, multiplyAdds, false, launch));
    }
}
