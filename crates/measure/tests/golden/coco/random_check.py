"""Writes random evaluation cases with coco_reference.py's answers, as goldens `random_NN.json` of the form of the others.

Run:  python random_check.py             rewrites the goldens of this folder (fixed seeds, no packages needed)
      python random_check.py DIR COUNT [FIRST_SEED]    writes COUNT other cases to DIR, e.g. to try many at once:
      ATELIER_COCO_GOLDENS=DIR cargo test --release --workspace --test it coco::goldens
"""
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import coco_reference

STORED = 6


def case(seed):
    rng = random.Random(seed)
    images = rng.sample(range(1, 1000), rng.randint(1, 12))
    categories = rng.sample(range(0, 50), rng.randint(1, 5))
    grid = rng.choice((1, 8, 16))  # A coarse grid makes ties and exact thresholds frequent.
    decimals = rng.choice((1, 2, 6))

    def box():
        side = lambda: rng.choice((0, 16, 32, 64, 96, rng.uniform(1, 160)))
        return [rng.randint(0, 200) // grid * grid, rng.randint(0, 200) // grid * grid, side(), side()]

    annotations = []
    for _ in range(rng.randint(0, 60)):
        b = box()
        annotations.append({"id": len(annotations) + 1, "image_id": rng.choice(images), "category_id": rng.choice(categories), "bbox": b,
                            "area": rng.choice((b[2] * b[3], 1024, 9216, rng.uniform(0, 20000))), "iscrowd": int(rng.random() < 0.12)})
    detections = []
    for _ in range(rng.randint(0, 250)):
        b, image, category = box(), rng.choice(images), rng.choice(categories)
        if annotations and rng.random() < 0.7:
            near = rng.choice(annotations)
            shift = rng.choice((0, 1, rng.gauss(0, 5)))
            x, y, w, h = near["bbox"]
            b, image = [x + shift, y, max(0, w - shift), h], near["image_id"]
            category = near["category_id"] if rng.random() < 0.9 else category
        detections.append({"image_id": image, "category_id": category, "bbox": b, "score": round(rng.uniform(-0.2, 1), decimals)})
    truth = {"images": [{"id": i} for i in images], "categories": [{"id": c, "name": f"c{c}"} for c in categories], "annotations": annotations}
    stats, aps = coco_reference.evaluate(truth, detections, detail=True)
    per_category = [{"category_id": c, "ap": aps[c]} for c in sorted(categories)]
    return {"name": f"random_{seed:02d}", "about": f"random_check.py, seed {seed}", "oracle": "coco_reference.py", "ground_truth": truth,
            "detections": detections, "expected": {"stats": stats, "per_category": per_category}}


def main():
    if len(sys.argv) > 1:
        os.makedirs(sys.argv[1], exist_ok=True)
    folder = sys.argv[1] if len(sys.argv) > 1 else HERE
    count = int(sys.argv[2]) if len(sys.argv) > 2 else STORED
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    for seed in range(first, first + count):
        with open(os.path.join(folder, f"random_{seed:02d}.json"), "w") as f:
            json.dump(case(seed), f)
            f.write("\n")


if __name__ == "__main__":
    main()
