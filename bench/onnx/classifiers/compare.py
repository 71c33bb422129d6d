"""Classifiers of other programs in atelier and in onnxruntime: `python compare.py FOLDER [--atelier PROGRAM]`.

FOLDER is what the scripts with_*.py filled. Each model is evaluated by `atelier evaluate model.onnx --data SOURCE` on the
pictures that onnxruntime saw. Accuracy and confusion matrix must be equal, to the last image. Needs no packages.

With --unaided, the models are evaluated without the flags they need, to see what atelier says of a wrong guess. Exit code 1
when something differs, or with --unaided when a model is at chance level and atelier says nothing.
"""

import argparse
import json
import pathlib
import subprocess
import sys

# Accuracy below which the pictures can't have been what the model was trained on, relative to guessing.
CHANCE = 2.5


def evaluate(program, folder, expected, flags):
    """Accuracy and confusion matrix in the order of the expected classes, and what was said beside them."""
    command = [program, "evaluate", str(folder / "model.onnx"), "--data", expected["data"], *flags, "--json"]
    # Paths in the flags are relative to the folder of all models.
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder.parent)
    if done.returncode:
        return None, None, f"exit code {done.returncode}: {done.stderr.strip()}"
    result = json.loads(done.stdout)
    names = [row["class"] for row in result["per_class"]]
    missing = set(expected["classes"]) - set(names)
    if missing:
        return None, None, f"no figures of the classes {sorted(missing)}; there are {names}"
    places = [names.index(name) for name in expected["classes"]]
    confusion = [[result["confusion"][truth][guess] for guess in places] for truth in places]
    return result["accuracy"], confusion, done.stderr.strip()


def moved(one, other):
    """At least this many images were predicted differently."""
    return sum(abs(a - b) for rows in zip(one, other) for a, b in zip(*rows)) // 2


def check(program, folder, unaided):
    """Whether all is well, and a line about it."""
    expected = json.loads((folder / "expected.json").read_text())
    flags = [] if unaided else expected["flags"]
    accuracy, confusion, said = evaluate(program, folder, expected, flags)
    if accuracy is None:
        return unaided, said
    images = sum(map(sum, confusion))
    line = f"{accuracy:.4f}, onnxruntime {expected['accuracy']:.4f}, {images} images"
    if images != expected["images"]:
        return False, f"{line}, not {expected['images']}"
    if unaided:
        lost = accuracy < CHANCE / len(expected["classes"])
        return not lost or bool(said), f"{line}; {said or 'nothing said'}"
    differ = moved(confusion, expected["confusion"])
    correct = round(accuracy * images) - expected["correct"]
    if differ or correct:
        return False, f"{line}: {differ} or more images differ, {correct:+} right"
    return True, f"{line}: equal"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="what with_*.py filled")
    parser.add_argument("--atelier", default="atelier", help="the program")
    parser.add_argument("--unaided", action="store_true", help="leave the flags out")
    given = parser.parse_args()
    models = sorted(given.folder.resolve().glob("*/expected.json"))
    if not models:
        sys.exit(f"{given.folder}: no models; run with_pytorch.py, with_keras.py and with_sklearn.py first")
    program = str(pathlib.Path(given.atelier).resolve()) if "/" in given.atelier else given.atelier
    good = True
    for path in models:
        well, line = check(program, path.parent, given.unaided)
        good &= well
        print(f"{'ok    ' if well else 'FAILED'} {path.parent.name}: {line}", flush=True)
    sys.exit(not good)


if __name__ == "__main__":
    main()
