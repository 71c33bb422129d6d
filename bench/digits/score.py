"""Accuracy of a model by kind of difficulty, on the test set that generate.py writes.

    python bench/digits/score.py RUN FOLDER             # a classifier: share of single digits read correctly
    python bench/digits/score.py RUN FOLDER --scenes    # a detector: AP50 of the scenes
    options: --atelier PATH, --runs DIR, --threads N, --wrong FILE.txt (what was not read), --json FILE
"""
import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def call(flags, *words):
    done = subprocess.run([flags.atelier, *map(str, words), "--json"], capture_output=True, text=True)
    if not done.stdout.strip():
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def predict(flags, folder):
    options = ["--runs", flags.runs] if flags.runs else []
    options += ["--threads", flags.threads] if flags.threads else []
    return call(flags, "predict", flags.run, folder, *options)


def interval(right, count):
    """Wilson's 95 % interval."""
    share, z = right / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5 / (1 + z * z / count)
    return middle - half, middle + half


def singles(flags):
    folder = flags.folder / "test"
    rows = list(csv.DictReader(open(folder / "test.csv", newline="")))
    found, wrong, wanted = {}, [], {}
    for row in rows:
        wanted.setdefault(row["kind"], {})[Path(row["path"]).name] = row["label"]
    for kind, labels in wanted.items():
        read = {Path(one["image"]).name: one for one in predict(flags, folder / kind)}
        right = 0
        for name, label in labels.items():
            one = read.get(name, {"class": None, "score": 0})
            answer = None if one["class"] is None else str(one["class"])
            right += answer == label
            if answer != label:
                wrong.append(f"{kind}/{name} {answer} {one['score']:.2f}")
        found[kind] = (right, len(labels))
        print(f"{kind:<18} {right:>4} of {len(labels):<4} {100 * right / len(labels):6.1f} %", flush=True)
    right, count = (sum(column) for column in zip(*found.values()))
    low, high = interval(right, count)
    print(f"{'all':<18} {right:>4} of {count:<4} {100 * right / count:6.1f} %   95 %: {100 * low:.1f} to {100 * high:.1f}")
    if flags.wrong:
        flags.wrong.write_text("\n".join(wrong) + "\n")
    return {kind: right / count for kind, (right, count) in found.items()} | {"all": right / count}


def scenes(flags):
    folder = flags.folder / "test-scenes"
    truth = json.loads((folder / "all.json").read_text())
    kinds = list(dict.fromkeys(Path(image["file_name"]).parent.name for image in truth["images"]))
    ids = {image["file_name"]: image["id"] for image in truth["images"]}
    classes = {category["name"]: category["id"] for category in truth["categories"]}
    detections = []
    for kind in kinds:
        for one in predict(flags, folder / kind):
            for found in one["detections"]:
                x1, y1, x2, y2 = found["box"]
                detections.append({"image_id": ids[f"{kind}/{Path(one['image']).name}"], "score": found["score"],
                                   "category_id": classes[str(found["class"])], "bbox": [x1, y1, x2 - x1, y2 - y1]})
    shares = {}
    with tempfile.TemporaryDirectory() as scratch:
        for kind in [*kinds, "all"]:
            own = {image["id"] for image in truth["images"] if kind in ("all", Path(image["file_name"]).parent.name)}
            part = dict(truth, images=[image for image in truth["images"] if image["id"] in own],
                        annotations=[one for one in truth["annotations"] if one["image_id"] in own])
            paths = [Path(scratch) / "truth.json", Path(scratch) / "found.json"]
            paths[0].write_text(json.dumps(part))
            paths[1].write_text(json.dumps([one for one in detections if one["image_id"] in own]))
            result = call(flags, "coco-eval", *paths)
            print(f"{kind:<18} AP50 {result['map_50']:.4f}   AP {result['map']:.4f}   of {len(part['annotations'])} digits", flush=True)
            shares[kind] = result["map_50"]
    return shares


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("run")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--scenes", action="store_true")
    arguments.add_argument("--atelier", default="atelier")
    arguments.add_argument("--runs")
    arguments.add_argument("--threads")
    arguments.add_argument("--wrong", type=Path)
    arguments.add_argument("--json", type=Path)
    flags = arguments.parse_args()
    result = scenes(flags) if flags.scenes else singles(flags)
    if flags.json:
        flags.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
