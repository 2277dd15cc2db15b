using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>One activation function and its derivative over vectors.</summary>
internal interface IActivationFunction
{
    /// <summary><c>f(x)</c>.</summary>
    static abstract TVector Value<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;

    /// <summary><c>f'(x)</c>; at a kink the flat side's, except hard swish: the inner one.</summary>
    static abstract TVector Slope<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;

    /// <summary><c>f'(x)</c> and <c>f(x)</c>, with what they share computed once.</summary>
    static abstract TVector Slope<TSimd, TVector>(TVector x, out TVector value)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;
}

/// <summary>Code that is compiled once for each activation function.</summary>
internal interface IActivationBody
{
    /// <summary>The code for one function.</summary>
    void Run<TFunction>()
        where TFunction : struct, IActivationFunction;
}

public static partial class Activation
{
    /// <summary>Runs the body's code for a function: the one place that branches on the kind.</summary>
    internal static void Choose<TBody>(ActivationKind kind, TBody body)
        where TBody : struct, IActivationBody
    {
        switch (kind)
        {
            case ActivationKind.Relu:
                body.Run<Relu>();
                break;
            case ActivationKind.Relu6:
                body.Run<Relu6>();
                break;
            case ActivationKind.Swish:
                body.Run<Swish>();
                break;
            case ActivationKind.HardSwish:
                body.Run<HardSwish>();
                break;
            case ActivationKind.Sigmoid:
                body.Run<Sigmoid>();
                break;
            case ActivationKind.HardSigmoid:
                body.Run<HardSigmoid>();
                break;
            default:
                body.Run<Identity>();
                break;
        }
    }

    /// <summary><c>f</c> as a function of one vector.</summary>
    internal readonly struct ValueOf<TFunction> : IUnary
        where TFunction : struct, IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TFunction.Value<TSimd, TVector>(x);
    }

    /// <summary><c>f'(x)·dy</c> as a function of dy and x.</summary>
    internal readonly struct SlopeTimes<TFunction> : IBinary
        where TFunction : struct, IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TSimd, TVector>(TVector a, TVector b)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.Mul(a, TFunction.Slope<TSimd, TVector>(b));
    }

    /// <summary><c>x</c>.</summary>
    internal readonly struct Identity : IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Value<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.Set(1f);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x, out TVector value)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            value = Value<TSimd, TVector>(x);
            return Slope<TSimd, TVector>(x);
        }
    }

    /// <summary><c>max(x, 0)</c>.</summary>
    internal readonly struct Relu : IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Value<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.AtLeast(x, TSimd.Zero);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.WhereGreater(x, TSimd.Zero, TSimd.Set(1f), TSimd.Zero);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x, out TVector value)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            value = Value<TSimd, TVector>(x);
            return Slope<TSimd, TVector>(x);
        }
    }

    private readonly struct Relu6 : IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Value<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => Clamp<TSimd, TVector>(x);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => Inside<TSimd, TVector>(x, 0f, 6f, TSimd.Set(1f));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x, out TVector value)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            value = Value<TSimd, TVector>(x);
            return Slope<TSimd, TVector>(x);
        }
    }

    /// <summary><c>x·σ(x)</c>.</summary>
    internal readonly struct Swish : IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Value<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct =>
            Exp.Swish<TSimd, TVector>(x);

        /// <summary><c>σ + x·σ·(1 − σ)</c>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            TVector s = Exp.Sigmoid<TSimd, TVector>(x);
            return TSimd.Fma(TSimd.Mul(x, s), TSimd.Sub(TSimd.Set(1f), s), s);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x, out TVector value)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            TVector s = Exp.Sigmoid<TSimd, TVector>(x);
            value = TSimd.Mul(x, s);
            return TSimd.Fma(value, TSimd.Sub(TSimd.Set(1f), s), s);
        }
    }

    private readonly struct HardSwish : IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Value<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => TSimd.Mul(x, HardSigmoid.Value<TSimd, TVector>(x));

        /// <summary><c>0</c>, <c>(2x + 3)/6</c>, <c>1</c> below −3, between, above 3.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            TVector inner = TSimd.Fma(x, TSimd.Set(1f / 3f), TSimd.Set(0.5f));
            TVector high = TSimd.WhereGreater(x, TSimd.Set(3f), TSimd.Set(1f), inner);
            return TSimd.WhereGreater(TSimd.Set(-3f), x, TSimd.Zero, high);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x, out TVector value)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            value = Value<TSimd, TVector>(x);
            return Slope<TSimd, TVector>(x);
        }
    }

    private readonly struct Sigmoid : IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Value<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => Exp.Sigmoid<TSimd, TVector>(x);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            TVector s = Exp.Sigmoid<TSimd, TVector>(x);
            return TSimd.Mul(s, TSimd.Sub(TSimd.Set(1f), s));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x, out TVector value)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            value = Exp.Sigmoid<TSimd, TVector>(x);
            return TSimd.Mul(value, TSimd.Sub(TSimd.Set(1f), value));
        }
    }

    private readonly struct HardSigmoid : IActivationFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Value<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct =>
            TSimd.Mul(Clamp<TSimd, TVector>(TSimd.Add(x, TSimd.Set(3f))), TSimd.Set(1f / 6f));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct => Inside<TSimd, TVector>(x, -3f, 3f, TSimd.Set(1f / 6f));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Slope<TSimd, TVector>(TVector x, out TVector value)
            where TSimd : struct, ISimd<TVector>
            where TVector : struct
        {
            value = Value<TSimd, TVector>(x);
            return Slope<TSimd, TVector>(x);
        }
    }

    /// <summary><c>min(max(x, 0), 6)</c>; NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Clamp<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.AtMost(TSimd.AtLeast(x, TSimd.Zero), TSimd.Set(6f));

    /// <summary>A value where <c>low &lt; x &lt; high</c>, else zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Inside<TSimd, TVector>(TVector x, float low, float high, TVector value)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => TSimd.WhereGreater(x, TSimd.Set(low),
            TSimd.WhereGreater(TSimd.Set(high), x, value, TSimd.Zero), TSimd.Zero);
}
