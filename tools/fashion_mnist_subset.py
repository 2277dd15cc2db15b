#!/usr/bin/env python3
"""Makes the subset of Fashion-MNIST that is embedded in MuxKernels.Data.

Rule: walk the source files from their beginning and keep an image while its class has fewer than COUNT images; the
order of the source stays. The four results are IDX files, compressed with a fixed time stamp, so that the same source
gives the same bytes.

    apt-get install dataset-fashion-mnist        # Debian and Ubuntu; or the four files of the upstream repository
    python3 tools/fashion_mnist_subset.py /usr/share/datasets/fashion-mnist src/Data/FashionMnist
"""
import gzip
import pathlib
import struct
import sys

CLASSES = 10
TRAIN_PER_CLASS = 1600
TEST_PER_CLASS = 200
IMAGES, LABELS = 0x803, 0x801


def read(path, magic, axes):
    data = gzip.decompress(path.read_bytes())
    header = struct.unpack(f">{1 + axes}I", data[: 4 + 4 * axes])
    if header[0] != magic:
        sys.exit(f"{path}: magic number {header[0]:#x}, expected {magic:#x}")
    return header[1:], data[4 + 4 * axes :]


def write(path, magic, axes, payload):
    data = struct.pack(f">{1 + len(axes)}I", magic, *axes) + payload
    path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0))
    print(f"{path}: {axes[0]} items, {path.stat().st_size} bytes")


def subset(source, target, part, per_class):
    (count, height, width), pixels = read(source / f"{part}-images-idx3-ubyte.gz", IMAGES, 3)
    (label_count,), labels = read(source / f"{part}-labels-idx1-ubyte.gz", LABELS, 1)
    size = height * width
    if count != label_count or len(pixels) != count * size or len(labels) != count:
        sys.exit(f"{source}: images and labels of '{part}' do not belong together")

    seen = [0] * CLASSES
    kept = []
    for index, label in enumerate(labels):
        if seen[label] < per_class:
            seen[label] += 1
            kept.append(index)
    if seen != [per_class] * CLASSES:
        sys.exit(f"{source}: '{part}' has too few images of a class: {seen}, expected {per_class} of each")

    chosen = b"".join(pixels[i * size : (i + 1) * size] for i in kept)
    write(target / f"{part}-images-idx3-ubyte.gz", IMAGES, (len(kept), height, width), chosen)
    write(target / f"{part}-labels-idx1-ubyte.gz", LABELS, (len(kept),), bytes(labels[i] for i in kept))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = map(pathlib.Path, sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    subset(source, target, "train", TRAIN_PER_CLASS)
    subset(source, target, "t10k", TEST_PER_CLASS)


main()
