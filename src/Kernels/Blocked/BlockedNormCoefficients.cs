using System.Runtime.Intrinsics;

namespace MuxKernels;

/// <summary>
/// What lies between the sums of a batch and the kernels that use them: <see cref="BatchNorm"/>'s statistics and
/// gradient as numbers for each slot. Sums come from several items (images, bands), which are added in their order in
/// double; a slot's numbers depend on nothing else, so a range of slots may go to any thread. Slots without a channel
/// get zeros.
/// </summary>
internal static unsafe class BlockedNormCoefficients
{
    private const int Run = 8;

    /// <summary>Mean, inverse deviation, scale and shift of a range of slots from <c>Σ(z − about)</c> and
    /// <c>Σ(z − about)²</c>; running statistics are updated.</summary>
    /// <param name="unit">The normalisation.</param>
    /// <param name="about">What was subtracted, by slot.</param>
    /// <param name="sums">Sums of the first item: <paramref name="slots"/> first sums, then the second ones.</param>
    /// <param name="items">Items.</param>
    /// <param name="itemStride">Floats from one item to the next.</param>
    /// <param name="slots">Slots of the normalisation.</param>
    /// <param name="first">First slot of the range.</param>
    /// <param name="count">Slots of the range.</param>
    public static void Forward(BlockedNormUnit* unit, float* about, float* sums, int items, nint itemStride, int slots,
        int first, int count)
    {
        double* totals = stackalloc double[2 * Run];
        double n = unit->Count, momentum = unit->Momentum;
        for (int start = first; start < first + count; start += Run)
        {
            int run = Math.Min(Run, first + count - start);
            Add(sums + start, items, itemStride, run, totals);
            Add(sums + slots + start, items, itemStride, run, totals + Run);
            for (int i = 0; i < run; i++)
            {
                int slot = start + i, c = unit->Channels[slot];
                if (c < 0)
                {
                    (unit->Mean[slot], unit->Inverse[slot], unit->Scale[slot], unit->Shift[slot]) = (0f, 0f, 0f, 0f);
                    continue;
                }

                double rest = totals[i] / n, mean = about[slot] + rest;
                double variance = Math.Max(totals[Run + i] / n - rest * rest, 0);
                double inverse = 1 / Math.Sqrt(variance + unit->Epsilon);
                float scale = (float)(unit->Gamma[c] * inverse);
                unit->Mean[slot] = (float)mean;
                unit->Inverse[slot] = (float)inverse;
                unit->Scale[slot] = scale;
                unit->Shift[slot] = (float)(unit->Beta[c] - mean * scale);
                double unbiased = n > 1 ? variance * n / (n - 1) : variance;
                unit->RunningMean[c] = (float)((1 - momentum) * unit->RunningMean[c] + momentum * mean);
                unit->RunningVariance[c] = (float)((1 - momentum) * unit->RunningVariance[c] + momentum * unbiased);
            }
        }
    }

    /// <summary>A, B and C of a range of slots from <c>Σd</c> and <c>Σd·(z − mean)</c> (mean: the unit's); gradients
    /// of γ and β are added: <c>dz = γ·inv·(d − Σd/n − x̂·Σ(d·x̂)/n)</c>, <c>dγ += Σd·x̂</c>,
    /// <c>dβ += Σd</c>.</summary>
    /// <param name="unit">The normalisation.</param>
    /// <param name="sums">Sums of the first item: <paramref name="slots"/> first sums, then the second ones.</param>
    /// <param name="items">Items.</param>
    /// <param name="itemStride">Floats from one item to the next.</param>
    /// <param name="slots">Slots of the normalisation.</param>
    /// <param name="first">First slot of the range.</param>
    /// <param name="count">Slots of the range.</param>
    public static void Backward(BlockedNormUnit* unit, float* sums, int items, nint itemStride, int slots, int first,
        int count)
    {
        double* totals = stackalloc double[2 * Run];
        double n = unit->Count;
        for (int start = first; start < first + count; start += Run)
        {
            int run = Math.Min(Run, first + count - start);
            Add(sums + start, items, itemStride, run, totals);
            Add(sums + slots + start, items, itemStride, run, totals + Run);
            for (int i = 0; i < run; i++)
            {
                int slot = start + i, c = unit->Channels[slot];
                if (c < 0)
                {
                    (unit->A[slot], unit->B[slot], unit->C[slot]) = (0f, 0f, 0f);
                    continue;
                }

                double sum = totals[i], product = totals[Run + i], inverse = unit->Inverse[slot];
                double a = unit->Gamma[c] * inverse;
                float b = (float)(-a * inverse * inverse * product / n);
                unit->A[slot] = (float)a;
                unit->B[slot] = b;
                unit->C[slot] = (float)(-a * sum / n - (double)b * unit->Mean[slot]);
                unit->Dgamma[c] += (float)(product * inverse);
                unit->Dbeta[c] += (float)sum;
            }
        }
    }

    /// <summary>Numbers by slot into the order of the channels, times a factor: a mean from sums.</summary>
    public static void ToChannels(float* slots, int* channels, int count, float factor, float* to)
    {
        for (int slot = 0; slot < count; slot++)
        {
            if (channels[slot] >= 0)
            {
                to[channels[slot]] = slots[slot] * factor;
            }
        }
    }

    /// <summary>Numbers by channel into slots, times a factor; zero where there is no channel.</summary>
    public static void ToSlots(float* from, int* channels, int count, float factor, float* slots)
    {
        for (int slot = 0; slot < count; slot++)
        {
            slots[slot] = channels[slot] < 0 ? 0f : from[channels[slot]] * factor;
        }
    }

    /// <summary>Sums of up to <see cref="Run"/> neighbouring numbers over the items, in their order.</summary>
    private static void Add(float* numbers, int items, nint itemStride, int run, double* totals)
    {
        if (run == Run)
        {
            Vector256<double> low = Vector256<double>.Zero, high = Vector256<double>.Zero;
            for (int item = 0; item < items; item++, numbers += itemStride)
            {
                (Vector256<double> a, Vector256<double> b) = Vector256.Widen(Vector256.Load(numbers));
                low += a;
                high += b;
            }

            low.Store(totals);
            high.Store(totals + 4);
            return;
        }

        for (int i = 0; i < run; i++)
        {
            double total = 0;
            for (int item = 0; item < items; item++)
            {
                total += numbers[item * itemStride + i];
            }

            totals[i] = total;
        }
    }
}
