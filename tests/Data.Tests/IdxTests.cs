using Xunit;

namespace MuxKernels.Data.Tests;

public sealed class IdxTests : IDisposable
{
    private static readonly byte[] GoodImages = Files.Idx(0x803, [3, 4, 5], Files.Ramp(60));
    private static readonly byte[] GoodLabels = Files.Idx(0x801, [3], [2, 0, 1]);

    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reads_plain_and_gzip(bool gzip)
    {
        ImageDataset data = Read(gzip ? Files.Gzip(GoodImages) : GoodImages,
            gzip ? Files.Gzip(GoodLabels) : GoodLabels);
        Assert.Equal((3, 1, 4, 5), (data.Count, data.Channels, data.Height, data.Width));
        Assert.Equal(Files.Ramp(60), data.Images.ToArray());
        Assert.Equal(Files.Ramp(20, 20), data.Image(1).ToArray());
        Assert.Equal([2, 0, 1], data.Labels.ToArray());
        Assert.Equal(["0", "1", "2"], data.ClassNames);
    }

    [Fact]
    public void Reads_images_with_channels()
    {
        ImageDataset data = Read(Files.Idx(0x804, [3, 2, 2, 3], Files.Ramp(36)), GoodLabels);
        Assert.Equal(new Shape(1, 2, 2, 3), data.ImageShape);
        Assert.Equal(Files.Ramp(12, 24), data.Image(2).ToArray());
    }

    [Theory]
    [InlineData("-idx3-ubyte", "-idx1-ubyte", false)]
    [InlineData(".idx3-ubyte", ".idx1-ubyte", false)]
    [InlineData("-idx3-ubyte.gz", "-idx1-ubyte.gz", true)]
    public void Finds_the_files_of_a_folder(string images, string labels, bool gzip)
    {
        files.Write("train-images" + images, gzip ? Files.Gzip(GoodImages) : GoodImages);
        files.Write("train-labels" + labels, gzip ? Files.Gzip(GoodLabels) : GoodLabels);
        files.Write("t10k-images" + images, Files.Idx(0x803, [1, 1, 1], [9]));
        files.Write("t10k-labels" + labels, Files.Idx(0x801, [1], [1]));
        Assert.Equal(3, Idx.ReadFolder(files.Folder, train: true).Count);
        Assert.Equal(9, Idx.ReadFolder(files.Folder, train: false, ["a", "b"]).Image(0)[0]);
    }

    [Fact]
    public void A_folder_without_the_files_is_named()
    {
        FileNotFoundException e =
            Assert.Throws<FileNotFoundException>(() => Idx.ReadFolder(files.Folder, train: true));
        Assert.Contains(files.Folder, e.Message);
        Assert.Contains("train-images-idx3-ubyte", e.Message);
    }

    [Fact]
    public void Wrong_image_magic() =>
        Fails("images", Files.Idx(0x801, [3, 4, 5], Files.Ramp(60)), GoodLabels, "0x00000801", "0x00000803");

    [Fact]
    public void Images_that_are_not_bytes() =>
        Fails("images", Files.Idx(0xD03, [3, 4, 5], Files.Ramp(240)), GoodLabels, "0x00000D03");

    [Fact]
    public void Wrong_label_magic() =>
        Fails("labels", GoodImages, Files.Idx(0x803, [3], [2, 0, 1]), "0x00000803", "0x00000801");

    [Fact]
    public void Images_cut_off() => Fails("images", GoodImages[..^1], GoodLabels, "expected 60", "after 59");

    [Fact]
    public void Header_cut_off() => Fails("images", GoodImages[..9], GoodLabels, "expected 4", "after 1");

    [Fact]
    public void Empty_file() => Fails("images", [], GoodLabels, "magic number");

    [Fact]
    public void Images_too_long() => Fails("images", [.. GoodImages, 0], GoodLabels, "expected the end");

    [Fact]
    public void Labels_cut_off() => Fails("labels", GoodImages, GoodLabels[..^1], "expected 3", "after 2");

    [Fact]
    public void Labels_too_long() => Fails("labels", GoodImages, [.. GoodLabels, 0], "expected the end");

    [Fact]
    public void Other_number_of_labels() =>
        Fails("labels", GoodImages, Files.Idx(0x801, [2], [2, 0]), "2 labels, expected 3");

    [Fact]
    public void Label_without_a_class() =>
        Fails("labels", GoodImages, GoodLabels, ["label 0 is 2", "0 to 1"], classNames: ["a", "b"]);

    [Fact]
    public void No_images() => Fails("images", Files.Idx(0x803, [0, 4, 5], []), Files.Idx(0x801, [0], []), "0 images");

    [Fact]
    public void Gzip_cut_off() => Fails("images", Files.Gzip(GoodImages)[..^30], GoodLabels, "");

    [Fact]
    public void Gzip_damaged()
    {
        byte[] data = Files.Gzip(GoodImages);
        data[^6] ^= 0xFF;
        Fails("images", data, GoodLabels, "gzip");
    }

    [Theory]
    [InlineData(2_000_000_000, 1, 1)]
    [InlineData(40_000, 200, 200)]
    [InlineData(uint.MaxValue, uint.MaxValue, uint.MaxValue)]
    [InlineData(1, 0x80000000, 2)]
    public void A_header_that_promises_much_allocates_little(uint n, uint h, uint w)
    {
        string images = files.Write("images", Files.Idx(0x803, [n, h, w], Files.Ramp(60)));
        string labels = files.Write("labels", GoodLabels);
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Idx.Read(images, labels));
        Assert.Contains(images, e.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Labels_that_promise_much_allocate_little()
    {
        string images = files.Write("images", GoodImages);
        string labels = files.Write("labels", Files.Idx(0x801, [2_000_000_000], [1, 2]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Idx.Read(images, labels));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    private ImageDataset Read(byte[] images, byte[] labels, IReadOnlyList<string>? classNames = null) =>
        Idx.Read(files.Write("images", images), files.Write("labels", labels), classNames);

    private void Fails(string file, byte[] images, byte[] labels, params string[] words) =>
        Fails(file, images, labels, words, null);

    private void Fails(string file, byte[] images, byte[] labels, string[] words, string[]? classNames)
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Read(images, labels, classNames));
        Assert.StartsWith(files.Path(file), e.Message);
        Assert.All(words, word => Assert.Contains(word, e.Message));
    }
}
