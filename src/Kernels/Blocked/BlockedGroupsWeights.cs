namespace MuxKernels;

internal sealed unsafe partial class BlockedGroups<TSimd, TVector>
{
    /// <summary>The weight gradient of this window. The packed sums stand like the packed weights; in a piece of
    /// neighbours the sum of the other channel stands in the lane of the input channel. dy must be finite (∞·0 of the
    /// border is NaN).</summary>
    public BlockedWindowGradient WeightGradient() => new Gradient(this);

    private sealed partial class Gradient : BlockedWindowGradient
    {
        /// <summary>Floats of input and gradient that a band of rows reads again and again: a little more than the
        /// first cache holds, for shorter bands add to their sums more often.</summary>
        private const int HotFloats = 64 * 1024 / sizeof(float);

        private readonly BlockedGroups<TSimd, TVector> window;
        private readonly Strip[][] strips;
        private readonly PixelRuns[][] runs;
        private readonly int[] places;

        public Gradient(BlockedGroups<TSimd, TVector> window)
        {
            this.window = window;
            strips = Array.ConvertAll(window.pieces, p => Strips(window, p));
            places = Places(window);
            runs = Array.ConvertAll(window.pieces, p => window.TakesImages ? Runs(window, p) : []);
        }

        /// <inheritdoc/>
        public override int PackedLength => window.packedLength;

        /// <inheritdoc/>
        public override void Run(int piece, float* x, int xBlockStride, int xRowStride, float* dy, int dyBlockStride,
            int dyRowStride, float* packed, int firstRow, int rows)
        {
            Piece own = window.pieces[piece];
            int lanes = TSimd.Lanes, vectors = own.VectorsPerTap(window.g);
            nint pad = window.Pad(own);
            x -= pad * (xRowStride + lanes);
            packed += own.Weights;
            // Field by field: an initializer fills a temporary, and copying it right behind waits for its stores.
            BlockedWeightsTile tile = default;
            tile.XRowStep = (nint)window.stride * xRowStride;
            tile.KernelRowStep = (nint)window.dilation * xRowStride;
            tile.PixelStep = (nint)window.stride * lanes;
            tile.TapStep = (nint)window.dilation * lanes;
            tile.DyRowStep = dyRowStride;
            tile.SumRowStep = (nint)own.Kernel * vectors * lanes;
            tile.SumStep = (nint)vectors * lanes;
            tile.Columns = window.outWidth;
            int step = strips[piece].Length == 1 && vectors == 1 ? rows : Band(own);
            for (int row = firstRow; row < firstRow + rows; row += step)
            {
                int end = Math.Min(row + step, firstRow + rows);
                if (own.Grouping == BlockedGrouping.Neighbours)
                {
                    Add(strips[piece], &tile, x, dy, packed, row, end, false);
                    Add(strips[piece], &tile, x, dy, packed + lanes, row, end, true);
                    continue;
                }

                for (int i = 0; i < own.Blocks; i++)
                {
                    for (int o = 0; o < own.Blocks; o++)
                    {
                        Add(strips[piece], &tile, x + (nint)i * xBlockStride, dy + (nint)o * dyBlockStride,
                            packed + (nint)(i * own.Blocks + o) * lanes, row, end, false);
                    }
                }
            }
        }

        /// <inheritdoc/>
        public override void Unpack(float* packed, Span<float> dw)
        {
            ReadOnlySpan<int> from = places;
            for (int n = 0; n < from.Length; n++)
            {
                dw[n] += packed[from[n]];
            }
        }

        /// <summary>Where the sum of each weight stands.</summary>
        private static int[] Places(BlockedGroups<TSimd, TVector> window)
        {
            int g = window.g;
            int[] places = new int[window.pieces.Sum(p => p.Groups.Sum(q => g * g * q.Kernel * q.Kernel))];
            foreach (Piece piece in window.pieces)
            {
                for (int q = 0; q < piece.Groups.Length; q++)
                {
                    for (int i = 0; i < g * g; i++)
                    {
                        FindPlaces(window, piece, q, i / g, i % g, places);
                    }
                }
            }

            return places;
        }

        /// <summary>A piece's kernel in tiles, without the rows and taps that lie in the border for every
        /// output.</summary>
        private static Strip[] Strips(BlockedGroups<TSimd, TVector> window, Piece own)
        {
            int k = own.Kernel, pad = window.Pad(own), d = window.dilation, s = window.stride;
            (int firstTap, int lastTap) = Odd(Inside(k, pad, d, s, window.width, window.outWidth), k);
            (int firstKernelRow, int lastKernelRow) = Inside(k, pad, d, s, window.height, window.outHeight);
            if (lastTap - firstTap == 3 && lastKernelRow - firstKernelRow == 2)
            {
                (firstKernelRow, lastKernelRow) = Odd((firstKernelRow, lastKernelRow), k);
            }

            List<Strip> list = [];
            for (int tap = firstTap, taps; tap < lastTap; tap += taps)
            {
                taps = Math.Min((lastTap - tap - 1) | 1, BlockedWeightsTiles.MostTaps);
                for (int row = firstKernelRow, rows; row < lastKernelRow; row += rows)
                {
                    rows = BlockedWeightsTiles.Rows(taps, lastKernelRow - row);
                    int above = pad - (row + rows - 1) * d, below = window.height - 1 + pad - row * d;
                    list.Add(new Strip(row, rows, tap, taps, above <= 0 ? 0 : (above + s - 1) / s, below / s + 1));
                }
            }

            return [.. list];
        }

        /// <summary>Taps along an axis that some output reads inside the map.</summary>
        private static (int First, int Last) Inside(int kernel, int pad, int dilation, int stride, int size,
            int outputs)
        {
            int first = 0, last = kernel;
            while (first < last && (outputs - 1) * stride + first * dilation < pad)
            {
                first++;
            }

            while (last > first && (last - 1) * dilation - pad >= size)
            {
                last--;
            }

            return (first, last);
        }

        /// <summary>One more, where the kernel has one more: tiles have odd numbers of taps, and one that reads zeros
        /// costs less than a tile of its own.</summary>
        private static (int First, int Last) Odd((int First, int Last) taps, int kernel) =>
            (taps.Last - taps.First) % 2 != 0 || taps.Last == taps.First ? taps
                : taps.Last < kernel ? (taps.First, taps.Last + 1)
                : taps.First > 0 ? (taps.First - 1, taps.Last) : taps;

        /// <summary>Rows of dy that are taken through all tiles and blocks at once.</summary>
        private int Band(Piece own)
        {
            int xRow = own.Blocks * TSimd.Lanes * (window.width + 2 * window.border);
            int dyRow = own.Blocks * TSimd.Lanes * window.outWidth;
            return Math.Max(4, (HotFloats - own.Kernel * xRow) / (window.stride * xRow + dyRow));
        }

        private void Add(Strip[] list, BlockedWeightsTile* tile, float* x, float* dy, float* sums, int firstRow,
            int end, bool swap)
        {
            int stride = window.dilation == 1 && window.stride <= 2 ? window.stride : 0;
            for (int n = 0; n < list.Length; n++)
            {
                ref readonly Strip strip = ref list[n];
                int from = Math.Max(firstRow, strip.FirstRow), to = Math.Min(end, strip.EndRow);
                if (to <= from)
                {
                    continue;
                }

                tile->X = x + from * tile->XRowStep + strip.KernelRow * tile->KernelRowStep
                    + strip.Tap * tile->TapStep;
                tile->Dy = dy + from * tile->DyRowStep;
                tile->Sums = sums + strip.KernelRow * tile->SumRowStep + strip.Tap * tile->SumStep;
                tile->Rows = to - from;
                BlockedWeightsTiles.Add<TSimd, TVector>(tile, strip.KernelRows, strip.Taps, stride, swap);
            }
        }

        private static void FindPlaces(BlockedGroups<TSimd, TVector> window, Piece piece, int q, int o, int i,
            int[] places)
        {
            Group group = piece.Groups[q];
            int g = window.g, k = group.Kernel, less = (piece.Kernel - k) / 2, lanes = TSimd.Lanes;
            int at = piece.Grouping == BlockedGrouping.Neighbours
                ? (o == i ? 0 : lanes) + piece.Lane(q, i, g, lanes)
                : (i * g + o) * lanes + q;
            for (int kh = 0; kh < k; kh++)
            {
                for (int kw = 0; kw < k; kw++)
                {
                    int tap = (kh + less) * piece.Kernel + kw + less;
                    places[group.Weight + ((o * g + i) * k + kh) * k + kw] =
                        piece.Weights + tap * piece.VectorsPerTap(g) * lanes + at;
                }
            }
        }
    }

    /// <summary>Rows and taps of a kernel that a tile computes, and the rows of dy for which one of them reads inside
    /// the map.</summary>
    private readonly record struct Strip(int KernelRow, int KernelRows, int Tap, int Taps, int FirstRow, int EndRow);
}
