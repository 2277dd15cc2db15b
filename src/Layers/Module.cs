using MuxKernels.Autograd;

namespace MuxKernels.Layers;

/// <summary>A count that is kept with a network but not trained (batch-norm's number of batches).</summary>
public sealed class Counter
{
    /// <summary>The count.</summary>
    public long Value { get; set; }
}

/// <summary>One entry of a state dictionary, under the reference implementation's name.</summary>
/// <param name="Name">Full name: <c>blocks.3.0.conv_dw.weight</c>.</param>
/// <param name="Shape">Shape; of rank 1 with one element for a counter.</param>
/// <param name="Parameter">The parameter or buffer it is a part of; null for a counter.</param>
/// <param name="Offset">Where it starts in the parameter.</param>
/// <param name="Counter">The counter; null for numbers.</param>
public sealed record StateEntry(string Name, Shape Shape, Parameter? Parameter, int Offset, Counter? Counter)
{
    /// <summary>The numbers on the device.</summary>
    /// <exception cref="InvalidOperationException">A counter, or a network without memory.</exception>
    public View Data => Numbers.Data.Slice(Offset, (int)Shape.Length);

    /// <summary>The gradient on the device; empty for buffers.</summary>
    public View Gradient =>
        Numbers.Gradient.IsEmpty ? View.None : Numbers.Gradient.Slice(Offset, (int)Shape.Length);

    private Parameter Numbers => Parameter ?? throw new InvalidOperationException($"{Name} is a counter.");
}

/// <summary>
/// A layer or a network: parameters, buffers and children under names, in the order of the reference implementation's
/// state dictionary, and a forward function.
/// </summary>
public abstract class Module : IDisposable
{
    private readonly List<(string Name, object Member)> members = [];
    private string? name;

    /// <summary>The memory of this network, once it has one.</summary>
    public ParameterStore? Store { get; private set; }

    /// <summary>Children with their names, in order.</summary>
    public IEnumerable<(string Name, Module Module)> Children =>
        members.Where(m => m.Member is Module).Select(m => (m.Name, (Module)m.Member));

    /// <summary>Computes the result; called through <see cref="Invoke"/>.</summary>
    protected abstract Tensor Forward(Tensor x);

    /// <summary>Computes the result. Operators are recorded under this module's name; without a record the memory of
    /// everything in between is given back.</summary>
    public Tensor Invoke(Tensor x)
    {
        Session session = x.Session
            ?? throw new InvalidOperationException("The input belongs to no session; make it with Session.Input.");
        int mark = session.Enter(name ?? "");
        Tensor y = Forward(x);
        session.Leave(mark, y);
        return y;
    }

    /// <summary>All parameters and buffers, in order.</summary>
    public IEnumerable<Parameter> Parameters()
    {
        foreach ((string _, object member) in members)
        {
            if (member is Parameter parameter)
            {
                yield return parameter;
            }
            else if (member is Module child)
            {
                foreach (Parameter inner in child.Parameters())
                {
                    yield return inner;
                }
            }
        }
    }

    /// <summary>The state dictionary, in the reference implementation's order.</summary>
    public IReadOnlyList<StateEntry> State() => [.. State("")];

    /// <summary>Number of trained numbers.</summary>
    public long ParameterCount => Parameters().Where(p => p.IsTrained).Sum(p => p.Shape.Length);

    /// <summary>Gives the network memory on a device and starts it from a seed: convolutions normal, the classifier
    /// uniform, scales one, shifts zero (<see cref="Initialization"/>).</summary>
    /// <returns>The memory, for optimizers.</returns>
    public ParameterStore Materialize(Device device, ulong seed = 0)
    {
        Store?.Dispose();
        Parameter[] parameters = [.. Parameters()];
        Store = new ParameterStore(device, parameters);
        ulong stream = 0;
        foreach (Parameter parameter in parameters)
        {
            foreach (ParameterPart part in parameter.Parts)
            {
                device.Write(Initializer.Values(parameter.Initialization, part.Shape, SplitMix.Hash(seed) + ++stream),
                    parameter.Data.Slice(part.Offset, (int)part.Shape.Length));
            }
        }

        return Store;
    }

    /// <summary>Moves the network's numbers to another device; gradients there are zero. An optimizer stays behind: a
    /// new one takes over from it (<see cref="Optimizer.Continue"/>).</summary>
    /// <exception cref="OutOfMemoryException">The device has not that much memory; the network stays where it was.
    /// </exception>
    public ParameterStore MoveTo(Device device)
    {
        if (Store is null)
        {
            return Materialize(device);
        }

        List<double[]> values = [];
        foreach (Parameter parameter in Store.Parameters)
        {
            double[] copy = new double[parameter.Shape.Length];
            Store.Device.Read(parameter.Data, copy);
            values.Add(copy);
        }

        // The old memory is given back once the numbers are in the new one: they outlive a device without room.
        ParameterStore old = Store, moved = new(device, old.Parameters);
        for (int i = 0; i < values.Count; i++)
        {
            device.Write(values[i], moved.Parameters[i].Data);
        }

        old.Dispose();
        Store = moved;
        return Store;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Store?.Dispose();
        Store = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>Registers a trained parameter.</summary>
    protected Parameter Parameter(string parameterName, Shape shape, Initialization initialization) =>
        Register(parameterName, new Parameter([(parameterName, shape)], initialization));

    /// <summary>Registers a trained parameter of several parts that lie one after the other.</summary>
    protected Parameter Parameter(IReadOnlyList<(string Name, Shape Shape)> parts, Initialization initialization) =>
        Register(parts[0].Name, new Parameter(parts, initialization));

    /// <summary>Registers numbers that are kept but not trained.</summary>
    protected Parameter Buffer(string bufferName, Shape shape, Initialization initialization) =>
        Register(bufferName, new Parameter([(bufferName, shape)], initialization, trained: false));

    /// <summary>Registers a count.</summary>
    protected Counter Counter(string counterName) => Register(counterName, new Counter());

    /// <summary>Registers a child.</summary>
    protected TModule Child<TModule>(string childName, TModule child)
        where TModule : Module
    {
        child.name = childName;
        return Register(childName, child);
    }

    private T Register<T>(string memberName, T member)
        where T : class
    {
        if (members.Any(m => m.Name == memberName))
        {
            throw new ArgumentException($"{GetType().Name} already has a member '{memberName}'.", nameof(memberName));
        }

        members.Add((memberName, member));
        return member;
    }

    private IEnumerable<StateEntry> State(string prefix)
    {
        foreach ((string memberName, object member) in members)
        {
            switch (member)
            {
                case Parameter parameter:
                    foreach (ParameterPart part in parameter.Parts)
                    {
                        yield return new StateEntry(prefix + part.Name, part.Shape, parameter, part.Offset, null);
                    }

                    break;
                case Counter counter:
                    yield return new StateEntry(prefix + memberName, Shape.Vector(1), null, 0, counter);
                    break;
                case Module child:
                    foreach (StateEntry entry in child.State(prefix + memberName + "."))
                    {
                        yield return entry;
                    }

                    break;
            }
        }
    }
}
