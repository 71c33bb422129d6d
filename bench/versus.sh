#!/usr/bin/env bash
# Times atelier beside PyTorch, torchvision and onnxruntime, in turns, and writes bench/RESULTS.md.
#
#     bench/versus.sh [ROUNDS] [CASE...]     default: 5 rounds of every case
#
# The peers get an environment of their own in .peers/ (a few gigabytes, made once).
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -x .peers/bin/python ]; then
    python3 -m venv .peers
    .peers/bin/pip install --quiet -r bench/peers/requirements.txt
fi
cargo build --release --quiet
exec .peers/bin/python bench/versus.py "$@"
