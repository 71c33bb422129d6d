"""The networks of atelier's exports in PyTorch and torchvision: load("pytorch.safetensors") gives one ready to use.

A classifier is an nn.Sequential, one module a layer of the recipe. A detector is torchvision's FasterRCNN, with what
our recipes set otherwise than torchvision does:
  anchors  not rounded to whole pixels, and centred in their cells (model.anchors.rounded, model.anchors.offset)
  RoIAlign aligned: pixels' centres at half coordinates (model.roi.aligned)
  box head any number of hidden layers, with batch or group normalisation (model.roi.hidden, model.roi.norm)
"""

import json
import math
import tomllib

import torch
from safetensors import safe_open
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign, roi_align


def load(path):
    """The network of an export in evaluation mode, its recipe and its classes."""
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["atelier"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    recipe = tomllib.loads(about["recipe"])
    build = {"cnn": classifier, "faster-rcnn": detector}[recipe["model"]["kind"]]
    model = build(recipe, about["input"], len(about["classes"]))
    model.load_state_dict(tensors, strict=True)
    return model.eval(), recipe, about["classes"]


def classifier(recipe, shape, _classes):
    return sequential(recipe["model"]["layers"], shape)[0]


def sequential(layers, shape):
    """The layers as an nn.Sequential, and the shape [C, H, W] that they make of `shape`."""
    modules, example = [], torch.zeros(1, *shape)
    for layer in layers:
        options = {layer: {}} if isinstance(layer, str) else layer
        name = next(iter(options))
        value = options[name]
        if isinstance(value, dict):
            options = value
        channels = example.shape[1]
        module = {
            "conv": lambda: nn.Conv2d(
                channels, value, options["kernel"], options.get("stride", 1), options.get("padding", 0),
                options.get("dilation", 1), bias=options.get("bias", True)),
            "linear": lambda: nn.Linear(channels, value, bias=options.get("bias", True)),
            "batch-norm": lambda: nn.BatchNorm2d(channels, options.get("epsilon", 1e-5), options.get("momentum", 0.1)),
            "max-pool": lambda: nn.MaxPool2d(value, options.get("stride"), options.get("padding", 0)),
            "avg-pool": lambda: nn.AvgPool2d(value, options.get("stride"), options.get("padding", 0)),
            "global-avg-pool": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            "relu": nn.ReLU,
            "gelu": nn.GELU,
            "silu": nn.SiLU,
            "leaky-relu": lambda: nn.LeakyReLU(value if isinstance(value, float) else 0.01),
            "dropout": lambda: nn.Dropout(value if isinstance(value, float) else 0.5),
            "flatten": nn.Flatten,
        }[name]().eval()
        example = module(example)
        modules.append(module)
    return nn.Sequential(*modules), list(example.shape[1:])


class Anchors(AnchorGenerator):
    """torchvision's anchors without its rounding and with our offset."""

    def __init__(self, sizes, ratios, offset, rounded):
        self.offset, self.rounded = offset, rounded
        super().__init__((tuple(sizes),), (tuple(ratios),))

    def generate_anchors(self, scales, aspect_ratios, dtype=torch.float32, device="cpu"):
        scales, ratios = torch.as_tensor(scales, dtype=dtype), torch.as_tensor(aspect_ratios, dtype=dtype)
        heights = torch.sqrt(ratios)
        widths = 1 / heights
        widths, heights = (widths[:, None] * scales).flatten(), (heights[:, None] * scales).flatten()
        anchors = torch.stack([-widths, -heights, widths, heights], dim=1) / 2
        return anchors.round() if self.rounded else anchors

    def grid_anchors(self, grid_sizes, strides):
        levels = super().grid_anchors(grid_sizes, strides)
        shifts = [torch.stack([x, y, x, y]) * self.offset for y, x in strides]
        return [anchors + shift for anchors, shift in zip(levels, shifts)]


class Align(MultiScaleRoIAlign):
    """RoIAlign from the one feature map, aligned as the recipe says."""

    def __init__(self, bins, stride, sampling, aligned):
        super().__init__(["0"], bins, sampling)
        self.stride, self.aligned = stride, aligned

    def forward(self, x, boxes, image_shapes):
        return roi_align(x["0"], boxes, self.output_size, 1 / self.stride, self.sampling_ratio, self.aligned)


class BoxHead(nn.Module):
    """Hidden layers fc6, fc7, ... as torchvision's TwoMLPHead has them, with normalisation."""

    def __init__(self, inputs, hidden, norm):
        super().__init__()
        self.numbers = range(6, 6 + len(hidden))
        for number, outputs in zip(self.numbers, hidden):
            setattr(self, f"fc{number}", nn.Linear(inputs, outputs))
            if norm == "batch":
                setattr(self, f"bn{number}", nn.BatchNorm1d(outputs))
            if norm == "group":
                groups = next(groups for groups in range(32, 0, -1) if outputs % groups == 0)
                setattr(self, f"gn{number}", nn.GroupNorm(groups, outputs))
            inputs = outputs

    def forward(self, x):
        x = x.flatten(1)
        for number in self.numbers:
            x = getattr(self, f"fc{number}")(x)
            for norm in "bn", "gn":
                if hasattr(self, f"{norm}{number}"):
                    x = getattr(self, f"{norm}{number}")(x)
            x = torch.relu(x)
        return x


def detector(recipe, shape, classes):
    model = recipe["model"]
    if model.get("pyramid", "none") != "none" or model["roi"].get("convolutions"):
        raise NotImplementedError("only detectors with one feature map and linear layers in their box head")
    rpn, roi, found, normalize = model["rpn"], model["roi"], model["detections"], recipe["data"]["normalize"]
    backbone, (channels, height, _) = sequential(model["backbone"]["layers"], shape)
    backbone.out_channels = channels
    anchors = Anchors(model["anchors"]["sizes"], model["anchors"]["ratios"], model["anchors"]["offset"],
                      model["anchors"]["rounded"])
    head = RPNHead(channels, anchors.num_anchors_per_location()[0])
    if rpn["channels"] not in ("none", channels):
        hidden = rpn["channels"]
        head.conv[0][0] = nn.Conv2d(channels, hidden, 3, padding=1)
        head.cls_logits = nn.Conv2d(hidden, head.cls_logits.out_channels, 1)
        head.bbox_pred = nn.Conv2d(hidden, head.bbox_pred.out_channels, 1)
    box_head = BoxHead(channels * roi["output"] ** 2, roi["hidden"], roi["norm"])
    network = FasterRCNN(
        backbone,
        rpn_anchor_generator=anchors,
        rpn_head=head,
        rpn_pre_nms_top_n_test=rpn["pre-nms-test"],
        rpn_post_nms_top_n_test=rpn["post-nms-test"],
        rpn_nms_thresh=rpn["nms"],
        box_roi_pool=Align(roi["output"], math.floor(shape[1] / height), roi["sampling"], roi["aligned"]),
        box_head=box_head,
        box_predictor=FastRCNNPredictor((roi["hidden"] or [channels * roi["output"] ** 2])[-1], classes + 1),
        box_score_thresh=found["score-threshold"],
        box_nms_thresh=found["nms"],
        box_detections_per_img=found["per-image"],
        bbox_reg_weights=tuple(roi["box-weights"]),
        # The image as it is: not resized, not padded.
        min_size=min(shape[1:]),
        max_size=max(shape[1:]),
        size_divisible=1,
        image_mean=[normalize["mean"]] * shape[0],
        image_std=[normalize["std"]] * shape[0],
    )
    network.rpn.min_size = rpn["min-side"]
    return network
