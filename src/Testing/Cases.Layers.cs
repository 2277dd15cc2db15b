namespace MuxKernels.Testing;

public static partial class Cases
{
    private static readonly float[] Epsilons = [1e-5f, 1e-3f];
    private static readonly float[] Momenta = [0.1f, 0.01f, 0f, 1f];
    private static readonly float[] Rates = [0f, 0.2f, 0.5f, 0.9f];
    private static readonly float[] LearningRates = [0.1f, 1e-3f];
    private static readonly float[] Decays = [0f, 0.01f, 1e-4f];
    private static readonly float[] Scales = [1f, 0.5f];
    private static readonly float[] Averages = [0f, 0.1f, 0.999f, 1f];

    private static CaseAxis Kind(string name) => CaseAxis.Range(name, 0, (int)ActivationKind.HardSigmoid);

    private static void RegisterLayers()
    {
        Add([.. Map, CaseAxis.Channels(), Kind("f")],
            v => new Activation.Args(Map4(v), (ActivationKind)v[4]),
            a => [.. Axes(a.X), (int)a.Kind], a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Channels(), Kind("f"), Choice("epsilon", Epsilons), Choice("momentum", Momenta)],
            v => new BatchNorm.Args(Map4(v), (ActivationKind)v[4], Epsilons[v[5]], Momenta[v[6]]),
            a => [.. Axes(a.X), (int)a.Activation, Index(Epsilons, a.Epsilon), Index(Momenta, a.Momentum)],
            a => a.X.Length <= LengthLimit && a.Count > 1);
        Add([.. Map, CaseAxis.Channels(), CaseAxis.Range("R", 1, 20), Kind("f"), CaseAxis.Range("gate", 0, 1)],
            v => new SqueezeExcite.Args(Map4(v), v[4], (ActivationKind)v[5],
                v[6] == 0 ? ActivationKind.Sigmoid : ActivationKind.HardSigmoid),
            a => [.. Axes(a.X), a.Reduced, (int)a.Activation, a.Gate == ActivationKind.Sigmoid ? 0 : 1],
            a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Channels()], v => new GlobalAveragePool.Args(Map4(v)), a => Axes(a.X),
            a => a.X.Length <= LengthLimit);
        Add([CaseAxis.Range(CaseAxis.Batch, 1, 9), CaseAxis.Range("I", 1, 150), CaseAxis.Range("O", 1, 150)],
            v => new Linear.Args(v[0], v[1], v[2]), a => [a.X.N, a.X.C, a.Y.C], a => a.MultiplyAdds <= WorkLimit);
        Add([CaseAxis.Range(CaseAxis.Batch, 1, 9), CaseAxis.Range("K", 1, 120), CaseAxis.Range("tenths", 0, 9)],
            v => new SoftmaxCrossEntropy.Args(v[0], v[1], v[2] / 10f),
            a => [a.X.N, a.X.C, (int)MathF.Round(a.Smoothing * 10)]);
        Add([.. Map, CaseAxis.Channels(), Choice("rate", Rates), CaseAxis.Range("seed", 0, 1000),
                CaseAxis.Range("images", 0, 1)],
            v => new Dropout.Args(Map4(v), Rates[v[4]], (ulong)v[5], v[6] == 1),
            a => [.. Axes(a.X), Index(Rates, a.Rate), (int)a.Seed, a.WholeImages ? 1 : 0],
            a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Channels()], v => new MuxKernels.Add.Args(Map4(v), Map4(v)), a => Axes(a.X),
            a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Channels()], Map4, Axes, x => x.Length <= LengthLimit);
        RegisterOptimizers();
    }

    private static void RegisterOptimizers()
    {
        Add([CaseAxis.Range("length", 1, 300), Choice("rate", LearningRates), Choice("momentum", Rates),
                Choice("decay", Decays), CaseAxis.Range("nesterov", 0, 1), CaseAxis.Range("first", 0, 1),
                Choice("scale", Scales)],
            v => new SgdStep.Args(v[0], LearningRates[v[1]], Rates[v[2]], Decays[v[3]], v[4] == 1, v[5] == 1,
                Scales[v[6]]),
            a => [a.Length, Index(LearningRates, a.Rate), Index(Rates, a.Momentum), Index(Decays, a.WeightDecay),
                a.Nesterov ? 1 : 0, a.First ? 1 : 0, Index(Scales, a.GradientScale)]);
        Add([CaseAxis.Range("length", 1, 300), Choice("rate", LearningRates), Choice("decay", Decays),
                CaseAxis.Range("step", 1, 100), Choice("scale", Scales)],
            v => new AdamWStep.Args(v[0], LearningRates[v[1]], 0.9f, 0.999f, 1e-8f, Decays[v[2]], v[3], Scales[v[4]]),
            a => [a.Length, Index(LearningRates, a.Rate), Index(Decays, a.WeightDecay), (int)a.Step,
                Index(Scales, a.GradientScale)]);
        RegisterPasses();
    }

    private static void RegisterPasses()
    {
        CaseAxis[] runs =
            [CaseAxis.Range("first", 1, 200), CaseAxis.Range("second", 1, 200), CaseAxis.Range("third", 1, 40)];
        Add([.. runs, CaseAxis.Range("decays", 0, 1), Choice("rate", LearningRates), Choice("momentum", Rates),
                Choice("decay", Decays), CaseAxis.Range("nesterov", 0, 1), CaseAxis.Range("begins", 0, 1),
                Choice("scale", Scales), Choice("average", Averages)],
            v => new SgdPass.Args(Runs(v), new SgdStep.Args(v[0] + v[1] + v[2], LearningRates[v[4]], Rates[v[5]],
                Decays[v[6]], v[7] == 1, v[8] == 1, Scales[v[9]]), Averages[v[10]]),
            a => [.. Axes(a.Runs), Index(LearningRates, a.Step.Rate), Index(Rates, a.Step.Momentum),
                Index(Decays, a.Step.WeightDecay), a.Step.Nesterov ? 1 : 0, a.Step.First ? 1 : 0,
                Index(Scales, a.Step.GradientScale), Index(Averages, a.Average)]);
        Add([.. runs, CaseAxis.Range("decays", 0, 1), Choice("rate", LearningRates), Choice("decay", Decays),
                CaseAxis.Range("step", 1, 100), Choice("scale", Scales), Choice("average", Averages)],
            v => new AdamWPass.Args(Runs(v), new AdamWStep.Args(v[0] + v[1] + v[2], LearningRates[v[4]], 0.9f, 0.999f,
                1e-8f, Decays[v[5]], v[6], Scales[v[7]]), Averages[v[8]]),
            a => [.. Axes(a.Runs), Index(LearningRates, a.Step.Rate), Index(Decays, a.Step.WeightDecay),
                (int)a.Step.Step, Index(Scales, a.Step.GradientScale), Index(Averages, a.Average)]);
        Add([CaseAxis.Range("length", 1, 300), Choice("decay", Averages)],
            v => new MovingAverage.Args(v[0], Averages[v[1]]), a => [a.Length, Index(Averages, a.Decay)]);
    }

    /// <summary>Three runs, of which weight decay acts on the middle one or on the others.</summary>
    private static ParameterRuns Runs(int[] v) => new((v[0], v[3] == 1), (v[1], v[3] == 0), (v[2], v[3] == 1));

    private static int[] Axes(ParameterRuns runs) =>
        [runs[0].Length, runs[1].Length, runs[2].Length, runs[0].Decays ? 1 : 0];

    private static Shape Map4(int[] v) => new(v[0], v[3], v[1], v[2]);

    private static int[] Axes(Shape x) => [x.N, x.H, x.W, x.C];

    private static CaseAxis Choice(string name, float[] values) => CaseAxis.Range(name, 0, values.Length - 1);

    private static int Index(float[] values, double value) => Math.Max(Array.IndexOf(values, (float)value), 0);
}
