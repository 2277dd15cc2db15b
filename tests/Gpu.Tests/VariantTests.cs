using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Every GPU variant of the registry: tiny shapes on ILGPU's CPU, generated and real shapes on a device.
/// </summary>
public sealed class VariantTests
{
    /// <summary>Few, since most of the time goes into compiling kernels for new geometries:
    /// <c>muxnet verify --kernels N --device opencl</c> tries as many as one likes.</summary>
    private const int DeviceCases = 3;
    private const int TinyCases = 2;
    private const long TinyWork = 4000;

    [Fact]
    public void Every_operation_of_the_registry_has_gpu_variants()
    {
        GpuDevices.Register();
        Assert.True(KernelRegistry.Operations.Count >= 47);
        foreach (KernelOperation operation in KernelRegistry.Operations)
        {
            Assert.Equal(GpuVariants.Targets, operation.Targets.Intersect(GpuVariants.Targets));
        }
    }

    [Theory]
    [MemberData(nameof(Rows.Operations), MemberType = typeof(Rows))]
    public void Agrees_at_tiny_shapes_on_ilgpu_cpu(string operation) =>
        Rows.Call(typeof(VariantTests), nameof(Tiny), operation);

    [DeviceTheory("opencl")]
    [MemberData(nameof(Rows.Operations), MemberType = typeof(Rows))]
    public void Agrees_at_any_shape_on_opencl(string operation) =>
        Rows.Call(typeof(VariantTests), nameof(Generated), operation, "opencl");

    [DeviceTheory("opencl")]
    [MemberData(nameof(Rows.Operations), MemberType = typeof(Rows))]
    public void Agrees_at_real_shapes_on_opencl(string operation) =>
        Rows.Call(typeof(VariantTests), nameof(Real), operation, "opencl");

    [DeviceTheory("cuda")]
    [MemberData(nameof(Rows.Operations), MemberType = typeof(Rows))]
    public void Agrees_at_any_shape_on_cuda(string operation) =>
        Rows.Call(typeof(VariantTests), nameof(Generated), operation, "cuda");

    [DeviceTheory("cuda")]
    [MemberData(nameof(Rows.Operations), MemberType = typeof(Rows))]
    public void Agrees_at_real_shapes_on_cuda(string operation) =>
        Rows.Call(typeof(VariantTests), nameof(Real), operation, "cuda");

    [DeviceTheory("opencl")]
    [MemberData(nameof(Rows.WithAdjoint), MemberType = typeof(Rows))]
    public void Gradient_of_the_input_is_the_adjoint_on_opencl(string operation) =>
        Rows.Call(typeof(VariantTests), nameof(Adjoint), operation, "opencl");

    [DeviceTheory("opencl")]
    [MemberData(nameof(Rows.ParameterGradients), MemberType = typeof(Rows))]
    public void Parameter_gradients_are_added_with_the_same_bits_in_every_run_on_opencl(string operation) =>
        Rows.Call(typeof(VariantTests), nameof(SameBits), operation, "opencl");

    private static void Tiny<TArgs>(KernelOperation<TArgs> operation)
        where TArgs : struct
    {
        TArgs[] tiny =
        [
            .. Cases.Sample(Cases.For<TArgs>(), 2000).Where(a => Work(operation, a) <= TinyWork).Take(TinyCases),
        ];
        Assert.Equal(TinyCases, tiny.Length);
        Check.Against(operation, Rows.Body(operation, "ilgpu-cpu"), tiny);
    }

    private static void Generated<TArgs>(KernelOperation<TArgs> operation, string kind)
        where TArgs : struct => Check.Against(operation, Rows.Body(operation, kind), count: DeviceCases);

    private static void Real<TArgs>(KernelOperation<TArgs> operation, string kind)
        where TArgs : struct => Check.Against(operation, Rows.Body(operation, kind), RealShapes.Of<TArgs>());

    /// <summary>⟨dy, F(x)⟩ = ⟨Fᵀ(dy), x⟩ within both bounds.</summary>
    private static void Adjoint<TArgs>(KernelOperation<TArgs> forward, string kind)
        where TArgs : struct
    {
        KernelOperation<TArgs> backward = KernelRegistry.Get<TArgs>(Rows.Adjoint(forward.Name));
        foreach (TArgs args in RealShapes.Of<TArgs>())
        {
            float[][] inputs = Fill.Operands(1, forward.Inputs(args));
            foreach (float[] bias in inputs.Skip(2))
            {
                Array.Clear(bias);
            }

            float[] x = inputs[0], dy = Fill.Operand(9, forward.Outputs(args)[0]);
            float[][] transposed = [dy, inputs[1]];
            float[] y = new float[dy.Length], dx = new float[x.Length];
            Rows.Body(forward, kind)(args, KernelMemory.Of(inputs), [y], null);
            Rows.Body(backward, kind)(args, KernelMemory.Of(transposed), [dx], null);
            (_, double[][] yBound) = Check.Expected(forward, args, inputs);
            (_, double[][] xBound) = Check.Expected(backward, args, transposed);
            double left = dy.Select((v, i) => (double)v * y[i]).Sum();
            double right = x.Select((v, i) => (double)v * dx[i]).Sum();
            double bound = dy.Select((v, i) => Math.Abs(v) * yBound[0][i]).Sum()
                + x.Select((v, i) => Math.Abs(v) * xBound[0][i]).Sum();
            Assert.True(Math.Abs(left - right) <= bound, $"{forward.Name} {args}: {left} and {right} ± {bound}");
        }
    }

    private static void SameBits<TArgs>(KernelOperation<TArgs> operation, string kind)
        where TArgs : struct
    {
        TArgs args = RealShapes.Of<TArgs>()[0];
        KernelBody<TArgs> body = Rows.Body(operation, kind);
        KernelMemory[] inputs = KernelMemory.Of(Fill.Operands(3, operation.Inputs(args)));
        int length = (int)operation.Outputs(args)[0].Shape.Length;
        float[] first = new float[length], second = new float[length], onto = new float[length];
        Array.Fill(onto, 1f);
        body(args, inputs, [first], null);
        body(args, inputs, [second], null);
        body(args, inputs, [onto], null);
        Check.SameBits(first, second, operation.Name);
        Check.SameBits([.. first.Select(v => 1f + v)], onto, operation.Name + " onto ones");
    }

    /// <summary>Multiply-adds or elements, whichever are more.</summary>
    internal static long Work<TArgs>(KernelOperation<TArgs> operation, TArgs args)
        where TArgs : struct => Math.Max(operation.MultiplyAdds(args),
        operation.Inputs(args).Concat(operation.Outputs(args)).Sum(o => o.Shape.Length));
}
