"""Two convolutional networks of PyTorch as ONNX files: `python with_pytorch.py FOLDER`.

torch-mnist: grey, written by today's exporter (opset 18); mean and deviation are applied outside of the graph.
torch-colours: a residual network on pictures in colour, written by the older exporter (opset 13); its classes are in no
alphabetical order, and ImageNet's mean and deviation are applied outside of the graph.
"""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

import common

torch.manual_seed(1)
torch.set_num_threads(1)

MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for _ in range(3))

    def forward(self, x):
        y = torch.relu(self.norms[0](self.first(x)))
        return torch.relu(self.norms[1](self.second(y)) + self.norms[2](self.shortcut(x)))


def grey():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * 7 * 7, 10),
    )  # fmt: skip


def colour():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.Hardswish(),
        Residual(16, 24, 2), Residual(24, 32, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, len(common.COLOURS)), nn.LogSoftmax(1),
    )  # fmt: skip


def train(model, x, labels, epochs):
    x, labels = torch.from_numpy(x), torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    for _ in range(epochs):
        for index in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[index]), labels[index]).backward()
            optimizer.step()
    return model.eval()


def export(model, folder, x, dynamo, opset):
    folder.mkdir(parents=True, exist_ok=True)
    number = {"dynamic_shapes": ({0: torch.export.Dim.DYNAMIC},)} if dynamo else {"dynamic_axes": {"image": {0: "n"}}}
    torch.onnx.export(
        model, (torch.from_numpy(x[:2]),), str(folder / "model.onnx"), dynamo=dynamo, opset_version=opset,
        input_names=["image"], output_names=["scores"], external_data=False, verbose=False, **number,
    )  # fmt: skip


def main(folder):
    prepared = lambda pictures: ((pictures[:, None] / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081))
    pictures, labels = common.mnist("train", 12_000)
    x = prepared(pictures)
    own = folder / "torch-mnist"
    export(train(grey(), x, labels, 2), own, x, dynamo=True, opset=18)
    pictures, labels = common.mnist("t10k")
    flags = ["--fit", "stretch", "--mean", "0.1307", "--std", "0.3081"]
    common.finish(own, common.split(prepared(pictures)), labels, common.DIGITS, "mnist", flags, ["torch", "onnxscript"])

    prepared = lambda pictures: (pictures.transpose(0, 3, 1, 2) / np.float32(255) - MEAN) / STD
    pictures, labels = common.colours("train", 6_000)
    common.write_pictures(folder / "colours" / "train", pictures[:90], labels, common.COLOURS)
    x = prepared(pictures)
    own = folder / "torch-colours"
    export(train(colour(), x, labels, 3), own, x, dynamo=False, opset=13)
    (own / "classes.txt").write_text("".join(f"{name}\n" for name in common.COLOURS))
    pictures, labels = common.colours("t10k", 2_000)
    common.write_pictures(folder / "colours" / "test", pictures, labels, common.COLOURS)
    listed = lambda values: ",".join(f"{value:.3f}" for value in values.flatten())
    flags = ["--classes", "torch-colours/classes.txt", "--fit", "stretch", "--mean", listed(MEAN), "--std", listed(STD)]
    common.finish(own, common.split(prepared(pictures)), labels, common.COLOURS, "colours", flags, ["torch"])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
