namespace MuxKernels;

public static partial class MuxConv
{
    /// <summary>What is computed.</summary>
    private enum Pass
    {
        Forward,
        BackwardInput,
        BackwardWeight,
    }

    /// <summary>
    /// How one part is worked on. A piece of work is a bundle: the smallest set of transformed planes that reads and
    /// writes whole rows of whole channels. Plain and super-pixel: one convolution group of g planes. Sub-pixel: the r²
    /// phases of g channels (of all the part's channels where g does not divide them).
    /// The source planes stand zero-padded in scratch memory, with a step s &gt; 1 split once more into s² phases of
    /// the step, so that every tap reads neighbouring elements; the target planes stand behind them.
    /// </summary>
    private readonly struct Plan
    {
        /// <summary>Rows of a tile of rows.</summary>
        public const int RowsOfTile = 8;

        /// <summary>Elements of a cache line.</summary>
        public const int Align = 16;

        public Plan(in Args args, in MuxPart p, Pass pass)
        {
            (Window w, Scale, G) = (p.Window, p.Scale, p.ChannelsPerGroup);
            (R, First, Channels, WeightOffset) = (Scale == 0 ? 1 : args.Factor, p.FirstChannel, p.Channels,
                p.WeightOffset);
            (K, D, S, Taps) = (w.Kernel, w.Dilation, w.Stride, w.Taps);
            Folded = Scale > 0 ? Channels / (R * R) : Channels;
            Width = Scale < 0 && Channels % G != 0 ? Channels : G;
            Bundles = Folded / Width;
            Planes = Scale < 0 ? R * R * Width : Width;
            (PadTop, PadLeft) = (w.PadTop, w.PadLeft);
            bool gather = pass == Pass.BackwardInput && S > 1;
            Steps = pass == Pass.BackwardInput ? 1 : S;
            int extent = (K - 1) * D;
            if (pass == Pass.BackwardInput)
            {
                (SourceHeight, SourceWidth, TargetHeight, TargetWidth) =
                    (w.OutHeight, w.OutWidth, w.Height, w.Width);
                (Top, Left) = gather ? (extent / S, extent / S) : (extent - PadTop, extent - PadLeft);
            }
            else
            {
                (SourceHeight, SourceWidth, TargetHeight, TargetWidth) =
                    (w.Height, w.Width, w.OutHeight, w.OutWidth);
                (Top, Left) = (PadTop, PadLeft);
            }

            // Rows and columns that the taps reach, counted from the padded corner.
            int rows, columns;
            if (gather)
            {
                // Target rows of each phase of the step, from padded row 0 on.
                (PhaseHeight, PhaseWidth) = ((PadTop + TargetHeight - 1) / S + 1, (PadLeft + TargetWidth - 1) / S + 1);
                (rows, columns) = (PhaseHeight + Top, PhaseWidth + Left);
            }
            else
            {
                (PhaseHeight, PhaseWidth) = (TargetHeight, TargetWidth);
                (rows, columns) = ((TargetHeight - 1) * Steps + extent + 1, (TargetWidth - 1) * Steps + extent + 1);
            }

            rows = Up(Math.Max(rows, Top + SourceHeight), Steps);
            columns = Up(Math.Max(columns, Left + SourceWidth), Steps);
            Rows = rows;
            // One row's zeros on the right are the next row's on the left. For the tiles of rows the map's first column
            // is aligned.
            ByRows = S == 1 && D == 1 && (K == 3 || K == 5) && TargetWidth > Align / 2 && R <= RowsOfTile;
            FillPitch = Steps > 1 || gather ? columns : Math.Max(SourceWidth + Left, columns - Left);
            FillPitch = ByRows ? Up(FillPitch, Align) : FillPitch;
            Origin = ByRows ? Up(Left, Align) - Left : 0;
            Lead = Origin + Top * FillPitch + Left;
            FillLength = Up(checked(Origin + rows * FillPitch + columns + 2 * Align), Align);
            Pitch = FillPitch / Steps;
            PhaseLength = Up(rows / Steps * Pitch + Align, Align);
            SourceLength = Steps == 1 ? FillLength : Steps * Steps * PhaseLength;
            FlatCount = (PhaseHeight - 1) * Pitch + PhaseWidth;
            FlatLength = Up(FlatCount, 4 * Align);
            RowPitch = Up(TargetWidth, Align);
            DensePitch = Up(PadLeft + TargetWidth, S);
            TargetLength = pass == Pass.BackwardWeight ? Up(TargetHeight * TargetWidth + Align, Align)
                : gather ? Up((PadTop + TargetHeight) * DensePitch + Align, Align)
                : ByRows ? RowPitch * RowsOfTile : FlatLength;
            TempLength = gather ? S * S * FlatLength : Steps > 1 ? checked(Planes * FillLength) : 0;
            Slack = Up(RowsOfTile * Pitch, Align) + 16 * Align;
            WeightCount = checked(Planes * G * Taps);
            ScratchLength = Up(G * Taps, Align) + Up(WeightCount, Align)
                + checked(Planes * SourceLength + Planes * TargetLength) + Up(TempLength, Align) + 2 * Slack;
        }

        /// <summary>Sign of the scale; spatial factor (1 for plain); channels of a convolution group.</summary>
        public readonly int Scale, R, G;

        /// <summary>Kernel, dilation, stride, taps.</summary>
        public readonly int K, D, S, Taps;

        /// <summary>First channel and channels of the part, channels after folding phases or planes.</summary>
        public readonly int First, Channels, Folded;

        /// <summary>Channels of a bundle, bundles of the part, transformed planes of a bundle.</summary>
        public readonly int Width, Bundles, Planes;

        /// <summary>Where the part's weight starts, weights of a bundle.</summary>
        public readonly int WeightOffset, WeightCount;

        /// <summary>Maps before and after.</summary>
        public readonly int SourceHeight, SourceWidth, TargetHeight, TargetWidth;

        /// <summary>The window's padding; zeros above and left of the source.</summary>
        public readonly int PadTop, PadLeft, Top, Left;

        /// <summary>Phases of the step along each axis in the source planes (1 unless the pass reads x with s &gt; 1).
        /// </summary>
        public readonly int Steps;

        /// <summary>Layout of a padded plane before it is split into phases of the step.</summary>
        public readonly int Rows, FillPitch, FillLength, Lead, Origin;

        /// <summary>Layout of the source planes.</summary>
        public readonly int Pitch, PhaseLength, SourceLength;

        /// <summary>Extent and layout of what one sweep computes.</summary>
        public readonly int PhaseHeight, PhaseWidth, FlatCount, FlatLength;

        /// <summary>Layout of the target planes.</summary>
        public readonly int RowPitch, DensePitch, TargetLength;

        /// <summary>Whether the tiles of eight rows serve it, else the flat ones.</summary>
        public readonly bool ByRows;

        /// <summary>Scratch sizes.</summary>
        public readonly int TempLength, Slack, ScratchLength;

        /// <summary>Transformed channel of plane m of bundle q.</summary>
        public int Channel(int q, int m) => m / Width * Channels + q * Width + m % Width;

        /// <summary>Where tap (kh, kw) of plane i of a group stands in the source planes.</summary>
        public int Offset(int i, int kh, int kw)
        {
            (int row, int column) = (kh * D, kw * D);
            int phase = row % Steps * Steps + column % Steps;
            return Origin + i * SourceLength + phase * PhaseLength + row / Steps * Pitch + column / Steps;
        }

        private static int Up(int value, int multiple) => checked(value + multiple - 1) / multiple * multiple;
    }
}
