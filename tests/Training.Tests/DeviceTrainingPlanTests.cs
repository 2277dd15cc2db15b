using MuxKernels.Autograd;
using MuxKernels.Data;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Training.Tests;

/// <summary>Training plans for devices, on the reference device: the numbers of a recorded session, to the
/// bit.</summary>
public class DeviceTrainingPlanTests
{
    private const int Batch = 4, Steps = 3;

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.AdamW)]
    public void Steps_are_those_of_a_session(OptimizerKind kind)
    {
        using ReferenceDevice device = new();
        Numbers session = Train(device, kind, planned: false), plan = Train(device, kind, planned: true);
        Assert.Equal(session.Losses, plan.Losses);
        Assert.Equal(session.Logits, plan.Logits);
        Assert.Equal(session.Values, plan.Values);
        Assert.Equal(session.Buffers, plan.Buffers);
    }

    [Fact]
    public void Memory_is_shared_by_what_never_lives_together()
    {
        using ReferenceDevice device = new();
        using MuxNet network = new(Small.Spec);
        network.Materialize(device, 5);
        using DeviceTrainingPlan plan = DeviceTrainingPlan.Of(network, new Shape(Batch, 1, 32, 32));
        using MetaDevice meta = new();
        using Session record = new(meta, training: true, record: true);
        network.Invoke(record.Placeholder(plan.Input)).CrossEntropy(record.Placeholder(Shape.Vector(Batch)));
        long forward = sizeof(float) * record.Record.Sum(n => n.Results.Sum(r => r.Shape.Length));
        Assert.InRange(plan.ArenaBytes, forward / 4, forward); // The gradients have no memory beyond it.
        Assert.Equal(0, plan.RecordedRuns);
        Assert.Contains(plan.Steps, s => s.Phase == TrainingPhase.Backward && s.MultiplyAdds > 0);
    }

    [Fact]
    public void Every_step_can_be_timed_and_wrong_lengths_are_errors()
    {
        using ReferenceDevice device = new();
        using MuxNet network = new(Small.Spec);
        network.Materialize(device, 5);
        using DeviceTrainingPlan plan = DeviceTrainingPlan.Of(network, new Shape(2, 1, 32, 32));
        float[] x = new float[2 * 32 * 32], labels = [1, 2];
        double[] times = new double[plan.Steps.Count];
        plan.Step(x, labels, times: times);
        Assert.All(times, t => Assert.True(t >= 0));
        Assert.True(times.Sum() > 0);
        plan.TimesPhases = true;
        plan.Step(x, labels);
        Assert.True(plan.Phases.Forward > 0 && plan.Phases.Backward > 0);
        Assert.Throws<ShapeException>(() => plan.Step(x.AsSpan(1), labels));
        Assert.Throws<ShapeException>(() => plan.Step(x, labels.AsSpan(1)));
        Assert.Throws<ShapeException>(() => plan.Step(x, labels, new float[3]));
        Assert.Throws<ShapeException>(() => plan.Step(x, labels, times: new double[3]));
        plan.Dispose();
        Assert.Throws<ObjectDisposedException>(() => plan.Step(x, labels));
    }

    private static Numbers Train(Device device, OptimizerKind kind, bool planned)
    {
        using MuxNet network = new(Small.Spec);
        ParameterStore store = network.Materialize(device, 5);
        using Optimizer optimizer = kind == OptimizerKind.Sgd
            ? new Sgd(store, 0.02, 0.9, 1e-4, nesterov: true)
            : new AdamW(store, 0.001);
        Loader loader = new(Small.Train.Take(Batch * Steps), new LoaderOptions
        {
            BatchSize = Batch, Transforms = Preprocessing.Of(Small.Train).Transforms(augment: false),
        });
        using DeviceTrainingPlan? plan = planned ? DeviceTrainingPlan.Of(network, loader.BatchShape, 0.1f) : null;
        List<float> losses = [];
        float[] logits = new float[Batch * 10];
        foreach (Batch batch in loader.Epoch(0))
        {
            ulong seed = 77 + 1000 * (ulong)batch.Number;
            if (plan is not null)
            {
                losses.Add(plan.Step(batch.Images, batch.Labels, logits, seed));
            }
            else
            {
                using Session session = new(device, training: true, record: true, seed);
                Tensor y = network.Invoke(session.Input(batch.Shape, batch.Images));
                Tensor loss = y.CrossEntropy(batch.Labels, 0.1f);
                losses.Add(loss.ToArray()[0]);
                y.ToArray().CopyTo(logits, 0);
                session.Backward(loss);
            }

            optimizer.Step(5);
        }

        double[] values = new double[store.Values.Length], buffers = new double[store.Buffers.Length];
        device.Read(store.Values, values);
        device.Read(store.Buffers, buffers);
        return new Numbers([.. losses], logits, values, buffers);
    }

    private sealed record Numbers(float[] Losses, float[] Logits, double[] Values, double[] Buffers);
}
