"""Writes the training data of digits-cnn and digits-detector, and the test set by kind of difficulty.

    python bench/digits/generate.py FOLDER [singles] [scenes] [test]

FOLDER is where fetch.py and fonts.py wrote. Every picture is a function of the seed and its number, whatever the number of
processes. It writes
    FOLDER/singles/{train,validation,test}.parquet   single digits; training and validation also hold MNIST's own as they are
    FOLDER/scenes/{train,validation,test}.json       1 to 12 digits a picture, in COCO's format, with a folder for each part
    FOLDER/test/KIND/*.png, test.csv                 the test set: path,label,split,kind
    FOLDER/test-scenes/KIND/*.png, KIND.json         the same for scenes, in COCO's format; all.json has all kinds
"""
import argparse
import csv
import io
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

import draw
import paper

PARTS = {"train": 0, "validation": 1, "test": 2}
# What the kinds of the test set have, besides the usual: effects and where their digits come from (anything if not said).
KINDS = {
    "plain": {}, "thin-pen": {"source": "strokes"}, "thick-pen": {"source": "strokes"}, "strokes": {"source": "strokes"},
    "print": {"source": "print"}, "handwriting-fonts": {"source": "handwriting"}, "odd-fonts": {"source": "odd"},
    "mnist-on-paper": {"source": "mnist"}, "frame": {"effects": {"frame"}}, "shadow": {"effects": {"shadow"}},
    "ruled": {"effects": {"ruled"}}, "noise": {"effects": {"noise"}}, "blur": {"effects": {"blur"}},
    "coloured": {"effects": {"coloured"}}, "inverted": {"effects": {"inverted"}}, "faint": {"effects": {"faint"}},
    "border": {}, "photo": {"effects": {"photo"}},
}
SCENE_KINDS = ["plain", "thin-pen", "print", "handwriting-fonts", "mnist-on-paper", "strokes", "frame", "shadow", "ruled", "noise",
               "coloured", "inverted", "photo", "numbers"]


def stream(seed, purpose, part, index):
    return np.random.default_rng([seed, purpose, PARTS[part], index])


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def usual_source(rng):
    """Where the digits of most kinds of the test set come from: all alike, without the odd fonts, which are a kind."""
    return str(rng.choice(["print", "handwriting", "strokes", "mnist"]))


def single(digits, label, rng, kind=None):
    """One digit on a picture of any size; `kind` is one of the test set's, or None for training."""
    about = KINDS[kind] if kind else {}
    hand = digits.hand(rng, about.get("source") or (usual_source(rng) if kind else None))
    effects = set(about.get("effects", ())) if kind else paper.usual(rng)
    drawn = hand["source"] == "strokes"
    side = log_uniform(rng, 100, 1000) if drawn and rng.random() < (0.5 if kind else 0.12) else log_uniform(rng, 56, 220)
    shape = [round(side), round(side)] if rng.random() < 0.5 else [round(side), round(side * np.exp(rng.normal(0, 0.2)))]
    room = min(shape[0], shape[1] * 1.3)
    height = room * rng.uniform(0.35, 0.92)
    if kind == "thin-pen":
        pen = rng.uniform(2, 4) * max(1, side / 400)
        height = room * rng.uniform(0.6, 0.92)
    elif kind == "thick-pen":
        pen = height * rng.uniform(0.16, 0.24)
    else:
        pen = max(log_uniform(rng, 0.008, 0.2) * height, min(2.0, 0.1 * height))
    pen = min(pen, 60)
    mask = draw.fit(digits.mask(label, height, pen, hand, rng), [shape[0], shape[1]])
    low, high = [0, 0], [shape[0] - mask.shape[0], shape[1] - mask.shape[1]]
    near_border = kind == "border" or (kind is None and rng.random() < 0.08)
    if near_border:
        axis, gap = rng.integers(2), int(rng.integers(0, max(2, side // 50)))
        low[axis], high[axis] = (0, min(gap, high[axis])) if rng.random() < 0.5 else (max(0, high[axis] - gap), high[axis])
    elif rng.random() < 0.6:
        # About in the middle.
        for axis in range(2):
            middle, spread = high[axis] / 2, high[axis] / 6
            low[axis], high[axis] = int(middle - spread), int(middle + spread)
    # A frame must not run through the digit.
    free = round(0.08 * min(shape)) if "frame" in effects else 0
    place = [int(np.clip(rng.integers(lo, hi + 1), free, max(free, edge - own - free)))
             for lo, hi, edge, own in zip(low, high, shape, mask.shape)]
    canvas = np.zeros(shape, np.float32)
    part = canvas[place[0]:place[0] + mask.shape[0], place[1]:place[1] + mask.shape[1]]
    part[:] = mask[:part.shape[0], :part.shape[1]]
    return paper.picture(canvas, effects, rng, hardest=kind is not None)


def overlaps(box, boxes, gap):
    return any(box[0] < x2 + gap and x1 < box[2] + gap and box[1] < y2 + gap and y1 < box[3] + gap for x1, y1, x2, y2, _ in boxes)


def scene(digits, rng, kind=None):
    """Up to 12 digits on one picture: the image, its JPEG quality, and boxes [x1, y1, x2, y2, label]."""
    about = KINDS.get(kind, {})
    effects = set(about.get("effects", ())) if kind else paper.usual(rng)
    side = log_uniform(rng, 200, 800 if kind or rng.random() < 0.3 else 420)
    shape = [round(side * np.exp(rng.normal(0, 0.12))), round(side * np.exp(rng.normal(0, 0.12)))]
    shape = [int(np.clip(length, 200, 800)) for length in shape]
    canvas = np.zeros(shape, np.float32)
    boxes = []
    wanted = int(rng.integers(1, 13))
    same_hand = rng.random() < 0.6
    source = about.get("source")
    hand = digits.hand(rng, source or (usual_source(rng) if kind else None))
    height = min(shape) * log_uniform(rng, 0.07, 0.7 if wanted < 4 else 0.3)
    pen_share = log_uniform(rng, 0.02, 0.18)
    as_number = kind == "numbers" or rng.random() < 0.35
    free = round(0.08 * min(shape)) if "frame" in effects else 1
    for _ in range(wanted * 6):
        if len(boxes) >= wanted:
            break
        if not same_hand:
            hand = digits.hand(rng, source or (usual_source(rng) if kind else None))
        own = height * (np.exp(rng.normal(0, 0.07)) if same_hand or as_number else log_uniform(rng, 0.6, 1.7))
        own = max(own, 16)
        pen = rng.uniform(2, 3.5) if kind == "thin-pen" else min(max(pen_share * own, 1.6), 60)
        label = int(rng.integers(10))
        mask = digits.mask(label, own, pen, hand, rng)
        rows, columns = mask.shape
        if rows + 2 * free >= shape[0] or columns + 2 * free >= shape[1]:
            height *= 0.8
            continue
        last = boxes[-1] if boxes and as_number and rng.random() < 0.8 else None
        if last:
            # The next digit of the number.
            x = last[2] + max(1, round(own * rng.uniform(0.04, 0.3)))
            y = round((last[1] + last[3] - rows) / 2 + own * rng.normal(0, 0.04))
        else:
            x, y = int(rng.integers(free, shape[1] - columns - free)), int(rng.integers(free, shape[0] - rows - free))
        box = [x, y, x + columns, y + rows]
        if x < free or y < free or box[2] > shape[1] - free or box[3] > shape[0] - free or overlaps(box, boxes, 1):
            continue
        part = canvas[y:y + rows, x:x + columns]
        np.maximum(part, mask, out=part)
        boxes.append([*box, label])
    if not boxes:
        return scene(digits, rng, kind)
    image, quality = paper.picture(canvas, effects, rng, hardest=kind is not None)
    return image, quality, boxes


SHARED = {}


def digits_of(folder, part):
    if part not in SHARED:
        SHARED[part] = draw.Digits(folder, part)
    return SHARED[part]


def one_single(folder, seed, part, index):
    rng = stream(seed, 1, part, index)
    label = index % 10
    data, ending = paper.encoded(*single(digits_of(folder, part), label, rng))
    return data, ending, label


def one_test(folder, seed, task):
    kind, index = task
    rng = stream(seed, 10 + sorted(KINDS).index(kind), "test", index)
    data, ending = paper.encoded(*single(digits_of(folder, "test"), index % 10, rng, kind))
    return data, ending, index % 10


def one_scene(folder, seed, part, task):
    kind, index = task
    purpose = 2 if kind is None else 100 + SCENE_KINDS.index(kind)
    image, quality, boxes = scene(digits_of(folder, part), stream(seed, purpose, part, index), kind)
    data, ending = paper.encoded(image, quality)
    return data, ending, boxes, image.size


def write_singles(flags, pool, part, count):
    import pyarrow
    import pyarrow.parquet

    rows = list(pool.map(partial(one_single, flags.folder, flags.seed, part), range(count), chunksize=64))
    rows = [(data, f"{part}-{index:06}.{ending}", label) for index, (data, ending, label) in enumerate(rows)]
    for index, (picture, label) in enumerate(zip(*draw.mnist(part)) if part != "test" else []):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG", compress_level=3)
        rows.append((file.getvalue(), f"mnist-{index:06}.png", int(label)))
    table = pyarrow.table({
        "image": pyarrow.array([{"bytes": data, "path": name} for data, name, _ in rows],
                               pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])),
        "label": pyarrow.array([label for _, _, label in rows], pyarrow.int64()),
    })
    path = flags.folder / "singles" / f"{part}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    # The pictures are compressed already.
    pyarrow.parquet.write_table(table, path, compression="none", row_group_size=5000)
    print(path, len(rows), "pictures")


def write_coco(path, folder, found):
    """COCO annotations; `found` are names with sizes and boxes."""
    images, annotations = [], []
    for number, (name, boxes, (width, height)) in enumerate(found, 1):
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for x1, y1, x2, y2, label in boxes:
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": label + 1, "iscrowd": 0,
                                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)})
    categories = [{"id": digit + 1, "name": str(digit)} for digit in range(10)]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    print(path, len(images), "pictures,", len(annotations), "digits")


def scenes_into(flags, pool, folder, part, kind, count):
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [(kind, index) for index in range(count)]
    found = []
    work = pool.map(partial(one_scene, flags.folder, flags.seed, part), tasks, chunksize=16)
    for index, (data, ending, boxes, size) in enumerate(work):
        name = f"{index:05}.{ending}"
        (folder / name).write_bytes(data)
        found.append((name, boxes, size))
    return found


def write_test(flags, pool):
    folder = flags.folder / "test"
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [(kind, index) for kind in KINDS for index in range(flags.per_kind)]
    work = pool.map(partial(one_test, flags.folder, flags.seed), tasks, chunksize=16)
    with open(folder / "test.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "split", "kind"])
        for (kind, index), (data, ending, label) in zip(tasks, work):
            name = f"{kind}/{index:03}-{label}.{ending}"
            (folder / kind).mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
            rows.writerow([name, label, "test", kind])
    print(folder, len(tasks), "pictures")
    folder = flags.folder / "test-scenes"
    everything = []
    for kind in SCENE_KINDS:
        found = scenes_into(flags, pool, folder / kind, "test", kind, flags.per_kind)
        everything += [(f"{kind}/{name}", boxes, size) for name, boxes, size in found]
        write_coco(folder / f"{kind}.json", folder / kind, found)
    write_coco(folder / "all.json", folder, everything)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("what", nargs="*", help="singles, scenes, test; all by default")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--singles", type=int, nargs=3, default=[60_000, 3000, 3000], help="of each part")
    arguments.add_argument("--scenes", type=int, nargs=3, default=[9000, 500, 500], help="of each part")
    arguments.add_argument("--per-kind", type=int, default=100, help="pictures of each kind of the test set")
    arguments.add_argument("--processes", type=int, default=2)
    flags = arguments.parse_args()
    what = flags.what or ["singles", "scenes", "test"]
    with ProcessPoolExecutor(flags.processes) as pool:
        if "test" in what:
            write_test(flags, pool)
        for place, part in enumerate(PARTS):
            if "singles" in what:
                write_singles(flags, pool, part, flags.singles[place])
            if "scenes" in what:
                folder = flags.folder / "scenes" / part
                found = scenes_into(flags, pool, folder, part, None, flags.scenes[place])
                write_coco(folder.with_suffix(".json"), folder, found)


if __name__ == "__main__":
    main()
