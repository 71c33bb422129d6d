"""Writes a ground-truth and a results file of COCO val2017's size: 5,000 images, 80 classes, 36,000 boxes, 293,000 detections.

Run:  python generate.py DIR [--images N] [--seed S]      (no packages needed; the same seed gives the same bytes)
Then: cargo run --release -- coco-eval DIR/ground_truth.json DIR/detections.json
and:  python compare.py DIR                               (other evaluators on the same files)

Classes, boxes and scores are uneven as in real results: frequent classes, many small boxes, crowds, most detections false.
With --masks (needs pycocotools) truths have ellipses as polygons, and detections packed run lengths in place of boxes.
"""
import argparse
import json
import math
import os
import random

CLASSES, TRUTHS_PER_IMAGE, DETECTIONS_PER_IMAGE = 80, 7.2, 58.6
WIDTH, HEIGHT = 640, 480


def box(rng):
    w = min(WIDTH - 1.0, rng.lognormvariate(4.0, 0.9))
    h = min(HEIGHT - 1.0, w * rng.lognormvariate(0.0, 0.4))
    return [round(v, 2) for v in (rng.uniform(0, WIDTH - w), rng.uniform(0, HEIGHT - h), max(w, 1), max(h, 1))]


def jittered(rng, b, by):
    x, y, w, h = b
    return [x + rng.gauss(0, by) * w, y + rng.gauss(0, by) * h, w * rng.lognormvariate(0, by), h * rng.lognormvariate(0, by)]


def ellipse(b, points=24):
    """A polygon in a box."""
    x, y, w, h = b
    turns = [2 * math.pi * i / points for i in range(points)]
    return [round(v, 2) for turn in turns for v in (x + w / 2 * (1 + math.cos(turn)), y + h / 2 * (1 + math.sin(turn)))]


def with_masks(annotations, detections):
    from pycocotools import mask
    for truth in annotations:
        truth["segmentation"] = [ellipse(truth["bbox"])]
    for found in detections:
        rle = mask.frPyObjects([ellipse(found.pop("bbox"))], HEIGHT, WIDTH)[0]
        found["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": rle["counts"].decode()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--masks", action="store_true")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    category_ids = sorted(rng.sample(range(1, 91), CLASSES))
    weights = [1 / (1 + rank) ** 0.7 for rank in range(CLASSES)]
    image_ids = rng.sample(range(1, 600_000), args.images)

    annotations = []
    for _ in range(round(TRUTHS_PER_IMAGE * args.images)):
        b = box(rng)
        annotations.append({
            "id": len(annotations) + 1, "image_id": rng.choice(image_ids), "iscrowd": int(rng.random() < 0.012),
            "category_id": rng.choices(category_ids, weights)[0], "bbox": b, "area": b[2] * b[3] * rng.uniform(0.4, 1),
            "segmentation": [[b[0], b[1], b[0] + b[2], b[1], b[0] + b[2], b[1] + b[3]]]})
    detections = []
    for truth in annotations:
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            category = truth["category_id"] if rng.random() < 0.85 else rng.choice(category_ids)
            detections.append({"image_id": truth["image_id"], "category_id": category,
                               "bbox": jittered(rng, truth["bbox"], rng.choice((0.02, 0.05, 0.15))), "score": rng.betavariate(3, 2)})
    while len(detections) < round(DETECTIONS_PER_IMAGE * args.images):
        detections.append({"image_id": rng.choice(image_ids), "category_id": rng.choices(category_ids, weights)[0],
                           "bbox": jittered(rng, box(rng), 0.1), "score": rng.betavariate(1, 6)})
    rng.shuffle(detections)
    if args.masks:
        with_masks(annotations, detections)

    os.makedirs(args.dir, exist_ok=True)
    with open(os.path.join(args.dir, "ground_truth.json"), "w") as f:
        json.dump({"images": [{"id": i, "width": WIDTH, "height": HEIGHT, "file_name": f"{i:012d}.jpg"} for i in image_ids],
                   "categories": [{"id": c, "name": f"class {c}"} for c in category_ids], "annotations": annotations}, f)
    with open(os.path.join(args.dir, "detections.json"), "w") as f:
        json.dump(detections, f)
    print(f"{args.images} images, {CLASSES} classes, {len(annotations)} boxes, {len(detections)} detections in {args.dir}")


if __name__ == "__main__":
    main()
