"""Writes detection_mistakes.json: the errors that TIDE's own program finds in random scenes.

    pip install tidecv==1.0.1
    python detection_mistakes.py

Scenes have no crowds (tidecv counts detections in them as errors, we do not), no equal scores and no equal boxes.
"""

import json
from pathlib import Path

import numpy as np
from tidecv import TIDE, Data
from tidecv.errors import main_errors as kinds

NAMES = {kinds.BoxError: "localisation", kinds.ClassError: "classification", kinds.OtherError: "both",
         kinds.DuplicateError: "duplicate", kinds.BackgroundError: "background", kinds.MissedError: "missed"}


def scene(rng, images, classes, noise, wrong_class):
    truths, detections = [], []
    for image in range(images):
        for _ in range(rng.integers(0, 5)):
            x, y = rng.uniform(0, 90, 2)
            w, h = rng.uniform(10, 50, 2)
            category = int(rng.integers(classes))
            truths.append({"image": image, "category": category, "bbox": [x, y, w, h]})
            for _ in range(rng.choice([0, 1, 2, 3], p=[0.2, 0.5, 0.2, 0.1])):
                box = np.array([x, y, w, h]) + rng.normal(0, noise * rng.choice([0.2, 1.0, 2.0]), 4)
                box[2:] = np.maximum(box[2:], 2)
                answer = int(rng.integers(classes)) if rng.random() < wrong_class else category
                detections.append({"image": image, "category": answer, "bbox": box.tolist(), "score": rng.random()})
        for _ in range(rng.integers(0, 3)):
            box = [*rng.uniform(0, 120, 2), *rng.uniform(5, 40, 2)]
            detections.append({"image": image, "category": int(rng.integers(classes)), "bbox": box,
                               "score": 0.7 * rng.random()})
    rng.shuffle(detections)
    return truths, detections


def rounded(boxes):
    for box in boxes:
        box["bbox"] = [round(float(side), 3) for side in box["bbox"]]
        if "score" in box:
            box["score"] = round(float(box["score"]), 6)


def case(name, seed, *of):
    truths, detections = scene(np.random.default_rng(seed), *of)
    rounded(truths)
    rounded(detections)
    scores = [detection["score"] for detection in detections]
    assert len(set(scores)) == len(scores)
    gt, found = Data("gt"), Data("found")
    for t in truths:
        gt.add_ground_truth(t["image"], t["category"], list(t["bbox"]))
    for d in detections:
        found.add_detection(d["image"], d["category"], d["score"], list(d["bbox"]))
    for image in range(of[0]):
        gt.add_image(image, str(image))
    run = TIDE().evaluate(gt, found, mode=TIDE.BOX)
    counts, lost = run.count_errors(), run.fix_main_errors()
    # By place: the ids of tidecv are places too.
    what = ["found"] * len(detections)
    for kind, name_of in NAMES.items():
        for error in run.error_dict[kind]:
            if kind is not kinds.MissedError:
                what[error.pred["_id"]] = name_of
    return {"name": name, "images": of[0], "classes": of[1], "truths": truths, "detections": detections, "what": what,
            "missed": sorted(error.gt["_id"] for error in run.error_dict[kinds.MissedError]),
            "ap": run.ap / 100,
            "counts": {NAMES[kind]: counts[kind] for kind in NAMES},
            "ap_lost": {NAMES[kind]: float(lost[kind]) / 100 for kind in NAMES}}


cases = [
    case("a fair detector", 1, 30, 3, 4.0, 0.1),
    case("poor boxes", 2, 30, 3, 15.0, 0.1),
    case("poor classes", 3, 30, 4, 3.0, 0.7),
    case("all poor", 4, 40, 2, 12.0, 0.5),
    case("one class", 5, 20, 1, 8.0, 0.0),
]
target = Path(__file__).with_name("detection_mistakes.json")
target.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
for c in cases:
    print(c["name"], len(c["truths"]), c["what"].count("found"), round(c["ap"], 4), c["counts"],
          {kind: round(value, 4) for kind, value in c["ap_lost"].items()})
