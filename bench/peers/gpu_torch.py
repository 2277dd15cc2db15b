#!/usr/bin/env python3
"""One network or one operation in PyTorch on a device, in one form, timed by the device's events.

  python3 bench/peers/gpu_torch.py --weights m.safetensors --batch 256 --form compiled
  python3 bench/peers/gpu_torch.py --op muxconv --shape "64x48x56x56 k3 m-1.0.1" --direction forward --form rewritten

Forms of a network: `eager` (channels-last, fused SiLU, cuDNN's benchmark mode), `graph` (the same, recorded as a CUDA
graph; inference), `compiled` (torch.compile, max-autotune), `exported` (torch.fx's graph with batch normalisation
folded into the convolutions, then compiled). Forms of an operation: `library` (as the network's modules have it),
`rewritten` (parts with the same kernel together in one convolution, rearrangements as pixel shuffles), and both
`compiled`, as `library-compiled` and `rewritten-compiled`. --tf32 lets the library round factors to TF32.
"""
import argparse, json, statistics, sys, time
import torch
from torch import nn
from torch.nn import functional as F
import muxnet_torch as peer

NETWORK_FORMS = ["eager", "graph", "compiled", "exported"]
OP_FORMS = ["library", "rewritten", "library-compiled", "rewritten-compiled"]


class Rewritten(nn.Module):
    """A MuxConv with pixel shuffles, or a mixed convolution with parts of one kernel size in one convolution."""

    def __init__(self, channels, scales, kernels, g):
        super().__init__()
        self.scales = scales or [0] * len(kernels)
        self.parts = peer.split(channels, len(self.scales))
        kernels = kernels if len(kernels) > 1 else kernels * len(self.scales)
        wide = [c * 4 if s < 0 else c // 4 if s > 0 else c for c, s in zip(self.parts, self.scales)]
        self.convs = nn.ModuleList(peer.conv(c, c, k, 1, c // g) for c, k in zip(wide, kernels))

    def forward(self, x):
        y = []
        for f, s, p in zip(self.convs, self.scales, peer.parts(x, self.parts)):
            # Channels of a pixel shuffle come in another order than the paper's; the work is the same.
            p = F.pixel_unshuffle(p, 2) if s < 0 else F.pixel_shuffle(p, 2) if s > 0 else p
            p = f(p)
            y.append(F.pixel_shuffle(p, 2) if s < 0 else F.pixel_unshuffle(p, 2) if s > 0 else p)
        return torch.cat(y, 1)


def operation(name, text, form):
    """Module and input of an operation, by the text that `muxnet bench --shape` takes."""
    words = text.split()
    shape = [int(v) for v in words[0].split("x")]
    keys = {w[0]: [int(v) for v in w[1:].split(".")] for w in words[1:]}
    channels, kernels, stride = shape[1], keys.get("k", [3]), keys.get("s", [1])[0]
    if form.startswith("rewritten") and name in ("muxconv", "mixed"):
        return Rewritten(channels, keys.get("m"), kernels, keys.get("g", [1])[0]), shape
    module = {
        "muxconv": lambda: peer.MuxConv(channels, keys["m"], kernels),
        "mixed": lambda: peer.MixedConv(channels, kernels, stride, keys.get("g", [1])[0]),
        "group": lambda: peer.conv(channels, channels, kernels[0], stride, channels // keys["g"][0]),
        "depthwise": lambda: peer.conv(channels, channels, kernels[0], stride, channels),
        "pointwise": lambda: peer.conv(channels, keys["o"][0], 1),
    }[name]()
    return module, shape


def folded(graph):
    """A traced graph whose batch normalisation is part of the convolutions before it."""
    from torch.fx.experimental.optimization import fuse
    return fuse(graph, inplace=False)


def prepared(net, x, form):
    """A call of no arguments that computes the network in one form."""
    if form == "eager":
        return lambda: net(x)
    if form == "graph":
        if x.device.type != "cuda":
            sys.exit("--form graph needs a CUDA device")
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                net(x)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            y = net(x)
        return lambda: (graph.replay(), y)[1]
    if form == "exported":
        net = folded(torch.fx.symbolic_trace(net))
    if not hasattr(torch, "compile"):
        sys.exit(f"PyTorch {torch.__version__} has no torch.compile")
    compiled = torch.compile(net, mode="max-autotune")
    return lambda: compiled(x)


def timed(call, device, seconds):
    """Milliseconds of single calls, by events on a GPU, and of a call in a row of many."""
    def clock(count):
        if device.type != "cuda":
            start = time.perf_counter()
            for _ in range(count):
                call()
            return (time.perf_counter() - start) * 1e3 / count
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record()
        for _ in range(count):
            call()
        b.record()
        b.synchronize()
        return a.elapsed_time(b) / count

    for _ in range(3):
        clock(1)
    # Launches of a short call must not be what is measured: as many in a row as take two milliseconds.
    count = max(1, min(1000, int(2 / max(clock(1), 1e-4))))
    times, start = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds:
        times.append(clock(count))
    return sorted(times)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--weights", help="safetensors written by muxnet export: a network")
    a.add_argument("--op", choices=["muxconv", "mixed", "group", "depthwise", "pointwise"])
    a.add_argument("--shape", help="of the operation, as in muxnet bench --kernel")
    a.add_argument("--direction", choices=["forward", "backward-input", "backward-weight"], default="forward")
    a.add_argument("--mode", choices=["infer", "train"], default="infer")
    a.add_argument("--form", default="eager", choices=NETWORK_FORMS + OP_FORMS)
    a.add_argument("--batch", type=int, default=1)
    a.add_argument("--size", type=int, default=224)
    a.add_argument("--input", help="safetensors with tensor x, in place of --batch and --size")
    a.add_argument("--output", help="where the logits of an inference go")
    a.add_argument("--device", default="cuda")
    a.add_argument("--seconds", type=float, default=2)
    a.add_argument("--tf32", action="store_true")
    args = a.parse_args()
    device = torch.device(args.device)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.tf32
    torch.manual_seed(1)
    peer.Swish.fused = True
    loss = None
    if args.op:
        module, shape = operation(args.op, args.shape, args.form)
        module = module.to(device)
        x = torch.randn(shape, device=device, requires_grad=args.direction != "forward")
        if args.form.endswith("compiled"):
            module = torch.compile(module, mode="max-autotune-no-cudagraphs")
        if args.direction == "forward":
            def call():
                with torch.no_grad():
                    return module(x)
        else:
            wanted = [x] if args.direction == "backward-input" else list(module.parameters())
            y = module(x)
            dy = torch.randn_like(y)

            def call():
                return torch.autograd.grad(y, wanted, dy, retain_graph=True)
        times = timed(call, device, args.seconds)
    else:
        weights, metadata = peer.read_safetensors(args.weights)
        net = peer.MuxNet(json.loads(metadata["muxkernels.network"]))
        net.load_state_dict(weights)
        net = net.to(device, memory_format=torch.channels_last)
        x = peer.read_safetensors(args.input)[0]["x"] if args.input else \
            torch.randn(args.batch, net.conv_stem.in_channels, args.size, args.size)
        x = x.to(device).contiguous(memory_format=torch.channels_last)
        if args.mode == "infer":
            net.eval()
            with torch.no_grad():
                call = prepared(net, x, args.form)
                y = call()
                if args.output:
                    peer.write_safetensors(args.output, "y", y.float().cpu().numpy())
                times = timed(call, device, args.seconds)
        else:
            net.train()
            labels = torch.arange(x.shape[0], device=device) % net.classifier.out_features
            optimizer = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9, weight_decay=4e-5, nesterov=True,
                                        foreach=True)

            def forward():
                return F.cross_entropy(net(x), labels)
            if args.form == "compiled":
                forward = torch.compile(forward, mode="max-autotune-no-cudagraphs")
            elif args.form != "eager":
                sys.exit(f"--mode train has the forms eager and compiled, not {args.form}")

            def call():
                optimizer.zero_grad(set_to_none=True)
                value = forward()
                value.backward()
                optimizer.step()
                return value
            loss = float(call())
            times = timed(call, device, args.seconds)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    print(json.dumps(dict(peer=f"PyTorch {torch.__version__}", form=args.form, device=name, tf32=args.tf32,
                          median_ms=statistics.median(times), p5_ms=times[len(times) // 20],
                          p95_ms=times[round(0.95 * (len(times) - 1))], runs=len(times), first_loss=loss,
                          peak_bytes=torch.cuda.max_memory_allocated() if device.type == "cuda" else None)))


if __name__ == "__main__":
    main()
