using Xunit;

namespace MuxKernels.Interop.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly Files files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public void Writes_a_new_file_and_replaces_an_old_one()
    {
        string path = files.Path("text");
        AtomicFile.WriteText(path, "first, and longer");
        AtomicFile.WriteText(path, "größer");
        Assert.Equal("größer"u8.ToArray(), File.ReadAllBytes(path));
        Assert.Equal(["text"], files.Names());
    }

    [Fact]
    public void A_failure_in_the_middle_keeps_the_old_file_and_leaves_no_other()
    {
        string path = files.Write("data", 1, 2, 3);
        IOException e = Assert.Throws<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write(new byte[1 << 20]);
            Assert.Equal(2, files.Names().Length);
            throw new IOException("no space left on device");
        }));
        Assert.Equal("no space left on device", e.Message);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal(["data"], files.Names());
    }

    [Fact]
    public void Until_the_end_the_old_file_is_there()
    {
        string path = files.Write("data", 1, 2, 3);
        AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(9);
            stream.Flush();
            Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        });
        Assert.Equal([9], File.ReadAllBytes(path));
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        string path = files.Path("missing/data");
        DirectoryNotFoundException e =
            Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.WriteText(path, "x"));
        Assert.StartsWith(path, e.Message);
        Assert.Empty(files.Names());
    }

    [Fact]
    public void A_folder_is_not_replaced()
    {
        Directory.CreateDirectory(files.Path("folder"));
        IOException e = Assert.Throws<IOException>(() => AtomicFile.WriteText(files.Path("folder"), "x"));
        Assert.Contains("found a folder", e.Message);
        Assert.Empty(files.Names());
    }

    [Fact]
    public void A_link_stays_a_link()
    {
        string target = files.Write("target", 1), link = files.Path("link");
        File.CreateSymbolicLink(link, target);
        AtomicFile.WriteText(link, "x");
        Assert.Equal("x", File.ReadAllText(target));
        Assert.Equal(target, File.ResolveLinkTarget(link, true)?.FullName);
    }

    [Fact]
    public void The_mode_stays()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.False(File.Exists(files.Path("data")));
            return;
        }

        string path = files.Write("data", 1);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        AtomicFile.WriteText(path, "x");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }
}
