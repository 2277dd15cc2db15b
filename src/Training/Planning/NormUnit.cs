using MuxKernels.Autograd;

namespace MuxKernels.Training;

/// <summary>
/// Batch normalisation and activation behind a convolution: <c>y = scale·z + shift</c>, <c>a = f(y)</c>. Only z is
/// stored; whoever reads a computes it again from these few numbers.
/// </summary>
internal sealed unsafe class NormUnit
{
    public NormUnit(BatchMap z, BatchNormTrainOperator norm, Node node, NumberPool pool, int parts)
    {
        (Z, Args) = (z, norm.Args);
        Gamma = (Parameter)node.Inputs[1]!;
        Beta = (Parameter)node.Inputs[2]!;
        RunningMean = (Parameter)node.Inputs[3]!;
        RunningVariance = (Parameter)node.Inputs[4]!;
        Scale = pool.Reserve(z.Slots);
        Shift = pool.Reserve(z.Slots);
        About = pool.Reserve(z.Slots);
        Mean = pool.Reserve(z.Slots);
        Inverse = pool.Reserve(z.Slots);
        A = pool.Reserve(z.Slots);
        B = pool.Reserve(z.Slots);
        C = pool.Reserve(z.Slots);
        Channels = pool.Reserve(z.Slots);
        Parts = parts;
        Sums = pool.Reserve(2L * parts * z.Slots);
    }

    /// <summary>What is normalised.</summary>
    public BatchMap Z { get; }

    /// <summary>Numbers of the layer.</summary>
    public BatchNorm.Args Args { get; }

    /// <summary>f.</summary>
    public ActivationKind Activation => Args.Activation;

    /// <summary>Where σ of the swish is kept from its first reader on; null where every reader computes it.</summary>
    public BatchMap? Kept { get; set; }

    /// <summary>γ.</summary>
    public Parameter Gamma { get; }

    /// <summary>β.</summary>
    public Parameter Beta { get; }

    /// <summary>Running mean.</summary>
    public Parameter RunningMean { get; }

    /// <summary>Running variance.</summary>
    public Parameter RunningVariance { get; }

    /// <summary>γ/deviation.</summary>
    public Numbers Scale { get; }

    /// <summary>β − mean·γ/deviation.</summary>
    public Numbers Shift { get; }

    /// <summary>What the moments are taken about: the running mean before the step.</summary>
    public Numbers About { get; }

    /// <summary>Mean of the batch.</summary>
    public Numbers Mean { get; }

    /// <summary>1/deviation of the batch.</summary>
    public Numbers Inverse { get; }

    /// <summary>Factor of the gradient in <c>dz = A·d + B·z + C</c>.</summary>
    public Numbers A { get; }

    /// <summary>Factor of z.</summary>
    public Numbers B { get; }

    /// <summary>What is added.</summary>
    public Numbers C { get; }

    /// <summary>For each slot its channel, as integers.</summary>
    public Numbers Channels { get; }

    /// <summary>Parts of the batch whose sums are taken apart: room for either way.</summary>
    public int Parts { get; }

    /// <summary>Parts on the way forward.</summary>
    public int ForwardParts { get; set; }

    /// <summary>Sums of each part, [parts][2·slots]: of z and z² about <see cref="About"/> on the way forward, of d and
    /// d·z on the way back.</summary>
    public Numbers Sums { get; }

    /// <summary>Sums of one part.</summary>
    public float* SumsOf(int part) => Sums.Pointer + 2L * part * Z.Slots;

    /// <summary>Writes the table of channels and what the moments are taken about.</summary>
    public void Prepare()
    {
        int* channels = (int*)Channels.Pointer;
        for (int s = 0; s < Z.Slots; s++)
        {
            channels[s] = Z.Order[s];
        }
    }

    /// <summary>Takes the running means as what the moments are taken about.</summary>
    public void Aim()
    {
        ReadOnlySpan<float> means = CpuDevice.Span(RunningMean.Data);
        for (int s = 0; s < Z.Slots; s++)
        {
            About.Pointer[s] = Z.Order[s] < 0 ? 0f : means[Z.Order[s]];
        }
    }

    /// <summary>Coefficients from the moments of all parts; running statistics move on.</summary>
    public void Forward()
    {
        BlockedNormUnit unit = Unit();
        BlockedNormCoefficients.Forward(&unit, About.Pointer, Sums.Pointer, ForwardParts, 2 * Z.Slots, Z.Slots, 0, Z.Slots);
    }

    /// <summary>Coefficients of the gradient from its sums; gradients of γ and β are added.</summary>
    /// <param name="sums">Sums of the first part, [parts][2·slots].</param>
    /// <param name="parts">Parts.</param>
    public void Backward(float* sums, int parts)
    {
        BlockedNormUnit unit = Unit();
        BlockedNormCoefficients.Backward(&unit, sums, parts, 2 * Z.Slots, Z.Slots, 0, Z.Slots);
    }

    /// <summary>Address of numbers on the processor.</summary>
    public static float* At(View view) =>
        (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref
            System.Runtime.InteropServices.MemoryMarshal.GetReference(CpuDevice.Span(view)));

    private BlockedNormUnit Unit() => new()
    {
        Channels = (int*)Channels.Pointer,
        Count = Z.Pixels,
        Epsilon = Decimals.Of(Args.Epsilon),
        Momentum = Decimals.Of(Args.Momentum),
        Gamma = At(Gamma.Data),
        Beta = At(Beta.Data),
        RunningMean = At(RunningMean.Data),
        RunningVariance = At(RunningVariance.Data),
        Dgamma = At(Gamma.Gradient),
        Dbeta = At(Beta.Gradient),
        Mean = Mean.Pointer,
        Inverse = Inverse.Pointer,
        Scale = Scale.Pointer,
        Shift = Shift.Pointer,
        A = A.Pointer,
        B = B.Pointer,
        C = C.Pointer,
    };
}

/// <summary>Squeeze-excite's factors and what they bring back.</summary>
internal sealed class GateUnit(BatchMap map, NumberPool pool)
{
    /// <summary>Factors, [images][slots]; zeros behind a global pool.</summary>
    public Numbers Gate { get; } = pool.Reserve((long)map.Shape.N * map.Slots);

    /// <summary>What the mean's gradient adds at every pixel, [images][slots].</summary>
    public Numbers Pooled { get; } = pool.Reserve((long)map.Shape.N * map.Slots);
}

/// <summary>The result of a convolution with its normalisation, as its one reader sees it.</summary>
internal sealed class ActivatedMap(BatchMap z, NormUnit norm, Node source)
{
    /// <summary>What is stored.</summary>
    public BatchMap Z { get; } = z;

    /// <summary>What is done to it.</summary>
    public NormUnit Norm { get; } = norm;

    /// <summary>The normalisation in the record.</summary>
    public Node Source { get; } = source;

    /// <summary>Squeeze-excite's or drop-connect's factors, or the global pool; null for none.</summary>
    public GateUnit? Gate { get; set; }

    /// <summary>Squeeze-excite; null for none.</summary>
    public ExciteUnit? Excite { get; set; }

    /// <summary>Whether the global pool alone reads it, so that every pixel of an image has the same
    /// gradient.</summary>
    public bool IsPooled { get; set; }

    /// <summary>The map into which it was stored, whose gradient is its own; null for none.</summary>
    public StoredMap? Stored { get; set; }

    /// <summary>Whether something was added to it there, so that others read the stored map's gradient too.</summary>
    public bool IsJoined { get; set; }

    /// <summary>Gradient of the (gated) activation.</summary>
    public GradientMap Gradient { get; } = new(z);
}
