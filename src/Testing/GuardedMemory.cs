using System.Buffers;
using System.Runtime.InteropServices;

namespace MuxKernels.Testing;

/// <summary>Where a guarded span lies between its forbidden pages.</summary>
public enum GuardSide
{
    /// <summary>Its last element ends at the upper forbidden page.</summary>
    Upper,

    /// <summary>Its first element begins at the lower forbidden page.</summary>
    Lower,
}

/// <summary>Native memory between two pages that may be neither read nor written: a kernel that leaves its span ends
/// the process. Use it in a child process, so that the failure can be told.</summary>
public sealed unsafe partial class GuardedMemory : MemoryManager<float>
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymousLinux = 0x22;
    private const int PrivateAnonymousMac = 0x1002;
    private const int Commit = 0x3000;
    private const int PageReadWrite = 4;
    private const int PageNoAccess = 1;
    private const int Release = 0x8000;

    private readonly nuint bytes;
    private readonly int length;
    private byte* pages;
    private float* start;

    /// <summary>Memory for <paramref name="length"/> elements, zeroed.</summary>
    /// <param name="length">Elements.</param>
    /// <param name="side">At which forbidden page the span lies.</param>
    /// <exception cref="InsufficientMemoryException">The system gives no such pages.</exception>
    public GuardedMemory(int length, GuardSide side = GuardSide.Upper)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        nuint page = (nuint)Environment.SystemPageSize;
        nuint wanted = (nuint)length * sizeof(float);
        nuint inner = Math.Max((wanted + page - 1) / page, 1) * page;
        this.length = length;
        bytes = inner + 2 * page;
        pages = Allocate(bytes);
        Forbid(pages, page);
        Forbid(pages + page + inner, page);
        byte* first = side == GuardSide.Upper ? pages + page + inner - wanted : pages + page;
        start = (float*)first;
    }

    /// <summary>Address of the first element.</summary>
    public float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(start is null, this);
            return start;
        }
    }

    /// <inheritdoc/>
    public override Span<float> GetSpan() => new(Pointer, length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(Pointer + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (pages is not null)
        {
            _ = OperatingSystem.IsWindows() ? VirtualFree(pages, 0, Release) : Unmap(pages, bytes);
            pages = null;
            start = null;
        }
    }

    private static byte* Allocate(nuint bytes)
    {
        void* p = OperatingSystem.IsWindows()
            ? VirtualAlloc(null, bytes, Commit, PageReadWrite)
            : Map(null, bytes, ReadWrite, OperatingSystem.IsMacOS() ? PrivateAnonymousMac : PrivateAnonymousLinux, -1,
                0);
        return p is null || (nint)p == -1
            ? throw new InsufficientMemoryException($"GuardedMemory: the system gives no {bytes} bytes of pages.")
            : (byte*)p;
    }

    private static void Forbid(byte* page, nuint bytes)
    {
        bool done = OperatingSystem.IsWindows()
            ? VirtualProtect(page, bytes, PageNoAccess, out _) != 0
            : Protect(page, bytes, 0) == 0;
        if (!done)
        {
            throw new InsufficientMemoryException("GuardedMemory: the system refuses to forbid a page.");
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial void* VirtualAlloc(void* address, nuint size, int type, int protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(void* address, nuint size, int protection, out int old);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(void* address, nuint size, int type);
}
