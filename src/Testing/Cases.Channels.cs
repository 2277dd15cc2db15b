namespace MuxKernels.Testing;

public static partial class Cases
{
    private const long LengthLimit = 20_000;

    private static void RegisterChannels()
    {
        Add([.. Map, CaseAxis.Channels(), CaseAxis.Range("r", 1, 4)],
            v => new SpaceToChannel.Args(new Shape(v[0], v[3], v[1] * v[4], v[2] * v[4]), v[4]),
            a => [a.X.N, a.Y.H, a.Y.W, a.X.C, a.Factor], a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Channels(), CaseAxis.Range("r", 1, 4)],
            v => new ChannelToSpace.Args(new Shape(v[0], v[3] * v[4] * v[4], v[1], v[2]), v[4]),
            a => [a.X.N, a.X.H, a.X.W, a.Y.C, a.Factor], a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Range("first", 0, 20), CaseAxis.Channels("count"), CaseAxis.Range("behind", 0, 20)],
            v => new ChannelSlice.Args(new Shape(v[0], v[3] + v[4] + v[5], v[1], v[2]), v[3], v[4]),
            a => [a.X.N, a.X.H, a.X.W, a.First, a.Y.C, a.X.C - a.First - a.Y.C], a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Channels("A"), CaseAxis.Channels("B")],
            v => new ChannelConcat.Args(new Shape(v[0], v[3], v[1], v[2]), new Shape(v[0], v[4], v[1], v[2])),
            a => [a.A.N, a.A.H, a.A.W, a.A.C, a.B.C], a => a.Y.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Range("groups", 1, 9), CaseAxis.Range("C/G", 1, 17)],
            v => new ChannelShuffle.Args(new Shape(v[0], v[3] * v[4], v[1], v[2]), v[3]),
            a => [a.X.N, a.X.H, a.X.W, a.Groups, a.X.C / a.Groups], a => a.X.Length <= LengthLimit);
        Add([.. Map, CaseAxis.Range("groups", 1, 9), CaseAxis.Range("C/G", 1, 17), CaseAxis.Channels("processed"),
                CaseAxis.Range("residual", 0, 1)],
            v => new MuxJoin.Args(new Shape(v[0], v[3] * v[4], v[1], v[2]), v[5], v[3], v[6] == 1),
            a => [a.X.N, a.X.H, a.X.W, a.Groups, a.X.C / a.Groups, a.Processed.C, a.Residual ? 1 : 0],
            a => a.X.Length <= LengthLimit);
    }
}
