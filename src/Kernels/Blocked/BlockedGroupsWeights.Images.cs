namespace MuxKernels;

internal sealed unsafe partial class BlockedGroups<TSimd, TVector>
{
    private sealed partial class Gradient
    {
        /// <summary>Pixels of a run.</summary>
        private const int MostRun = 4;

        /// <inheritdoc/>
        public override void RunImages(int piece, float* x, int xBlockStride, float* dy, int dyBlockStride,
            float* packed, int images)
        {
            Piece own = window.pieces[piece];
            int lanes = TSimd.Lanes;
            packed += own.Weights;
            BlockedImageWeightsTile tile = default;
            tile.XImage = (nint)window.height * window.width * lanes;
            tile.DyImage = (nint)window.outHeight * window.outWidth * lanes;
            tile.Images = images;
            if (own.Grouping == BlockedGrouping.Neighbours)
            {
                tile.X = x;
                tile.Dy = dy;
                tile.Sums = packed;
                Add(runs[piece], &tile, false);
                tile.Sums += lanes;
                Add(runs[piece], &tile, true);
                return;
            }

            for (int i = 0; i < own.Blocks; i++)
            {
                for (int o = 0; o < own.Blocks; o++)
                {
                    tile.X = x + (nint)i * xBlockStride;
                    tile.Dy = dy + (nint)o * dyBlockStride;
                    tile.Sums = packed + (nint)(i * own.Blocks + o) * lanes;
                    Add(runs[piece], &tile, false);
                }
            }
        }

        private static void Add(PixelRuns[] list, BlockedImageWeightsTile* tile, bool swap)
        {
            foreach (PixelRuns own in list)
            {
                nint x = TSimd.Lanes, x2 = Math.Min(2, own.XCount - 1) * x, x3 = Math.Min(3, own.XCount - 1) * x;
                tile->Dy1 = Math.Min(1, own.DyCount - 1) * x;
                tile->Dy2 = Math.Min(2, own.DyCount - 1) * x;
                tile->Dy3 = Math.Min(3, own.DyCount - 1) * x;
                tile->Pairs = own.Offsets.Length / 2;
                fixed (int* offsets = own.Offsets, targets = own.Targets)
                {
                    tile->Offsets = offsets;
                    BlockedWeightsTiles.AddImages<TSimd, TVector>(tile, Math.Min(1, own.XCount - 1) * x, x2, x3,
                        targets, swap);
                }
            }
        }

        /// <summary>A piece's pairs of runs of output and input pixels with a tap in common, those together whose
        /// pixels have the same taps.</summary>
        private static PixelRuns[] Runs(BlockedGroups<TSimd, TVector> window, Piece own)
        {
            List<(PixelRuns Runs, List<int> Offsets)> list = [];
            foreach ((int firstOut, int outputs) in RunsOf(window.outHeight, window.outWidth))
            {
                foreach ((int firstIn, int inputs) in RunsOf(window.height, window.width))
                {
                    int[] targets = new int[MostRun * MostRun];
                    Array.Fill(targets, -1);
                    for (int q = 0; q < inputs; q++)
                    {
                        for (int p = 0; p < outputs; p++)
                        {
                            targets[(q * MostRun) + p] = TapOf(window, own, firstOut + p, firstIn + q);
                        }
                    }

                    if (targets.All(t => t < 0))
                    {
                        continue;
                    }

                    int at = list.FindIndex(r => (r.Runs.XCount, r.Runs.DyCount) == (inputs, outputs)
                        && r.Runs.Targets.AsSpan().SequenceEqual(targets));
                    if (at < 0)
                    {
                        at = list.Count;
                        list.Add((new PixelRuns(targets, [], inputs, outputs), []));
                    }

                    list[at].Offsets.AddRange([firstIn * TSimd.Lanes, firstOut * TSimd.Lanes]);
                }
            }

            return [.. list.Select(r => r.Runs with { Offsets = [.. r.Offsets] })];
        }

        /// <summary>Floats from a piece's first sum to that of the tap by which an output reads an input; −1 for
        /// none.</summary>
        private static int TapOf(BlockedGroups<TSimd, TVector> window, Piece own, int output, int input)
        {
            int pad = window.Pad(own), d = window.dilation, s = window.stride;
            int row = (input / window.width) + pad - (output / window.outWidth * s);
            int column = (input % window.width) + pad - (output % window.outWidth * s);
            bool reads = row >= 0 && column >= 0 && row % d == 0 && column % d == 0 && row / d < own.Kernel
                && column / d < own.Kernel;
            return reads ? ((row / d * own.Kernel) + (column / d)) * own.VectorsPerTap(window.g) * TSimd.Lanes : -1;
        }

        /// <summary>A map in runs of pixels that follow one another: all of a tiny one, else parts of its
        /// rows.</summary>
        private static IEnumerable<(int First, int Count)> RunsOf(int height, int width)
        {
            if (height * width <= MostRun)
            {
                yield return (0, height * width);
                yield break;
            }

            for (int row = 0; row < height; row++)
            {
                for (int column = 0; column < width; column += MostRun)
                {
                    yield return ((row * width) + column, Math.Min(MostRun, width - column));
                }
            }
        }
    }

    /// <summary>Runs of output and input pixels whose sums are taken together.</summary>
    /// <param name="Targets">For each input pixel, for each output pixel floats from the first sum to that of the tap
    /// between them, −1 for none.</param>
    /// <param name="Offsets">Floats to the first input pixel and to the first output pixel of each pair of
    /// runs.</param>
    /// <param name="XCount">Input pixels of a run.</param>
    /// <param name="DyCount">Output pixels of a run.</param>
    private sealed record PixelRuns(int[] Targets, int[] Offsets, int XCount, int DyCount);
}
