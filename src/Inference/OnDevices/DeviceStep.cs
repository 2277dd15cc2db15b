namespace MuxKernels.Inference;

/// <summary>A run of a plan's memory on a device; its view is known once all steps are.</summary>
internal sealed class Slot(long length)
{
    /// <summary>Life and place in the arena.</summary>
    public Region Region { get; } = new(length);

    /// <summary>Number of elements.</summary>
    public int Length { get; } = checked((int)length);

    /// <summary>The memory.</summary>
    public View View { get; set; }

    /// <summary>Whether it belongs to the caller, who may read or write it between runs: nothing is computed in place
    /// here.</summary>
    public bool IsKept { get; init; }
}

/// <summary>Where a tensor is: channels of a map, perhaps before they are multiplied by gates or a factor.</summary>
/// <param name="Shape">Shape of the tensor.</param>
/// <param name="Slot">The map.</param>
/// <param name="Places">Where its channels lie among those of the map.</param>
/// <param name="Stride">Channels of the map.</param>
internal sealed record DeviceValue(Shape Shape, Slot Slot, ChannelPlaces Places, int Stride)
{
    /// <summary>[N, C], to be multiplied to it; null for none.</summary>
    public Slot? Gate { get; init; }

    /// <summary>To be multiplied to it.</summary>
    public float Factor { get; init; } = 1f;

    /// <summary>Whether the map is float16, two numbers to an element.</summary>
    public bool IsHalf { get; init; }

    /// <summary>Whether the map is the tensor itself, as every reader knows it.</summary>
    public bool IsPlain => Gate is null && Factor == 1f && Places.IsNatural(Stride);

    /// <summary>Whether nothing is multiplied to it.</summary>
    public bool IsBare => Gate is null && Factor == 1f;
}

/// <summary>A step of a plan on a device.</summary>
/// <param name="Name">Path of the module.</param>
/// <param name="Kind">What it computes.</param>
/// <param name="MultiplyAdds">Multiply-adds of all images.</param>
/// <param name="Bytes">Bytes of weights, input and output.</param>
/// <param name="IsMovement">Whether it only copies values.</param>
/// <param name="Launch">Launches it.</param>
internal sealed record DeviceStep(string Name, string Kind, long MultiplyAdds, long Bytes, bool IsMovement,
    Action Launch);
