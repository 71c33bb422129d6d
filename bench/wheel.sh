#!/usr/bin/env bash
# Builds the Python wheel, installs it in a fresh virtual environment, and uses it. Needs Python 3.8 with venv and, for
# maturin, PyPI; or an environment that has maturin: `MATURIN=/path/to/maturin bench/wheel.sh`, which asks no network.
#
#     bench/wheel.sh [FOLDER]     leaves the wheel in FOLDER; default: target/wheels
set -euo pipefail
cd "$(dirname "$0")/.."
wheels=${1:-target/wheels}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -z "${MATURIN:-}" ]; then
    python3 -m venv "$work/build"
    "$work/build/bin/pip" install --quiet 'maturin>=1.9,<2'
    MATURIN=$work/build/bin/maturin
fi
# A folder of its own first, so that an older wheel is not mistaken for this one.
"$MATURIN" build --release --out "$work/wheel"
wheel=$(echo "$work"/wheel/*.whl)

python3 -m zipfile -l "$wheel"
for licence in LICENSE-MIT LICENSE-APACHE crates/data/mnist/NOTICE; do
    python3 -m zipfile -l "$wheel" | grep -q "dist-info/licenses/$licence " || { echo "$licence is not in the wheel" >&2; exit 1; }
done

python3 -m venv "$work/fresh"
"$work/fresh/bin/pip" install --quiet --no-index "$wheel"
# Away from the repository, as a user's shell is.
cd "$work"
atelier=$work/fresh/bin/atelier
"$atelier" --version
"$atelier" recipes
"$atelier" train fast-cnn --epochs 1 --set data.validation=50000
"$atelier" runs
cd - >/dev/null

mkdir -p "$wheels"
mv "$wheel" "$wheels"
ls -l "$wheels/$(basename "$wheel")"
