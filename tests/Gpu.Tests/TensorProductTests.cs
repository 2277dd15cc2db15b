using MuxKernels.Testing;
using Xunit;

namespace MuxKernels.Tests;

/// <summary>Products on tensor cores, as PTX: within the bound of float32 of what factors rounded to TF32 give.</summary>
public sealed class TensorProductTests
{
    /// <summary>Small shapes for each tile, with and without wide accesses, depths that are no multiple of a slice,
    /// sums, bands.</summary>
    private static readonly (string Operation, object Args)[] Cases =
    [
        ("pointwise.forward", new PointwiseConv.Args(new Shape(3, 17, 9, 12), 20)),
        ("pointwise.forward", new PointwiseConv.Args(new Shape(3, 17, 9, 11), 20)),
        ("pointwise.forward", new PointwiseConv.Args(new Shape(3, 16, 9, 12), 60)),
        ("pointwise.forward", new PointwiseConv.Args(new Shape(3, 33, 9, 11), 60)),
        ("pointwise.forward", new PointwiseConv.Args(new Shape(3, 16, 13, 14), 120)),
        ("pointwise.forward-fused", new PointwiseConv.Args(new Shape(3, 40, 7, 7), 130)),
        ("pointwise.forward-fused", new PointwiseConv.Args(new Shape(2, 40, 9, 12), 70)),
        ("pointwise.forward-fused", new PointwiseConv.Args(new Shape(2, 20, 9, 11), 60)),
        ("pointwise.forward-half", new PointwiseConv.Args(new Shape(2, 40, 9, 12), 60)),
        ("pointwise.backward-input", new PointwiseConv.Args(new Shape(3, 65, 9, 12), 17)),
        ("pointwise.backward-input", new PointwiseConv.Args(new Shape(3, 130, 7, 7), 40)),
        ("pointwise.backward-weight", new PointwiseConv.Args(new Shape(3, 65, 19, 20), 65)),
        ("linear.forward", new Linear.Args(130, 37, 100)),
        ("linear.backward-input", new Linear.Args(130, 100, 37)),
        ("linear.backward-weight", new Linear.Args(300, 130, 200)),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_rounded_factors(string name)
    {
        (string operation, object args) = Cases.Single(c => Name(c) == name);
        Rows.Call(typeof(TensorProductTests), nameof(Rounded), operation, args);
    }

    /// <summary>Products with few tiles, or less deep than a slice, stay in float32.</summary>
    [Fact]
    public void Small_products_have_the_bits_of_float32()
    {
        foreach (PointwiseConv.Args args in (PointwiseConv.Args[])
            [new(new Shape(1, 32, 7, 7), 64), new(new Shape(3, 8, 9, 12), 20)])
        {
            KernelOperation<PointwiseConv.Args> operation = KernelRegistry.Get<PointwiseConv.Args>("pointwise.forward");
            float[][] inputs = Fill.Operands(2, operation.Inputs(args));
            Check.SameBits(Run(operation, args, inputs, ProductPrecision.Single)[0],
                Run(operation, args, inputs, ProductPrecision.TensorFloat32)[0]);
        }
    }

    private static string Name((string Operation, object Args) row) => $"{row.Operation} {row.Args}";

    private static void Rounded<TArgs>(KernelOperation<TArgs> operation, TArgs args)
        where TArgs : struct
    {
        float[][] inputs = Fill.Operands(1, operation.Inputs(args));
        if (operation.Name.EndsWith("-fused", StringComparison.Ordinal))
        {
            // Gates come before the rounding: powers of two change nothing there.
            inputs[4] = [.. inputs[4].Select(v => v > 0 ? 0.5f : 2f)];
        }

        float[][] actual = Run(operation, args, inputs, ProductPrecision.TensorFloat32);
        inputs[1] = [.. inputs[1].Select(Tf32.Round)];
        if (!operation.Name.EndsWith("-half", StringComparison.Ordinal))
        {
            inputs[0] = [.. inputs[0].Select(Tf32.Round)]; // A float16 is a TF32.
        }

        (double[][] expected, double[][] bound) = Check.Expected(operation, args, inputs);
        for (int i = 0; i < actual.Length; i++)
        {
            KernelOperand output = operation.Outputs(args)[i];
            Check.Close(expected[i], actual[i], bound[i], $"{operation.Name} {args} {output.Name}", output.Shape);
        }
    }

    private static float[][] Run<TArgs>(KernelOperation<TArgs> operation, TArgs args, float[][] inputs,
        ProductPrecision precision)
        where TArgs : struct
    {
        GpuDevice device = Hardware.Ptx;
        float[][] outputs = [.. operation.Outputs(args).Select(o => new float[o.Shape.Length])];
        lock (device)
        {
            device.Precision = precision;
            try
            {
                Rows.PtxBody(operation)(args, KernelMemory.Of(inputs), KernelMemory.Of(outputs), null);
            }
            finally
            {
                device.Precision = ProductPrecision.Single;
            }
        }

        return outputs;
    }
}
