"""Data for the classifiers of this folder, and the accuracy that onnxruntime gives them."""

import gzip
import importlib.metadata
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from PIL import Image

MNIST = pathlib.Path(__file__).resolve().parents[3] / "crates/data/mnist"
DIGITS = [str(digit) for digit in range(10)]

# Pictures of digits in coloured ink. The colour matters, so that exchanged channels show in the accuracy. The order is not
# alphabetical, so that an ignored `--classes` shows as well.
INKS = {"red": (230, 40, 50), "blue": (50, 70, 230), "green": (40, 190, 60)}
SHOWN = [7, 3, 8]
COLOURS = [f"{ink}-{digit}" for digit in SHOWN for ink in INKS]
SIDE = 32


def mnist(part, count=None):
    """The first `count` pictures [N, 28, 28] of bytes, and their labels; `part` is train or t10k."""
    images = gzip.open(MNIST / f"{part}-images-idx3-ubyte.gz").read()[16:]
    labels = gzip.open(MNIST / f"{part}-labels-idx1-ubyte.gz").read()[8:]
    images = np.frombuffer(images, np.uint8).reshape(-1, 28, 28)
    labels = np.frombuffer(labels, np.uint8).astype(np.int64)
    return images[:count], labels[:count]


def colours(part, count):
    """Pictures [N, 32, 32, 3] of bytes, and the places of their classes in COLOURS."""
    random = np.random.default_rng(len(part))
    images, digits = mnist(part)
    chosen = random.permutation(np.flatnonzero(np.isin(digits, SHOWN)))[:count]
    pictures, labels = [], []
    for image, digit in zip(images[chosen], digits[chosen]):
        ink = random.integers(len(INKS))
        paper = random.uniform(150, 255) * random.uniform(0.85, 1, 3)
        mask = np.zeros((SIDE, SIDE, 1))
        top, left = random.integers(0, SIDE - 28 + 1, 2)
        mask[top : top + 28, left : left + 28, 0] = image / 255
        # Inks vary, and all of them are noisy.
        tint = np.array(list(INKS.values())[ink]) + random.normal(0, 30, 3)
        picture = paper * (1 - mask) + tint * mask + random.normal(0, 12, (SIDE, SIDE, 3))
        pictures.append(picture.clip(0, 255).astype(np.uint8))
        labels.append(SHOWN.index(int(digit)) * len(INKS) + int(ink))
    return np.stack(pictures), np.array(labels)


def write_pictures(folder, pictures, labels, classes):
    """A folder for each class, with PNG files."""
    for number, (picture, label) in enumerate(zip(pictures, labels)):
        path = folder / classes[label] / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)


def finish(folder, batches, labels, classes, data, flags, packages, own=None):
    """Writes expected.json beside model.onnx: how onnxruntime does on the test pictures.

    `batches` are the arrays that it gets, `labels` are places in `classes`, the names in the data, and `own` are the
    model's names in the same order, where they differ. `flags` are what atelier must be told.
    """
    own = own or classes
    path = folder / "model.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    predicted = []
    for batch in batches:
        first = session.run(None, {name: batch})[0]
        # scikit-learn's models give labels first: numbers, or names.
        if first.ndim == 1:
            predicted += [own.index(str(label)) for label in first]
        else:
            predicted += first.argmax(axis=1).tolist()
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    correct = int(confusion.trace())
    expected = {
        "made_by": {package: importlib.metadata.version(package) for package in packages},
        "opset": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        "operators": sorted({node.op_type for node in model.graph.node}),
        "data": data,
        "flags": flags,
        "classes": classes,
        "images": len(labels),
        "correct": correct,
        "accuracy": correct / len(labels),
        "confusion": confusion.tolist(),
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{folder.name}: {correct} of {len(labels)} right in onnxruntime; {' '.join(expected['operators'])}", flush=True)


def split(array, size=500):
    """Batches of `size`."""
    return [array[first : first + size] for first in range(0, len(array), size)]
