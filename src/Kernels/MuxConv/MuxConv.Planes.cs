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
            Zero<TSimd, TVector>(planes + m * step, lead);
        }

        for (int c = 0; c < a.Width; c++, channel += pixels)
        {
            float* to = planes + c * step + lead;
            if (a.Scale < 0)
            {
                nint next = a.Width * step;
                for (int h = 0; h < height; h++)
                {
                    float* row = to + h % r * r * next + (nint)(h / r) * pitch;
                    PhaseRows.Split<TSimd, TVector>(channel + (nint)h * width, width, r, row, next);
                    for (int j = 0; j < r; j++, row += next)
                    {
                        int count = (width - j + r - 1) / r;
                        Zero<TSimd, TVector>(row + count, pitch - count);
                    }
                }

                for (int i = 0; i < r * r; i++)
                {
                    int end = lead + (height - i / r + r - 1) / r * pitch;
                    new Span<float>(to - lead + i * next + end, length - end).Clear();
                }
            }
            else
            {
                (int rows, int columns, nint next) = (height * r, width * r, a.Folded * pixels);
                for (int h = 0; h < rows; h++, to += pitch)
                {
                    PhaseRows.Merge<TSimd, TVector>(channel + h % r * r * next + (nint)(h / r) * width, next, r, to,
                        columns);
                    Zero<TSimd, TVector>(to + columns, pitch - columns);
                }

                new Span<float>(to, length - lead - rows * pitch).Clear();
            }
        }
    }

    /// <summary>Brings bundle q of one image's part back from its planes; rows and columns that the image has not are
    /// dropped.</summary>
    private static void Store<TSimd, TVector>(in Plan a, int q, float* planes, nint step, int pitch, float* image,
        int height, int width)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        (int r, nint pixels) = (a.R, (nint)height * width);
        float* channel = image + q * a.Width * pixels;
        for (int c = 0; c < a.Width; c++, channel += pixels)
        {
            float* from = planes + c * step;
            if (a.Scale < 0)
            {
                nint next = a.Width * step;
                for (int h = 0; h < height; h++)
                {
                    PhaseRows.Merge<TSimd, TVector>(from + h % r * r * next + (nint)(h / r) * pitch, next, r,
                        channel + (nint)h * width, width);
                }
            }
            else
            {
                (int rows, int columns, nint next) = (height * r, width * r, a.Folded * pixels);
                for (int h = 0; h < rows; h++, from += pitch)
                {
                    PhaseRows.Split<TSimd, TVector>(from, columns, r,
                        channel + h % r * r * next + (nint)(h / r) * width, next);
                }
            }
        }
    }

    /// <summary>Splits padded planes into the s² phases of the step.</summary>
    private static void SplitSteps<TSimd, TVector>(in Plan a, float* filled, float* planes)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        (int s, int pitch, int length) = (a.Steps, a.FillPitch, a.PhaseLength);
        for (int m = 0; m < a.Planes; m++, filled += a.FillLength, planes += a.SourceLength)
        {
            for (int h = 0; h < a.Rows; h++)
            {
                PhaseRows.Split<TSimd, TVector>(filled + (nint)h * pitch, pitch, s,
                    planes + h % s * s * length + (nint)(h / s) * a.Pitch, length);
            }
        }
    }

    /// <summary>Zeros from p on, at most one vector more than asked for.</summary>
    private static void Zero<TSimd, TVector>(float* p, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        for (; count > 0; count -= TSimd.Lanes, p += TSimd.Lanes)
        {
            TSimd.Store(TSimd.Zero, p);
        }
    }
}
