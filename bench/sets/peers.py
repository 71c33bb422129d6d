#!/usr/bin/env python3
"""scikit-learn and torchvision on the image sets of docs/sets.md, with the split that atelier has.

    peers.py FOLDER SET [MINUTES]        SET: fashion, emoji, clipart, trees, scenes

FOLDER is what fetch.py filled; for clipart it holds clipart.csv as well, written by `atelier data check clipart --fix clipart.csv`.
Neither peer starts from weights that were trained elsewhere. torchvision's networks train for MINUTES (3 by default) on two threads.
Nothing is chosen by the test pictures.
"""

import csv
import gzip
import json
import math
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import torch
from PIL import Image

FOLDER, NAME = Path(sys.argv[1]), sys.argv[2]
MINUTES = float(sys.argv[3]) if len(sys.argv) > 3 else 3.0
torch.set_num_threads(2)
torch.manual_seed(0)


def picture(path: Path, side: int) -> np.ndarray:
    """Letterboxed on white."""
    image = Image.open(path).convert("RGBA")
    image.thumbnail((side, side), Image.LANCZOS)
    sheet = Image.new("RGBA", (side, side), "white")
    sheet.alpha_composite(image, ((side - image.width) // 2, (side - image.height) // 2))
    return np.asarray(sheet.convert("RGB"))


def classifier_set(side: int):
    """Pictures [N, H, W, C] and labels of training and test."""
    if NAME == "fashion":
        parts = []
        for part in ["train", "t10k"]:
            images = gzip.open(FOLDER / f"fashion/{part}-images-idx3-ubyte.gz").read()[16:]
            labels = gzip.open(FOLDER / f"fashion/{part}-labels-idx1-ubyte.gz").read()[8:]
            images = np.frombuffer(images, np.uint8).reshape(-1, 28, 28, 1)
            parts.append((images, np.frombuffer(labels, np.uint8).astype(int)))
        return parts
    if NAME == "emoji":
        rows = [(path, path.parent.name, path.parts[-3]) for path in sorted(FOLDER.glob("emoji/*/*/*.png"))]
    else:
        with open(FOLDER / "clipart.csv", newline="") as file:
            rows = [(FOLDER / row["path"], row["label"], row["split"]) for row in csv.DictReader(file)]
    classes = sorted({label for _, label, _ in rows})
    parts = []
    for part in ["train", "test"]:
        chosen = [row for row in rows if row[2] == part]
        images = np.stack([picture(path, side) for path, _, _ in chosen])
        parts.append((images, np.array([classes.index(label) for _, label, _ in chosen])))
    return parts


def scikit_learn() -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    (images, labels), (test, truth) = classifier_set(28 if NAME == "fashion" else 32)
    images, test = (x.reshape(len(x), -1) / 255 for x in (images, test))
    models = {"random forest": RandomForestClassifier(300, n_jobs=2, random_state=0)}
    # Its time grows with the square of the number of pictures.
    if len(images) < 10_000:
        for c in [1, 10, 100]:
            models[f"SVC, C = {c}"] = make_pipeline(StandardScaler(), SVC(C=c))
    learnt, held, learnt_labels, held_labels = train_test_split(
        images, labels, test_size=0.15, stratify=labels, random_state=0
    )
    scores = {name: model.fit(learnt, learnt_labels).score(held, held_labels) for name, model in models.items()}
    best = max(scores, key=scores.get)
    begin = time.time()
    accuracy = models[best].fit(images, labels).score(test, truth)
    print(f"{NAME}: scikit-learn {best}: test accuracy {100 * accuracy:.2f} % ({time.time() - begin:.0f} s)", scores)


def torchvision_classifier() -> None:
    from torchvision.models import resnet18
    from torchvision.transforms import v2

    side = 28 if NAME == "fashion" else 64
    parts = classifier_set(side)
    (images, labels), (test, truth) = [(torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(y)) for x, y in parts]
    images, test = (x.expand(-1, 3, -1, -1) for x in (images, test))
    mean = images.float().mean((0, 2, 3), keepdim=True) / 255
    std = images.float().std((0, 2, 3), keepdim=True) / 255
    changes = [v2.RandomHorizontalFlip()]
    if NAME != "fashion":
        changes += [v2.RandomResizedCrop(side, (0.4, 1.0), antialias=True), v2.ColorJitter(0.1, 0.2, 0.2, 0.02)]
    change = v2.Compose(changes)
    network = resnet18(num_classes=int(labels.max()) + 1)
    network.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)
    if side == 28:
        network.maxpool = torch.nn.Identity()
    batch = 64
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=0.05)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    begin, limit, step, epoch = time.time(), 60 * MINUTES, 0, 0
    while time.time() - begin < limit:
        epoch += 1
        for chosen in torch.randperm(len(images)).split(batch):
            passed = (time.time() - begin) / limit
            if passed >= 1:
                break
            # One cycle, by the clock.
            rate = 2e-3 * (passed / 0.3 if passed < 0.3 else 0.5 * (1 + math.cos(math.pi * (passed - 0.3) / 0.7)))
            for group in optimizer.param_groups:
                group["lr"] = max(rate, 1e-6)
            seen = torch.stack([change(image) for image in images[chosen]])
            optimizer.zero_grad()
            loss(network((seen / 255 - mean) / std), labels[chosen]).backward()
            optimizer.step()
            step += 1
    network.eval()
    with torch.no_grad():
        answers = torch.cat([network((x / 255 - mean) / std).argmax(1) for x in test.split(256)])
    accuracy = (answers == truth).float().mean()
    print(f"{NAME}: torchvision resnet18 from scratch: test accuracy {100 * accuracy:.2f} % ({epoch} epochs, {step} steps, {MINUTES} min)")


def detector_set(part: str):
    """Paths, with boxes [N, 4] and labels [N] from 1."""
    if NAME == "scenes":
        document = json.loads((FOLDER / f"scenes-coco/{part}.json").read_text())
        rows = []
        for image in document["images"]:
            own = [a for a in document["annotations"] if a["image_id"] == image["id"]]
            boxes = [[x, y, x + w, y + h] for x, y, w, h in (a["bbox"] for a in own)]
            rows.append((FOLDER / "scenes-coco" / part / image["file_name"], boxes, [a["category_id"] for a in own]))
        return rows
    rows = []
    for path in sorted((FOLDER / "trees" / part).glob("*.xml")):
        boxes = []
        for box in ET.parse(path).iter("bndbox"):
            x1, y1, x2, y2 = (int(box.find(key).text) for key in ["xmin", "ymin", "xmax", "ymax"])
            boxes.append([x1 - 1, y1 - 1, x2, y2])
        rows.append((path.with_suffix(".png"), boxes, [1] * len(boxes)))
    return rows


def torchvision_detector() -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    from torchvision.transforms.functional import hflip, pil_to_tensor

    def load(rows):
        return [
            (
                pil_to_tensor(Image.open(path).convert("RGB")) / 255,
                torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
                torch.tensor(labels, dtype=torch.int64),
            )
            for path, boxes, labels in rows
        ]

    train, test = load(detector_set("train")), load(detector_set("test"))
    classes = int(max(labels.max() for _, _, labels in train if len(labels))) + 1
    side = train[0][0].shape[-1]
    backbone = resnet_fpn_backbone(
        backbone_name="resnet18", weights=None, trainable_layers=5, norm_layer=torch.nn.BatchNorm2d
    )
    network = FasterRCNN(backbone, classes, min_size=side, max_size=2 * side)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=0.05)
    begin, limit, step, epoch, batch = time.time(), 60 * MINUTES, 0, 0, 4
    network.train()
    while time.time() - begin < limit:
        epoch += 1
        for chosen in torch.randperm(len(train)).split(batch):
            passed = (time.time() - begin) / limit
            if passed >= 1:
                break
            rate = 1e-3 * (passed / 0.1 if passed < 0.1 else 0.5 * (1 + math.cos(math.pi * (passed - 0.1) / 0.9)))
            for group in optimizer.param_groups:
                group["lr"] = max(rate, 1e-6)
            images, targets = [], []
            for index in chosen.tolist():
                image, boxes, labels = train[index]
                if torch.rand(()) < 0.5:
                    width = image.shape[-1]
                    image = hflip(image)
                    boxes = torch.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
                images.append(image)
                targets.append({"boxes": boxes, "labels": labels})
            optimizer.zero_grad()
            sum(network(images, targets).values()).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 10)
            optimizer.step()
            step += 1
    network.eval()
    document = {"images": [], "annotations": [], "categories": [{"id": i, "name": str(i)} for i in range(1, classes)]}
    found = []
    for index, (image, boxes, labels) in enumerate(test):
        document["images"].append({"id": index, "height": image.shape[1], "width": image.shape[2]})
        for (x1, y1, x2, y2), label in zip(boxes.tolist(), labels.tolist()):
            box = [x1, y1, x2 - x1, y2 - y1]
            entry = {"id": len(document["annotations"]) + 1, "image_id": index, "category_id": label, "iscrowd": 0}
            document["annotations"].append(entry | {"bbox": box, "area": box[2] * box[3]})
        with torch.no_grad():
            [answer] = network([image])
        for (x1, y1, x2, y2), label, score in zip(*(answer[key].tolist() for key in ["boxes", "labels", "scores"])):
            found.append({"image_id": index, "category_id": label, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score})
    truth = COCO()
    truth.dataset = document
    truth.createIndex()
    figures = [0.0, 0.0]
    if found:
        judged = COCOeval(truth, truth.loadRes(found), "bbox")
        judged.evaluate()
        judged.accumulate()
        judged.summarize()
        figures = judged.stats[:2]
    print(
        f"{NAME}: torchvision Faster R-CNN, resnet18 with FPN, from scratch: AP {figures[0]:.3f}, AP50 {figures[1]:.3f} "
        f"({epoch} epochs, {step} steps, {MINUTES} min)"
    )


if NAME in ["trees", "scenes"]:
    torchvision_detector()
else:
    scikit_learn()
    torchvision_classifier()
