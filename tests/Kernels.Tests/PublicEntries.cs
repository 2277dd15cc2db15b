using System.Linq.Expressions;
using System.Reflection;

namespace MuxKernels.Tests;

/// <summary>A public method found by an operation's name and called with the operation's operands: the devices'
/// methods (the dispatch to the kernels) and the references in float32.</summary>
internal static class PublicEntries
{
    /// <summary>The device's method of an operation: <c>depthwise.backward-input</c> is
    /// <c>DepthwiseConvBackwardInput</c>.</summary>
    public static MethodInfo? DeviceMethod(KernelOperation operation)
    {
        string family = operation.ArgsType.DeclaringType?.Name ?? Pascal(operation.Name[..operation.Name.IndexOf('.')]);
        string name = family + Direction(operation);
        MethodInfo[] methods = [.. typeof(Device).GetMethods().Where(m =>
            m.GetParameters() is [{ } first, ..] && first.ParameterType == operation.ArgsType.MakeByRefType())];
        return methods.SingleOrDefault(m => m.Name == name) ?? (methods.Length == 1 ? methods[0] : null);
    }

    /// <summary>The generic plain loops of an operation:
    /// <c>DepthwiseConv.BackwardInputReference&lt;T&gt;</c>.</summary>
    public static MethodInfo? ReferenceMethod(KernelOperation operation, Type number)
    {
        IEnumerable<Type> owners = operation.ArgsType.DeclaringType is { } family
            ? [family]
            : typeof(KernelRegistry).Assembly.GetTypes().Where(t => t.IsPublic && t.IsAbstract && t.IsSealed);
        MethodInfo[] methods = [.. owners.SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static))
            .Where(m => m.IsGenericMethodDefinition && m.Name.EndsWith("Reference", StringComparison.Ordinal)
                && m.GetParameters()[0].ParameterType == operation.ArgsType.MakeByRefType())];
        MethodInfo? method = methods.SingleOrDefault(m => m.Name == Direction(operation) + "Reference")
            ?? (methods.Length == 1 ? methods[0] : null);
        return method?.MakeGenericMethod(number);
    }

    /// <summary>Runs an operation through a device: operands are written to its memory, results read back. One operand
    /// may get memory of another length.</summary>
    public static double[][] RunOnDevice<TArgs>(Device device, KernelOperation<TArgs> operation, TArgs args,
        float[][] inputs, int changedOperand = -1, int change = 0)
        where TArgs : struct
    {
        MethodInfo method = DeviceMethod(operation)
            ?? throw new InvalidOperationException($"Device has no method for {operation.Name}.");
        KernelOperand[] x = operation.Inputs(args), y = operation.Outputs(args);
        (bool Output, int Index)?[] binding = Bind(method, x, y);
        View[] from = [.. x.Select(o => device.Rent((int)o.Shape.Length).View)];
        View[] to = [.. y.Select(o => device.Rent((int)o.Shape.Length).View)];
        for (int i = 0; i < x.Length; i++)
        {
            device.Write(inputs[i], from[i]);
        }

        for (int i = 0; i < y.Length; i++)
        {
            int same = Array.FindIndex(x, o => o.Name == y[i].Name);
            device.Write(same >= 0 ? inputs[same] : new float[y[i].Shape.Length], to[i]);
        }

        if (changedOperand >= 0)
        {
            (View[] side, int index) = changedOperand < x.Length
                ? (from, changedOperand)
                : (to, changedOperand - x.Length);
            side[index] = device.Rent(side[index].Length + change).View;
        }

        object?[] values =
            [args, .. binding.Select(b => (object)(b is { } v ? (v.Output ? to : from)[v.Index] : View.None))];
        method.Invoke(device, values);
        return [.. to.Select(view =>
        {
            double[] numbers = new double[view.Length];
            device.Read(view, numbers);
            return numbers;
        })];
    }

    /// <summary>Runs an operation's reference in float32.</summary>
    public static float[][] RunReference<TArgs>(KernelOperation<TArgs> operation, TArgs args, float[][] inputs)
        where TArgs : struct
    {
        MethodInfo method = ReferenceMethod(operation, typeof(float))
            ?? throw new InvalidOperationException($"{operation.Name} has no public reference.");
        KernelOperand[] x = operation.Inputs(args), y = operation.Outputs(args);
        ParameterExpression a = Expression.Parameter(typeof(TArgs)), from = Expression.Parameter(typeof(float[][])),
            to = Expression.Parameter(typeof(float[][]));
        ParameterInfo[] parameters = method.GetParameters();
        IEnumerable<Expression> values = Bind(method, x, y).Select((b, i) =>
        {
            Type span = parameters[i + 1].ParameterType;
            Expression array = b is { } v
                ? Expression.ArrayIndex(v.Output ? to : from, Expression.Constant(v.Index))
                : Expression.Constant(Array.Empty<float>());
            return (Expression)Expression.Convert(array, span, span.GetMethod("op_Implicit", [typeof(float[])]));
        });
        Action<TArgs, float[][], float[][]> call = Expression.Lambda<Action<TArgs, float[][], float[][]>>(
            Expression.Call(method, [a, .. values]), a, from, to).Compile(preferInterpretation: false);
        float[][] outputs = [.. y.Select(o =>
            Array.FindIndex(x, i => i.Name == o.Name) is >= 0 and int same
                ? inputs[same].ToArray()
                : new float[o.Shape.Length])];
        call(args, inputs, outputs);
        return outputs;
    }

    /// <summary>Operands of a method's parameters after the arguments: by name, else by position. A parameter named
    /// bias that the operation has not stays empty.</summary>
    private static (bool Output, int Index)?[] Bind(MethodInfo method, KernelOperand[] x, KernelOperand[] y)
    {
        ParameterInfo[] parameters = method.GetParameters()[1..];
        (bool, int)?[] byName = [.. parameters.Select(p =>
            Array.FindIndex(y, o => o.Name == p.Name) is >= 0 and int output ? (true, output)
            : Array.FindIndex(x, o => o.Name == p.Name) is >= 0 and int input ? (false, input)
            : ((bool, int)?)null)];
        bool complete = byName.Zip(parameters, (b, p) => b is not null || p.Name == "bias").All(found => found);
        if (complete)
        {
            return byName;
        }

        return parameters.Length == x.Length + y.Length
            ? [.. parameters.Select((_, i) => ((bool, int)?)(i < x.Length ? (false, i) : (true, i - x.Length)))]
            : throw new InvalidOperationException(
                $"{method.Name} has parameters {string.Join(", ", parameters.Select(p => p.Name))}; the registry has "
                + $"{string.Join(", ", x.Concat(y).Select(o => o.Name))}.");
    }

    /// <summary>The method's name: <c>depthwise.backward-input</c> is <c>BackwardInput</c>.</summary>
    public static string Direction(KernelOperation operation) =>
        Pascal(operation.Name[(operation.Name.IndexOf('.') + 1)..]);

    private static string Pascal(string name) =>
        string.Concat(name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
