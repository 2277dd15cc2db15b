namespace MuxKernels;

/// <summary>What a device can do at best.</summary>
/// <param name="GmaddsPerS">10⁹ fused multiply-adds of float32 a second.</param>
/// <param name="CopyGbPerS">10⁹ bytes a second that a copy far larger than the caches reads and writes.</param>
public readonly record struct DeviceLimits(double GmaddsPerS, double CopyGbPerS);
