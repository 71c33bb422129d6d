"""Reads a run's event file with TensorBoard and holds every figure against history.jsonl.

    python3 -m venv .peers/tensorboard && .peers/tensorboard/bin/pip install tensorboard==2.20.0
    .peers/tensorboard/bin/python bench/tensorboard/check.py runs/NAME
"""

import json
import struct
import sys
from pathlib import Path

from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard import version

FIGURES = {
    "loss/train": "train_loss",
    "loss/validation": "validation_loss",
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "validation_accuracy",
    "average_precision/validation": "validation_map",
    "training/epoch": "epoch",
    "training/learning_rate": "learning_rate",
    "training/seconds": "seconds",
    "training/images_per_s": "images_per_s",
    "training/energy_j": "energy_j",
}
PARTS = {"loss/train/": "losses", "loss/validation/": "validation_losses"}


def single(value):
    """As a 32-bit float, which is what an event holds."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def expected(history):
    """Every figure by tag: pairs of step and value."""
    figures = {}
    for epoch in history:
        found = {tag: epoch.get(key) for tag, key in FIGURES.items()}
        for prefix, key in PARTS.items():
            found |= {prefix + part: value for part, value in epoch.get(key, {}).items()}
        for tag, value in found.items():
            if value is not None:
                figures.setdefault(tag, []).append((epoch["step"], single(float(value))))
    return figures


def main(run):
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    # The reader of scalars as they are, and the one behind TensorBoard's own pages, which turns them into tensors.
    plain = event_accumulator.EventAccumulator(str(run))
    pages = plugin_event_accumulator.EventAccumulator(str(run))
    plain.Reload()
    pages.Reload()
    read = {tag: [(e.step, e.value) for e in plain.Scalars(tag)] for tag in plain.Tags()["scalars"]}
    shown = {
        tag: [(e.step, e.tensor_proto.float_val[0]) for e in pages.Tensors(tag)]
        for tag in pages.Tags()["tensors"]
    }
    assert read == expected(history), f"events differ from history.jsonl:\n{read}\n{expected(history)}"
    assert shown == read, f"pages show other events:\n{shown}"
    times = [e.wall_time for e in plain.Scalars("loss/train")]
    assert all(abs(a - b["seconds"] - (times[0] - history[0]["seconds"])) < 1e-3 for a, b in zip(times, history))
    print(f"{run}: TensorBoard {version.VERSION} reads {len(history)} epochs, "
          f"{len(read)} figures each, {sum(map(len, read.values()))} in all, equal to history.jsonl")


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        main(Path(folder))
