using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace MuxKernels.Interop.Tests;

public sealed class HostileSafeTensorsTests : IDisposable
{
    private const string Good = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void The_good_file_is_good()
    {
        using SafeTensorsFile file = SafeTensors.Read(Make(Good, 8));
        Assert.Equal([0f, 0f], file.Read<float>("a"));
    }

    [Fact]
    public void Unknown_keys_and_spaces_are_allowed()
    {
        using SafeTensorsFile file = SafeTensors.Read(
            Make("""{ "a" : {"x":[{}],"dtype":"U8","shape":[],"data_offsets":[0,1]} }   """, 1));
        Assert.Equal([], file["a"].Shape);
    }

    [Theory]
    [InlineData("", 0, "does not begin with '{'")]
    [InlineData(" {}", 0, "does not begin with '{'")]
    [InlineData("[]", 0, "does not begin with '{'")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{}x", 0, "not valid JSON")]
    [InlineData("{}{}", 0, "not valid JSON")]
    [InlineData("""{"a":1}""", 0, "'a' is not an object")]
    [InlineData("""{"\ud800":{}}""", 0, "not valid JSON")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "is not text")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "'a' occurs twice")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", 0, "'__metadata__' occurs twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "'a' lacks")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "'a' lacks")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", 8, "'a' lacks")]
    [InlineData("""{"a":{"dtype":"Q7","shape":[2],"data_offsets":[0,8]}}""", 8, "'a' has elements of type 'Q7'")]
    [InlineData("""{"a":{"dtype":"5","shape":[2],"data_offsets":[0,8]}}""", 8, "'a' has elements of type '5'")]
    [InlineData("""{"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""", 8, "'a' has elements of type 'Number'")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", 8, "shape is not a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "shape has an element")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", 8, "shape has an element")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}""", 8, "shape has an element")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", 8, "shape has an")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "more than 2⁶³")]
    [InlineData("""{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "more than 2⁶³")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "a beginning and an end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "a beginning and an end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}""", 8, "a beginning and an end")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}""", 9, "has 9 bytes, expected 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}""", 8, "'shape' twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "leaves a gap")]
    [InlineData(Good, 7, "ends at byte 8, but the file has only 7")]
    [InlineData(Good, 9, "has 9 bytes behind its header, expected 8")]
    public void Broken_headers(string header, int data, string expected) => Fails(Make(header, data), expected);

    [Fact]
    public void Two_tensors_of_one_name() =>
        Fails(Make(Good[..^1] + "," + Good[1..], 8), "the name 'a' occurs twice");

    [Fact]
    public void Overlapping_tensors() =>
        Fails(Make(Good[..^1] + ""","b":{"dtype":"U8","shape":[8],"data_offsets":[4,12]}}""", 12),
            "'b' begins at byte 4", "overlaps");

    [Fact]
    public void A_gap_between_tensors() =>
        Fails(Make(Good[..^1] + ""","b":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}}""", 10),
            "'b' begins at byte 9", "gap");

    [Fact]
    public void Names_in_messages_are_short_and_printable()
    {
        string name = "\\u001b[2J" + new string('x', 5000);
        SafeTensorsException e = Fails(Make(Good.Replace("\"a\"", $"\"{name}\""), 7), "xxx…'");
        Assert.DoesNotContain('\u001b', e.Message);
        Assert.InRange(e.Message.Length, 1, 1000);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(100_000_001)]
    [InlineData(1000)]
    public void A_length_that_promises_much_allocates_little(ulong length)
    {
        byte[] bytes = File.ReadAllBytes(Make(Good, 8));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        string path = files.Write("long", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fails(path, $"{length} bytes");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Shorter_than_the_length(int bytes) => Fails(files.Write("short", new byte[bytes]), $"{bytes} bytes");

    [Fact]
    public void Shortened_while_it_is_open()
    {
        string path = Make(Good, 8);
        using SafeTensorsFile file = SafeTensors.Read(path);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            stream.SetLength(stream.Length - 4);
        }

        Assert.Contains("it was longer", Assert.Throws<SafeTensorsException>(() => file.Read<float>("a")).Message);
    }

    [Fact]
    public void Random_damage_gives_tensors_or_the_documented_exception()
    {
        string path = files.Path("good");
        SafeTensors.Write(path, [SafeTensor.Of<float>("weight", [3, 4], new float[12]),
            SafeTensor.Of<long>("steps", [], new long[1]), SafeTensor.Of<Half>("half", [5], new Half[5])],
            new Dictionary<string, string> { ["format"] = "pt" });
        byte[] good = File.ReadAllBytes(path);
        Gen<(int Keep, int[] Places, int[] Values)> damages =
            from keep in Gen.OneOf(Gen.Constant(good.Length), Gen.Choose(0, good.Length))
            from places in Gen.ListOf(Gen.Choose(0, good.Length - 1))
            from values in Gen.ListOf(Gen.OneOf(Gen.Choose(0, 255), Gen.Choose('0', '9')), places.Count)
            select (keep, places.ToArray(), values.ToArray());
        Prop.ForAll(damages.ToArbitrary(), damage =>
        {
            byte[] bad = good[..damage.Keep];
            foreach ((int place, int value) in damage.Places.Zip(damage.Values))
            {
                if (place < bad.Length)
                {
                    bad[place] = (byte)value;
                }
            }

            string damaged = files.Write("damaged", bad);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using SafeTensorsFile file = SafeTensors.Read(damaged);
                Assert.All(file.Tensors, tensor => Assert.Equal(tensor.Count, file.Read<double>(tensor.Name).Length));
            }
            catch (SafeTensorsException e)
            {
                Assert.StartsWith(damaged, e.Message);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    private string Make(string header, int data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] bytes = new byte[8 + text.Length + data];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)text.Length);
        text.CopyTo(bytes, 8);
        return files.Write("made", bytes);
    }

    private static SafeTensorsException Fails(string path, params string[] words)
    {
        SafeTensorsException e = Assert.Throws<SafeTensorsException>(() => SafeTensors.Read(path));
        Assert.StartsWith(path, e.Message);
        Assert.All(words, word => Assert.Contains(word, e.Message));
        return e;
    }
}
