namespace MuxKernels.Training;

/// <summary>Optimizers of the trainer.</summary>
public enum OptimizerKind
{
    /// <summary>SGD with momentum (Nesterov by <see cref="TrainingOptions.Nesterov"/>).</summary>
    Sgd,

    /// <summary>AdamW.</summary>
    AdamW,
}

/// <summary>Schedules of the trainer.</summary>
public enum ScheduleKind
{
    /// <summary>Half a cosine to zero.</summary>
    Cosine,

    /// <summary>The same rate throughout.</summary>
    Constant,

    /// <summary>Multiplied by 0.1 at one half and three quarters of the epochs.</summary>
    Step,
}

/// <summary>How a network is trained.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the training images.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Images of a step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Which optimizer.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>Largest learning rate.</summary>
    public double Rate { get; init; } = 0.1;

    /// <summary>Momentum of SGD.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether SGD looks ahead.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>Weight decay; not on scales, shifts and biases.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>Course of the learning rate.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Cosine;

    /// <summary>Epochs of the linear warm-up; fractions count.</summary>
    public double WarmupEpochs { get; init; } = 0.5;

    /// <summary>Label smoothing.</summary>
    public float Smoothing { get; init; }

    /// <summary>Largest global norm of the gradients; 0 for no limit.</summary>
    public double ClipNorm { get; init; } = 5;

    /// <summary>What a moving average of the weights keeps at each step in the long run (see
    /// <see cref="Autograd.WeightAverage"/>), below 1; 0 for no average. With an average, evaluation, the checkpoints'
    /// weights and the network at the end have the averaged weights and running statistics.</summary>
    public double Average { get; init; }

    /// <summary>Whether training images are changed at random: cropped, flipped, and by <see cref="Cutout"/>.</summary>
    public bool Augment { get; init; } = true;

    /// <summary>Padding of the random crop; 0 for none, null for <see cref="Preprocessing.StandardCrop"/>.</summary>
    public int? Crop { get; init; }

    /// <summary>Side of a square at a random place that is set to zero; 0 for none.</summary>
    public int Cutout { get; init; }

    /// <summary>Seed of weights, order, augmentation and dropout.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where checkpoints, log and curves go; null for nowhere.</summary>
    public string? Output { get; init; }

    /// <summary>Whether steps are computed by a <see cref="TrainingPlan"/> where the network has one; else operator by
    /// operator, as on other devices.</summary>
    public bool Planned { get; init; } = true;

    /// <summary>Whether a plan computes normalisation and swish again where it reads a map.</summary>
    public Recompute Recompute { get; init; }

    /// <summary>Whether training goes on from the last checkpoint in <see cref="Output"/>.</summary>
    public bool Resume { get; init; }
}
