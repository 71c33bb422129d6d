"""Two classifiers of scikit-learn as ONNX files: `python with_sklearn.py FOLDER`. Both take rows of 784 numbers, 0 to 255.

sklearn-network: a standardising step and a neural network; its probabilities are maps, as skl2onnx writes them by default.
sklearn-forest: a random forest, whose classes are words; what the words mean in MNIST is said with --classes.
"""

import pathlib
import sys

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import common

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def rows(pictures):
    return pictures.reshape(len(pictures), -1).astype(np.float32)


def main(folder):
    pictures, labels = common.mnist("train", 12_000)
    x = rows(pictures)
    pictures, truth = common.mnist("t10k")
    batches = common.split(rows(pictures))
    packages = ["scikit-learn", "skl2onnx"]

    def export(name, model, y, options, flags):
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        model.fit(x, y)
        exported = to_onnx(model, x[:1], options=options, target_opset={"": 18, "ai.onnx.ml": 3})
        (own / "model.onnx").write_bytes(exported.SerializeToString())
        names = [str(name) for name in model.classes_]
        # The outputs' order is that of the sorted labels, as everywhere in scikit-learn.
        digits = [str(WORDS.index(name)) if name in WORDS else name for name in names]
        places = np.array([digits.index(str(digit)) for digit in range(10)])
        common.finish(own, batches, places[truth], digits, "mnist", flags, packages, names)

    network = make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=8, random_state=1))
    export("sklearn-network", network, labels, {}, ["--fit", "stretch", "--layout", "flat", "--range", "0,255"])
    # Of 40 trees each has a vote of 0.025, which is rounded, so that the order of the sum decides between equal votes:
    # onnxruntime itself then reads 9 of these images differently in batches of 1 and of 500. Votes of 1 / 64 are exact.
    forest = RandomForestClassifier(64, random_state=1, n_jobs=1)
    digits = ",".join(str(WORDS.index(word)) for word in sorted(WORDS))
    flags = ["--classes", digits, "--fit", "stretch", "--layout", "flat", "--range", "0,255"]
    export("sklearn-forest", forest, np.array([WORDS[label] for label in labels]), {"zipmap": False}, flags)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
