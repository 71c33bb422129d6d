"""Writes the goldens of masks with pycocotools as the oracle: drawn polygons, and the twelve figures of iouType="segm".

    pip install pycocotools==2.0.11 numpy
    python generate.py [--polygons N] [--seed S] [--out DIR]

Many more polygons than are stored: --polygons 20000 --out DIR, then run the tests with ATELIER_MASK_GOLDENS=DIR.
"""
import argparse
import contextlib
import io
import json
from pathlib import Path

import numpy as np
from pycocotools import mask as tools
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def text(rle):
    counts = rle["counts"]
    return {"size": [int(side) for side in rle["size"]], "counts": counts if isinstance(counts, str) else counts.decode()}


def runs(rle):
    """Run lengths as a list, from the pixels."""
    pixels = tools.decode(rle).ravel(order="F").astype(np.int8)
    ends = np.flatnonzero(np.diff(pixels)) + 1
    counts = np.diff(np.concatenate([[0], ends, [len(pixels)]])).tolist()
    return ([0] if pixels[0] else []) + counts


# Polygons ------------------------------------------------------------------------------------------------------------------

def blob(rng, x, y, size, points):
    """A star-shaped outline."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, points))
    radii = size * rng.uniform(.4, 1, points)
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)


def polygon(rng, h, w):
    kind = rng.integers(0, 9)
    points = int(rng.integers(3, 13))
    inside = rng.uniform(0, 1, (points, 2)) * [w, h]
    if kind == 0:  # whole numbers, many right angles and repeated points
        return rng.integers(0, [w + 1, h + 1], (points, 2)).astype(float)
    if kind == 1:  # tenths, where rounding turns
        return np.round(inside * 10) / 10
    if kind == 2:  # crosses itself
        return np.round(inside, 2)
    if kind == 3:  # far outside on some sides
        return np.round((inside - [w / 2, h / 2]) * rng.uniform(1, 40) + [w / 2, h / 2], 2)
    if kind == 4:  # smaller than a pixel or two
        return np.round(rng.uniform(0, 1, 2) * [w, h] + rng.uniform(-1.2, 1.2, (points, 2)), 3)
    if kind == 5:  # a rectangle, as boxes become
        (a, b), (c, d) = np.sort(np.round(rng.uniform(0, 1, (2, 2)) * [w, h], 2), 0)
        return np.array([[a, b], [a, d], [c, d], [c, b]])
    if kind == 6:  # a sliver
        line = np.sort(inside[:2], 0) if rng.random() < .5 else inside[:2]
        return np.round(np.concatenate([line, line[::-1] + rng.uniform(-.6, .6, 2)]), 2)
    size = rng.uniform(.5, max(h, w) * .7)
    return np.round(blob(rng, *(rng.uniform(0, 1, 2) * [w, h]), size, points), 2)


def polygons(count, seed):
    rng = np.random.default_rng(seed)
    cases = []
    while len(cases) < count:
        h, w = (int(side) for side in rng.choice([1, 4, 20, 33, 33, 64, 64, 150], 2))
        parts = [polygon(rng, h, w).ravel().tolist() for _ in range(1 if rng.random() < .8 else int(rng.integers(2, 5)))]
        parts = [[int(v) if v == int(v) else v for v in part] for part in parts]
        rle = tools.merge(tools.frPyObjects(parts, h, w))
        cases.append({"polygons": parts, "area": int(tools.area(rle)), **text(rle)})
    return cases


# Figures -------------------------------------------------------------------------------------------------------------------

def written(rng, rle, parts):
    """One of the three forms of a mask in a file."""
    form = rng.integers(0, 3)
    if form == 0:
        return parts
    return text(rle) if form == 1 else {"size": [int(side) for side in rle["size"]], "counts": runs(rle)}


def objects(rng, h, w, count):
    for _ in range(count):
        size = rng.choice([8, 16, 32, 60, 110])
        centre = rng.uniform(0, 1, 2) * [w, h]
        outlines = [blob(rng, *centre, size, int(rng.integers(5, 14)))]
        if rng.random() < .3:
            outlines.append(blob(rng, *(centre + rng.normal(0, size, 2)), size / 2, 5))
        yield outlines


def drawn(outlines, h, w):
    parts = [np.round(outline, 2).ravel().tolist() for outline in outlines]
    return parts, tools.merge(tools.frPyObjects(parts, h, w))


def scene(seed, images, crowds, decimals, boxes=False):
    """Objects and jittered detections of three classes; `decimals` makes scores tie."""
    rng = np.random.default_rng(seed)
    truth = {"images": [], "annotations": [], "categories": [{"id": 2 + c, "name": f"c{c}"} for c in range(3)]}
    found = []
    for image in rng.permutation(images):
        image, (h, w) = int(image) + 1, (int(side) for side in rng.integers(120, 260, 2))
        truth["images"].append({"id": image, "width": w, "height": h, "file_name": f"{image}.png"})
        for outlines in objects(rng, h, w, int(rng.integers(0, 6))):
            parts, rle = drawn(outlines, h, w)
            category, crowd = int(rng.integers(2, 5)), int(rng.random() < crowds)
            if tools.area(rle) == 0:
                continue
            truth["annotations"].append({
                "id": len(truth["annotations"]) + 1, "image_id": image, "category_id": category, "iscrowd": crowd,
                "area": int(tools.area(rle)), "bbox": tools.toBbox(rle).tolist(), "segmentation": written(rng, rle, parts)})
            for _ in range(int(rng.choice([0, 1, 1, 2, 3 if crowd else 1]))):
                spread = rng.choice([.3, 1, 3, 8])
                moved = [outline + rng.normal(0, spread, outline.shape) for outline in outlines[:int(rng.integers(1, 3))]]
                if crowd:  # somewhere inside
                    moved = [(outline - outline.mean(0)) * .4 + outline.mean(0) + rng.normal(0, 9, 2) for outline in outlines[:1]]
                parts, rle = drawn(moved, h, w)
                found.append({"image_id": image, "category_id": category if rng.random() < .9 else 2,
                              "score": round(float(rng.beta(4, 2)), decimals), "segmentation": written(rng, rle, parts)})
                if boxes:
                    found[-1]["bbox"] = tools.toBbox(rle).tolist()
    return truth, found


def evaluate(truth, found):
    with contextlib.redirect_stdout(io.StringIO()):
        ground = COCO()
        ground.dataset = json.loads(json.dumps(truth))
        ground.createIndex()
        found = json.loads(json.dumps(found))
        # loadRes takes masks as packed run lengths only.
        for entry in found:
            entry["segmentation"] = text(ground.annToRLE(entry))
        run = COCOeval(ground, ground.loadRes(found), "segm")
        run.evaluate()
        run.accumulate()
        run.summarize()
    precision, recall = run.eval["precision"], run.eval["recall"]

    def mean(values):
        values = values[values > -1]
        return float(values.mean()) if values.size else -1.0

    per_category = [{
        "category_id": int(category), "ap": mean(precision[:, :, k, 0, 2]), "ap50": mean(precision[0, :, k, 0, 2]),
        "ap75": mean(precision[5, :, k, 0, 2]), "ap_small": mean(precision[:, :, k, 1, 2]),
        "ap_medium": mean(precision[:, :, k, 2, 2]), "ap_large": mean(precision[:, :, k, 3, 2]),
        "ar_max1": mean(recall[:, k, 0, 0]), "ar_max10": mean(recall[:, k, 0, 1]), "ar_max100": mean(recall[:, k, 0, 2]),
        "ap_per_iou": [mean(precision[t, :, k, 0, 2]) for t in range(10)],
        "recall_per_iou": [float(recall[t, k, 0, 2]) for t in range(10)]} for k, category in enumerate(run.params.catIds)]
    return {"stats": [float(value) for value in run.stats], "per_category": per_category}


FIGURES = {
    "01_three_forms": ("truths and detections as polygons, packed runs and lists of runs", scene(1, 14, .05, 3)),
    "02_crowds": ("half of the objects are crowds", scene(2, 12, .5, 3)),
    "03_score_ties": ("scores with one decimal", scene(3, 14, .1, 1)),
    "04_boxes_too": ("detections have boxes too, whose areas pycocotools takes for their sizes: equal with the quirks only",
                     scene(4, 12, .1, 3, True)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polygons", type=int, default=400)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    def write(name, text):
        (args.out / f"{name}.json").write_text(text)
        print(f"{name:20} {len(text) / 1024:6.1f} KB")

    lines = [json.dumps(case, separators=(",", ":")) for case in polygons(args.polygons, args.seed)]
    write("polygons", "[\n" + ",\n".join(lines) + "\n]\n")
    for name, (about, (truth, found)) in FIGURES.items():
        golden = {"name": name, "about": about, "oracle": "pycocotools 2.0.11 COCOeval segm, default Params",
                  "ground_truth": truth, "detections": found, "expected": evaluate(truth, found)}
        lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in golden.items()]
        write(name, "{\n" + ",\n".join(lines) + "\n}\n")
        print("  ", " ".join(f"{value:.3f}" for value in golden["expected"]["stats"]), len(truth["annotations"]), len(found))


if __name__ == "__main__":
    main()
