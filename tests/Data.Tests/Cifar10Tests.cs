using Xunit;

namespace MuxKernels.Data.Tests;

public sealed class Cifar10Tests : IDisposable
{
    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void Reads_the_batches_of_a_folder_in_their_order()
    {
        files.Write("data_batch_10.bin", Record(3, 30));
        files.Write("data_batch_2.bin", [.. Record(1, 10), .. Record(2, 20)]);
        files.Write("data_batch_1.bin", Record(0, 0));
        files.Write("test_batch.bin", Record(9, 90));
        ImageDataset train = Cifar10.ReadFolder(files.Folder, train: true);
        Assert.Equal([0, 1, 2, 3], train.Labels.ToArray());
        Assert.Equal(new Shape(1, 3, 32, 32), train.ImageShape);
        Assert.Equal(Files.Ramp(3072, 20), train.Image(2).ToArray());
        Assert.Equal(Files.Ramp(3072, 90), Cifar10.ReadFolder(files.Folder, train: false).Image(0).ToArray());
    }

    [Fact]
    public void A_folder_without_the_files_is_named()
    {
        FileNotFoundException e =
            Assert.Throws<FileNotFoundException>(() => Cifar10.ReadFolder(files.Folder, train: true));
        Assert.Contains(files.Folder, e.Message);
        Assert.Throws<FileNotFoundException>(() => Cifar10.ReadFolder(files.Path("missing"), train: false));
    }

    [Fact]
    public void Cut_off() => Fails(Record(1, 0)[..^1], "3072 bytes", "3073");

    [Fact]
    public void Too_long() => Fails([.. Record(1, 0), 7], "3074 bytes", "3073");

    [Fact]
    public void Empty() => Fails([], "0 bytes");

    [Fact]
    public void Label_without_a_class() => Fails([.. Record(1, 0), .. Record(10, 0)], "label 1 is 10", "0 to 9");

    private void Fails(byte[] data, params string[] words)
    {
        string path = files.Write("data_batch_1.bin", data);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Cifar10.Read(path));
        Assert.StartsWith(path, e.Message);
        Assert.All(words, word => Assert.Contains(word, e.Message));
    }

    private static byte[] Record(byte label, int start) => [label, .. Files.Ramp(3072, start)];
}
