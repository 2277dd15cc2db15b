using MuxKernels.Interop;
using MuxKernels.Layers;
using Xunit;

namespace MuxKernels.Training.Tests;

public class WeightFileTests
{
    [Fact]
    public void A_missing_tensor_another_shape_and_nan_are_errors_that_leave_the_network_alone()
    {
        using TemporaryFolder folder = new();
        using CpuDevice device = new(1);
        using MuxNet network = new(Small.Spec);
        network.Materialize(device, 1);
        float[] before = Small.State(network);
        string path = folder.File("w.safetensors");
        WeightFile.Save(path, network);
        Dictionary<string, SafeTensor> tensors = [];
        using (SafeTensorsFile file = SafeTensors.Read(path))
        {
            foreach (SafeTensorInfo t in file.Tensors)
            {
                tensors[t.Name] = SafeTensor.Of<float>(t.Name, t.Shape, file.Read<float>(t.Name));
            }
        }

        string name = "blocks.0.0.conv_dw.1.weight";
        float[] values = new float[tensors[name].Shape.Aggregate(1L, (a, b) => a * b)];
        values[3] = float.NaN;
        AssertFails(folder, network, tensors.Values.Where(t => t.Name != name), "missing");
        AssertFails(folder, network, tensors.Values.Select(t => t.Name == name
            ? SafeTensor.Of<float>(name, [values.Length], values) : t), "expected [8, 1, 5, 5]");
        AssertFails(folder, network, tensors.Values.Select(t => t.Name == name
            ? SafeTensor.Of<float>(name, t.Shape, values) : t), "element 3");
        Assert.Equal(before, Small.State(network));
    }

    [Fact]
    public void A_file_without_a_definition_asks_for_the_model()
    {
        using TemporaryFolder folder = new();
        using CpuDevice device = new(1);
        SafeTensors.Write(folder.File("x.safetensors"), [SafeTensor.Of<float>("x", [1L], new float[1])]);
        SafeTensorsException error = Assert.Throws<SafeTensorsException>(
            () => WeightFile.Open(folder.File("x.safetensors"), device));
        Assert.Contains("name the model", error.Message);
    }

    private static void AssertFails(TemporaryFolder folder, MuxNet network, IEnumerable<SafeTensor> tensors,
        string part)
    {
        string path = folder.File("bad.safetensors");
        SafeTensors.Write(path, tensors);
        SafeTensorsException error = Assert.Throws<SafeTensorsException>(() => WeightFile.Load(path, network));
        Assert.Contains(part, error.Message);
        Assert.Contains("blocks.0.0.conv_dw.1.weight", error.Message);
    }
}
