#!/usr/bin/env python3
"""Writes the checkpoints of this folder: python3 make.py. Made with PyTorch 1.13; element i of the tensor `name` of
network.pth is ((7·i + len(name)) mod 17) / 16 + 1/16, of counters 5."""
import collections
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))

# stem 4, head 8, 3 classes, one block ds_k3_s1_c4
NETWORK = {
    "conv_stem.weight": (4, 3, 3, 3), "blocks.0.0.conv_dw.weight": (4, 1, 3, 3),
    "blocks.0.0.conv_pw.weight": (4, 4, 1, 1),
    "conv_head.weight": (8, 4, 1, 1), "classifier.weight": (3, 8), "classifier.bias": (3,),
    **{f"{bn}.{part}": (channels,) for bn, channels in
       {"bn1": 4, "blocks.0.0.bn1": 4, "blocks.0.0.bn2": 4, "bn2": 8}.items()
       for part in ("weight", "bias", "running_mean", "running_var")},
}


def values(name, shape):
    count = torch.Size(shape).numel()
    return (((7 * torch.arange(count) + len(name)) % 17).float() / 16 + 1 / 16).reshape(shape)


def save(name, value, **options):
    torch.save(value, os.path.join(HERE, name), **options)


def types():
    base = torch.arange(24, dtype=torch.float32)
    return collections.OrderedDict(
        f32=base[:6].reshape(2, 3) / 4, f64=torch.tensor([1.5, -2.25e300], dtype=torch.float64),
        f16=torch.tensor([0.5, -65504], dtype=torch.float16), bf16=torch.tensor([1.0, -3.0e38], dtype=torch.bfloat16),
        i64=torch.tensor(-(2 ** 62)), i32=torch.tensor([[7, -8]], dtype=torch.int32),
        i16=torch.tensor([-300], dtype=torch.int16), i8=torch.tensor([-7], dtype=torch.int8),
        u8=torch.tensor([200], dtype=torch.uint8), truth=torch.tensor([True, False]),
        turned=base.reshape(2, 3, 4).permute(2, 0, 1), every_second=base[1:10:2], part=base.reshape(4, 6)[1:3, 2:5],
        parameter=torch.nn.Parameter(torch.tensor([2.5])), empty=torch.zeros(0, 3), tied=base[:6])


def main():
    state = collections.OrderedDict((n, values(n, s)) for n, s in NETWORK.items())
    for bn in ("bn1", "blocks.0.0.bn1", "blocks.0.0.bn2", "bn2"):
        state[f"{bn}.num_batches_tracked"] = torch.tensor(5)
    save("types.pth", types())
    save("network.pth", state)
    parallel = collections.OrderedDict((f"module.{n}", t) for n, t in state.items())
    parallel._metadata = collections.OrderedDict(version=1)
    optimizer = {"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]}
    save("wrapped.pth", {"epoch": 12, "arch": "mine", "best": 71.5, "state_dict": parallel, "optimizer": optimizer})
    save("whole.pth", torch.nn.Linear(2, 1))
    save("legacy.pth", {"a": torch.ones(2)}, _use_new_zipfile_serialization=False)
    save("protocol4.pth", {"a": torch.ones(2)}, pickle_protocol=4)
    save("list.pth", [torch.ones(2)])
    save("expanded.pth", {"a": torch.ones(1).expand(1000)})
    torch.jit.script(torch.nn.Linear(2, 1)).save(os.path.join(HERE, "script.pt"))


if __name__ == "__main__":
    main()
