#!/usr/bin/env python3
"""Lays out the image sets of docs/sets.md from packages of Debian, npm and PyPI.

    fetch.py FOLDER [SET...]        default: every set

Needs apt-get, npm, pip, Pillow, numpy, scikit-image and scikit-learn. Nothing is drawn at random without a seed, so everyone gets the
same pictures. The packages stay in FOLDER/packages.
"""

import hashlib
import json
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from PIL import Image

Image.MAX_IMAGE_PIXELS = None
ROOT = Path(sys.argv[1]).resolve()
PACKAGES = ROOT / "packages"


def debian(name: str) -> Path:
    """The unpacked Debian package."""
    folder = PACKAGES / name
    if not folder.is_dir():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        if not list(PACKAGES.glob(f"{name}_*.deb")):
            subprocess.run(["apt-get", "download", name], cwd=PACKAGES, check=True)
        [package] = PACKAGES.glob(f"{name}_*.deb")
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return folder


def npm(name: str, version: str) -> Path:
    """The unpacked npm package."""
    folder = PACKAGES / name
    if not folder.is_dir():
        folder.mkdir(parents=True)
        subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=PACKAGES, check=True)
        subprocess.run(["tar", "xzf", PACKAGES / f"{name}-{version}.tgz", "-C", folder], check=True)
    return folder / "package"


def pypi(name: str, version: str) -> Path:
    """The unpacked wheel."""
    folder = PACKAGES / name
    if not folder.is_dir():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        command = ["pip", "download", "--quiet", "--no-deps", "-d", PACKAGES, f"{name}=={version}"]
        subprocess.run([sys.executable, "-m", *command], check=True)
        [wheel] = PACKAGES.glob(f"{name}-{version}-*.whl")
        zipfile.ZipFile(wheel).extractall(folder)
    return folder


def fresh(name: str) -> Path:
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def clipart() -> None:
    """Six classes of Debian's clip art, sizes, copies across classes and all. A fifth is the test set, equal files on one side."""
    source = debian("openclipart-png") / "usr/share/openclipart/png"
    folder = fresh("clipart")
    for name in ["animals", "buildings", "food", "people", "tools", "transportation"]:
        for path in sorted((source / name).rglob("*.png")):
            test = hashlib.sha256(path.read_bytes()).digest()[0] < 51
            into = folder / ("test" if test else "train") / path.relative_to(source).parent
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, into)


def fashion() -> None:
    """Fashion-MNIST's four files."""
    folder = fresh("fashion")
    for file in (debian("dataset-fashion-mnist") / "usr/share/datasets/fashion-mnist").glob("*.gz"):
        shutil.copy(file, folder)


def emoji() -> None:
    """Learn Google's emoji, be judged on Twitter's: class folders with train and test."""
    folder = fresh("emoji")
    for part, maker in [("train", "google"), ("test", "twitter")]:
        package = npm(f"emoji-datasource-{maker}", "16.0.0")
        for entry in json.loads((package / "emoji.json").read_text()):
            image = package / "img" / maker / "64" / entry["image"]
            if entry["category"] == "Component" or not image.is_file():
                continue
            into = folder / part / entry["category"]
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(image, into)


def tiles(image: Image.Image, boxes: list, side: int):
    """Tiles of the picture with the boxes of which at least half is inside."""
    for y in range(0, image.height - side // 2, side):
        for x in range(0, image.width - side // 2, side):
            right, bottom = min(x + side, image.width), min(y + side, image.height)
            inside = []
            for x1, y1, x2, y2, label in boxes:
                cut = (max(x1, x), max(y1, y), min(x2, right), min(y2, bottom))
                area = max(0, cut[2] - cut[0]) * max(0, cut[3] - cut[1])
                if 2 * area >= (x2 - x1) * (y2 - y1) > 0:
                    inside.append((cut[0] - x, cut[1] - y, cut[2] - x, cut[3] - y, label))
            yield (x, y), image.crop((x, y, right, bottom)), inside


def trees() -> None:
    """deepforest's aerial photographs in tiles of 300 pixels, as Pascal VOC files: the left part of the largest photograph to test,
    all the rest to train on."""
    import xml.etree.ElementTree as ET

    data = pypi("deepforest", "2.1.0") / "deepforest/data"
    folder = fresh("trees")
    for part in ["train", "test"]:
        (folder / part).mkdir()
    names = ["2019_YELL_2_528000_4978000_image_crop2", "2019_YELL_2_541000_4977000_image_crop", "OSBS_029", "SOAP_061"]
    for name in names:
        image = Image.open(data / f"{name}.png").convert("RGB")
        boxes = []
        for found in ET.parse(data / f"{name}.xml").iter("object"):
            x1, y1, x2, y2 = (int(found.find(f"bndbox/{key}").text) for key in ["xmin", "ymin", "xmax", "ymax"])
            boxes.append((x1, y1, x2, y2, "Tree"))
        for (x, y), tile, inside in tiles(image, boxes, 300):
            test = name.endswith("image_crop2") and x < 600
            write_voc(folder / ("test" if test else "train"), f"{name}_{x}_{y}", tile, inside)


def write_voc(folder: Path, name: str, image: Image.Image, boxes: list) -> None:
    image.save(folder / f"{name}.png")
    objects = "".join(
        f"<object><name>{label}</name><bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for x1, y1, x2, y2, label in boxes
    )
    size = f"<size><width>{image.width}</width><height>{image.height}</height><depth>3</depth></size>"
    (folder / f"{name}.xml").write_text(f"<annotation><filename>{name}.png</filename>{size}{objects}</annotation>")


STAMPS = {
    "animal": ["animals"],
    "food": ["food"],
    "plant": ["plants"],
    "vehicle": ["vehicles", "military/vehicles"],
}


def background(photographs: list, side: int, draw: random.Random) -> Image.Image:
    photograph = draw.choice(photographs)
    part = draw.randint(side, min(photograph.size))
    x, y = draw.randint(0, photograph.width - part), draw.randint(0, photograph.height - part)
    return photograph.crop((x, y, x + part, y + part)).resize((side, side), Image.LANCZOS)


def scenes() -> None:
    """Cut-outs laid over photographs, in colour: 800 pictures to train on, 200 to test, as COCO and as YOLO. Neither a cut-out nor a
    photograph of the test pictures is among those for training."""
    import skimage.data
    import sklearn.datasets

    stamps = debian("tuxpaint-stamps-default") / "usr/share/tuxpaint/stamps"
    cutouts = {"train": [], "test": []}
    for label, (name, folders) in enumerate(STAMPS.items()):
        for path in sorted({p for f in folders for p in (stamps / f).rglob("*.png")}):
            image = Image.open(path).convert("RGBA")
            box = image.getchannel("A").point(lambda a: 255 * (a > 127)).getbbox()
            if box is None or min(box[2] - box[0], box[3] - box[1]) < 40:
                continue
            # By the picture's name without a trailing number or mirror: views of one thing stay together.
            thing = path.stem.split("_")[0].split("-")[0].rstrip("0123456789")
            test = hashlib.sha256(f"{name}/{thing}".encode()).digest()[0] < 52
            cutouts["test" if test else "train"].append((label, image.crop(box)))
    kept = Path(skimage.data.__file__).parent
    learnt = Path(sklearn.datasets.__file__).parent / "images"
    photographs = {
        "train": [kept / n for n in ["astronaut.png", "coffee.png", "rocket.jpg", "grass.png", "gravel.png", "retina.jpg"]],
        "test": [kept / "brick.png", kept / "hubble_deep_field.jpg", kept / "ihc.png", learnt / "china.jpg"],
    }
    draw = random.Random(17)
    coco, yolo = fresh("scenes-coco"), fresh("scenes-yolo")
    for part, count in [("train", 800), ("test", 200)]:
        grounds = [Image.open(path).convert("RGB") for path in photographs[part]]
        document = {"images": [], "annotations": [], "categories": [{"id": i, "name": n} for i, n in enumerate(STAMPS, 1)]}
        for folder in [coco / part, yolo / "images" / part, yolo / "labels" / part]:
            folder.mkdir(parents=True)
        for index in range(count):
            side = 160
            picture = background(grounds, side, draw)
            boxes = []
            for _ in range(draw.randint(1, 4)):
                label = draw.randrange(len(STAMPS))
                _, cutout = draw.choice([c for c in cutouts[part] if c[0] == label])
                longest = draw.randint(32, 80)
                scale = longest / max(cutout.size)
                size = tuple(max(8, round(edge * scale)) for edge in cutout.size)
                small = cutout.resize(size, Image.LANCZOS)
                if draw.random() < 0.5:
                    small = small.transpose(Image.FLIP_LEFT_RIGHT)
                x, y = draw.randint(0, side - size[0]), draw.randint(0, side - size[1])
                box = (x, y, x + size[0], y + size[1])
                if any(overlap(box, other) > 0.1 for _, other in boxes):
                    continue
                picture.paste(small, (x, y), small)
                boxes.append((label, box))
            name = f"{index:04}.jpg"
            picture.save(coco / part / name, quality=92)
            shutil.copy(coco / part / name, yolo / "images" / part / name)
            document["images"].append({"id": index, "file_name": name, "width": side, "height": side})
            lines = []
            for label, (x1, y1, x2, y2) in boxes:
                document["annotations"].append(
                    {"id": len(document["annotations"]) + 1, "image_id": index, "category_id": label + 1, "iscrowd": 0}
                    | {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}
                )
                middle = [(x1 + x2) / 2 / side, (y1 + y2) / 2 / side, (x2 - x1) / side, (y2 - y1) / side]
                lines.append(f"{label} " + " ".join(f"{value:.6f}" for value in middle))
            (yolo / "labels" / part / f"{index:04}.txt").write_text("\n".join(lines))
        (coco / f"{part}.json").write_text(json.dumps(document))
    names = "\n".join(f"  {index}: {name}" for index, name in enumerate(STAMPS))
    (yolo / "data.yaml").write_text(f"path: .\ntrain: images/train\ntest: images/test\nnames:\n{names}\n")


def overlap(a: tuple, b: tuple) -> float:
    """Intersection over the smaller box."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(0, width) * max(0, height) / smaller


SETS = {"clipart": clipart, "fashion": fashion, "emoji": emoji, "trees": trees, "scenes": scenes}

if __name__ == "__main__":
    for name in sys.argv[2:] or SETS:
        SETS[name]()
        print(name, "is in", ROOT)
