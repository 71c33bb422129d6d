#!/usr/bin/env bash
# Times atelier beside PyTorch, torchvision and onnxruntime, in turns, and writes bench/RESULTS.md.
#
#     bench/versus.sh [ROUNDS] [CASE...]     default: 5 rounds of every case
#
# Or an exported file in onnxruntime and OpenVINO, beside the model it was exported from; the table is printed:
#
#     bench/versus.sh [ROUNDS] --file MODEL.onnx --model MODEL --data SOURCE [--batches N...]
#
# The peers get an environment of their own in .peers/ (a few gigabytes, made once). ATELIER is the program, if it is not to be
# built.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! cmp -s bench/peers/requirements.txt .peers/installed.txt; then
    [ -x .peers/bin/python ] || python3 -m venv .peers
    .peers/bin/pip install --quiet -r bench/peers/requirements.txt
    cp bench/peers/requirements.txt .peers/installed.txt
fi
[ -n "${ATELIER:-}" ] || cargo build --release --quiet
exec .peers/bin/python bench/versus.py "$@"
