#!/usr/bin/env bash
# Three commands for a GPU machine that is lent for a few minutes and has neither a network nor the .NET SDK.
#
#   bench/gpu/borrowed.sh pack [CIFAR_DIR]   here: builds muxnet self-contained for linux-x64 and compresses it with the
#                                            golden data, the peers' scripts and CIFAR-10's binary files, if given
#   bench/gpu/borrowed.sh verify [OUT]       there: goldens and every kernel against the float64 reference
#   bench/gpu/borrowed.sh bench  [OUT]       there: networks and operations beside PyTorch, in turns
#   bench/gpu/borrowed.sh train  [OUT]       there: CIFAR-10 with the recipe
#
# Each of the three ends within eight minutes and leaves what it measured in OUT (results by default); the same command
# again goes on where it stopped. DEVICE (cuda), LIMIT (seconds, 440), PYTHON (python3), EPOCHS, BATCH, KERNELS
# (geometries of each, 20), PART (bytes of a packed file, 60M), PEER_OPTIONS (of compare_gpu.py) and
# TRAIN_OPTIONS (of muxnet train) can be set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
packed=$here/.packed
device=${DEVICE:-cuda}
limit=${LIMIT:-440}
python=${PYTHON:-python3}
part=${PART:-60M}
began=$SECONDS

left() { echo $((limit - (SECONDS - began))); }

# Seconds that a section may take; ends the command where too few are left.
need() {
  if [ "$(left)" -lt "$1" ]; then
    echo "$2 is not done; run the command again" >&2
    exit 3
  fi
}

unpack() {
  if [ ! -x "$packed/muxnet/muxnet" ]; then
    mkdir -p "$packed"
    for first in "$packed"/*.tar.xz.00; do
      [ -e "$first" ] || { echo "there is nothing packed in $packed; run '$0 pack' first" >&2; exit 2; }
      cat "${first%.00}".?? | tar -xJ -C "$packed"
    done
  fi
}

# section NAME SECONDS COMMAND...: its output becomes OUT/NAME.json, once.
section() {
  local name=$1 seconds=$2
  shift 2
  [ -s "$out/$name.json" ] && return
  need "$seconds" "$name"
  echo "$name" >&2
  local status=0
  timeout -s INT "$(left)" "$@" >"$out/$name.tmp" || status=$?
  if [ "$status" -eq 0 ]; then
    mv "$out/$name.tmp" "$out/$name.json"
  elif [ "$status" -eq 124 ]; then
    rm "$out/$name.tmp"
    need "$limit" "$name"
  else
    mv "$out/$name.tmp" "$out/$name.failed.json"
    echo "$name failed, see $out/$name.failed.json" >&2
    failed=1
  fi
}

# archive NAME FILES...: into parts that one can carry over.
archive() {
  local name=$1
  shift
  tar -c -C "$packed" "$@" | xz -T0 -6 | split -b "$part" -d - "$packed/$name.tar.xz."
}

pack() {
  local data=${1:-}
  rm -rf "$packed"
  mkdir -p "$packed"
  dotnet publish "$root/src/Cli" -c Release -r linux-x64 --self-contained -p:PublishTrimmed=false -p:DebugType=none \
    -o "$packed/muxnet" -v q
  cp -r "$root/tests/goldens" "$packed/goldens"
  archive muxnet muxnet goldens
  rm -rf "$packed/muxnet" "$packed/goldens"
  if [ -n "$data" ]; then
    mkdir "$packed/cifar10"
    cp "$data"/*.bin "$packed/cifar10/"
    archive cifar10 cifar10
    rm -rf "$packed/cifar10"
  fi
  ls -l "$packed"
}

verify() {
  section devices 20 "$packed/muxnet/muxnet" devices --json --quiet
  section ops 60 "$packed/muxnet/muxnet" verify "$packed/goldens" --only ops --device "$device" --json --quiet
  section nets 60 "$packed/muxnet/muxnet" verify "$packed/goldens" --only nets --device "$device" --json --quiet
  section nets-planned 60 "$packed/muxnet/muxnet" verify "$packed/goldens" --only nets --engine plan --device "$device" \
    --json --quiet
  section traces 60 "$packed/muxnet/muxnet" verify "$packed/goldens" --only traces --device "$device" --json --quiet
  section kernels 120 "$packed/muxnet/muxnet" verify --kernels "${KERNELS:-20}" --device "$device" --json --quiet
  if command -v compute-sanitizer >/dev/null; then
    section sanitizer 120 compute-sanitizer --error-exitcode 9 --print-limit 20 \
      "$packed/muxnet/muxnet" verify --kernels 1 --device "$device" --json --quiet
  fi
}

bench() {
  section budget-1 30 "$packed/muxnet/muxnet" bench --model muxnet-m --device "$device" --seconds 2 --explain --json --quiet
  section budget-256 40 "$packed/muxnet/muxnet" bench --model muxnet-m --batch "${BATCH:-256}" --device "$device" \
    --seconds 2 --explain --json --quiet
  need 60 "the comparison with PyTorch"
  timeout -s INT "$(left)" "$python" "$root/bench/peers/compare_gpu.py" --muxnet "$packed/muxnet/muxnet" \
    --device "$device" --output "$out/gpu.json" --limit "$(($(left) - 50))" ${PEER_OPTIONS:-} || failed=1
  # Networks once more with TF32, on devices that have it, into the same file.
  if [ "${device%%:*}" = cuda ] && [ "$failed" = 0 ] && [ "$(left)" -gt 90 ]; then
    timeout -s INT "$(left)" "$python" "$root/bench/peers/compare_gpu.py" --muxnet "$packed/muxnet/muxnet" \
      --device "$device" --output "$out/gpu.json" --limit "$(($(left) - 50))" --tf32 --only muxnet- ${PEER_OPTIONS:-} \
      || failed=1
  fi
}

train() {
  need 60 "the training"
  local resume=()
  [ -e "$out/cifar10/last.safetensors" ] && resume=(--resume)
  local status=0
  timeout -s INT "$(left)" "$packed/muxnet/muxnet" train --recipe cifar10 --data "$packed/cifar10" --device "$device" \
    ${EPOCHS:+--epochs "$EPOCHS"} ${TRAIN_OPTIONS:-} --output "$out/cifar10" "${resume[@]}" --json >"$out/train.json" \
    || status=$?
  if [ "$status" -eq 124 ]; then
    need "$limit" "the training" # Its last whole epoch is kept.
  fi

  failed=$status
}

command=${1:-}
failed=0
case $command in
  pack) pack "${2:-}" ;;
  verify | bench | train)
    out=${2:-$root/bench/gpu/results}
    mkdir -p "$out"
    unpack
    "$command"
    ;;
  *)
    sed -n '2,14s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
exit $((failed > 0))
