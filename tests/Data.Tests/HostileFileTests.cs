using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace MuxKernels.Data.Tests;

/// <summary>Damage at random places: a reader gives a data set or an <see cref="InvalidDataException"/>.</summary>
public sealed class HostileFileTests : IDisposable
{
    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    /// <summary>Keeps a share of the bytes and changes some of them.</summary>
    private static readonly Gen<Damage> Damages =
        from keep in Gen.OneOf(Gen.Constant(1000), Gen.Choose(0, 1000))
        from places in Gen.ListOf(Gen.Choose(0, 1_000_000))
        from masks in Gen.ListOf(Gen.Choose(1, 255), places.Count)
        select new Damage(keep, [.. places], [.. masks]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_images(bool gzip)
    {
        byte[] good = Files.Idx(0x803, [30, 7, 5], Files.Ramp(1050));
        good = gzip ? Files.Gzip(good) : good;
        string labels = files.Write("labels", Files.Idx(0x801, [30], Files.Ramp(30)));
        Survives(good, path => Idx.Read(path, labels));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_labels(bool gzip)
    {
        byte[] good = Files.Idx(0x801, [30], Files.Ramp(30));
        good = gzip ? Files.Gzip(good) : good;
        string images = files.Write("images", Files.Idx(0x803, [30, 2, 2], Files.Ramp(120)));
        Survives(good, path => Idx.Read(images, path));
    }

    [Fact]
    public void Cifar() => Survives([3, .. Files.Ramp(3072), 4, .. Files.Ramp(3072)], path => Cifar10.Read(path));

    private void Survives(byte[] good, Func<string, ImageDataset> read) =>
        Prop.ForAll(Damages.ToArbitrary(), damage =>
        {
            string path = files.Write("damaged", damage.Apply(good));
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Assert.True(read(path).Count > 0);
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(files.Folder, e.Message);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        }).QuickCheckThrowOnFailure();

    private sealed record Damage(int Keep, int[] Places, int[] Masks)
    {
        public byte[] Apply(byte[] good)
        {
            byte[] bad = good[..(int)((long)good.Length * Keep / 1000)];
            for (int i = 0; i < Places.Length && bad.Length > 0; i++)
            {
                // Half of the changes go to the header.
                int place = i % 2 == 0 ? Places[i] % Math.Min(bad.Length, 24) : Places[i] % bad.Length;
                bad[place] ^= (byte)Masks[i];
            }

            return bad;
        }
    }
}
