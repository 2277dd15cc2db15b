using System.IO.Compression;
using System.Text;
using Xunit;

namespace MuxKernels.Interop.Tests;

/// <summary>Checkpoints that are damaged or written to do harm.</summary>
public sealed class HostilePyTorchTests : IDisposable
{
    /// <summary>Opcodes: a float storage '0' of two elements.</summary>
    private const string Storage = "(X\a\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u0002tQ";

    /// <summary>A tensor over it, up to its offset.</summary>
    private const string Tensor = "ctorch._utils\n_rebuild_tensor_v2\n(" + Storage;

    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void The_good_file_is_good()
    {
        using PyTorchCheckpoint file = PyTorchCheckpoint.Open(Make("}X\u0001\0\0\0a" + Tensor
            + "K\0K\u0002\u0085K\u0001\u0085\u0089NtRs."));
        Assert.Equal([1f, 2f], file.Read<float>("a"));
    }

    [Theory]
    [InlineData("", "cut off")]
    [InlineData(".", "ends too early")]
    [InlineData("N", "cut off")]
    [InlineData("NN.", "ends too early")]
    [InlineData("N.N", "ends too early")]
    [InlineData("(.", "mark")]
    [InlineData("t.", "a mark is missing")]
    [InlineData("u.", "a mark is missing")]
    [InlineData("\u0087.", "a value is missing")]
    [InlineData("(\u0085.", "a mark stands")]
    [InlineData("s.", "a value is missing")]
    [InlineData("]NNs.", "no dictionary")]
    [InlineData("}Na.", "no list")]
    [InlineData("}(Nu.", "a key has no value")]
    [InlineData("q\0.", "a value is missing")]
    [InlineData("h\u0005.", "value 5 is not there")]
    [InlineData("j\u0001\u0002\0\0.", "value 513 is not there")]
    [InlineData("X\u007f\0\0\0a.", "cut off")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ffa.", "cut off")]
    [InlineData("\u008a\u0009123456789.", "integer of 9 bytes")]
    [InlineData("cos\nsystem\n(X\u0002\0\0\0lstR.", "'os.system'", "model.state_dict()")]
    [InlineData("c__builtin__\neval\n.", "'__builtin__.eval'")]
    [InlineData("ctorch\nFloatStorage\n)R.", "torch.FloatStorage has 0 arguments")]
    [InlineData("cos", "cut off")]
    [InlineData("ios\nsystem\n.", "operation 0x69")]
    [InlineData("N)R.", "no name is called")]
    [InlineData("ccollections\nOrderedDict\nNR.", "arguments are no tuple")]
    [InlineData("ccollections\nOrderedDict\n(K\u0001tR.", "OrderedDict has 1 arguments")]
    [InlineData("]}b.", "an object with a state")]
    [InlineData("NQ.", "a storage is described")]
    [InlineData("N.", "holds nothing")]
    [InlineData("}.", "no tensor by name")]
    [InlineData("}X\u0001\0\0\0aK\u0001s.", "no tensor by name", "'a'")]
    [InlineData(Tensor + "K\0K\u0003\u0085K\u0001\u0085\u0089NtR.", "more than its storage of 2 elements")]
    [InlineData(Tensor + "K\u0001K\u0002\u0085K\u0001\u0085\u0089NtR.", "more than its storage of 2 elements")]
    [InlineData(Tensor + "K\0K\u0002\u0085K\u0002\u0085\u0089NtR.", "more than its storage of 2 elements")]
    [InlineData(Tensor + "K\0K\u0002\u0085K\u0001K\u0001\u0086\u0089NtR.", "1 axes, 2 strides")]
    [InlineData(Tensor + "J\u00ff\u00ff\u00ff\u00ffK\u0002\u0085K\u0001\u0085\u0089NtR.", "offset -1")]
    [InlineData(Tensor + "K\0J\u00ff\u00ff\u00ff\u00ff\u0085K\u0001\u0085\u0089NtR.", "an axis is no length")]
    [InlineData(Tensor + "K\0\u008a\b\0\0\0\0\0\0\0\u0040\u008a\b\0\0\0\0\0\0\0\u0040\u0086K\u0001K\u0001\u0086\u0089Nt"
        + "R.", "too large")]
    [InlineData(Tensor + "K\0K\u0002\u0085\u008a\b\0\0\0\0\0\0\0\u0040\u0085\u0089NtR.", "more than its storage")]
    public void Broken_pickles(string pickle, params string[] words) => Fails(Make(pickle), words);

    [Fact]
    public void A_pickle_of_another_protocol_or_too_long()
    {
        Fails(Make([0x80, 0x03, (byte)'N', (byte)'.'], 8), "protocol 3");
        Fails(Make("N."u8.ToArray(), 8), "does not begin");
        Fails(Make(new byte[PyTorchCheckpoint.MaxPickleLength + 1], 8), "expected at most");
    }

    [Fact]
    public void A_storage_that_is_missing_or_short()
    {
        string good = "}X\u0001\0\0\0a" + Tensor + "K\0K\u0002\u0085K\u0001\u0085\u0089NtRs.";
        Fails(Make(Program(good), 7), "'a' needs storage '0' with 2 elements", "7 bytes");
        Fails(Make(Program(good), -1), "0 bytes of it");
        string path = files.Path("compressed.pth");
        using (ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create))
        {
            Add(zip, "a/data.pkl", Program(good), CompressionLevel.SmallestSize);
        }

        Fails(path, "compressed");
    }

    [Fact]
    public void Values_that_hold_themselves_do_no_harm()
    {
        // d = {}; d['d'] = d
        Fails(Make("}q\0X\u0001\0\0\0dh\0s."), "no tensor by name");
        Fails(Make("}X\u0005\0\0\0model]q\0h\0as."), "no tensor by name");
    }

    [Theory]
    [InlineData("types.pth")]
    [InlineData("wrapped.pth")]
    [InlineData("script.pt")]
    public void Damage_of_any_kind_is_told(string name)
    {
        byte[] good = File.ReadAllBytes(PyTorchTests.Made(name));
        Random random = new(name.Length);
        string path = files.Path("damaged.pth");
        int told = 0, whole = 0;
        for (int i = 0; i < 600; i++)
        {
            byte[] bytes = [.. good];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, i % 3 == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using TensorFile file = TensorFile.Open(path);
                foreach (SafeTensorInfo tensor in file.Tensors)
                {
                    _ = file.Read<double>(tensor.Name);
                }

                whole++;
            }
            catch (PyTorchException e)
            {
                Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
                told++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
        }

        Assert.InRange(told, 200, 600);
        Assert.True(whole > 0 || name == "script.pt");
    }

    private static void Fails(string path, params string[] words)
    {
        PyTorchException e = Assert.Throws<PyTorchException>(() => PyTorchCheckpoint.Open(path));
        Assert.All([path, .. words], w => Assert.Contains(w, e.Message, StringComparison.Ordinal));
    }

    private static byte[] Program(string pickle) => [0x80, 0x02, .. Encoding.Latin1.GetBytes(pickle)];

    private string Make(string pickle) => Make(Program(pickle), 8);

    /// <summary>An archive of a pickle and a storage '0' of 1, 2; −1 for none.</summary>
    private string Make(byte[] pickle, int storage)
    {
        string path = files.Path("made.pth");
        using ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create);
        Add(zip, "made/data.pkl", pickle, CompressionLevel.NoCompression);
        if (storage >= 0)
        {
            byte[] data = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];
            Add(zip, "made/data/0", data[..storage], CompressionLevel.NoCompression);
        }

        return path;
    }

    private static void Add(ZipArchive zip, string name, byte[] bytes, CompressionLevel level)
    {
        using Stream entry = zip.CreateEntry(name, level).Open();
        entry.Write(bytes);
    }
}
