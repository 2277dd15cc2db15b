using System.CommandLine;
using System.Text.Json;
using MuxKernels.Compare;
using MuxKernels.Peers;

// dotnet run -c Release --project bench/Compare -- networks | kernels | training-kernels | coldstart | scaling | chart
RootCommand root = new("The library beside its peers, in the same process, in turns.")
{
    NetworksCommand.Create(),
    KernelsCommand.Create(),
    TrainingKernelsCommand.Create(),
    ColdStartCommand.Create(),
    ScalingCommand.Create(),
    ChartCommand.Create(),
};
try
{
    return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is PeerException or ComparisonException or IOException or ArgumentException
    or JsonException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
