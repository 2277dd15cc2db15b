namespace MuxKernels.Autograd.Tests;

/// <summary>Computes nothing and keeps a ledger of its memory.</summary>
internal sealed class LedgerDevice : Device
{
    private readonly HashSet<DeviceBuffer> live = [];

    public override string Name => "ledger";

    /// <summary>Buffers that were rented and not returned.</summary>
    public int Live => live.Count;

    /// <summary>Elements of these.</summary>
    public long LiveLength { get; private set; }

    /// <summary>Most elements at a time.</summary>
    public long Peak { get; private set; }

    public override DeviceBuffer Rent(int length)
    {
        Entry entry = new(this, length);
        live.Add(entry);
        LiveLength += length;
        Peak = Math.Max(Peak, LiveLength);
        return entry;
    }

    public override void Return(DeviceBuffer buffer)
    {
        if (!live.Remove(buffer))
        {
            throw new InvalidOperationException("This buffer was returned before.");
        }

        LiveLength -= buffer.Length;
    }

    public override void Write(ReadOnlySpan<float> from, View to) => Check(to);

    public override void Read(View from, Span<float> to) => Check(from);

    public override double SumOfSquares(View x) => 0;

    protected override void Missing(string operation) => ArgumentException.ThrowIfNullOrEmpty(operation);

    private void Check(View view)
    {
        if (!live.Contains(view.Buffer!))
        {
            throw new InvalidOperationException("This buffer was returned before.");
        }
    }

    private sealed class Entry(Device device, int length) : DeviceBuffer(device, length);
}
