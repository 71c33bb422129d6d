"""Writes torchvision_detectors.safetensors: what torchvision's detectors (0.29.2) find in three photographs, and the losses and gradients
of one training step, for weights that are made of their names (see generate_torchvision_logits.py).

So that scores are spread and nothing saturates, some weights are multiplied by a factor, and some biases are others; both are kept in the
file. Everything is computed in
32 and in 64 bits; where the two differ by more than a hundredth of what the test allows, the script fails. Of every gradient eight values,
the largest and the norm are kept.

Run with PyTorch, torchvision and Pillow in this folder.
"""

import json
import struct

import numpy as np
import torch
from PIL import Image
from torchvision.models import mobilenet_v3_large, resnet50
from torchvision.models.detection import FasterRCNN, fasterrcnn_resnet50_fpn_v2
from torchvision.models.detection._utils import overwrite_eps
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import _mobilenet_extractor, _resnet_fpn_extractor
from torchvision.ops.misc import FrozenBatchNorm2d

from generate_torchvision_logits import made, sampled

PHOTOGRAPHS = ["cat", "coffee", "astronaut"]
SIDES = {"min_size": 176, "max_size": 272}
# Beyond any number of candidates: all count, and nothing is drawn.
ALL = 1 << 20
EVERYTHING = {"rpn_batch_size_per_image": ALL, "box_batch_size_per_image": ALL}
FEW = {"rpn_post_nms_top_n_test": 100, "rpn_post_nms_top_n_train": 100}
# Boxes in pixels of the photographs, and labels.
TARGETS = [
    [([60, 20, 190, 140], 17), ([20, 30, 70, 110], 3)],
    [([40, 30, 200, 170], 47), ([100, 60, 150, 100], 50), ([10, 120, 90, 190], 1)],
    [([20, 10, 140, 250], 1)],
]
# What is scaled so that its output has this deviation, in this order.
SPREAD = [
    ("backbone.fpn.inner_blocks.", 1.0),
    ("rpn.head.cls_logits", 2.0),
    ("rpn.head.bbox_pred", 0.3),
    ("roi_heads.box_head.fc6", 1.0),
    ("roi_heads.box_head.5", 1.0),
    ("roi_heads.box_predictor.cls_score", 2.5),
    ("roi_heads.box_predictor.bbox_pred", 0.6),
]


def v1(**options):
    backbone = _resnet_fpn_extractor(resnet50(weights=None, norm_layer=FrozenBatchNorm2d), 5)
    model = FasterRCNN(backbone, 91, **SIDES, **EVERYTHING, **options)
    overwrite_eps(model, 0.0)
    return model


def v2(**options):
    return fasterrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None, **SIDES, **EVERYTHING, **options)


def mobilenet(**options):
    backbone = _mobilenet_extractor(mobilenet_v3_large(weights=None, norm_layer=FrozenBatchNorm2d), True, 6)
    anchors = AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)
    options["rpn_score_thresh"] = 0.05
    return FasterRCNN(backbone, 91, rpn_anchor_generator=anchors, **{**SIDES, **EVERYTHING, **options})


def mobilenet_320(**options):
    few = {"rpn_pre_nms_top_n_test": 150, "rpn_post_nms_top_n_test": 150}
    return mobilenet(**{**options, **few, "min_size": 136, "max_size": 248})


MODELS = {
    "fasterrcnn_resnet50_fpn": (v1, True),
    "fasterrcnn_resnet50_fpn_v2": (v2, False),
    "fasterrcnn_mobilenet_v3_large_fpn": (mobilenet, False),
    "fasterrcnn_mobilenet_v3_large_320_fpn": (mobilenet_320, True),
}


def photograph(name):
    pixels = np.asarray(Image.open(f"../photographs/{name}.png").convert("RGB"))
    return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(255))


def fill(model):
    """Weights by name; the factors of those that are scaled."""
    state = model.state_dict()
    for tensor, values in state.items():
        if values.dim() > 0:
            values.copy_(made(tensor, values.shape))
    model.load_state_dict(state)
    factors = {}
    images = [photograph(name) for name in PHOTOGRAPHS]
    for prefix, wanted in SPREAD:
        for name, module in model.named_modules():
            if not name.startswith(prefix) or not hasattr(module, "weight") or module.weight.dim() < 2:
                continue
            seen = []
            hook = module.register_forward_hook(lambda _, given, output: seen.append(output))
            with torch.no_grad():
                model(images)
                hook.remove()
                # Of each channel over all places: [places, channels].
                rows = torch.cat([output.movedim(1, -1).flatten(0, -2) for output in seen])
                factor = np.float32(f"{(wanted / (rows - rows.mean(0)).std()).item():.3g}")
                module.weight *= torch.tensor(factor)
                factors[f"{name}.weight"] = torch.tensor([factor])
                if name.split(".")[-1] in ["cls_logits", "cls_score", "bbox_pred"]:
                    # Around 0, so that all classes are found.
                    offset = factor * (rows.mean(0) - module.bias)
                    module.bias.copy_((-offset).mul(100).round() / 100)
                    factors[f"{name}.bias"] = module.bias.detach().clone()
    return factors


def weights(tensor, shape, factors):
    if tensor.endswith(".bias") and tensor in factors:
        return factors[tensor]
    return made(tensor, shape) * factors.get(tensor, torch.tensor([1.0]))


def apart(found, expected):
    """How far scores and boxes are from those of the nearest detection of the same class; None where counts differ."""
    if found["labels"].sort().values.tolist() != expected["labels"].sort().values.tolist():
        return None
    most = [0.0, 0.0]
    for box, score, label in zip(expected["boxes"], expected["scores"], expected["labels"]):
        same = found["labels"] == label
        boxes = (found["boxes"][same] - box).abs().max(1).values
        nearest = boxes.argmin()
        most[0] = max(most[0], (found["scores"][same][nearest] - score).abs().item())
        most[1] = max(most[1], boxes[nearest].item())
    return most


def threshold(answers):
    """Between the two scores that lie furthest apart, so that a few dozen detections are left."""
    scores = torch.cat([answer["scores"] for answer in answers]).sort(descending=True).values[24:90]
    gaps = scores[:-1] - scores[1:]
    place = gaps.argmax()
    return round(((scores[place] + scores[place + 1]) / 2).item(), 7)


def losses_and_gradients(model, images, dtype):
    model = model.to(dtype).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    targets = [
        {"boxes": torch.tensor([box for box, _ in image], dtype=dtype), "labels": torch.tensor([label for _, label in image])}
        for image in TARGETS
    ]
    model.zero_grad()
    losses = model([image.to(dtype) for image in images], targets)
    sum(losses.values()).backward()
    names = ["loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"]
    gradients = {name: sampled(value.grad) for name, value in model.named_parameters()}
    return torch.stack([losses[name].detach() for name in names]).double(), gradients


def worst(found, expected):
    return ((found - expected).abs() / expected.abs().max().clamp_min(1e-30)).max().item()


def main():
    torch.set_num_threads(2)
    images = [photograph(name) for name in PHOTOGRAPHS]
    golden = {}
    for name, (make, step) in MODELS.items():
        model = make(box_detections_per_img=1000, box_score_thresh=0.001, **FEW).eval()
        factors = fill(model)
        with torch.no_grad():
            answers = [model([image])[0] for image in images]
        least = threshold(answers)
        model = make(box_score_thresh=least, **FEW).eval()
        state = model.state_dict()
        for tensor, values in state.items():
            if values.dim() > 0:
                values.copy_(weights(tensor, values.shape, factors))
        model.load_state_dict(state)
        with torch.no_grad():
            answers = [model([image])[0] for image in images]
            together = model(images)
            double = model.double()
            precise = [double([image.double()])[0] for image in images]
        for prefix, found in [("alone", answers), ("together", together)]:
            for photo, answer in zip(PHOTOGRAPHS, found):
                golden[f"{name}.{prefix}.{photo}.boxes"] = answer["boxes"]
                golden[f"{name}.{prefix}.{photo}.scores"] = answer["scores"]
                golden[f"{name}.{prefix}.{photo}.labels"] = answer["labels"].float()
        golden[f"{name}.threshold"] = torch.tensor([least], dtype=torch.float64).float()
        for tensor, factor in factors.items():
            golden[f"{name}.factor.{tensor}"] = factor
        counts = [len(answer["scores"]) for answer in answers]
        differ = [apart(answer, exact) for answer, exact in zip(answers, precise)]
        print(f"{name}: {counts} detections, {len(set(torch.cat([a['labels'] for a in answers]).tolist()))} classes, "
              f"score threshold {least}, best {max(a['scores'].max().item() for a in answers):.3f}, 32 bits: {differ}")
        assert all(it and it[0] < 2e-5 and it[1] < 2e-3 for it in differ), "rounding decides"
        if step:
            precise, gradients = losses_and_gradients(model, images, torch.float64)
            losses, rounded = losses_and_gradients(model, images, torch.float32)
            errors = {key: worst(rounded[key], gradients[key]) for key in gradients}
            key = max(errors, key=errors.get)
            print(f"  losses {losses.tolist()}, 32 bits: losses {worst(losses, precise):.1e}, gradients {errors[key]:.1e} ({key})")
            golden[f"{name}.losses"] = precise.float()
            for tensor, values in gradients.items():
                golden[f"{name}.gradient.{tensor}"] = values.float()
    write("torchvision_detectors.safetensors", golden)


def write(path, golden):
    header, data = {}, b""
    for name, tensor in golden.items():
        values = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    main()
