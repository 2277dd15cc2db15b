using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace MuxKernels.Interop.Tests;

public sealed class SafeTensorsTests : IDisposable
{
    private static readonly Gen<Entry> Entries =
        from name in ArbMap.Default.GeneratorFor<UnicodeString>()
        from rank in Gen.Choose(0, 3)
        from shape in Gen.ListOf(Gen.Choose(0, 4), rank)
        from type in Gen.Elements(Enum.GetValues<SafeTensorType>())
        from bytes in Gen.ListOf(Gen.Choose(0, 255), 8 * 64)
        from end in Gen.Elements("", "🦊", ".weight", "\0", "\u2028")
        select new Entry(WellFormed(name.Get ?? "") + end, type,
            [.. shape.Select(axis => (long)axis)], [.. bytes.Select(b => (byte)b)]);

    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void What_is_written_is_read_again() =>
        Prop.ForAll(Gen.ListOf(Entries).ToArbitrary(), list =>
        {
            Entry[] entries = [.. list.DistinctBy(entry => entry.Name).Where(entry => entry.Name != "__metadata__")];
            Dictionary<string, string> metadata =
                entries.ToDictionary(entry => entry.Name, entry => entry.Name + "\n\"é");
            string path = files.Path("t.safetensors");
            SafeTensors.Write(path, entries.Select(entry => entry.Tensor()), metadata);
            using SafeTensorsFile file = SafeTensors.Read(path);
            Assert.Equal(entries.Length, file.Tensors.Count);
            Assert.Equal(metadata.OrderBy(m => m.Key), file.Metadata.OrderBy(m => m.Key));
            foreach (Entry entry in entries)
            {
                SafeTensorInfo info = file[entry.Name];
                Assert.Equal(entry.Type, info.Type);
                Assert.Equal(entry.Shape, info.Shape);
                Assert.Equal(0, info.Offset % entry.Size);
                Assert.Equal(entry.Data, Elements(path, info));
                Assert.Equal(Expected(entry), file.Read<double>(entry.Name));
                Assert.Equal(Expected(entry).Select(x => (float)x), file.Read<float>(entry.Name));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_bit_of_a_float_is_kept()
    {
        float[] x = [0f, -0f, float.Epsilon, float.MaxValue, float.NegativeInfinity,
            BitConverter.UInt32BitsToSingle(0x7FC12345), BitConverter.UInt32BitsToSingle(0xFF812345)];
        double[] d = [Math.PI, double.Epsilon, BitConverter.UInt64BitsToDouble(0x7FF0000000000001)];
        string path = files.Path("t");
        SafeTensors.Write(path,
            [SafeTensor.Of<float>("x", new Shape(7, 1, 1, 1), x), SafeTensor.Of<double>("d", [3], d)]);
        using SafeTensorsFile file = SafeTensors.Read(path);
        Assert.Equal(x.Select(BitConverter.SingleToUInt32Bits),
            file.Read<float>("x").Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal(d.Select(BitConverter.DoubleToUInt64Bits),
            file.Read<double>("d").Select(BitConverter.DoubleToUInt64Bits));
    }

    [Fact]
    public void Long_tensors_are_read_in_pieces()
    {
        float[] x = [.. Enumerable.Range(0, 700_001).Select(i => MathF.Sin(i))];
        long[] y = [.. Enumerable.Range(0, 300_001).Select(i => i * 1_000_000_007L)];
        string path = files.Path("t");
        SafeTensors.Write(path, [SafeTensor.Of<float>("x", [x.Length], x), SafeTensor.Of<long>("y", [y.Length], y)]);
        using SafeTensorsFile file = SafeTensors.Read(path);
        Assert.Equal(x, file.Read<float>("x"));
        Assert.Equal(x.Select(v => (double)v), file.Read<double>("x"));
        Assert.Equal(y, file.Read<long>("y"));
    }

    [Fact]
    public void The_layout_is_that_of_the_format()
    {
        string path = files.Path("t");
        SafeTensors.Write(path,
            [SafeTensor.Of<float>("a", [1, 2], new[] { 1f, 2f }), SafeTensor.Of<long>("n", [], new[] { 5L })],
            new Dictionary<string, string> { ["k"] = "v" });
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal("""{"__metadata__":{"k":"v"},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},""" +
            """ "a":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]}} """.Trim(),
            Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal([5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], bytes[(8 + length)..]);
    }

    [Fact]
    public void A_file_without_tensors_is_a_file()
    {
        string path = files.Path("t");
        SafeTensors.Write(path, []);
        using SafeTensorsFile file = SafeTensors.Read(path);
        Assert.Empty(file.Tensors);
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void Half_types_are_widened_exactly()
    {
        byte[] bf16 = [0x80, 0x3F, 0x49, 0x40, 0x80, 0xFF];
        string path = files.Path("t");
        SafeTensors.Write(path, [SafeTensor.Raw("b", SafeTensorType.BF16, [3], bf16),
            SafeTensor.Of<Half>("h", [2], new[] { (Half)0.1f, Half.Epsilon })]);
        using SafeTensorsFile file = SafeTensors.Read(path);
        Assert.Equal([1f, 3.140625f, float.NegativeInfinity], file.Read<float>("b"));
        Assert.Equal([0.0999755859375, 1 / 16777216.0], file.Read<double>("h"));
    }

    [Fact]
    public void Elements_that_do_not_fit_are_refused()
    {
        string path = files.Path("t");
        SafeTensors.Write(path,
            [SafeTensor.Of<float>("f", [1], new[] { 1f }), SafeTensor.Of<long>("n", [1], new[] { 1L << 40 })]);
        using SafeTensorsFile file = SafeTensors.Read(path);
        Assert.Contains("F32", Assert.Throws<SafeTensorsException>(() => file.Read<long>("f")).Message);
        Assert.Contains("'n'", Assert.Throws<SafeTensorsException>(() => file.Read<int>("n")).Message);
        Assert.Contains("'missing'", Assert.Throws<SafeTensorsException>(() => file.Read<float>("missing")).Message);
        Assert.Contains("has 1 elements",
            Assert.Throws<SafeTensorsException>(() => file.Read("f", new float[2])).Message);
        Assert.Null(file.Find("missing"));
    }

    [Fact]
    public void An_interrupted_write_keeps_the_old_file()
    {
        string path = files.Path("t");
        SafeTensors.Write(path, [SafeTensor.Of<float>("x", [1], new[] { 1f })]);
        byte[] old = File.ReadAllBytes(path);
        using CancellationTokenSource source = new();

        // The memory of the second tensor is asked for while the file is being written.
        using Interrupting memory = new(source);
        Assert.Throws<OperationCanceledException>(() => SafeTensors.Write(path,
            [SafeTensor.Of<float>("a", [4], new float[4]), SafeTensor.Of<float>("b", [500_000], memory.Memory)],
            cancellation: source.Token));
        Assert.Equal(old, File.ReadAllBytes(path));
        Assert.Equal(["t"], files.Names());
    }

    [Fact]
    public void An_open_file_may_be_replaced()
    {
        string path = files.Path("t");
        SafeTensors.Write(path, [SafeTensor.Of<float>("x", [1], new[] { 1f })]);
        using SafeTensorsFile old = SafeTensors.Read(path);
        SafeTensors.Write(path, [SafeTensor.Of<float>("x", [1], new[] { 2f })]);
        using SafeTensorsFile now = SafeTensors.Read(path);
        Assert.Equal(1f, Assert.Single(old.Read<float>("x")));
        Assert.Equal(2f, Assert.Single(now.Read<float>("x")));
    }

    [Fact]
    public void Names_that_can_not_be_written_are_refused()
    {
        string path = files.Path("t");
        SafeTensor Named(string name) => SafeTensor.Of<float>(name, [0], Array.Empty<float>());
        Assert.Throws<SafeTensorsException>(() => SafeTensors.Write(path, [Named("a"), Named("a")]));
        Assert.Throws<SafeTensorsException>(() => SafeTensors.Write(path, [Named("__metadata__")]));
        Assert.Throws<SafeTensorsException>(() => SafeTensors.Write(path, [Named("\uD800")]));
        Assert.Throws<SafeTensorsException>(() => SafeTensors.Write(path, [],
            new Dictionary<string, string> { ["k"] = "\uDC00x" }));
        Assert.Empty(files.Names());
    }

    [Fact]
    public void Elements_that_do_not_fill_their_shape_are_refused()
    {
        Assert.Throws<ShapeException>(() => SafeTensor.Of<float>("a", [2, 2], new float[3]));
        Assert.Throws<ShapeException>(() => SafeTensor.Of<float>("a", [-1, -3], new float[3]));
        Assert.Throws<ShapeException>(() => SafeTensor.Of<float>("a", [1L << 32, 1L << 32], Array.Empty<float>()));
        Assert.Throws<ShapeException>(() => SafeTensor.Raw("a", SafeTensorType.BF16, [1], new byte[3]));
        Assert.Throws<NotSupportedException>(() => SafeTensor.Of<decimal>("a", [1], new decimal[1]));
    }

    /// <summary>The text with replacements for half surrogate pairs.</summary>
    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static byte[] Elements(string path, SafeTensorInfo info)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int start = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes) + (int)info.Offset;
        return bytes[start..(start + (int)info.Length)];
    }

    /// <summary>The elements as the format defines them.</summary>
    private static double[] Expected(Entry entry)
    {
        int count = (int)entry.Shape.Aggregate(1L, (product, axis) => product * axis);
        return [.. Enumerable.Range(0, count).Select(i => entry.Type switch
        {
            SafeTensorType.BOOL or SafeTensorType.U8 => entry.Data[i],
            SafeTensorType.I8 => (sbyte)entry.Data[i],
            SafeTensorType.U16 => BitConverter.ToUInt16(entry.Data, 2 * i),
            SafeTensorType.I16 => BitConverter.ToInt16(entry.Data, 2 * i),
            SafeTensorType.F16 => (double)BitConverter.ToHalf(entry.Data, 2 * i),
            SafeTensorType.BF16 => BitConverter.ToSingle([0, 0, entry.Data[2 * i], entry.Data[2 * i + 1]]),
            SafeTensorType.U32 => BitConverter.ToUInt32(entry.Data, 4 * i),
            SafeTensorType.I32 => BitConverter.ToInt32(entry.Data, 4 * i),
            SafeTensorType.F32 => BitConverter.ToSingle(entry.Data, 4 * i),
            SafeTensorType.U64 => BitConverter.ToUInt64(entry.Data, 8 * i),
            SafeTensorType.I64 => BitConverter.ToInt64(entry.Data, 8 * i),
            _ => BitConverter.ToDouble(entry.Data, 8 * i),
        })];
    }

    private sealed record Entry(string Name, SafeTensorType Type, long[] Shape, byte[] Bytes)
    {
        public byte[] Data => Bytes[..((int)Shape.Aggregate(1L, (product, axis) => product * axis) * Size)];

        public int Size => Type switch
        {
            SafeTensorType.BOOL or SafeTensorType.U8 or SafeTensorType.I8 => 1,
            SafeTensorType.U16 or SafeTensorType.I16 or SafeTensorType.F16 or SafeTensorType.BF16 => 2,
            SafeTensorType.U32 or SafeTensorType.I32 or SafeTensorType.F32 => 4,
            _ => 8,
        };

        public SafeTensor Tensor() => SafeTensor.Raw(Name, Type, Shape, Data);
    }

    /// <summary>Memory whose use is the interruption.</summary>
    private sealed class Interrupting(CancellationTokenSource source) : System.Buffers.MemoryManager<float>
    {
        private readonly float[] values = new float[500_000];

        public override Span<float> GetSpan()
        {
            source.Cancel();
            return values;
        }

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
