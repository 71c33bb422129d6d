"""PyTorch and torchvision load what `atelier export` writes, and answer as atelier does.

Trains a tiny classifier and a tiny detector on MNIST and one with a feature pyramid on scenes (seconds), exports them, and
compares on test images:
  classifier  logits (of `atelier explain`) and probabilities (of `atelier predict`)
  detectors   classes, scores and boxes of all detections (of `atelier predict`)
Fails when a figure differs by more than 1e-4 (boxes in pixels of an image of 28 x 28, larger ones in proportion), or a detection
is missing or another.

Run from the project's folder, with PyTorch, torchvision, safetensors and Pillow installed:
  cargo build --release && python bench/weights/check.py [--atelier PATH] [--images N]
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from PIL import Image

import network

TOLERANCE = 1e-4
PROJECT = Path(__file__).parents[2]
DIGITS = """
[data]
validation = 50000
normalize = { mean = 0.1307, std = 0.3081 }
[training]
epochs = 2
batch-size = 32
optimizer = { name = "adam", learning-rate = 0.003 }
clip-norm = 10
"""
# 90 is no multiple of the coarser strides.
SCENES = """
[data]
source = "scenes"
[data.scenes]
size = 90
digits = [1, 6]
side = [14, 50]
train-images = 10000
test-images = 50
[training]
epochs = 2
batch-size = 16
optimizer = { name = "muon", learning-rate = 0.04, adam-learning-rate = 0.004 }
schedule = { name = "one-cycle", peak = 0.04 }
clip-norm = 10
"""
RECIPES = {
    "tiny-cnn": DIGITS + """
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 5, padding = 2, bias = false }, { max-pool = 2 }, "batch-norm", "relu",
  { conv = 16, kernel = 3, padding = 1 }, "silu", { avg-pool = 2 },
  "flatten", { linear = 32 }, "relu", { dropout = 0.1 }, { linear = 10 },
]
""",
    "tiny-detector": DIGITS + """
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 8, kernel = 3, padding = 1, bias = false }, "batch-norm", "relu", { max-pool = 2 },
  { conv = 16, kernel = 3, padding = 1, bias = false }, "batch-norm", "relu", { max-pool = 2 },
]
[model.rpn]
channels = 12
[model.roi]
hidden = [64, 48]
norm = "batch"
""",
    "tiny-pyramid": SCENES + """
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 8, kernel = 3, padding = 1 }, { max-pool = 2 }, "batch-norm", "relu",
  { conv = 16, kernel = 3, padding = 1 }, { max-pool = 3, stride = 2, padding = 1 }, "batch-norm", "relu",
  { conv = 16, kernel = 3, padding = 1 }, "batch-norm", "relu",
  { max-pool = 2 }, { conv = 24, kernel = 3, padding = 1 }, "batch-norm", "relu",
]
[model.pyramid]
strides = [2, 4, 8]
channels = 16
norm = "batch"
extra-level = true
canonical-size = 28
canonical-level = 2
[model.anchors]
sizes = [[8, 12], [16, 20], [24, 30], [38, 48]]
[model.rpn]
sample = 128
post-nms-train = 200
post-nms-test = 60
[model.roi]
sample = 64
positive-fraction = 0.5
convolutions = [16]
hidden = [64]
norm = "batch"
box-regression = "class-agnostic"
[model.detections]
per-image = 30
""",
}


def digits(count):
    """Test digits that atelier takes as they are: MNIST's form is 20 pixels of ink, from 0 to 255."""
    with gzip.open(PROJECT / "crates/data/mnist/t10k-images-idx3-ubyte.gz") as file:
        images = numpy.frombuffer(file.read(), numpy.uint8, offset=16).reshape(-1, 28, 28)

    def has_the_form(image):
        y, x = numpy.nonzero(image)
        return image.max() == 255 and max(numpy.ptp(y), numpy.ptp(x)) + 1 == 20

    return [image.copy() for image in images if has_the_form(image)][:count]


class Differences:
    """The greatest difference of each kind of figure."""

    def __init__(self):
        self.most = {}

    def add(self, kind, found, expected):
        found, expected = torch.as_tensor(found), torch.as_tensor(expected)
        difference = float((found - expected).abs().max()) if found.numel() else 0.0
        self.most[kind] = max(self.most.get(kind, 0.0), difference)


def write_digits(_atelier, folder, count):
    images = digits(count)
    paths = [f"{number:04}.png" for number in range(len(images))]
    for path, image in zip(paths, images):
        Image.fromarray(image).save(folder / path)
    return paths, images


def write_scenes(atelier, folder, count):
    """Scenes whose brightest pixel is white: `predict` makes others brighter first."""
    atelier("data", "scenes", "--out", "scenes", "--images", 1, "--test-images", 2 * count, "--size", 90,
            "--digits", "1-6", "--side", "14-50", "--json")
    paths = sorted(str(path.relative_to(folder)) for path in (folder / "scenes/test").glob("*.png"))
    scenes = [(path, numpy.array(Image.open(folder / path))) for path in paths]
    scenes = [(path, image) for path, image in scenes if image.max() == 255][:count]
    return [path for path, _ in scenes], [image for _, image in scenes]


def check_classifier(atelier, name, model, recipe, paths, images, differences):
    scale = recipe["data"]["normalize"]
    batch = torch.from_numpy(numpy.stack(images)).float()[:, None] / 255
    logits = model((batch - scale["mean"]) / scale["std"])
    answers = atelier("predict", name, *paths, "--json")
    differences.add("probability", [answer["probabilities"] for answer in answers], logits.softmax(1))
    for path, expected in list(zip(paths, logits))[:10]:
        explanation = atelier("explain", name, path, "--json")
        differences.add("logit", explanation["classifier"]["logits"], expected)
    return len(answers)


def check_detector(atelier, name, model, _recipe, paths, images, differences):
    batch = [torch.from_numpy(image).float()[None] / 255 for image in images]
    answers = atelier("predict", name, *paths, "--json")
    count, side = 0, images[0].shape[0]
    for path, answer, expected in zip(paths, answers, model(batch)):
        found = answer["detections"]
        theirs = list(zip(expected["labels"].tolist(), expected["scores"], expected["boxes"]))
        if len(found) != len(theirs):
            sys.exit(f"{path}: atelier finds {len(found)} objects, torchvision {len(theirs)}")
        for detection in found:
            # Scores that differ by rounding only may be ordered either way: the nearest box of those is meant.
            label, score, box = int(detection["class"]) + 1, detection["score"], torch.tensor(detection["box"])
            alike = [other for other in theirs if other[0] == label and abs(float(other[1]) - score) <= TOLERANCE]
            if not alike:
                sys.exit(f"{path}: torchvision does not find {detection}")
            other = min(alike, key=lambda other: float((other[2] - box).abs().max()))
            theirs = [one for one in theirs if one is not other]
            differences.add("score", score, other[1])
            # Rounding grows with the coordinates: in pixels of an image of MNIST's size.
            scale = 28 / side
            differences.add("box (pixels of 28)", box * scale, other[2] * scale)
        count += len(found)
    return count


@torch.no_grad()
def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--atelier", type=Path, default=PROJECT / "target/release/atelier")
    arguments.add_argument("--images", type=int, default=200)
    arguments = arguments.parse_args()
    binary = arguments.atelier.resolve()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)

        def atelier(*words):
            command = [binary, *map(str, words)]
            return json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout)

        worst = 0.0
        for name, write, check in (
            ("tiny-cnn", write_digits, check_classifier),
            ("tiny-detector", write_digits, check_detector),
            ("tiny-pyramid", write_scenes, check_detector),
        ):
            paths, images = write(atelier, folder, arguments.images)
            (folder / f"{name}.toml").write_text(RECIPES[name])
            trained = atelier("train", f"{name}.toml", "--json")
            figure = next(kind for kind in ("accuracy", "map") if trained.get(kind) is not None)
            exported = atelier("export", name, "--format", "safetensors", "--json")["file"]
            model, recipe, _ = network.load(folder / exported)
            differences = Differences()
            count = check(atelier, name, model, recipe, paths, images, differences)
            kinds = ", ".join(f"{kind} {most:.1e}" for kind, most in differences.most.items())
            print(f"{name} ({figure} {trained[figure]:.4f}): {count} answers on {len(images)} images; "
                  f"greatest differences: {kinds}", flush=True)
            worst = max(worst, *differences.most.values())
    if worst > TOLERANCE:
        sys.exit(f"differs by {worst:.1e}, more than {TOLERANCE:.0e}")
    print(f"PyTorch {torch.__version__} agrees within {TOLERANCE:.0e}")


if __name__ == "__main__":
    main()
