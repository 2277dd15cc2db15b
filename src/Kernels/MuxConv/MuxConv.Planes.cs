namespace MuxKernels;

public static unsafe partial class MuxConv
{
    /// <summary>Brings bundle q of one image's part into padded planes: every element of a plane is written.</summary>
    private static void Load<TSimd, TVector>(in Plan a, int q, float* image, int height, int width, float* planes,
        nint step, int pitch, int lead, int length)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        (int r, nint pixels) = (a.R, (nint)height * width);
        float* channel = image + q * a.Width * pixels;
        for (int m = 0; m < a.Planes; m++)
        {
            PhaseRows.Zero<TSimd, TVector>(planes + m * step, lead);
        }

        for (int c = 0; c < a.Width; c++, channel += pixels)
        {
            float* to = planes + c * step + lead;
            if (a.Scale < 0)
            {
                nint next = a.Width * step;
                PhaseRows.Split<TSimd, TVector>(channel, width, height, width, r, to, pitch, next, pitch);
                for (int i = 0; i < r * r; i++, to += next)
                {
                    int end = (height - i / r + r - 1) / r * pitch;
                    new Span<float>(to + end, length - lead - end).Clear();
                }
            }
            else
            {
                (int rows, int columns) = (height * r, width * r);
                PhaseRows.Merge<TSimd, TVector>(channel, width, a.Folded * pixels, r, to, pitch, rows, columns, pitch);
                new Span<float>(to + (nint)rows * pitch, length - lead - rows * pitch).Clear();
            }
        }
    }

    /// <summary>Brings rows first … first + count − 1 of bundle q of one image's part back from its planes (which begin
    /// with row first, a multiple of r); rows and columns that the image has not are dropped.</summary>
    private static void Store<TSimd, TVector>(in Plan a, int q, float* planes, nint step, int pitch, float* image,
        int height, int width, int first, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        (int r, nint pixels) = (a.R, (nint)height * width);
        float* channel = image + q * a.Width * pixels + (nint)(a.Scale < 0 ? first * r : first / r) * width;
        for (int c = 0; c < a.Width; c++, channel += pixels, planes += step)
        {
            if (a.Scale < 0)
            {
                PhaseRows.Merge<TSimd, TVector>(planes, pitch, a.Width * step, r, channel, width,
                    Math.Min(count * r, height - first * r), width, 0);
            }
            else
            {
                PhaseRows.Split<TSimd, TVector>(planes, pitch, count, width * r, r, channel, width,
                    a.Folded * pixels, 0);
            }
        }
    }

    /// <summary>Splits padded planes into the s² phases of the step.</summary>
    private static void SplitSteps<TSimd, TVector>(in Plan a, float* filled, float* planes)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (int m = 0; m < a.Planes; m++, filled += a.FillLength, planes += a.SourceLength)
        {
            PhaseRows.Split<TSimd, TVector>(filled, a.FillPitch, a.Rows, a.FillPitch, a.Steps, planes, a.Pitch,
                a.PhaseLength, 0);
        }
    }
}
