"""torchvision's Faster R-CNN with a small backbone: training and inference images/s as a JSON line.

    python faster_rcnn.py --data DIR --batch N [--steps N] [--scenes]

The same configuration as ../recipes/digits.toml: 28x28 MNIST; with --scenes as ../recipes/scenes.toml: 128x128 pixels with
one to ten digits. Its transform is spared the resize of images that have their size.
"""
import argparse, json, os, resource, time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import AnchorGenerator
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign, box_iou

from cnn import THREADS, read_idx

# Images of the timed inference.
INFERRED = 1000


class SameSize(GeneralizedRCNNTransform):
    def resize(self, image, target=None):
        return image, target


class Trunk(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip([1] + channels, channels))
        self.out_channels = channels[-1]

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = F.relu(conv(x))
            if i < 2:
                x = F.max_pool2d(x, 2)
        return x


class Head(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.fc6, self.fc7 = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)

    def forward(self, x):
        return F.relu(self.fc7(F.relu(self.fc6(x.flatten(1)))))


# What the two configurations do not share.
DIGITS = dict(
    size=28, trunk=[32, 64, 64], hidden=128, sizes=(12, 17),
    rpn_pre_nms_top_n_train=294, rpn_pre_nms_top_n_test=100, rpn_post_nms_top_n_train=64, rpn_post_nms_top_n_test=16,
    rpn_batch_size_per_image=64, box_batch_size_per_image=16, box_positive_fraction=0.5, box_detections_per_img=5)
SCENES = dict(
    size=128, trunk=[16, 32, 64, 64], hidden=256, sizes=(12, 17, 24),
    rpn_pre_nms_top_n_train=1000, rpn_pre_nms_top_n_test=500, rpn_post_nms_top_n_train=300, rpn_post_nms_top_n_test=100,
    rpn_batch_size_per_image=128, box_batch_size_per_image=64, box_positive_fraction=0.25, box_detections_per_img=100)


def build(size, trunk, hidden, sizes, **settings):
    model = FasterRCNN(
        Trunk(trunk), rpn_anchor_generator=AnchorGenerator((sizes,), ((1.0, 1.7, 3.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 5, 2), box_head=Head(64 * 5 * 5, hidden), box_predictor=FastRCNNPredictor(hidden, 11),
        min_size=size, max_size=size, image_mean=[0.1307], image_std=[0.3081], **settings)
    model.transform = SameSize(size, size, [0.1307], [0.3081], size_divisible=4)
    return model


def scene(pixels, labels, size, draw):
    """One to ten digits, 18 to 44 pixels, whose boxes overlap by an IoU of at most 0.2."""
    image, boxes, classes = torch.zeros(size, size), torch.zeros(0, 4), []
    for _ in range(int(torch.randint(1, 11, (), generator=draw))):
        for _ in range(30):
            side = int(torch.randint(18, 45, (), generator=draw))
            x, y = (int(torch.randint(0, size - side + 1, (), generator=draw)) for _ in range(2))
            i = int(torch.randint(0, len(pixels), (), generator=draw))
            digit = F.interpolate(pixels[i][None, None].float() / 255, (side, side), mode="bilinear", antialias=True)[0, 0]
            tight = torch.tensor(box(digit > 0.1)) + torch.tensor([x, y, x, y])
            if len(boxes) == 0 or float(box_iou(tight, boxes).max()) <= 0.2:
                part = image[y : y + side, x : x + side]
                part.copy_(torch.maximum(part, digit))
                boxes, classes = torch.cat([boxes, tight]), classes + [int(labels[i]) + 1]
                break
    return image[None], {"boxes": boxes, "labels": torch.tensor(classes)}


def box(pixels):
    columns, rows = torch.where(pixels.any(0))[0], torch.where(pixels.any(1))[0]
    return [[float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--scenes", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    count = (args.steps + 3) * args.batch
    pixels = torch.from_numpy(read_idx(args.data, "train-images-idx3-ubyte")[: max(count, 2000)].copy())
    labels = torch.from_numpy(read_idx(args.data, "train-labels-idx1-ubyte")[: len(pixels)].astype("int64"))
    if args.scenes:
        draw = torch.Generator().manual_seed(0)
        made = [scene(pixels, labels, 128, draw) for _ in range(max(count, INFERRED))]
        images, truths = [image for image, _ in made], [truth for _, truth in made]
    else:
        images = [image[None].float() / 255 for image in pixels]
        truths = [{"boxes": torch.tensor(box(image > 0)), "labels": label[None] + 1} for image, label in zip(pixels, labels)]
    model = build(**(SCENES if args.scenes else DIGITS)).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def step(i):
        part = slice(i * args.batch, (i + 1) * args.batch)
        losses = model(images[part], truths[part])
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        return {name: loss.item() for name, loss in losses.items()}

    for i in range(3):
        step(i)
    start = time.perf_counter()
    for i in range(args.steps):
        step(3 + i)
    train = args.steps * args.batch / (time.perf_counter() - start)
    model.eval()
    with torch.no_grad():
        model(images[: args.batch])
        start = time.perf_counter()
        for first in range(0, INFERRED // args.batch * args.batch, args.batch):
            model(images[first : first + args.batch])
        infer = INFERRED // args.batch * args.batch / (time.perf_counter() - start)
    print(json.dumps({"peer": "torchvision", "batch": args.batch, "threads": torch.get_num_threads(), "train_images_per_s": train,
                      "infer_images_per_s": infer, "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)


main()
