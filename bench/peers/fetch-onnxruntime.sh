#!/usr/bin/env bash
# Fetches ONNX Runtime's shared library for the comparison programs: the npm package onnxruntime-node carries it. The
# package is unpacked, nothing of it is run. npm's own configuration says where packages come from.
# Usage: bench/peers/fetch-onnxruntime.sh [VERSION]
set -euo pipefail
version="${1:-1.30.0}"
cache="$(cd "$(dirname "$0")" && pwd)/.cache"
case "$(uname -s)/$(uname -m)" in
  Linux/x86_64) platform=linux/x64 ;;
  Linux/aarch64) platform=linux/arm64 ;;
  Darwin/arm64) platform=darwin/arm64 ;;
  MINGW*/x86_64 | MSYS*/x86_64) platform=win32/x64 ;;
  *) echo "onnxruntime-node $version has no library for $(uname -s) $(uname -m)." >&2; exit 1 ;;
esac
command -v npm > /dev/null || { echo "npm is needed to fetch onnxruntime-node." >&2; exit 1; }

target="$cache/onnxruntime-$version/$platform"
mkdir -p "$target" "$cache/tmp"
trap 'rm -rf "$cache/tmp"' EXIT
(cd "$cache/tmp" && npm pack "onnxruntime-node@$version" --ignore-scripts --silent > /dev/null)
tar -xzf "$cache/tmp/onnxruntime-node-$version.tgz" -C "$cache/tmp"
find "$cache/tmp/package/bin" -path "*/$platform/*" \( -name 'libonnxruntime*' -o -name 'onnxruntime.dll' \) \
  -exec cp {} "$target/" \;
ls "$target" | grep -q onnxruntime || { echo "onnxruntime-node $version carries no library for $platform." >&2; exit 1; }
echo "$target"
