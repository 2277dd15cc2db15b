#!/usr/bin/env python3
"""Training steps beside PyTorch in one run: programs take turns, each in a process of its own, medians are compared.

  dotnet build -c Release src/Cli && python3 bench/peers/compare_training.py

A step is forward, cross-entropy, backward and SGD with momentum, on the same images from the same weights; ours clips
the gradients too. Dropout is off in both: the losses of the first step must agree. PyTorch takes part in its best form
(channels-last, fused SiLU, malloc that keeps its pages) and as released. `ratio_to_ours` above 1: we are faster. Run it
on an otherwise idle machine. Without PyTorch it says so and ends with exit code 2.
"""
import argparse, json, os, platform, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Pages stay with the process instead of going back to the system and being cleared again at every step.
MALLOC = dict(MALLOC_TRIM_THRESHOLD_="17179869184", MALLOC_MMAP_THRESHOLD_="17179869184", MALLOC_TOP_PAD_="67108864")
OURS, BEST, RELEASED = "MuxKernels", "PyTorch, channels-last, fused SiLU, tuned malloc", "PyTorch as released"


def run(command, env=None):
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def numbers(text):
    return [int(v) for v in text.split(",")]


def entry(name, runs, ours, peer):
    """What several processes measured: medians over their medians, the spread over all of them."""
    e = dict(name=name, median_ms=statistics.median(r["median_ms"] for r in runs),
             p5_ms=min(r["p5_ms"] for r in runs), p95_ms=max(r["p95_ms"] for r in runs),
             least_ms=min(r["least_ms"] for r in runs), runs=sum(r["runs"] for r in runs), peer=peer,
             round_medians_ms=[round(r["median_ms"], 3) for r in runs],
             peak_resident_bytes=round(statistics.median(r["peak_resident_bytes"] for r in runs)))
    if peer:
        e["ratio_to_ours"] = statistics.median(r["median_ms"] / o["median_ms"] for r, o in zip(runs, ours))
        e["memory_to_ours"] = e["peak_resident_bytes"] / statistics.median(o["peak_resident_bytes"] for o in ours)
    else:
        e.update({k: statistics.median(r[k] for r in runs) for k in ("gmadds_per_s", "percent_of_peak")})
        e.update(engine=runs[0]["engine"], arena_bytes=runs[0]["arena_bytes"], plan_bytes=runs[0]["plan_bytes"],
                 phases={k: statistics.median(r["phases"][k] for r in runs) for k in runs[0]["phases"]})
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in e.items()}


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            return next(l.split(":", 1)[1].strip() for l in f if l.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def write(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".tmp", "w") as f:
        f.write(text)
    os.replace(path + ".tmp", path)


def document(args, peer, rows):
    machine = dict(processor=processor(), cores=os.cpu_count(), instruction_set=rows[0]["instruction_set"],
                   system=platform.system())
    method = (
        f"Separate processes take turns ({args.rounds} rounds of ours, PyTorch's best form, PyTorch as released), "
        f"{args.seconds} s each after a warm-up. A step: forward, cross-entropy, backward, SGD with momentum; ours "
        "with gradients set to zero and clipped. Same weights and images, dropout off, losses of the first step "
        "agree to 1e-4. Median over the rounds of each process's median, 5 % and 95 % the widest of the rounds, "
        "ratio_to_ours the median over the rounds. Multiply-adds: three times forward's by the paper's rule. Peak "
        "resident memory of the process at its highest (VmHWM), code and runtime included.")
    return json.dumps(dict(kind="training", machine=machine, method=method, peers=dict(PyTorch=peer), rows=rows),
                      indent=1, ensure_ascii=False) + "\n"


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--models", default="muxnet-m,muxnet-xs")
    a.add_argument("--sizes", type=numbers, default=[64, 224], help="side lengths of the images")
    a.add_argument("--threads", type=numbers, default=[1, 2])
    a.add_argument("--batch", type=int, default=32)
    a.add_argument("--rounds", type=int, default=5, help="turns of each program")
    a.add_argument("--seconds", type=float, default=4, help="time of a turn that counts")
    a.add_argument("--muxnet", default=os.path.join(ROOT, "src/Cli/bin/Release/net10.0/muxnet.dll"))
    a.add_argument("--python", default=sys.executable, help="a Python with PyTorch")
    a.add_argument("--output", default=os.path.join(ROOT, "bench/results/training-torch.json"))
    args = a.parse_args()
    try:
        import numpy as np
        from muxnet_torch import network_json, write_safetensors
    except ImportError as e:
        print(f"PyTorch is not installed for {sys.executable}: {e}", file=sys.stderr)
        sys.exit(2)
    todo = [(m, s, t) for m in args.models.split(",") for s in args.sizes for t in args.threads]
    rows, peer, turns, began = [], None, 0, time.time()
    with tempfile.TemporaryDirectory() as folder:
        for model, size, threads in todo:
            weights, x, network = (os.path.join(folder, f) for f in ("w.safetensors", "x.safetensors", "n.json"))
            run(["dotnet", args.muxnet, "export", "--model", model, "--safetensors", weights, "--quiet", "--json"])
            write(network, json.dumps(dict(network_json(weights), dropout=0, dropConnect=0)))
            write_safetensors(x, "x", np.random.default_rng(1).standard_normal((args.batch, 3, size, size)))
            common = ["--weights", weights, "--input", x, "--mode", "train", "--threads", str(threads), "--seconds",
                      str(args.seconds)]
            torch = [args.python, os.path.join(HERE, "muxnet_torch.py"), *common]
            env = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
            programs = {
                OURS: (["dotnet", args.muxnet, "bench", "--network", network, *common, "--json", "--quiet"], None),
                BEST: ([*torch, "--channels-last", "--fused-silu"], dict(env, **MALLOC)),
                RELEASED: (torch, env),
            }
            measured = {name: [] for name in programs}
            title = f"{model}, {size}×{size}, batch {args.batch}, {threads} thread{'s' * (threads > 1)}"
            for turn in range(args.rounds):
                for name, (command, settings) in programs.items():
                    done = turns / (len(todo) * args.rounds * len(programs))
                    left = f", {(time.time() - began) * (1 / done - 1) / 60:.1f} min left" if done else ""
                    print(f"[{100 * done:.0f} %{left}] {title}, turn {turn + 1}: {name}", file=sys.stderr, flush=True)
                    measured[name].append(run(command, settings))
                    turns += 1
            ours = measured[OURS]
            for name, runs in measured.items():
                error = abs(runs[0]["first_loss"] - ours[0]["first_loss"]) / abs(ours[0]["first_loss"])
                if not error < 1e-4:
                    sys.exit(f"{title}: {name} begins with a loss of {runs[0]['first_loss']}, ours with "
                             f"{ours[0]['first_loss']} (maps of a few numbers, a small batch of small images, have "
                             "batch statistics that amplify rounding)")
            peer = measured[BEST][0]["peer"]
            rows.append(dict(name=title, entries=[entry(n, r, ours, n != OURS) for n, r in measured.items()],
                             madds=ours[0]["madds"], instruction_set=ours[0]["instruction_set"],
                             peak_gmadds_per_s=max(r["peak_gmadds_per_s"] for r in ours)))
            o, b, r = rows[-1]["entries"]
            print(f"{title}: ours {o['median_ms']:.1f} ms ({o['percent_of_peak']:.0f} % of peak, "
                  f"{o['peak_resident_bytes'] / 1e6:.0f} MB), PyTorch's best {b['median_ms']:.1f} ms "
                  f"({b['ratio_to_ours']:.2f} ×, {b['peak_resident_bytes'] / 1e6:.0f} MB), as released "
                  f"{r['median_ms']:.1f} ms ({r['ratio_to_ours']:.2f} ×, {r['peak_resident_bytes'] / 1e6:.0f} MB)",
                  flush=True)
            write(args.output, document(args, peer, rows))


if __name__ == "__main__":
    main()
