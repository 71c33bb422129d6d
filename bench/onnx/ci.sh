#!/usr/bin/env bash
# Trains every built-in recipe for a few seconds, exports it in every form, and holds the files against onnxruntime and
# onnx.checker (check.py, parts.py). About two minutes on two cores. Where Python or its packages can't be had, it says so and
# checks nothing.
#
#     bench/onnx/ci.sh [RECIPE...]      default: every built-in recipe
#
# ATELIER is the program (default: target/release/atelier), ONNX_PYTHON an interpreter that has the packages of
# requirements.txt. Without it they are installed into target/onnx-python, once.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${ATELIER:-target/release/atelier}
python=${ONNX_PYTHON:-target/onnx-python/bin/python}

left_out() {
    echo "ONNX files are not compared with onnxruntime: $1" >&2
    exit 0
}

if [ -z "${ONNX_PYTHON:-}" ] && ! cmp -s bench/onnx/requirements.txt target/onnx-python/installed.txt; then
    command -v python3 >/dev/null || left_out "there is no python3"
    rm -rf target/onnx-python
    python3 -m venv target/onnx-python >/dev/null 2>&1 || left_out "python3 has no venv"
    target/onnx-python/bin/pip install --quiet --retries 1 --timeout 30 -r bench/onnx/requirements.txt >&2 ||
        left_out "the packages of bench/onnx/requirements.txt can't be installed"
    cp bench/onnx/requirements.txt target/onnx-python/installed.txt
fi
[ -x "$program" ] || { echo "$program: not found; build it with cargo build --release, or set ATELIER" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" bench/onnx/small.py "$work"

# Pictures of the network's own size are taken as they are, instead of being searched for a digit.
fit=(--set data.image.fit=stretch)

train() { # NAME, flags: one short training
    "$program" train "$1" "${fit[@]}" --out "$work/runs" --plain --json "${@:2}" >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; exit 1; }
}

export_as() { # NAME, FORM, flags: RUNS/NAME as FORM.onnx
    "$program" export "$1" --runs "$work/runs" --format onnx --out "$work/$2.onnx" "${@:3}" >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; exit 1; }
}

check() { # FORM
    "$python" bench/onnx/check.py "$work/$1.onnx" "$work/predictions.json" | sed "s|$work/||"
}

predict() { # NAME, pictures
    "$program" predict "$1" "${@:2}" --runs "$work/runs" --json >"$work/predictions.json"
}

classifier() { # NAME, pictures
    predict "$@"
    export_as "$1" "$1"; check "$1"
    export_as "$1" "$1-softmax" --softmax; check "$1-softmax"
    export_as "$1" "$1-bytes" --softmax --with-preparation; check "$1-bytes"
}

detector() { # NAME, pictures
    predict "$@"
    export_as "$1" "$1"; check "$1"
    export_as "$1" "$1-bytes" --with-preparation; check "$1-bytes"
    export_as "$1" "$1" --parts
    "$python" bench/onnx/parts.py "$work/$1-trunk.onnx" "$work/$1-head.onnx" "$work/predictions.json" |
        sed "s|^|$1 in two parts, |"
}

scenes() { # FOLDER, flags: pictures of scenes, with blank ones
    "$program" data scenes --out "$work/$1" --images 1 --test-images 21 "${@:2}" >"$work/log" 2>&1
}

recipe() { # NAME
    case $1 in
    resnet-50-fpn | mobilenet-fpn)
        # For weights from elsewhere: after a few seconds all scores are nearly equal, and rounding decides what is found. The
        # tests of crates/nets export both with weights whose scores are spread.
        echo "$1: left out, see crates/nets/tests/it/torchvision_detectors.rs"
        ;;
    *-cnn | *resnet*)
        train "$1" --data "$work/mnist" --epochs "$([ "$1" = resnet-18 ] && echo 1 || echo 2)"
        classifier "$1" "$work"/digits/*.png
        ;;
    scenes-faster-rcnn)
        train "$1" --set data.scenes.train-images=300 --set data.scenes.test-images=50 --epochs 3
        scenes scenes
        detector "$1" "$work"/scenes/test/*.png "$work"/blank-128/*.png
        ;;
    scenes-fpn)
        # A size that the strides do not divide, and small, because this network is the slowest.
        train "$1" --set data.scenes.train-images=240 --set data.scenes.test-images=30 --set data.scenes.size=150 \
            --set "data.scenes.digits=[1,6]" --set "data.scenes.side=[15,60]" --set training.batch-size=8 --epochs 2
        scenes fpn --size 150 --digits 1-6 --side 15-60
        detector "$1" "$work"/fpn/test/*.png "$work"/blank-150/*.png
        ;;
    *-faster-rcnn)
        train "$1" --data "$work/mnist" --epochs 2
        detector "$1" "$work"/digits/*.png
        ;;
    *) echo "$1: add it to bench/onnx/ci.sh" >&2; exit 1 ;;
    esac
}

names=("$@")
if [ ${#names[@]} = 0 ]; then
    mapfile -t names < <("$program" recipes | awk 'NF == 0 { exit } { print $1 }')
fi
for name in "${names[@]}"; do
    recipe "$name"
done
