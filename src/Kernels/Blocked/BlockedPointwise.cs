using System.Runtime.CompilerServices;

namespace MuxKernels;

/// <summary>1×1 convolution on blocked maps, column by column (<see cref="PointwiseColumn"/>): tiles of pixels by one
/// or two vectors of output channels. A result is a sum in the order of the input channels whatever the tile, so it
/// depends neither on the range of rows nor on the borders of the maps. Weights have to be finite where x has lanes
/// without a channel.</summary>
internal static unsafe partial class BlockedPointwise<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Output vectors of a full column.</summary>
    public const int ColumnVectors = 2;

    /// <summary>Floats of the packed weights.</summary>
    public static int PackedLength(int depth, int outBlocks) => checked(depth * outBlocks * TSimd.Lanes);

    /// <summary>Columns of so many output blocks.</summary>
    public static int Columns(int outBlocks) => (outBlocks + ColumnVectors - 1) / ColumnVectors;

    /// <summary>Vectors of a column.</summary>
    public static int Vectors(int column, int outBlocks) => Math.Min(ColumnVectors, outBlocks - ColumnVectors * column);

    /// <summary>Floats before the weights of a column.</summary>
    public static int ColumnOffset(int column, int depth) => column * depth * ColumnVectors * TSimd.Lanes;

    /// <summary>Packs weights: column after column, <c>[depth][vectors·L]</c>.</summary>
    /// <param name="w"><c>[outBlocks·L][depth]</c>; rows of lanes without a channel are zero.</param>
    /// <param name="outBlocks">Blocks of output channels.</param>
    /// <param name="depth">Input channels.</param>
    /// <param name="packed">64-byte aligned memory of <see cref="PackedLength"/> floats.</param>
    public static void Pack(ReadOnlySpan<float> w, int outBlocks, int depth, float* packed)
    {
        for (int column = 0; column < Columns(outBlocks); column++)
        {
            int lanes = Vectors(column, outBlocks) * TSimd.Lanes, first = column * ColumnVectors * TSimd.Lanes;
            for (int i = 0; i < depth; i++)
            {
                for (int lane = 0; lane < lanes; lane++)
                {
                    *packed++ = w[(first + lane) * depth + i];
                }
            }
        }
    }

    /// <summary>A column's weights with a factor for each input channel, <c>scaled[i][·] = packed[i][·]·gate[i]</c>:
    /// squeeze-excite before a projection.</summary>
    /// <param name="packed">The column's packed weights.</param>
    /// <param name="gate">A factor for each input channel of the column.</param>
    /// <param name="depth">Input channels.</param>
    /// <param name="vectors">Vectors of the column.</param>
    /// <param name="scaled">Memory for as many weights, 64-byte aligned.</param>
    public static void ScaleWeights(float* packed, float* gate, int depth, int vectors, float* scaled)
    {
        nint lanes = TSimd.Lanes, at = 0;
        for (int i = 0; i < depth; i++)
        {
            TVector g = TSimd.Splat(gate + i);
            for (int v = 0; v < vectors; v++, at += lanes)
            {
                TSimd.Store(TSimd.Mul(TSimd.Load(packed + at), g), scaled + at);
            }
        }
    }

    /// <summary>Computes the rows of a column.</summary>
    public static void Run(in PointwiseColumn column)
    {
        TileEpilogue<TSimd, TVector>.ClearSums(column.Store, column.Vectors);
        if (column.Rows > 0 && column.Width > 0)
        {
            fixed (PointwiseColumn* c = &column)
            {
                if (TileEpilogue<TSimd, TVector>.IsPlain(column.Store))
                {
                    Plain<Activation.Identity>(c);
                }
                else if (EndsInTile(c))
                {
                    Plain<Activation.Relu>(c);
                }
                else
                {
                    Activation.Choose(column.Store.Activation, new Body(c));
                }
            }
        }
    }

    /// <summary>Whether relu is all that follows, and rows are long enough for whole tiles of their own.</summary>
    private static bool EndsInTile(PointwiseColumn* c) => c->Store.Activation == ActivationKind.Relu
        && c->Store.Residual == null && c->Store.Sums == null && !c->Store.SumsOnly
        && (c->Width >= 14 || c->Store.RowStride == c->Width * TSimd.Lanes);

    /// <summary>Nothing but the bias and what a tile can do while it stores: the sums go straight to y.</summary>
    private static void Plain<TEnd>(PointwiseColumn* c)
        where TEnd : struct, IActivationFunction
    {
        bool flat = c->XRowStride == c->Width * TSimd.Lanes && c->Store.RowStride == c->Width * TSimd.Lanes;
        (int rows, int width) = flat ? (1, c->Rows * c->Width) : (c->Rows, c->Width);
        BlockedTile tile = Tile(c);
        tile.ToVector = c->Store.BlockStride;
        for (int h = 0; h < rows; h++)
        {
            tile.X = c->X + (nint)(c->FirstRow + h) * c->XRowStride;
            tile.To = c->Store.Y + (nint)(c->FirstRow + h) * c->Store.RowStride;
            for (int left = width, done; left > 0; left -= done)
            {
                int pixels = BlockedShares.Next(left, TSimd.Lanes, c->Vectors, out tile.Tiles);
                done = pixels * tile.Tiles;
                BlockedTiles<TSimd, TVector, BlockStep, TEnd>.Run(c->Vectors, pixels, &tile);
                tile.X += done * TSimd.Lanes;
                tile.To += done * TSimd.Lanes;
            }
        }
    }

    [SkipLocalsInit]
    private static void Finished<TFunction>(PointwiseColumn* c)
        where TFunction : struct, IActivationFunction
    {
        float* memory = stackalloc float[TileEpilogue<TSimd, TVector>.HotLength];
        float* hot = TileEpilogue<TSimd, TVector>.Align(memory);
        BlockedTile tile = Tile(c);
        tile.ToVector = TileEpilogue<TSimd, TVector>.HotVector;
        bool flat = c->XRowStride == c->Width * TSimd.Lanes;
        (int rows, int width) = flat ? (1, c->Rows * c->Width) : (c->Rows, c->Width);
        int rowWidth = flat && TileEpilogue<TSimd, TVector>.IsFlat(c->Store, c->Width) ? width : c->Width;
        int row = c->FirstRow, column = 0;
        for (int h = 0; h < rows; h++)
        {
            tile.X = c->X + (nint)(c->FirstRow + h) * c->XRowStride;
            for (int left = width, batch; left > 0; left -= batch)
            {
                batch = Math.Min(left, TileEpilogue<TSimd, TVector>.HotPixels);
                tile.To = hot;
                for (int rest = batch, done; rest > 0; rest -= done)
                {
                    int pixels = BlockedShares.Next(rest, TSimd.Lanes, c->Vectors, out tile.Tiles);
                    done = pixels * tile.Tiles;
                    BlockedTiles<TSimd, TVector, BlockStep, Activation.Identity>.Run(c->Vectors, pixels, &tile);
                    tile.X += done * TSimd.Lanes;
                    tile.To += done * TSimd.Lanes;
                }

                for (int done = 0, run; done < batch; done += run)
                {
                    run = Math.Min(batch - done, rowWidth - column);
                    TileEpilogue<TSimd, TVector>.Run<TFunction>(c->Store, c->Vectors, hot + done * TSimd.Lanes, row,
                        column, run);
                    column += run;
                    if (column == rowWidth)
                    {
                        (row, column) = (row + 1, 0);
                    }
                }
            }
        }
    }

    private static BlockedTile Tile(PointwiseColumn* c) => new()
    {
        Offsets = c->Offsets,
        Depth = c->Depth,
        W = c->W,
        Start = c->Store.Bias,
        Ahead = c->Ahead == null ? c->W : c->Ahead,
        AheadEnd = c->AheadEnd,
    };

    private readonly struct Body(PointwiseColumn* column) : IActivationBody
    {
        private readonly PointwiseColumn* column = column;

        public void Run<TFunction>()
            where TFunction : struct, IActivationFunction => Finished<TFunction>(column);
    }
}
