namespace MuxKernels.Training;

/// <summary>What a step works with.</summary>
internal sealed unsafe class TrainingContext(WorkPool? pool, float* arena, float* scratch, long scratchLength,
    float* shared)
{
    /// <summary>Threads.</summary>
    public WorkPool? Pool { get; } = pool;

    /// <summary>The maps.</summary>
    public float* Arena { get; } = arena;

    /// <summary>The batch of images, NCHW.</summary>
    public float* Images { get; set; }

    /// <summary>Class indices of the batch.</summary>
    public float* Labels { get; set; }

    /// <summary>The mean loss, once it is known.</summary>
    public float Loss { get; set; }

    /// <summary>Whether steps of the way back run.</summary>
    public bool IsBackward { get; set; }

    /// <summary>Seed of this step's coins.</summary>
    public ulong Seed { get; set; }

    /// <summary>Memory of the step that runs, for all workers.</summary>
    public float* Shared { get; } = shared;

    /// <summary>Scratch memory of a worker.</summary>
    public float* Scratch(int worker) => scratch + worker * scratchLength;
}

/// <summary>Which part of a training step a step of the plan belongs to.</summary>
public enum TrainingPhase
{
    /// <summary>Packing of the weights.</summary>
    Pack,

    /// <summary>From the images to the loss.</summary>
    Forward,

    /// <summary>From the loss to the gradients.</summary>
    Backward,
}

/// <summary>A step of a training plan; steps run one after the other, each on all threads. What it computes is cut by
/// shape, never by thread.</summary>
internal abstract class TrainingStep(string name, TrainingPhase phase)
{
    /// <summary>Path of the module and what is done.</summary>
    public string Name { get; } = name;

    /// <summary>Where it belongs.</summary>
    public TrainingPhase Phase { get; } = phase;

    /// <summary>Multiply-adds of the convolution for the whole batch.</summary>
    public long MultiplyAdds { get; init; }

    /// <summary>Floats of scratch memory that each worker needs.</summary>
    public virtual long ScratchLength => 0;

    /// <summary>Floats of memory that its workers share.</summary>
    public virtual long SharedLength => 0;

    /// <summary>Runs it.</summary>
    public abstract void Run(TrainingContext c);
}

/// <summary>Equal runs of a number of things, the last one shorter; cut by shape alone.</summary>
internal readonly record struct Cuts(int Total, int Each)
{
    /// <summary>Number of runs.</summary>
    public int Count => (Total + Each - 1) / Each;

    /// <summary>First of a run.</summary>
    public int First(int index) => index * Each;

    /// <summary>Length of a run.</summary>
    public int Length(int index) => Math.Min(Each, Total - index * Each);
}
