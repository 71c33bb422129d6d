"""torchvision's Faster R-CNN with a small backbone on 28x28 MNIST: training and inference images/s as a JSON line.

    python faster_rcnn.py --data DIR --batch N [--steps N]

The same configuration as ../recipes/digits.toml. Its transform is spared the resize of images that have their size.
"""
import argparse, json, os, resource, time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import AnchorGenerator
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign

from cnn import THREADS, read_idx


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


def build():
    model = FasterRCNN(
        Trunk([32, 64, 64]), rpn_anchor_generator=AnchorGenerator(((12, 17),), ((1.0, 1.7, 3.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 5, 2), box_head=Head(64 * 5 * 5, 128), box_predictor=FastRCNNPredictor(128, 11),
        min_size=28, max_size=28, image_mean=[0.1307], image_std=[0.3081],
        rpn_pre_nms_top_n_train=294, rpn_pre_nms_top_n_test=100, rpn_post_nms_top_n_train=64, rpn_post_nms_top_n_test=16,
        rpn_batch_size_per_image=64, box_batch_size_per_image=16, box_positive_fraction=0.5, box_detections_per_img=5)
    model.transform = SameSize(28, 28, [0.1307], [0.3081], size_divisible=4)
    return model


def box(pixels):
    columns, rows = torch.where(pixels.any(0))[0], torch.where(pixels.any(1))[0]
    return [[float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=40)
    args = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    count = (args.steps + 3) * args.batch
    pixels = torch.from_numpy(read_idx(args.data, "train-images-idx3-ubyte")[: max(count, 2000)].copy())
    labels = torch.from_numpy(read_idx(args.data, "train-labels-idx1-ubyte")[: len(pixels)].astype("int64"))
    images = [image[None].float() / 255 for image in pixels]
    truths = [{"boxes": torch.tensor(box(image > 0)), "labels": label[None] + 1} for image, label in zip(pixels, labels)]
    model = build().train()
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
        for first in range(0, 1000 // args.batch * args.batch, args.batch):
            model(images[first : first + args.batch])
        infer = 1000 // args.batch * args.batch / (time.perf_counter() - start)
    print(json.dumps({"peer": "torchvision", "batch": args.batch, "threads": torch.get_num_threads(), "train_images_per_s": train,
                      "infer_images_per_s": infer, "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)


main()
