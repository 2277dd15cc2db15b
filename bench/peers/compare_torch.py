#!/usr/bin/env python3
"""MUXNet-m eager beside PyTorch eager in one run: the two programs alternate, medians are compared, outputs checked.

  dotnet build -c Release src/Cli && python3 bench/peers/compare_torch.py --output bench/results/eager-torch.json

Every line is one configuration; `ratio` is PyTorch's median over ours (above 1: we are faster), the median over the
rounds. Run it on an otherwise idle machine. Without PyTorch it says so and ends with exit code 2.
"""
import argparse, json, os, subprocess, sys, tempfile
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)


def run(command, env=None):
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--model", default="muxnet-m")
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--seconds", type=float, default=3)
    a.add_argument("--muxnet", default=os.path.join(ROOT, "src/Cli/bin/Release/net10.0/muxnet.dll"))
    a.add_argument("--python", default=sys.executable)
    a.add_argument("--only", help="infer-1, infer-32 or train-32")
    a.add_argument("--output")
    args = a.parse_args()
    try:
        from muxnet_torch import read_safetensors, write_safetensors
    except ImportError as e:
        print(f"PyTorch is not installed for {sys.executable}: {e}", file=sys.stderr)
        sys.exit(2)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.safetensors")
        subprocess.run(["dotnet", args.muxnet, "export", "--model", args.model, "--safetensors", weights, "--quiet"],
                       check=True)
        for mode, batch, size in (("infer", 1, 224), ("infer", 32, 224), ("train", 32, 64)):
            if args.only and args.only != f"{mode}-{batch}":
                continue
            x = os.path.join(folder, f"x{batch}-{size}.safetensors")
            write_safetensors(x, "x", np.random.default_rng(1).standard_normal((batch, 3, size, size)))
            for threads in (1, 2):
                ours, peers = [], []
                env = dict(os.environ, OPENBLAS_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads))
                for _ in range(args.rounds):
                    y, z = os.path.join(folder, "ours.safetensors"), os.path.join(folder, "peer.safetensors")
                    ours.append(run(["dotnet", args.muxnet, "bench", "--model", args.model, "--weights", weights,
                                     "--input", x, "--output", y, "--batch", str(batch), "--size", str(size),
                                     "--threads", str(threads), "--mode", mode, "--engine", "eager",
                                     "--seconds", str(args.seconds), "--json"]))
                    peers.append(run([args.python, os.path.join(HERE, "muxnet_torch.py"), "--weights", weights, "--input",
                                      x, "--output", z, "--mode", mode, "--threads", str(threads), "--seconds",
                                      str(args.seconds)], env))
                error = None
                if mode == "infer":
                    a_, b_ = read_safetensors(y)[0]["y"].numpy(), read_safetensors(z)[0]["y"].numpy()
                    error = float(abs(a_ - b_).max() / abs(b_).max())
                    if not error < 1e-4:
                        sys.exit(f"outputs differ: {error:.2e} of the largest logit")
                middle = lambda v: sorted(v)[len(v) // 2]
                row = dict(model=args.model, mode=mode, batch=batch, size=size, threads=threads,
                           ours_ms=middle([o["median_ms"] for o in ours]), peer_ms=middle([p["median_ms"] for p in peers]),
                           ratio=middle([p["median_ms"] / o["median_ms"] for o, p in zip(ours, peers)]),
                           gmadds_per_s=middle([o["gmadds_per_s"] for o in ours]),
                           percent_of_peak=middle([o["percent_of_peak"] for o in ours]),
                           output_error=error, peer=peers[0]["peer"])
                rows.append(row)
                print(f"{mode:5} batch {batch:2} {size} px {threads}T: ours {row['ours_ms']:8.1f} ms, PyTorch "
                      f"{row['peer_ms']:8.1f} ms, ratio {row['ratio']:.2f}, {row['percent_of_peak']:.0f} % of peak"
                      + (f", outputs agree to {error:.1e}" if error is not None else ""), flush=True)
    if args.output:
        os.makedirs(os.path.dirname(os.path.abspath(args.output)), exist_ok=True)
        with open(args.output + ".tmp", "w") as f:
            json.dump(dict(rows=rows), f, indent=1)
        os.replace(args.output + ".tmp", args.output)


if __name__ == "__main__":
    main()
