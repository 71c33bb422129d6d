"""Writes torchvision_names.txt.gz: the tensors of torchvision's networks (0.29.2), a line each with name and shape."""

import gzip

import torchvision

CLASSIFIERS = ["resnet18", "resnet34", "resnet50", "mobilenet_v3_large", "mobilenet_v3_small"]
DETECTORS = ["fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2", "fasterrcnn_mobilenet_v3_large_fpn"]

lines = []
for name in CLASSIFIERS:
    lines.append((name, getattr(torchvision.models, name)(weights=None)))
for name in DETECTORS:
    make = getattr(torchvision.models.detection, name)
    lines.append((name, make(weights=None, weights_backbone=None)))

with open("torchvision_names.txt.gz", "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as text:
    for name, network in lines:
        text.write(f"== {name}\n".encode())
        for tensor, values in network.state_dict().items():
            text.write((" ".join([tensor, *map(str, values.shape)]) + "\n").encode())
