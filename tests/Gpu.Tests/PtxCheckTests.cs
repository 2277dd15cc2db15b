using ILGPU;
using ILGPU.Runtime;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>What the interpreter of PTX finds: without these, that kernels pass in it would say little.</summary>
public sealed class PtxCheckTests
{
    private const string Ordered = """
        st.shared.u32 [%rd3], %r1;
        bar.sync 0;
        ld.shared.u32 %r2, [%rd4];
        st.global.u32 [%rd5], %r2;
        """;

    [Fact]
    public void Threads_exchange_numbers_over_a_barrier() =>
        Assert.Equal(Enumerable.Range(0, 64).Select(t => (t + 1) % 64), Run(Ordered));

    [Theory]
    [InlineData("bar.sync 0;", "", "ld.shared", "without a barrier between")]
    [InlineData("st.shared.u32 [%rd3], %r1;", "", "", "nobody has written")]
    [InlineData("bar.sync 0;", "bar.warp.sync 0xffffffff;", "", "without a barrier between")]
    [InlineData("bar.sync 0;", "setp.lt.s32 %p1, %r1, 40; @%p1 bra $L1; ret; $L1: bar.sync 0;", "", "never meet")]
    [InlineData("bar.sync 0;", "setp.lt.s32 %p1, %r1, 40; @%p1 bar.sync 0;", "", "only some threads meet")]
    [InlineData("bar.sync 0;", "bar.sync 0; setp.lt.s32 %p1, %r1, 40; @%p1 bar.warp.sync 0xffffffff;", "",
        "part of a warp")]
    [InlineData("[%rd5], %r2", "[%rd5+4], %r2", "st.global.u32", "outside of every buffer")]
    [InlineData("[%rd5], %r2", "[%rd5-4], %r2", "st.global.u32", "outside of every buffer")]
    [InlineData("ld.shared.u32 %r2, [%rd4]", "ld.shared.u32 %r2, [%rd4+4]", "ld.shared", "of 256 shared ones")]
    [InlineData("st.shared.u32 [%rd3]", "st.shared.u32 [%rd3+2]", "st.shared", "4 bytes at 2 of 256 shared ones")]
    [InlineData("st.shared.u32 [%rd3]", "st.shared.u32 [buffer]", "", "without a barrier between")]
    public void Faults_of_memory_and_barriers_are_found(string part, string fault, string where, string what)
    {
        Assert.Contains(part, Ordered, StringComparison.Ordinal);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() =>
            Run(Ordered.Replace(part, fault, StringComparison.Ordinal)));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Numbers that a warp exchanges need no barrier of the group.</summary>
    [Fact]
    public void A_warp_has_a_barrier_of_its_own() => Assert.Equal(
        Enumerable.Range(0, 64).Select(t => t ^ 1),
        Run("xor.b32 %r3, %r1, 1; mul.wide.u32 %rd6, %r3, 4; add.u64 %rd4, %rd2, %rd6;"
            + Ordered.Replace("bar.sync 0;", "bar.warp.sync 0xffffffff;", StringComparison.Ordinal)));

    [Fact]
    public void What_is_not_known_is_an_error()
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => Run("vote.sync.all.pred %p1, %p2;"));
        Assert.Contains("vote.sync", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Executes a group of 64 threads. %r1 is the thread, %rd3 its place in shared memory, %rd4 that of the
    /// next thread, %rd5 its place in the output.</summary>
    private static int[] Run(string body)
    {
        GpuDevice device = Hardware.Ptx;
        lock (device)
        {
            using MemoryBuffer1D<int, Stride1D.Dense> output = device.Accelerator.Allocate1D<int>(64);
            PtxProgram program = new($$"""
                .version 8.0
                .target sm_90
                .address_size 64
                .visible .entry Kernel(
                    .param .align 8 .b8 _output[16]
                )
                {
                    .reg .b32 %r<8>;
                    .reg .b64 %rd<8>;
                    .reg .pred %p<4>;
                    .shared .align 4 .b8 buffer[256];
                    ld.param.u64 %rd1, [_output];
                    mov.u64 %rd2, buffer;
                    mov.u32 %r1, %tid.x;
                    mul.wide.u32 %rd6, %r1, 4;
                    add.u64 %rd3, %rd2, %rd6;
                    add.u64 %rd5, %rd1, %rd6;
                    add.u32 %r4, %r1, 1;
                    and.b32 %r4, %r4, 63;
                    mul.wide.u32 %rd6, %r4, 4;
                    add.u64 %rd4, %rd2, %rd6;
                    {{body}}
                    ret;
                }
                """);
            new PtxKernels(program).Launch(new KernelConfig(1, 64), [output.View.BaseView]);
            return output.GetAsArray1D();
        }
    }
}
