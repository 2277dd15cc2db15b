namespace MuxKernels.Autograd;

/// <summary>
/// One run of a network on a device: it computes operators as they are called, keeps the record if asked to, and owns
/// the memory of every tensor in between. Clear it after each step; dispose of it at the end.
/// </summary>
/// <remarks>Without a record, memory is given back as soon as the module that made it returns.</remarks>
public sealed class Session : IDisposable
{
    private readonly List<Node> nodes = [];
    private readonly List<Tensor> owned = [];
    private readonly List<string> scopes = [];
    private ulong coins;
    private bool isDisposed;

    /// <summary>Starts a session.</summary>
    /// <param name="device">Where operators are computed.</param>
    /// <param name="training">Whether batch-norm uses batch statistics and dropout drops.</param>
    /// <param name="record">Whether the record is kept: needed for gradients, summaries, exporters and
    /// planners.</param>
    /// <param name="seed">Seed of dropout's coins.</param>
    public Session(Device device, bool training = false, bool record = false, ulong seed = 0)
    {
        (Device, IsTraining, Records, coins) = (device, training, record, seed);
    }

    /// <summary>Where operators are computed.</summary>
    public Device Device { get; }

    /// <summary>Whether batch-norm uses batch statistics and dropout drops.</summary>
    public bool IsTraining { get; }

    /// <summary>Whether the record is kept.</summary>
    public bool Records { get; private set; }

    /// <summary>The record so far.</summary>
    public IReadOnlyList<Node> Record => nodes;

    /// <summary>Seed of the next random operator; a new one for each.</summary>
    public ulong NextSeed() => SplitMix.Hash(coins++);

    /// <summary>A tensor with numbers of the host.</summary>
    /// <exception cref="ShapeException">Another number of values than the shape has.</exception>
    public Tensor Input(Shape shape, ReadOnlySpan<float> values, bool needsGradient = false)
    {
        Guard.Length(values, shape, "Session.Input");
        Tensor tensor = Own(shape, needsGradient);
        Device.Write(values, tensor.Data);
        return tensor;
    }

    /// <inheritdoc cref="Input(Shape, ReadOnlySpan{float}, bool)"/>
    public Tensor Input(Shape shape, ReadOnlySpan<double> values, bool needsGradient = false)
    {
        Guard.Length(values, shape, "Session.Input");
        Tensor tensor = Own(shape, needsGradient);
        Device.Write(values, tensor.Data);
        return tensor;
    }

    /// <summary>A tensor whose numbers do not matter (recording on a <see cref="MetaDevice"/>).</summary>
    public Tensor Placeholder(Shape shape) => Own(shape, needsGradient: false);

    /// <summary>Computes an operator and, if the session records, appends it to the record.</summary>
    /// <returns>Its results, without what it saved.</returns>
    /// <exception cref="InvalidOperationException">An input on another device, or one that wants a gradient and belongs
    /// to another session.</exception>
    public Tensor[] Apply(Operator @operator, ReadOnlySpan<Tensor?> inputs)
    {
        bool gradient = false;
        View[] views = new View[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { } input)
            {
                if (input.NeedsGradient && input.Session is not null && !ReferenceEquals(input.Session, this))
                {
                    throw new InvalidOperationException($"{@operator.Type}: input {i} {input.Shape} belongs to another "
                        + "session, where its gradient would be lost; use one session.");
                }

                gradient |= input.NeedsGradient;
                if (input is Parameter && Device is MetaDevice)
                {
                    continue; // Shapes are enough: a network can be described wherever its numbers are.
                }

                views[i] = input.Data;
                if (!ReferenceEquals(views[i].Buffer!.Device, Device))
                {
                    throw new InvalidOperationException($"{@operator.Type}: input {i} {input.Shape} is on "
                        + $"{views[i].Buffer!.Device.Name}, the session on {Device.Name}; move the network first.");
                }
            }
        }

        IReadOnlyList<Shape> shapes = @operator.Results;
        Tensor[] results = new Tensor[shapes.Count];
        View[] made = new View[shapes.Count];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = Own(shapes[i], gradient && Records && i < @operator.ResultCount);
            made[i] = results[i].Data;
        }

        if (Device.Computes)
        {
            @operator.Forward(Device, new Operands(views, made, [], []));
        }

        if (Records)
        {
            Node node = new(@operator, inputs.ToArray(), results, string.Join('.', scopes));
            nodes.Add(node);
            foreach (Tensor result in results)
            {
                result.Producer = node;
            }
        }

        return @operator.ResultCount == results.Length ? results : results[..@operator.ResultCount];
    }

    /// <summary>
    /// Computes the gradients of <paramref name="y"/> with respect to every input and parameter that wants one, by
    /// walking the record from its end. Gradients of parameters are added to what is there. Memory of intermediate
    /// tensors is given back on the way; inputs keep their gradient until the session is cleared.
    /// </summary>
    /// <param name="y">What is differentiated.</param>
    /// <param name="upstream">Gradient with respect to y; empty means ones.</param>
    public void Backward(Tensor y, ReadOnlySpan<float> upstream = default)
    {
        if (!upstream.IsEmpty)
        {
            Guard.Length(upstream, y.Shape, "Session.Backward");
        }

        View dy = StartBackward(y, out bool fresh);
        if (upstream.IsEmpty)
        {
            Device.Fill(dy, 1f);
        }
        else
        {
            Device.Write(upstream, dy);
        }

        AddUpstream(y, dy, fresh);
        WalkBack();
    }

    /// <inheritdoc cref="Backward(Tensor, ReadOnlySpan{float})"/>
    public void Backward(IReadOnlyList<Tensor> ys, IReadOnlyList<double[]> upstream)
    {
        Guard.That(ys.Count == upstream.Count, "Session.Backward",
            $"{upstream.Count} gradients for {ys.Count} tensors, expected one for each.");
        for (int i = 0; i < ys.Count; i++)
        {
            Guard.Length<double>(upstream[i].AsSpan(), ys[i].Shape, "Session.Backward");
        }

        for (int i = 0; i < ys.Count; i++)
        {
            View dy = StartBackward(ys[i], out bool fresh);
            Device.Write(upstream[i], dy);
            AddUpstream(ys[i], dy, fresh);
        }

        WalkBack();
    }

    /// <summary>Gives all memory back and forgets the record.</summary>
    public void Clear()
    {
        nodes.Clear();
        scopes.Clear();
        ReleaseSince(0, null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        isDisposed = true;
    }

    /// <summary>Enters a module; leave with <see cref="Leave"/>. Names appear in <see cref="Node.Scope"/>.</summary>
    public int Enter(string name)
    {
        scopes.Add(name);
        return owned.Count;
    }

    /// <summary>Leaves a module: without a record, the memory of all it made is given back but its results'.</summary>
    public void Leave(int mark, params ReadOnlySpan<Tensor> results)
    {
        scopes.RemoveAt(scopes.Count - 1);
        if (!Records)
        {
            ReleaseSince(mark, results);
        }
    }

    /// <summary>
    /// Without a record: gives the memory of a tensor back that nobody reads any more. With one it stays.
    /// </summary>
    public void Forget(Tensor tensor)
    {
        if (!Records && owned.Remove(tensor))
        {
            Release(tensor);
        }
    }

    private Tensor Own(Shape shape, bool needsGradient)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        Guard.Positive(shape, nameof(Session));
        Tensor tensor = new(this, shape, Device.Rent((int)shape.Length).View, needsGradient);
        owned.Add(tensor);
        return tensor;
    }

    private void ReleaseSince(int mark, ReadOnlySpan<Tensor> keep)
    {
        int kept = mark;
        for (int i = mark; i < owned.Count; i++)
        {
            Tensor tensor = owned[i];
            bool stays = false;
            foreach (Tensor k in keep)
            {
                stays |= ReferenceEquals(k, tensor);
            }

            if (stays)
            {
                owned[kept++] = tensor;
            }
            else
            {
                Release(tensor);
            }
        }

        owned.RemoveRange(kept, owned.Count - kept);
    }

    private void Release(Tensor tensor)
    {
        View data = tensor.Release();
        if (data.Buffer is not null)
        {
            Device.Return(data.Buffer);
        }

        ReleaseGradient(tensor);
    }

    private void ReleaseGradient(Tensor tensor)
    {
        if (tensor.Gradient.Buffer is { } gradient)
        {
            tensor.Gradient = View.None;
            Device.Return(gradient);
        }
    }

    /// <summary>Memory for the upstream gradient of y.</summary>
    private View StartBackward(Tensor y, out bool fresh)
    {
        if (!Records)
        {
            throw new InvalidOperationException("This session keeps no record; start it with record: true.");
        }

        if (!y.NeedsGradient)
        {
            throw new InvalidOperationException($"{y} depends on nothing that wants a gradient.");
        }

        if (!ReferenceEquals(y.Session, this))
        {
            throw new InvalidOperationException($"{y} belongs to another session.");
        }

        fresh = y.Gradient.IsEmpty;
        return Device.Rent(y.Data.Length).View;
    }

    private void AddUpstream(Tensor y, View dy, bool fresh)
    {
        if (fresh)
        {
            y.Gradient = dy;
            return;
        }

        Device.Accumulate(dy, y.Gradient);
        Device.Return(dy.Buffer!);
    }

    private void WalkBack()
    {
        for (int n = nodes.Count - 1; n >= 0; n--)
        {
            Node node = nodes[n];
            if (node.Results.Any(r => !r.Gradient.IsEmpty))
            {
                Differentiate(node);
            }

            foreach (Tensor result in node.Results)
            {
                Release(result);
            }
        }

        nodes.Clear();
        owned.RemoveAll(t => t.IsReleased);
    }

    private void Differentiate(Node node)
    {
        int count = node.Inputs.Count;
        View[] inputs = new View[count], gradients = new View[count];
        List<(View From, Tensor To)> sums = [];
        try
        {
            for (int i = 0; i < count; i++)
            {
                if (node.Inputs[i] is not { } input)
                {
                    continue;
                }

                inputs[i] = input.Data;
                if (!input.NeedsGradient)
                {
                    continue;
                }

                bool fresh = input.Gradient.IsEmpty;
                bool repeated = sums.Any(s => ReferenceEquals(s.To, input))
                    || node.Inputs.Take(i).Any(t => ReferenceEquals(t, input));
                if (fresh)
                {
                    input.Gradient = Device.Rent((int)input.Shape.Length).View;
                    if (node.Operator.Adds(i))
                    {
                        Device.Fill(input.Gradient, 0f);
                    }

                    gradients[i] = input.Gradient;
                }
                else if (node.Operator.Adds(i) && !repeated)
                {
                    gradients[i] = input.Gradient;
                }
                else
                {
                    // Written gradients of a tensor that has one already (a fork) are computed beside and added.
                    gradients[i] = Device.Rent((int)input.Shape.Length).View;
                    if (node.Operator.Adds(i))
                    {
                        Device.Fill(gradients[i], 0f);
                    }

                    sums.Add((gradients[i], input));
                }
            }

            View[] results = [.. node.Results.Select(r => r.Data)];
            View[] resultGradients = new View[results.Length];
            for (int i = 0; i < node.Operator.ResultCount; i++)
            {
                Tensor result = node.Results[i];
                if (result.Gradient.IsEmpty)
                {
                    result.Gradient = Device.Rent((int)result.Shape.Length).View;
                    Device.Fill(result.Gradient, 0f);
                }

                resultGradients[i] = result.Gradient;
            }

            node.Operator.Backward(Device, new Operands(inputs, results, gradients, resultGradients));
            foreach ((View from, Tensor to) in sums)
            {
                Device.Accumulate(from, to.Gradient);
            }
        }
        finally
        {
            foreach ((View from, Tensor _) in sums)
            {
                Device.Return(from.Buffer!);
            }
        }
    }
}
