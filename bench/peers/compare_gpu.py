#!/usr/bin/env python3
"""Networks and single operations on a GPU beside PyTorch in one run: programs take turns, medians are compared.

  python3 bench/peers/compare_gpu.py --muxnet publish/muxnet --output bench/results/gpu.json

Rows that the output already has are left alone, so that a run that was cut short goes on where it stopped; --limit ends
it after so many seconds. Results of inference are compared. --tf32 lets both sides round factors to TF32, in rows of their
own: networks and 1×1 convolutions, all that has such kernels here. `ratio_to_ours` above 1: we are faster.
--device opencl --peer-device cpu tries the script without a GPU. Without PyTorch it ends with exit code 2.
"""
import argparse, json, os, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OPERATIONS = [
    ("muxconv", "64x48x56x56 k3 m-1.0.1"), ("muxconv", "64x120x28x28 k3 m-1.0.1"), ("muxconv", "64x240x14x14 k5 m-1.0.1"),
    ("group", "64x240x14x14 k5 g2"), ("group", "64x480x7x7 k5 g2"), ("mixed", "64x96x56x56 k3.5.7"),
    ("mixed", "64x160x28x28 k3.5.7.9"), ("depthwise", "64x96x56x56 k3"), ("pointwise", "64x24x56x56 o96"),
    ("pointwise", "64x80x7x7 o480"),
]
DIRECTIONS = ["forward", "backward-input", "backward-weight"]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return dict(error=(done.stderr or done.stdout).strip()[-400:])
    return json.loads(done.stdout[done.stdout.index("{"):])


def write(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".tmp", "w") as f:
        f.write(text)
    os.replace(path + ".tmp", path)


def tasks(args):
    for task in all_tasks(args):
        if not args.tf32:
            yield task
        elif task.get("op", "pointwise") == "pointwise":
            yield dict(task, name=task["name"] + ", TF32")


def all_tasks(args):
    for batch in args.batches:
        yield dict(name=f"{args.model} inference, batch {batch}, {args.size}²", kind="infer", batch=batch,
                   forms=["eager", "graph", "compiled", "exported"])
    yield dict(name=f"{args.model} training step, batch {args.train_batch}, {args.size}²", kind="train",
               batch=args.train_batch, forms=["eager", "compiled"])
    for op, shape in OPERATIONS:
        if args.small:
            shape = "2x" + shape.split("x", 1)[1]
        for direction in DIRECTIONS:
            forms = ["library", "library-compiled"]
            forms += ["rewritten", "rewritten-compiled"] if op in ("muxconv", "mixed") else []
            yield dict(name=f"{op}.{direction} {shape}", kind="op", op=op, shape=shape, direction=direction, forms=forms)


def commands(args, task, folder):
    ours = [args.muxnet, "bench", "--device", args.device, "--seconds", str(args.seconds), "--json", "--quiet"]
    ours = ["dotnet", *ours] if args.muxnet.endswith(".dll") else ours
    torch = [args.python, os.path.join(HERE, "gpu_torch.py"), "--device", args.peer_device, "--seconds", str(args.seconds)]
    if task["kind"] == "op":
        ours += ["--kernel", f"{task['op']}.{task['direction']}", "--shape", task["shape"]]
        torch += ["--op", task["op"], "--shape", task["shape"], "--direction", task["direction"]]
    else:
        w, x = (os.path.join(folder, f) for f in ("w.safetensors", f"x{task['batch']}.safetensors"))
        if not os.path.exists(x):
            import numpy as np
            from muxnet_torch import write_safetensors
            write_safetensors(x, "x", np.random.default_rng(1).standard_normal((task["batch"], 3, args.size, args.size)))
        ours += ["--weights", w, "--input", x, "--mode", task["kind"]]
        torch += ["--weights", w, "--input", x, "--mode", task["kind"]]
        if task["kind"] == "infer":
            ours += ["--output", os.path.join(folder, "ours.safetensors")]
            torch += ["--output", os.path.join(folder, "theirs.safetensors")]
    if args.tf32:
        ours.append("--tf32")
        torch.append("--tf32")
    return {"MuxKernels": ours, **{f"PyTorch {f}": [*torch, "--form", f] for f in task["forms"]}}


def ours_ms(result):
    if "variants" in result:
        return result["variants"][0]["median_ms"]
    return result.get("on_device_ms") or result["median_ms"]


def difference(folder):
    from muxnet_torch import read_safetensors
    a, b = (read_safetensors(os.path.join(folder, f + ".safetensors"))[0]["y"].reshape(-1) for f in ("ours", "theirs"))
    return float((a - b).abs().max() / b.abs().max())


def measure(args, task, folder):
    programs = commands(args, task, folder)
    measured, error = {name: [] for name in programs}, 0.0
    for turn in range(args.rounds):
        for name, command in programs.items():
            if measured[name] and "error" in measured[name][-1]:
                continue
            print(f"{task['name']}, turn {turn + 1}: {name}", file=sys.stderr, flush=True)
            measured[name].append(run(command))
            result = measured[name][-1]
            if name == "MuxKernels" and "error" in result:
                sys.exit(f"{' '.join(command)}\n{result['error']}")
            if task["kind"] == "infer" and name != "MuxKernels" and "error" not in result:
                error = max(error, difference(folder))
    limit = 1e-2 if args.tf32 else 1e-3
    if error > limit:
        sys.exit(f"{task['name']}: results differ by {error:.1e} of the largest, expected at most {limit:.0e}")
    ours = [ours_ms(r) for r in measured["MuxKernels"]]
    first = measured["MuxKernels"][0]
    entries = [dict(name="MuxKernels", median_ms=statistics.median(ours), peer=False)]
    for name, runs in list(measured.items())[1:]:
        good = [r["median_ms"] for r in runs if "error" not in r]
        entries.append(dict(name=name, peer=True, error=runs[-1]["error"]) if not good else dict(
            name=name, median_ms=statistics.median(good), peer=True,
            ratio_to_ours=statistics.median(t / o for t, o in zip(good, ours))))
    good = [e for e in entries if e.get("ratio_to_ours")]
    variant = first.get("variants", [{}])[0]
    row = dict(name=task["name"], entries=entries, best_peer=min(good, key=lambda e: e["median_ms"])["name"] if good else None,
               least_ratio=min((e["ratio_to_ours"] for e in good), default=None), largest_difference=error or None,
               madds=first.get("madds", variant.get("madds")), peak_gmadds_per_s=first.get("peak_gmadds_per_s"),
               copy_gb_per_s=first.get("copy_gb_per_s"),
               percent_of_peak=variant.get("percent_of_peak") or first.get("on_device_percent_of_peak") or first.get("percent_of_peak"),
               percent_of_copy=variant.get("percent_of_copy"))
    versions = [r.get("peer") for runs in measured.values() for r in runs if r.get("peer")]
    return row, first.get("device"), versions[0] if versions else None


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--muxnet", default=os.path.join(ROOT, "src/Cli/bin/Release/net10.0/muxnet.dll"))
    a.add_argument("--python", default=sys.executable, help="a Python with PyTorch")
    a.add_argument("--device", default="cuda", help="ours")
    a.add_argument("--peer-device", default="cuda", help="PyTorch's")
    a.add_argument("--model", default="muxnet-m")
    a.add_argument("--size", type=int, default=224)
    a.add_argument("--batches", type=lambda t: [int(v) for v in t.split(",")], default=[1, 256])
    a.add_argument("--train-batch", type=int, default=256)
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--seconds", type=float, default=1)
    a.add_argument("--limit", type=float, default=1e9, help="seconds after which no new row is begun")
    a.add_argument("--only", default="", help="only rows whose name contains this")
    a.add_argument("--tf32", action="store_true", help="rows with factors rounded to TF32 on both sides")
    a.add_argument("--small", action="store_true", help="operations with two images: a trial")
    a.add_argument("--output", default=os.path.join(ROOT, "bench/results/gpu.json"))
    args = a.parse_args()
    if subprocess.run([args.python, "-c", "import torch, numpy"], capture_output=True).returncode:
        print(f"PyTorch is not installed for {args.python}", file=sys.stderr)
        sys.exit(2)
    document = dict(kind="gpu", rows=[])
    if os.path.exists(args.output):
        with open(args.output) as f:
            document = json.load(f)
    done, began = {r["name"] for r in document["rows"]}, time.time()
    todo = [t for t in tasks(args) if t["name"] not in done and args.only in t["name"]]
    with tempfile.TemporaryDirectory() as folder:
        export = [args.muxnet, "export", "--model", args.model, "--safetensors", os.path.join(folder, "w.safetensors"),
                  "--quiet", "--json"]
        made = run(["dotnet", *export] if args.muxnet.endswith(".dll") else export)
        if "error" in made:
            sys.exit(made["error"])
        for i, task in enumerate(todo):
            if time.time() - began > args.limit:
                print(f"{len(todo) - i} rows are left; run the command again", file=sys.stderr)
                break
            row, device, version = measure(args, task, folder)
            document["rows"].append(row)
            document.update(machine=dict(device=device), peers=dict(PyTorch=version), method=(
                f"Separate processes take turns ({args.rounds} rounds), {args.seconds} s each after a warm-up; times are "
                "those of the device's events, operands on the device. TF32 off but in rows that say so. Median over the "
                "rounds of each process's median; ratio_to_ours the median over the rounds. Training steps of ours include the copy of "
                "the batch and of the loss."))
            write(args.output, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
            left = (time.time() - began) / (i + 1) * (len(todo) - i - 1) / 60
            text = ", ".join(f"{e['name']} {e['median_ms']:.3f} ms" if "median_ms" in e else f"{e['name']} failed"
                             for e in row["entries"])
            print(f"[{i + 1}/{len(todo)}, {left:.1f} min left] {row['name']}: {text}", flush=True)


if __name__ == "__main__":
    main()
