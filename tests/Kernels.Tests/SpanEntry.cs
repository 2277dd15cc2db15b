using System.Linq.Expressions;
using System.Reflection;
using MuxKernels.Testing;

namespace MuxKernels.Tests;

/// <summary>A family's public method on spans, <c>DepthwiseConv.Forward</c>, found by its operation and called with
/// any memory for each of its spans.</summary>
internal sealed class SpanEntry<TArgs>
    where TArgs : struct
{
    private readonly KernelOperation<TArgs> operation;
    private readonly Action<TArgs, KernelMemory[], WorkPool?> call;

    public SpanEntry(KernelOperation<TArgs> operation)
    {
        this.operation = operation;
        Type owner = typeof(TArgs).DeclaringType ?? typeof(ConvBias);
        string name = owner == typeof(ConvBias) ? nameof(ConvBias.Backward) : PublicEntries.Direction(operation);
        MethodInfo method = owner.GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Single(m => m.Name == name && !m.IsGenericMethod);
        ParameterInfo[] spans =
            [.. method.GetParameters()[1..].Where(p => p.ParameterType != typeof(WorkPool))];
        Names = [.. spans.Select(p => p.Name!)];
        IsWritten = [.. spans.Select(p => p.ParameterType == typeof(Span<float>))];
        ParameterExpression args = Expression.Parameter(typeof(TArgs)),
            memory = Expression.Parameter(typeof(KernelMemory[])), pool = Expression.Parameter(typeof(WorkPool));
        IEnumerable<Expression> values = spans.Select((p, i) => (Expression)Expression.Convert(
            Expression.ArrayIndex(memory, Expression.Constant(i)), p.ParameterType, typeof(KernelMemory).GetMethods()
                .Single(m => m.Name == "op_Implicit" && m.ReturnType == p.ParameterType)));
        call = Expression.Lambda<Action<TArgs, KernelMemory[], WorkPool?>>(
            Expression.Call(method, [args, .. values, pool]), args, memory, pool).Compile();
    }

    /// <summary>Names of the spans.</summary>
    public string[] Names { get; }

    /// <summary>Which spans are written.</summary>
    public bool[] IsWritten { get; }

    public void Call(TArgs args, KernelMemory[] memory, WorkPool? pool = null) => call(args, memory, pool);

    /// <summary>Numbers for each span; scratch has exactly the length that is asked for one thread.</summary>
    public float[][] Operands(TArgs args, ulong seed)
    {
        KernelOperand[] all = [.. operation.Inputs(args), .. operation.Outputs(args)];
        return [.. Names.Select(name => name == "scratch"
            ? new float[ScratchLength(args)]
            : Fill.Operand(seed++, all.First(o => o.Name == name)))];
    }

    private static int ScratchLength(TArgs args)
    {
        const string Name = "ScratchLength";
        object boxed = args;
        return typeof(TArgs).GetProperty(Name) is { } property
            ? (int)property.GetValue(boxed)!
            : (int)typeof(TArgs).GetMethod(Name, [typeof(int)])!.Invoke(boxed, [1])!;
    }
}
