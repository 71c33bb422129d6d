"""Holds an ONNX file that atelier exported against the predictions of the run it came from.

    atelier export RUN --format onnx --out model.onnx
    atelier predict RUN pictures/*.png --json > predictions.json
    python bench/onnx/check.py model.onnx predictions.json

The file must pass onnx.checker with shape inference. Then onnxruntime runs it on the same pictures, in batches of 1, 3
and 16: classes, labels and numbers of detections must be equal, scores within 1e-4, boxes within 1e-2 pixels. Pictures in
which several boxes of a class have the same score, so that rounding says which of them suppresses the others, are listed. The
pictures must have the size of the network's input, and the run must not search them for ink (data.image.fit "ink" or
"digit"), so that nothing but the scaling of pixels comes before the network.

Instead of predictions.json, a .npz file may hold arrays named as the model's inputs and outputs.
Needs numpy, onnx and onnxruntime, and pillow for pictures. Exit code 1 when something differs.
"""

import argparse
import json
import sys

import numpy as np
import onnx
import onnxruntime

SCORES = 1e-4
BOXES = 1e-2
# Detections whose scores differ by less may stand in any order.
TIE = 1e-5
# Scores that differ by less are equal but for rounding.
EQUAL = 1e-6
# At most this share of the pictures may be left undecided by such scores.
UNDECIDED = 0.05


class Model:
    """An exported file in onnxruntime."""

    def __init__(self, path):
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.about = {entry.key: entry.value for entry in model.metadata_props}
        self.input = self.session.get_inputs()[0]
        self.outputs = [output.name for output in self.session.get_outputs()]
        self.nodes = len(model.graph.node)
        operators = {node.op_type for node in model.graph.node}
        assert not operators & {"Loop", "If", "Scan"}, operators
        assert all(not node.domain for node in model.graph.node)

    def run(self, inputs):
        return dict(zip(self.outputs, self.session.run(None, inputs)))

    def takes_bytes(self):
        return self.input.type == "tensor(uint8)"

    def prepared(self, path):
        """The picture as the model takes it: [C, H, W] of floats, or [H, W, C] of bytes."""
        from PIL import Image

        image = json.loads(self.about["preparation"])
        if image.get("fit") in ("ink", "digit"):
            sys.exit(f'{path}: the run prepares pictures with fit = "{image["fit"]}", which only atelier does')
        grey = image["colour"] == "grey"
        pixels = np.asarray(Image.open(path).convert("L" if grey else "RGB"))
        if list(pixels.shape[:2]) != image["size"]:
            sys.exit(f"{path}: the picture has {pixels.shape[:2]} pixels, the network takes {image['size']}")
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        if self.takes_bytes():
            return pixels
        mean, std = (np.asarray(image[key], np.float64) for key in ("mean", "std"))
        scale = (1 / (255 * std)).astype(np.float32)
        shift = (-mean / std).astype(np.float32)
        return (pixels * scale + shift).astype(np.float32).transpose(2, 0, 1)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class Differences:
    """The largest differences, and what is not equal."""

    def __init__(self):
        self.scores = self.boxes = 0.0
        self.pictures = 0
        self.detections = 0
        self.tied = []
        self.wrong = []

    def classification(self, name, expected, probabilities, classes):
        self.scores = max(self.scores, np.abs(probabilities - expected["probabilities"]).max())
        best = np.sort(probabilities)[-2:]
        if classes[int(probabilities.argmax())] != expected["class"] and best[1] - best[0] > TIE:
            self.wrong.append(f"{name}: {classes[int(probabilities.argmax())]}, not {expected['class']}")

    def detection(self, name, expected, found):
        """Both are lists of (class, score, box), best first."""
        self.pictures += 1
        free = list(range(len(found)))
        missing = []
        for rank, (label, score, box) in enumerate(expected):
            near = [i for i in free if found[i][0] == label and (i == rank or abs(found[i][1] - score) < TIE)]
            distance = [np.abs(np.subtract(found[i][2], box)).max() for i in near]
            if not near or min(distance) > BOXES:
                missing.append((label, score))
                continue
            best = near[int(np.argmin(distance))]
            free.remove(best)
            self.detections += 1
            self.scores = max(self.scores, abs(found[best][1] - score))
            self.boxes = max(self.boxes, min(distance))
        surplus = [found[i][:2] for i in free]
        if not missing and not surplus:
            return
        # Where a picture is the same everywhere, so are scores, and rounding says which box suppresses the others.
        equal = lambda it: sum(it[0] == label and abs(it[1] - score) < EQUAL for label, score, _ in expected) > 1
        if all(map(equal, missing + surplus)):
            self.tied.append(name)
        else:
            self.wrong.append(f"{name}: missing {missing}, surplus {surplus}")

    def agree(self):
        decided = len(self.tied) <= UNDECIDED * self.pictures
        return decided and not self.wrong and self.scores <= SCORES and self.boxes <= BOXES


def check_predictions(model, predictions, size):
    """Runs all pictures in batches of `size` beside what atelier predicted of them."""
    classes = json.loads(model.about["classes"])
    differences = Differences()
    for first in range(0, len(predictions), size):
        batch = predictions[first : first + size]
        images = np.stack([model.prepared(expected["image"]) for expected in batch])
        outputs = model.run({model.input.name: images})
        for i, expected in enumerate(batch):
            if model.about["task"] == "classification":
                row = outputs["probabilities"][i] if "probabilities" in outputs else softmax(outputs["logits"][i])
                differences.classification(expected["image"], expected, row, classes)
                continue
            count = outputs["count"][i]
            found = [
                (classes[label], float(score), box.tolist())
                for label, score, box in zip(
                    outputs["labels"][i][:count], outputs["scores"][i], outputs["boxes"][i]
                )
            ]
            assert (outputs["labels"][i][count:] == -1).all()
            assert not outputs["scores"][i][count:].any() and not outputs["boxes"][i][count:].any()
            wanted = [(it["class"], it["score"], it["box"]) for it in expected["detections"]]
            differences.detection(expected["image"], wanted, found)
    return differences


def check_arrays(model, path):
    """Runs the inputs in a .npz file; compares the outputs that are in it too."""
    arrays = dict(np.load(path))
    names = [it.name for it in model.session.get_inputs()]
    outputs = model.run({name: arrays[name] for name in names})
    differences = Differences()
    for name in set(arrays) - set(names):
        expected, found = arrays[name], outputs[name]
        if expected.shape != found.shape:
            differences.wrong.append(f"{name}: shape {found.shape}, not {expected.shape}")
        elif expected.dtype.kind in "iub":
            if (expected != found).any():
                differences.wrong.append(f"{name}: {(expected != found).sum()} of {found.size} differ")
        elif expected.size:
            worst = np.abs(expected - found).max()
            kind = "boxes" if name.startswith("boxes") else "scores"
            setattr(differences, kind, max(getattr(differences, kind), worst))
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="an exported .onnx file")
    parser.add_argument("expected", nargs="?", help="output of `atelier predict --json`, or a .npz file")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 3, 16], help="sizes of batches")
    arguments = parser.parse_args()
    model = Model(arguments.model)
    print(f"{arguments.model}: {model.nodes} nodes, passes onnx.checker")
    if arguments.expected is None:
        return
    if arguments.expected.endswith(".npz"):
        runs = [("arrays", check_arrays(model, arguments.expected))]
    else:
        with open(arguments.expected) as file:
            predictions = json.load(file)
        runs = [(f"batches of {size}", check_predictions(model, predictions, size)) for size in arguments.batches]
        print(f"{len(predictions)} pictures")
    for name, it in runs:
        verdict = "agree" if it.agree() else "DIFFER"
        boxes = f", boxes within {it.boxes:.1e} px, {it.detections} detections" if it.detections else ""
        print(f"  {name}: {verdict}; scores within {it.scores:.1e}{boxes}")
        if it.tied:
            print(f"    rounding decides between equal scores in {len(it.tied)}: {', '.join(it.tied[:5])}")
        for line in it.wrong[:10]:
            print(f"    {line}")
    if not all(it.agree() for _, it in runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
