#!/usr/bin/env python3
"""torchvision's Faster R-CNN with the recipe of clipart-resnet-18-fpn.toml, to hold atelier's beside.

    clipart_resnet_18_fpn.py SETS SEED DETECTIONS.json         SETS: what bench/sets/fetch.py filled

Writes its detections on the test pictures as COCO JSON, for `atelier coco-eval`. Two threads.
"""

import json
import sys
import time
from pathlib import Path

import torch
from PIL import Image
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.resnet import resnet18
from torchvision.transforms.functional import to_tensor

EPOCHS, BATCH = 12, 8
PEAK, WEIGHT_DECAY = 1e-3, 0.05
sets, seed, result = Path(sys.argv[1]) / "scenes-coco", int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(2)
torch.manual_seed(seed)


def part(name: str) -> list[tuple[int, torch.Tensor, dict]]:
    """Each picture's id, its pixels [3, H, W] and its targets."""
    truth = json.loads((sets / f"{name}.json").read_text())
    pictures = []
    for entry in truth["images"]:
        pixels = to_tensor(Image.open(sets / name / entry["file_name"]).convert("RGB"))
        objects = [one for one in truth["annotations"] if one["image_id"] == entry["id"]]
        boxes = torch.tensor([one["bbox"] for one in objects], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        labels = torch.tensor([kinds.index(one["category_id"]) + 1 for one in objects], dtype=torch.int64)
        pictures.append((entry["id"], pixels, {"boxes": boxes, "labels": labels}))
    return pictures


def mirrored(pixels: torch.Tensor, target: dict) -> tuple[torch.Tensor, dict]:
    boxes = target["boxes"].clone()
    boxes[:, [0, 2]] = pixels.shape[2] - boxes[:, [2, 0]]
    return pixels.flip(2), {"boxes": boxes, "labels": target["labels"]}


kinds = sorted(one["id"] for one in json.loads((sets / "train.json").read_text())["categories"])
body = resnet18(weights=None)
layers = {f"layer{stage}": str(stage - 1) for stage in range(1, 5)}
backbone = BackboneWithFPN(body, layers, [64, 128, 256, 512], 128)
network = FasterRCNN(
    backbone,
    min_size=96,
    max_size=160,
    rpn_anchor_generator=AnchorGenerator(((16,), (32,), (64,), (96,), (128,)), ((0.5, 1.0, 2.0),) * 5),
    rpn_pre_nms_top_n_train=500,
    rpn_post_nms_top_n_train=500,
    rpn_pre_nms_top_n_test=300,
    rpn_post_nms_top_n_test=300,
    box_head=TwoMLPHead(128 * 7 * 7, 256),
    box_predictor=FastRCNNPredictor(256, len(kinds) + 1),
    box_batch_size_per_image=128,
    box_score_thresh=0.01,
)
images = part("train")
optimizer = torch.optim.AdamW(network.parameters(), PEAK, weight_decay=WEIGHT_DECAY)
steps = -(-len(images) // BATCH)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK, EPOCHS * steps, cycle_momentum=False)
begin = time.time()
for epoch in range(EPOCHS):
    total = 0.0
    for chosen in torch.randperm(len(images)).split(BATCH):
        pairs = [images[place][1:] for place in chosen]
        pairs = [mirrored(*pair) if torch.rand(()) < 0.5 else pair for pair in pairs]
        optimizer.zero_grad()
        loss = sum(network(*map(list, zip(*pairs))).values())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10)
        optimizer.step()
        schedule.step()
        total += loss.item() * len(chosen)
    print(f"epoch {epoch + 1}: loss {total / len(images):.4f}, {time.time() - begin:.0f} s", file=sys.stderr)
network.eval()
detections = []
with torch.no_grad():
    for id, pixels, _ in part("test"):
        found = network([pixels])[0]
        for box, label, score in zip(found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist()):
            x1, y1, x2, y2 = box
            detections.append(
                {"image_id": id, "category_id": kinds[label - 1], "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score}
            )
Path(result).write_text(json.dumps(detections))
