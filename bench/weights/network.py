"""The networks of atelier's exports in PyTorch and torchvision: load("pytorch.safetensors") gives one ready to use.

A classifier is an nn.Sequential, one module a layer of the recipe. A detector is torchvision's FasterRCNN, with what
our recipes set otherwise than torchvision does:
  anchors  not rounded to whole pixels, centred in their cells, and as far apart as the backbone's strides say, also where
           these do not divide the image (model.anchors.rounded, model.anchors.offset)
  RoIAlign aligned: pixels' centres at half coordinates (model.roi.aligned)
  box head any number of convolutions and hidden layers, with batch or group normalisation (model.roi.convolutions,
           model.roi.hidden, model.roi.norm), and one box for all classes (model.roi.box-regression)
"""

import json
import tomllib
from collections import OrderedDict

import torch
from safetensors import safe_open
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import Conv2dNormActivation, FeaturePyramidNetwork, MultiScaleRoIAlign, roi_align
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool
from torchvision.ops.poolers import LevelMapper


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


def norm_layer(name):
    """The recipe's normalisation of some channels, or None."""

    def group_norm(channels):
        return nn.GroupNorm(next(groups for groups in range(32, 0, -1) if channels % groups == 0), channels)

    return {"none": None, "batch": nn.BatchNorm2d, "group": group_norm}[name]


class Backbone(nn.Sequential):
    """The backbone's layers, with its last map as the one level "0", or a pyramid over its last map of each stride."""

    def __init__(self, layers, shape, pyramid):
        body, _ = sequential(layers, shape)
        super().__init__(*body)
        self.ends, channels, self.strides = [], [], []
        example, stride, reached = torch.zeros(1, *shape), 1, {}
        for number, module in enumerate(body):
            example = module(example)
            if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
                stride *= module.stride if isinstance(module.stride, int) else module.stride[0]
            reached[stride] = number, example.shape[1]
        for stride in [stride] if pyramid is None else pyramid["strides"]:
            self.ends.append(reached[stride][0])
            channels.append(reached[stride][1])
            self.strides.append(stride)
        self.out_channels = channels[-1]
        if pyramid is not None:
            self.out_channels = pyramid["channels"]
            extra = LastLevelMaxPool() if pyramid["extra-level"] else None
            fpn = FeaturePyramidNetwork(channels, self.out_channels, extra, norm_layer(pyramid["norm"]))
            self.add_module("fpn", fpn)
            if extra:
                self.strides.append(2 * self.strides[-1])

    def forward(self, x):
        levels = OrderedDict()
        for number, module in enumerate(list(self)[: self.ends[-1] + 1]):
            x = module(x)
            if number in self.ends:
                levels[str(len(levels))] = x
        return self.fpn(levels) if hasattr(self, "fpn") else levels


class Anchors(AnchorGenerator):
    """torchvision's anchors without its rounding and with our offset."""

    def __init__(self, sizes, ratios, strides, offset, rounded):
        self.strides, self.offset, self.rounded = strides, offset, rounded
        # One list of sizes a level, or one for all.
        of_level = [sizes] * len(strides) if not isinstance(sizes[0], list) else sizes
        super().__init__(tuple(map(tuple, of_level)), (tuple(ratios),) * len(strides))

    def generate_anchors(self, scales, aspect_ratios, dtype=torch.float32, device="cpu"):
        scales, ratios = torch.as_tensor(scales, dtype=dtype), torch.as_tensor(aspect_ratios, dtype=dtype)
        heights = torch.sqrt(ratios)
        widths = 1 / heights
        widths, heights = (widths[:, None] * scales).flatten(), (heights[:, None] * scales).flatten()
        anchors = torch.stack([-widths, -heights, widths, heights], dim=1) / 2
        return anchors.round() if self.rounded else anchors

    def grid_anchors(self, grid_sizes, _strides):
        levels = super().grid_anchors(grid_sizes, [[torch.tensor(stride)] * 2 for stride in self.strides])
        return [anchors + stride * self.offset for anchors, stride in zip(levels, self.strides)]


class Align(MultiScaleRoIAlign):
    """RoIAlign, each region from the level of its size, aligned as the recipe says."""

    def __init__(self, bins, strides, sampling, aligned, pyramid):
        super().__init__([str(level) for level in range(len(strides))], bins, sampling)
        self.strides, self.aligned = strides, aligned
        if pyramid is None:
            self.level_of = lambda boxes: torch.zeros(sum(map(len, boxes)), dtype=torch.long)
        else:
            levels = [stride.bit_length() - 1 for stride in strides]
            self.level_of = LevelMapper(levels[0], levels[-1], pyramid["canonical-size"], pyramid["canonical-level"])

    def forward(self, x, boxes, _image_shapes):
        regions = torch.cat([
            torch.cat([torch.full((len(of_image), 1), float(image)), of_image], 1)
            for image, of_image in enumerate(boxes)
        ])
        level_of = self.level_of(boxes)
        maps = list(x.values())
        pooled = torch.zeros(len(regions), maps[0].shape[1], *self.output_size)
        for level, (features, stride) in enumerate(zip(maps, self.strides)):
            here = level_of == level
            pooled[here] = roi_align(features, regions[here], self.output_size, 1 / stride, self.sampling_ratio,
                                     self.aligned)
        return pooled


class BoxHead(nn.Module):
    """Convolutions conv1, conv2, ..., and hidden layers fc6, fc7, ... as torchvision's TwoMLPHead has them."""

    def __init__(self, channels, bins, convolutions, hidden, norm):
        super().__init__()
        self.convolutions, self.hidden = [], []
        for number, outputs in enumerate(convolutions, 1):
            block = Conv2dNormActivation(channels, outputs, norm_layer=norm_layer(norm), inplace=None)
            setattr(self, f"conv{number}", block)
            self.convolutions.append(block)
            channels = outputs
        inputs = channels * bins**2
        for number, outputs in enumerate(hidden, 6):
            setattr(self, f"fc{number}", nn.Linear(inputs, outputs))
            self.hidden.append(getattr(self, f"fc{number}"))
            if norm == "batch":
                setattr(self, f"bn{number}", nn.BatchNorm1d(outputs))
                self.hidden.append(getattr(self, f"bn{number}"))
            if norm == "group":
                setattr(self, f"gn{number}", norm_layer(norm)(outputs))
                self.hidden.append(getattr(self, f"gn{number}"))
            self.hidden.append(torch.relu)
            inputs = outputs
        self.out_features = inputs

    def forward(self, x):
        for block in self.convolutions:
            x = block(x)
        x = x.flatten(1)
        for layer in self.hidden:
            x = layer(x)
        return x


class Predictor(FastRCNNPredictor):
    """Class scores and boxes; where one box serves all classes, it is repeated for each."""

    def __init__(self, inputs, classes, agnostic):
        super().__init__(inputs, classes)
        self.repeats = 1
        if agnostic:
            self.bbox_pred = nn.Linear(inputs, 4)
            self.repeats = classes

    def forward(self, x):
        scores, boxes = super().forward(x)
        return scores, boxes.repeat(1, self.repeats)


def detector(recipe, shape, classes):
    model = recipe["model"]
    rpn, roi, found, normalize = model["rpn"], model["roi"], model["detections"], recipe["data"]["normalize"]
    pyramid = model.get("pyramid", "none")
    pyramid = None if pyramid == "none" else pyramid
    backbone = Backbone(model["backbone"]["layers"], shape, pyramid)
    channels, strides = backbone.out_channels, backbone.strides
    anchors = Anchors(model["anchors"]["sizes"], model["anchors"]["ratios"], strides, model["anchors"]["offset"],
                      model["anchors"]["rounded"])
    head = RPNHead(channels, anchors.num_anchors_per_location()[0])
    if rpn["channels"] not in ("none", channels):
        hidden = rpn["channels"]
        head.conv[0][0] = nn.Conv2d(channels, hidden, 3, padding=1)
        head.cls_logits = nn.Conv2d(hidden, head.cls_logits.out_channels, 1)
        head.bbox_pred = nn.Conv2d(hidden, head.bbox_pred.out_channels, 1)
    box_head = BoxHead(channels, roi["output"], roi["convolutions"], roi["hidden"], roi["norm"])
    # The extra level is for proposals only.
    read = strides if pyramid is None else pyramid["strides"]
    network = FasterRCNN(
        backbone,
        rpn_anchor_generator=anchors,
        rpn_head=head,
        rpn_pre_nms_top_n_test=rpn["pre-nms-test"],
        rpn_post_nms_top_n_test=rpn["post-nms-test"],
        rpn_nms_thresh=rpn["nms"],
        box_roi_pool=Align(roi["output"], read, roi["sampling"], roi["aligned"], pyramid),
        box_head=box_head,
        box_predictor=Predictor(box_head.out_features, classes + 1, roi["box-regression"] == "class-agnostic"),
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
