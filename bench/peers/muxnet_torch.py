#!/usr/bin/env python3
"""MUXNet in plain PyTorch, written from the published description, as a peer for timing and for checking results.

The module and parameter names are those of the state dictionary, so a safetensors file written by
`muxnet export` loads unchanged. Eager mode as released: NCHW, no tracing, no fused kernels, x*sigmoid(x) for swish;
--channels-last and --fused-silu are PyTorch's best settings for training.

  python3 bench/peers/muxnet_torch.py --weights m.safetensors --input x.safetensors --mode infer --threads 1
"""
import argparse, json, re, struct, sys, time
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def read_safetensors(path):
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(n))
        base = f.read()
    types = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    out = {}
    for name, t in header.items():
        if name == "__metadata__":
            continue
        a, b = t["data_offsets"]
        out[name] = torch.from_numpy(np.frombuffer(base[a:b], types[t["dtype"]]).reshape(t["shape"]).copy())
    return out, header.get("__metadata__", {})


def network_json(path):
    """Definition of the network that a file of weights belongs to."""
    return json.loads(read_safetensors(path)[1]["muxkernels.network"])


def write_safetensors(path, name, array):
    array = np.ascontiguousarray(array, np.float32)
    header = json.dumps({name: {"dtype": "F32", "shape": list(array.shape), "data_offsets": [0, array.nbytes]}}).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(header)) + header + array.tobytes())


class Swish(nn.Module):
    fused = False

    def forward(self, x):
        return F.silu(x) if Swish.fused else x * torch.sigmoid(x)


ACTIVATIONS = {"nre": nn.ReLU, "nre6": nn.ReLU6, "nsw": Swish, "nhs": nn.Hardswish}


def split(channels, parts):
    each = channels // parts
    return [channels - each * (parts - 1)] + [each] * (parts - 1)


def conv(i, o, k, s=1, groups=1, bias=False):
    return nn.Conv2d(i, o, k, s, ((s - 1) + (k - 1)) // 2, groups=groups, bias=bias)


def sizes(x):
    """The four sizes of a map, also while torch.fx traces."""
    return x.size(0), x.size(1), x.size(2), x.size(3)


def parts(x, channels):
    """Neighbouring parts of a map's channels; torch.fx traces this and not torch.split with enumerate."""
    return [x.narrow(1, sum(channels[:i]), c) for i, c in enumerate(channels)]


class SpaceToChannel(nn.Module):
    def forward(self, x):
        n, c, h, w = sizes(x)
        return x.view(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).reshape(n, c * 4, h // 2, w // 2)


class ChannelToSpace(nn.Module):
    def forward(self, x):
        n, c, h, w = sizes(x)
        return x.view(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // 4, h * 2, w * 2)


class MixedConv(nn.ModuleDict):
    def __init__(self, channels, kernels, stride, g):
        super().__init__()
        self.parts = split(channels, len(kernels))
        for i, (c, k) in enumerate(zip(self.parts, kernels)):
            self[str(i)] = conv(c, c, k, stride, c // g)

    def forward(self, x):
        return torch.cat([self[str(i)](p) for i, p in enumerate(parts(x, self.parts))], 1)


class MuxConv(nn.Module):
    def __init__(self, channels, scales, kernels):
        super().__init__()
        self.parts = split(channels, len(scales))
        convs = []
        for i, (c, s) in enumerate(zip(self.parts, scales)):
            k = kernels[i] if len(kernels) > 1 else kernels[0]
            if s < 0:
                convs.append(nn.Sequential(SpaceToChannel(), conv(4 * c, 4 * c, k, 1, 4 * c), ChannelToSpace()))
            elif s > 0:
                convs.append(nn.Sequential(ChannelToSpace(), conv(c // 4, c // 4, k, 1, c // 4), SpaceToChannel()))
            else:
                convs.append(conv(c, c, k, 1, c))
        self.convs = nn.ModuleList(convs)

    def forward(self, x):
        return torch.cat([f(p) for f, p in zip(self.convs, parts(x, self.parts))], 1)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduced, act):
        super().__init__()
        self.conv_reduce = nn.Conv2d(channels, reduced, 1)
        self.act = act()
        self.conv_expand = nn.Conv2d(reduced, channels, 1)

    def forward(self, x):
        m = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.conv_expand(self.act(self.conv_reduce(m))))


def depthwise(channels, kernels, stride, g=1):
    return MixedConv(channels, kernels, stride, g) if len(kernels) > 1 else conv(channels, channels, kernels[0], stride,
                                                                               channels // g)


class Ds(nn.Module):
    def __init__(self, b, i, stride):
        super().__init__()
        self.conv_dw, self.bn1 = depthwise(i, b["k"], stride), nn.BatchNorm2d(i)
        self.se = SqueezeExcite(i, max(1, int(b["se"] * i)), b["act"]) if b["se"] else nn.Identity()
        self.conv_pw, self.bn2 = conv(i, b["c"], 1), nn.BatchNorm2d(b["c"])
        self.act, self.skip = b["act"](), stride == 1 and i == b["c"] and not b["noskip"]

    def forward(self, x):
        y = self.bn2(self.conv_pw(self.se(self.act(self.bn1(self.conv_dw(x))))))
        return y + x if self.skip else y


class Ir(nn.Module):
    def __init__(self, b, i, stride):
        super().__init__()
        mid = int(i * b["e"])
        self.conv_pw, self.bn1 = conv(i, mid, 1), nn.BatchNorm2d(mid)
        self.conv_dw, self.bn2 = depthwise(mid, b["k"], stride), nn.BatchNorm2d(mid)
        self.se = SqueezeExcite(mid, max(1, int(b["se"] * i)), b["act"]) if b["se"] else nn.Identity()
        self.conv_pwl, self.bn3 = conv(mid, b["c"], 1), nn.BatchNorm2d(b["c"])
        self.act1, self.act2 = b["act"](), b["act"]()
        self.skip = stride == 1 and i == b["c"] and not b["noskip"]

    def forward(self, x):
        y = self.act2(self.bn2(self.conv_dw(self.act1(self.bn1(self.conv_pw(x))))))
        y = self.bn3(self.conv_pwl(self.se(y)))
        return y + x if self.skip else y


class Mux(nn.Module):
    def __init__(self, b, i, stride):
        super().__init__()
        self.p, self.groups = int(i * b["p"]), b["sg"]
        mid = int(self.p * b["e"])
        self.conv_pw, self.bn1 = conv(self.p, mid, 1), nn.BatchNorm2d(mid)
        self.conv_dw = MuxConv(mid, b["m"], b["k"]) if b["m"] else depthwise(mid, b["k"], 1, b["g"])
        self.bn2 = nn.BatchNorm2d(mid)
        self.se = SqueezeExcite(mid, max(1, int(b["se"] * self.p)), b["act"]) if b["se"] else nn.Identity()
        self.conv_pwl, self.bn3 = conv(mid, self.p, 1), nn.BatchNorm2d(self.p)
        self.act1, self.act2 = b["act"](), b["act"]()

    def forward(self, x):
        a, rest = x[:, :self.p], x[:, self.p:]
        y = self.act2(self.bn2(self.conv_dw(self.act1(self.bn1(self.conv_pw(a))))))
        y = torch.cat([self.bn3(self.conv_pwl(self.se(y))) + a, rest], 1)
        n, c, h, w = sizes(y)
        return y.view(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)


def parse(row):
    keys = row.split("_")
    b = dict(kind=keys[0], r=1, s=1, e=1.0, se=0.0, act=Swish, p=0.5, sg=2, g=1, m=[], noskip=False)
    for key in keys[1:]:
        word = key.rstrip("0123456789.-")
        value = key[len(word):]
        if key in ACTIVATIONS:
            b["act"] = ACTIVATIONS[key]
        elif key == "noskip":
            b["noskip"] = True
        elif word in ("k", "m"):
            b[word] = [int(v) for v in value.split(".")]
        elif word in ("e", "se", "p"):
            b[word] = float(value)
        elif word in ("r", "s", "c", "sg", "g"):
            b[word] = int(value)
        else:
            sys.exit(f"block {row}: key {key} is not known to the peer")
    return b


class MuxNet(nn.Module):
    def __init__(self, spec):
        super().__init__()
        stem, head = spec["stem"], spec["head"]
        self.conv_stem, self.bn1 = conv(spec["imageChannels"], stem, 3, spec["stemStride"]), nn.BatchNorm2d(stem)
        rows, i = [], stem
        for row in spec["blocks"]:
            b = parse(row)
            for repeat in range(b["r"]):
                kind = {"ds": Ds, "ir": Ir, "mux": Mux}[b["kind"]]
                rows.append(nn.ModuleList([kind(b, i, b["s"] if repeat == 0 else 1)]))
                i = b["c"]
        self.blocks = nn.ModuleList(rows)
        self.conv_head, self.bn2 = conv(i, head, 1), nn.BatchNorm2d(head)
        self.act1, self.act2 = Swish(), Swish()
        self.classifier = nn.Linear(head, spec["classes"])

    def forward(self, x):
        x = self.act1(self.bn1(self.conv_stem(x)))
        for row in self.blocks:
            x = row[0](x)
        x = self.act2(self.bn2(self.conv_head(x)))
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


def peak_resident_bytes():
    with open("/proc/self/status") as f:
        return int(re.search(r"VmHWM:\s*(\d+) kB", f.read())[1]) * 1024


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--weights", required=True, help="safetensors written by muxnet export")
    a.add_argument("--input", required=True, help="safetensors with tensor x, [N, C, H, W]")
    a.add_argument("--output", help="where the logits of the timed process go")
    a.add_argument("--mode", choices=["infer", "train"], default="infer")
    a.add_argument("--threads", type=int, default=1)
    a.add_argument("--seconds", type=float, default=3)
    a.add_argument("--channels-last", action="store_true", help="weights and images in channels-last order")
    a.add_argument("--fused-silu", action="store_true", help="torch.nn.functional.silu for swish")
    args = a.parse_args()
    torch.set_num_threads(args.threads)
    weights, metadata = read_safetensors(args.weights)
    Swish.fused = args.fused_silu
    net = MuxNet(json.loads(metadata["muxkernels.network"]))
    net.load_state_dict(weights)
    x = read_safetensors(args.input)[0]["x"]
    if args.channels_last:
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    labels = torch.arange(x.shape[0]) % net.classifier.out_features
    if args.mode == "infer":
        net.eval()

        def step():
            with torch.no_grad():
                return net(x)
    else:
        net.train()
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9, weight_decay=4e-5)

        def step():
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), labels)
            loss.backward()
            optimizer.step()
            return loss.detach()
    result = step()
    if args.output:
        write_safetensors(args.output, "y", result.reshape(x.shape[0] if args.mode == "infer" else 1, -1).numpy())
    times = []
    for _ in range(2):
        step()
    start = time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < args.seconds:
        t = time.perf_counter()
        step()
        times.append((time.perf_counter() - t) * 1000)
    times.sort()
    print(json.dumps(dict(peer=f"PyTorch {torch.__version__} eager", mode=args.mode, batch=x.shape[0],
                          threads=args.threads, median_ms=times[len(times) // 2], p5_ms=times[len(times) // 20],
                          p95_ms=times[round(0.95 * (len(times) - 1))], least_ms=times[0], runs=len(times),
                          first_loss=float(result) if args.mode == "train" else None,
                          peak_resident_bytes=peak_resident_bytes())))


if __name__ == "__main__":
    main()
