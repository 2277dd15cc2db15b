using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>Algebra of linear operations: additive and homogeneous in each operand, and adjoint to their gradients.
/// </summary>
internal static class RegistryLinearity
{
    /// <summary><c>F(x₁ + x₂) = F(x₁) + F(x₂)</c> within the three bounds, <c>F(2x) = 2F(x)</c> to the bit, in each
    /// operand (the bias zero).</summary>
    public static void IsLinear<TArgs>(KernelOperation<TArgs> operation, string target, int count, ulong seed)
        where TArgs : struct =>
        Check.ForAll($"{operation.Name}/{target}, linear", Cases.For<TArgs>(),
            args => LinearDifference(operation, RegistryProperties.Body(operation, target), args, seed), count, seed);

    /// <summary><c>⟨dy, F(x)⟩ = ⟨Fᵀ(dy), x⟩</c> for each gradient of a forward operation, within the sum of both bounds
    /// (each element's error weighted by what it is multiplied with).</summary>
    public static void IsAdjoint<TArgs>(KernelOperation<TArgs> forward, string target, int count, ulong seed)
        where TArgs : struct
    {
        foreach (KernelOperation<TArgs> backward in Gradients(forward))
        {
            Check.ForAll($"{forward.Name}/{target} with {backward.Name}", Cases.For<TArgs>(),
                args => AdjointDifference(forward, backward, target, args, seed), count, seed);
        }
    }

    /// <summary>Linear gradients of a linear forward operation: they read dy and what the forward pass reads, and write
    /// the gradient of one of its operands.</summary>
    public static IEnumerable<KernelOperation<TArgs>> Gradients<TArgs>(KernelOperation<TArgs> forward)
        where TArgs : struct
    {
        string family = forward.Name[..(forward.Name.LastIndexOf('.') + 1)];
        return forward.IsLinear && forward.Name == family + "forward"
            ? RegistryRows.All.OfType<KernelOperation<TArgs>>().Where(o => o.IsLinear
                && o.Name.StartsWith(family + "backward", StringComparison.Ordinal))
            : [];
    }

    private static string? LinearDifference<TArgs>(KernelOperation<TArgs> operation, KernelBody<TArgs> body, TArgs args,
        ulong seed)
        where TArgs : struct
    {
        KernelOperand[] operands = operation.Inputs(args);
        for (int operand = 0; operand < operands.Length; operand++)
        {
            if (IsBias(operands[operand]))
            {
                continue;
            }

            float[][] first = Coarse(operands, seed), second = [.. first], sum = [.. first], doubled = [.. first];
            second[operand] = Coarse(operands, seed + 50)[operand];
            sum[operand] = [.. first[operand].Zip(second[operand], (a, b) => a + b)];
            doubled[operand] = [.. first[operand].Select(a => 2 * a)];
            float[][] f1 = RegistryProperties.Run(operation, body, args, first);
            float[][] f2 = RegistryProperties.Run(operation, body, args, second);
            float[][] f12 = RegistryProperties.Run(operation, body, args, sum);
            float[][] twice = RegistryProperties.Run(operation, body, args, doubled);
            (_, double[][] b1) = Check.Expected(operation, args, first);
            (_, double[][] b2) = Check.Expected(operation, args, second);
            (_, double[][] b12) = Check.Expected(operation, args, sum);
            for (int i = 0; i < f1.Length; i++)
            {
                KernelOperand y = operation.Outputs(args)[i];
                double[] expected = [.. f1[i].Zip(f2[i], (a, b) => (double)a + b)];
                double[] bound = [.. b1[i].Select((b, e) => b + b2[i][e] + b12[i][e])];
                if (Check.Difference(expected, f12[i], bound, y.Shape) is { } difference)
                {
                    return $"not additive in {operands[operand].Name}: {y.Name}{difference}";
                }

                if (Check.BitDifference([.. f1[i].Select(v => 2 * v)], twice[i], y.Shape) is { } scaled)
                {
                    return $"not homogeneous in {operands[operand].Name}: {y.Name}{scaled}";
                }
            }
        }

        return null;
    }

    /// <summary>How far ⟨dy, F(x)⟩ is from ⟨Fᵀ(dy), x⟩, where that is too far.</summary>
    public static string? AdjointDifference<TArgs>(KernelOperation<TArgs> forward, KernelOperation<TArgs> backward,
        string target, TArgs args, ulong seed)
        where TArgs : struct
    {
        KernelOperand[] x = forward.Inputs(args), y = forward.Outputs(args);
        KernelOperand[] dy = backward.Inputs(args), dx = backward.Outputs(args);
        Dictionary<string, float[]> values = [];
        for (int i = 0; i < x.Length; i++)
        {
            values[x[i].Name] = IsBias(x[i]) ? new float[x[i].Shape.Length] : Fill.Operand(seed + (ulong)i, x[i]);
        }

        foreach (KernelOperand operand in dy.Where(o => !values.ContainsKey(o.Name)))
        {
            values[operand.Name] = Fill.Operand(seed + 77, operand);
        }

        float[][] xs = [.. x.Select(o => values[o.Name])], dys = [.. dy.Select(o => values[o.Name])];
        float[][] ys = RegistryProperties.Run(forward, RegistryProperties.Body(forward, target), args, xs);
        float[][] dxs = RegistryProperties.Run(backward, RegistryProperties.Body(backward, target), args, dys);
        (_, double[][] yBounds) = Check.Expected(forward, args, xs);
        (_, double[][] dxBounds) = Check.Expected(backward, args, dys);
        (double left, double leftBound) = Product(ys[0], values["d" + y[0].Name], yBounds[0]);
        (double right, double rightBound) = (0, 0);
        for (int i = 0; i < dx.Length; i++)
        {
            (double product, double bound) = Product(dxs[i], values[dx[i].Name[1..]], dxBounds[i]);
            (right, rightBound) = (right + product, rightBound + bound);
        }

        return Math.Abs(left - right) <= leftBound + rightBound
            ? null
            : $"⟨dy, F(x)⟩ is {left}, ⟨Fᵀ(dy), x⟩ {right}; they differ by {Math.Abs(left - right)}, expected at most "
              + $"{leftBound + rightBound}";
    }

    private static (double Product, double Bound) Product(float[] a, float[] b, double[] bounds)
    {
        (double product, double bound, double size) = (0, 0, 0);
        for (int i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            size += Math.Abs((double)a[i] * b[i]);
            bound += bounds[i] * Math.Abs(b[i]);
        }

        return (product, bound + a.Length * Math.ScaleB(1, -52) * size);
    }

    /// <summary>Multiples of 2⁻¹⁰: sums of two are exact. The bias is zero.</summary>
    private static float[][] Coarse(KernelOperand[] operands, ulong seed) =>
        [.. Fill.Operands(seed, operands).Select((values, i) => IsBias(operands[i])
            ? new float[values.Length]
            : Array.ConvertAll(values, v => MathF.Round(v * 1024) / 1024))];

    private static bool IsBias(KernelOperand operand) => operand.Name is "bias";
}
