using System.Diagnostics;

namespace MuxKernels.Interop;

/// <summary>
/// Checks this library against golden data: rebuilds every case of the given folders on a device and compares each
/// tensor that the case lists. What a case is follows from its manifest (operator, configuration, tensors) alone.
/// </summary>
public static partial class GoldenVerifier
{
    private const string Manifest = "manifest.json";
    private const string Traces = "traces.json";

    /// <summary>Verifies the cases of some paths.</summary>
    /// <param name="paths">Folders with <c>ops</c> and <c>nets</c>, one of these two, or a manifest.</param>
    /// <param name="device">Where everything is computed.</param>
    /// <param name="options">What is checked, and how strictly; null for everything in float32.</param>
    /// <param name="progress">Called after each case.</param>
    /// <param name="cancellation">Ends the verification between steps.</param>
    /// <returns>Every case. Cases and files that can't be read are failed cases whose reason names the file.</returns>
    /// <exception cref="FileNotFoundException">A path that is not there.</exception>
    /// <exception cref="InvalidDataException">A path without golden data.</exception>
    /// <exception cref="OperationCanceledException">The verification was cancelled.</exception>
    public static GoldenReport Verify(IReadOnlyList<string> paths, Device device, GoldenOptions? options = null,
        Action<GoldenProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(device);
        options ??= new GoldenOptions();
        Context context = new(device, options.Rule, options.Inference, options.Training, cancellation);
        Job[] jobs = [.. paths.SelectMany(path => Jobs(path, context)).Where(j => (j.Part & options.Parts) != 0)];
        List<GoldenCase> cases = [];
        foreach (Job job in jobs)
        {
            cancellation.ThrowIfCancellationRequested();
            cases.Add(Run(job, device));
            progress?.Invoke(new GoldenProgress(cases.Count, jobs.Length, cases[^1]));
        }

        return new GoldenReport(cases);
    }

    private static IEnumerable<Job> Jobs(string path, Context context)
    {
        string[] files = ManifestFiles(path);
        return files.Length > 0
            ? files.SelectMany(file => FileJobs(file, context))
            : throw new InvalidDataException(
                $"{path}: no golden data here, expected ops/{Manifest}, nets/{Manifest} or nets/{Traces}.");
    }

    private static string[] ManifestFiles(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        if (!Directory.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such file or folder.", path);
        }

        string[] candidates =
        [
            Path.Combine(path, Manifest), Path.Combine(path, Traces), Path.Combine(path, "ops", Manifest),
            Path.Combine(path, "nets", Manifest), Path.Combine(path, "nets", Traces),
        ];
        return [.. candidates.Where(File.Exists)];
    }

    private static List<Job> FileJobs(string file, Context context)
    {
        GoldenManifest manifest;
        try
        {
            manifest = GoldenManifest.Read(file);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return [new Job(GoldenParts.All, file, _ => throw new InvalidDataException(e.Message, e))];
        }

        List<Job> jobs = [];
        foreach (OperatorCase c in manifest.Cases ?? [])
        {
            jobs.Add(new Job(GoldenParts.Operators, c.Case, comparer => RunOperator(file, c, context, comparer)));
        }

        foreach ((string name, NetworkCase net) in manifest.Nets ?? new Dictionary<string, NetworkCase>())
        {
            jobs.AddRange(NetworkJobs(file, name, net, context));
        }

        foreach (TraceCase trace in manifest.Traces ?? [])
        {
            string name = $"trace {trace.Model} seed {trace.Seed} {trace.Resolution}x{trace.Resolution} lr {trace.Lr}";
            jobs.Add(new Job(GoldenParts.Traces, name, comparer => RunTrace(trace, context, comparer)));
        }

        return jobs;
    }

    private static GoldenCase Run(Job job, Device device)
    {
        GoldenComparer comparer = new(job.Name);
        long start = Stopwatch.GetTimestamp();
        GoldenOutcome outcome = GoldenOutcome.Failed;
        string reason;
        try
        {
            job.Run(comparer);
            int bad = comparer.Comparisons.Count(c => !c.Passed);
            int lucky = comparer.Comparisons.Count(c => c.Error > c.Bound);
            reason = (comparer.Comparisons.Count, bad, lucky) switch
            {
                (0, _, _) => "The case lists nothing to compare.",
                (_, 0, 0) => "",
                (_, 0, _) => $"{lucky} of {comparer.Comparisons.Count} numbers are beyond their bound by no more than "
                    + "a flipped relu unit explains.",
                _ => $"{bad} of {comparer.Comparisons.Count} tensors are out of their bound or were not computed"
                    + comparer.Hint + ".",
            };
            bool passed = comparer.Comparisons.Count > 0 && bad == 0;
            outcome = passed ? GoldenOutcome.Passed : GoldenOutcome.Failed;
        }
        catch (OperationMissingException e)
        {
            reason = e.Message;
            outcome = device is CpuDevice or ReferenceDevice ? GoldenOutcome.Failed : GoldenOutcome.Skipped;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException
            or ArgumentException or ShapeException or InvalidOperationException or OverflowException
            or OutOfMemoryException or FormatException or NotSupportedException)
        {
            reason = e.Message;
        }

        return new GoldenCase(job.Part, job.Name, outcome, reason, comparer.Comparisons,
            Stopwatch.GetElapsedTime(start));
    }

    /// <summary>A file named by a manifest: its own folder's name may stand in front.</summary>
    /// <exception cref="InvalidDataException">A name that leaves the folder of golden data.</exception>
    private static string Beside(string manifest, string name)
    {
        string[] steps = name.Split('/', '\\');
        if (name.Length == 0 || Path.IsPathRooted(name) || steps.Any(s => s is ".." or "" or ".")
            || name.AsSpan().ContainsAny(Path.GetInvalidPathChars()))
        {
            throw new InvalidDataException($"{manifest}: the file name {SafeTensors.Quote(name)} leaves the folder.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(manifest))!;
        string own = steps.Length > 1 && steps[0] == Path.GetFileName(folder) ? Path.Combine(steps[1..]) : name;
        string beside = Path.Combine(folder, own);
        return File.Exists(beside) || steps.Length == 1 ? beside : Path.Combine(folder, Path.Combine(steps[1..]));
    }

    /// <summary>Shape of a list of axes; none is a single number.</summary>
    private static Shape ShapeOf(IReadOnlyList<int> axes, string name)
    {
        Shape shape = axes.Count == 0 ? Shape.Vector(1) : Shape.Of([.. axes]);
        Guard.Positive(shape, name);
        return shape;
    }

    private static double[] ReadDoubles(Device device, View view)
    {
        double[] values = new double[view.Length];
        device.Read(view, values);
        return values;
    }

    private sealed record Job(GoldenParts Part, string Name, Action<GoldenComparer> Run);

    /// <summary>What all cases of a verification share.</summary>
    private sealed record Context(Device Device, GoldenRule Rule, GoldenInference? Inference, GoldenTraining? Training,
        CancellationToken Cancellation);
}
