using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace MuxKernels;

/// <summary>
/// A warp's 4×4 squares of 16×8 sums on the tensor cores, in inline PTX. Outputs of inline PTX would go through local
/// memory; so it has none: 64 registers of its own hold the sums (of square s the registers 4s … 4s + 3, squares 4i …
/// 4i + 3 are those of 16 rows), and what comes out goes into shared memory. Of square and factors lane 4g + t has
/// a: rows g and g + 8 at depth t, then at t + 4; b: column g at depth t, then at t + 4; sums: columns 2t and 2t + 1 of
/// row g, then of row g + 8.
/// </summary>
internal static class TensorUnit
{
    /// <summary>Elements from row to row of stored sums: what half a warp stores at once lies in as many banks.
    /// </summary>
    public const int StagePitch = 40;

    /// <summary>Elements of 16 rows.</summary>
    public const int StageLength = 16 * StagePitch;

    private const string Product = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";
    private const string Left = ", {%0, %1, %2, %3}, ";
    private const string First = Left + "{%4, %5}, ";
    private const string Second = Left + "{%6, %7}, ";
    private const string Then = "; ";

    private const string C0 = "{%%mma0, %%mma1, %%mma2, %%mma3}";
    private const string C1 = "{%%mma4, %%mma5, %%mma6, %%mma7}";
    private const string C2 = "{%%mma8, %%mma9, %%mma10, %%mma11}";
    private const string C3 = "{%%mma12, %%mma13, %%mma14, %%mma15}";
    private const string C4 = "{%%mma16, %%mma17, %%mma18, %%mma19}";
    private const string C5 = "{%%mma20, %%mma21, %%mma22, %%mma23}";
    private const string C6 = "{%%mma24, %%mma25, %%mma26, %%mma27}";
    private const string C7 = "{%%mma28, %%mma29, %%mma30, %%mma31}";
    private const string C8 = "{%%mma32, %%mma33, %%mma34, %%mma35}";
    private const string C9 = "{%%mma36, %%mma37, %%mma38, %%mma39}";
    private const string C10 = "{%%mma40, %%mma41, %%mma42, %%mma43}";
    private const string C11 = "{%%mma44, %%mma45, %%mma46, %%mma47}";
    private const string C12 = "{%%mma48, %%mma49, %%mma50, %%mma51}";
    private const string C13 = "{%%mma52, %%mma53, %%mma54, %%mma55}";
    private const string C14 = "{%%mma56, %%mma57, %%mma58, %%mma59}";
    private const string C15 = "{%%mma60, %%mma61, %%mma62, %%mma63}";

    private const string Set = "mov.f32 %%mma";
    private const string End = ", 0f00000000;";
    private const string To = End + " " + Set;
    private const string Store = "st.shared.v2.f32 [%0";

    /// <summary>Declares the registers, with zeros. Once in a kernel, before anything else here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear()
    {
        CudaAsm.Emit(".reg .f32 %%mma<64>;");
        CudaAsm.Emit(Set + "0" + To + "1" + To + "2" + To + "3" + To + "4" + To + "5" + To + "6" + To + "7"
            + To + "8" + To + "9" + To + "10" + To + "11" + To + "12" + To + "13" + To + "14" + To + "15"
            + To + "16" + To + "17" + To + "18" + To + "19" + To + "20" + To + "21" + To + "22" + To + "23"
            + To + "24" + To + "25" + To + "26" + To + "27" + To + "28" + To + "29" + To + "30" + To + "31" + End);
        CudaAsm.Emit(Set + "32" + To + "33" + To + "34" + To + "35" + To + "36" + To + "37" + To + "38" + To + "39"
            + To + "40" + To + "41" + To + "42" + To + "43" + To + "44" + To + "45" + To + "46" + To + "47"
            + To + "48" + To + "49" + To + "50" + To + "51" + To + "52" + To + "53" + To + "54" + To + "55"
            + To + "56" + To + "57" + To + "58" + To + "59" + To + "60" + To + "61" + To + "62" + To + "63" + End);
    }

    /// <summary><c>c += a·b</c> of rows 0 … 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply0(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, uint b2, uint b3, uint b4,
        uint b5, uint b6, uint b7)
    {
        CudaAsm.Emit(Product + C0 + First + C0 + Then + Product + C1 + Second + C1 + Then,
            a0, a1, a2, a3, b0, b1, b2, b3);
        CudaAsm.Emit(Product + C2 + First + C2 + Then + Product + C3 + Second + C3 + Then,
            a0, a1, a2, a3, b4, b5, b6, b7);
    }

    /// <summary><c>c += a·b</c> of rows 16 … 31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply1(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, uint b2, uint b3, uint b4,
        uint b5, uint b6, uint b7)
    {
        CudaAsm.Emit(Product + C4 + First + C4 + Then + Product + C5 + Second + C5 + Then,
            a0, a1, a2, a3, b0, b1, b2, b3);
        CudaAsm.Emit(Product + C6 + First + C6 + Then + Product + C7 + Second + C7 + Then,
            a0, a1, a2, a3, b4, b5, b6, b7);
    }

    /// <summary><c>c += a·b</c> of rows 32 … 47.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply2(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, uint b2, uint b3, uint b4,
        uint b5, uint b6, uint b7)
    {
        CudaAsm.Emit(Product + C8 + First + C8 + Then + Product + C9 + Second + C9 + Then,
            a0, a1, a2, a3, b0, b1, b2, b3);
        CudaAsm.Emit(Product + C10 + First + C10 + Then + Product + C11 + Second + C11 + Then,
            a0, a1, a2, a3, b4, b5, b6, b7);
    }

    /// <summary><c>c += a·b</c> of rows 48 … 63.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply3(uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, uint b2, uint b3, uint b4,
        uint b5, uint b6, uint b7)
    {
        CudaAsm.Emit(Product + C12 + First + C12 + Then + Product + C13 + Second + C13 + Then,
            a0, a1, a2, a3, b0, b1, b2, b3);
        CudaAsm.Emit(Product + C14 + First + C14 + Then + Product + C15 + Second + C15 + Then,
            a0, a1, a2, a3, b4, b5, b6, b7);
    }

    /// <summary>Stores rows 0 … 15; the lane's begin at <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store0(ArrayView<float> stage, int at)
    {
        fixed (float* p = &stage[at])
        {
            CudaAsm.Emit(Store + "], {%%mma0, %%mma1}; " + Store + "+1280], {%%mma2, %%mma3}; "
                + Store + "+32], {%%mma4, %%mma5}; " + Store + "+1312], {%%mma6, %%mma7}; "
                + Store + "+64], {%%mma8, %%mma9}; " + Store + "+1344], {%%mma10, %%mma11}; "
                + Store + "+96], {%%mma12, %%mma13}; " + Store + "+1376], {%%mma14, %%mma15}; ", (nint)p);
        }
    }

    /// <summary>Stores rows 16 … 31; the lane's begin at <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store1(ArrayView<float> stage, int at)
    {
        fixed (float* p = &stage[at])
        {
            CudaAsm.Emit(Store + "], {%%mma16, %%mma17}; " + Store + "+1280], {%%mma18, %%mma19}; "
                + Store + "+32], {%%mma20, %%mma21}; " + Store + "+1312], {%%mma22, %%mma23}; "
                + Store + "+64], {%%mma24, %%mma25}; " + Store + "+1344], {%%mma26, %%mma27}; "
                + Store + "+96], {%%mma28, %%mma29}; " + Store + "+1376], {%%mma30, %%mma31}; ", (nint)p);
        }
    }

    /// <summary>Stores rows 32 … 47; the lane's begin at <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store2(ArrayView<float> stage, int at)
    {
        fixed (float* p = &stage[at])
        {
            CudaAsm.Emit(Store + "], {%%mma32, %%mma33}; " + Store + "+1280], {%%mma34, %%mma35}; "
                + Store + "+32], {%%mma36, %%mma37}; " + Store + "+1312], {%%mma38, %%mma39}; "
                + Store + "+64], {%%mma40, %%mma41}; " + Store + "+1344], {%%mma42, %%mma43}; "
                + Store + "+96], {%%mma44, %%mma45}; " + Store + "+1376], {%%mma46, %%mma47}; ", (nint)p);
        }
    }

    /// <summary>Stores rows 48 … 63; the lane's begin at <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store3(ArrayView<float> stage, int at)
    {
        fixed (float* p = &stage[at])
        {
            CudaAsm.Emit(Store + "], {%%mma48, %%mma49}; " + Store + "+1280], {%%mma50, %%mma51}; "
                + Store + "+32], {%%mma52, %%mma53}; " + Store + "+1312], {%%mma54, %%mma55}; "
                + Store + "+64], {%%mma56, %%mma57}; " + Store + "+1344], {%%mma58, %%mma59}; "
                + Store + "+96], {%%mma60, %%mma61}; " + Store + "+1376], {%%mma62, %%mma63}; ", (nint)p);
        }
    }
}
