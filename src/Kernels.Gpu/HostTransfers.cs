namespace MuxKernels;

/// <summary>Copies between the host and a device since it was opened.</summary>
/// <param name="Uploads">Copies to the device.</param>
/// <param name="UploadedBytes">Their bytes.</param>
/// <param name="Downloads">Copies to the host; each waits for what was launched before.</param>
/// <param name="DownloadedBytes">Their bytes.</param>
public readonly record struct HostTransfers(long Uploads, long UploadedBytes, long Downloads, long DownloadedBytes)
{
    /// <summary>What came since an earlier count.</summary>
    public HostTransfers Since(HostTransfers earlier) => new(Uploads - earlier.Uploads,
        UploadedBytes - earlier.UploadedBytes, Downloads - earlier.Downloads,
        DownloadedBytes - earlier.DownloadedBytes);

    /// <summary>With one more copy to the device.</summary>
    internal HostTransfers Up(long bytes) => this with { Uploads = Uploads + 1, UploadedBytes = UploadedBytes + bytes };

    /// <summary>With one more copy to the host.</summary>
    internal HostTransfers Down(long bytes) =>
        this with { Downloads = Downloads + 1, DownloadedBytes = DownloadedBytes + bytes };
}
