"""Writes muon.json: three steps of torch.optim.Muon. Made with PyTorch 2.15: python muon.py

PyTorch's products are in bfloat16, good for two digits; here the same code runs with float64 in its place. A convolution
is handed over as the matrix [out, in * rows * columns].
"""

import json
import pathlib

import torch

CASES = [
    ("wide", (4, 9), dict()),
    ("tall", (9, 4), dict(weight_decay=0.1)),
    ("one output", (1, 6), dict()),
    ("convolution", (3, 2, 3, 3), dict()),
    ("convolution, more outputs than inputs", (5, 1, 2, 1), dict(nesterov=False)),
]
STEPS = 3
SCALE = 0.5  # the factor of global-norm clipping


def rounded(tensor):
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def main():
    torch.manual_seed(0)
    torch.bfloat16 = torch.float64
    cases = []
    for name, shape, options in CASES:
        options = dict(lr=0.02, momentum=0.95, weight_decay=0.0, nesterov=True) | options
        start = torch.randn(shape)  # float32, so that Rust reads the same numbers
        gradients = [torch.randn(shape) for _ in range(STEPS)]
        weight = torch.nn.Parameter(start.double().reshape(shape[0], -1))
        optimizer = torch.optim.Muon([weight], **options)
        after = []
        for gradient in gradients:
            weight.grad = gradient.double().reshape(shape[0], -1) * SCALE
            optimizer.step()
            after.append(rounded(weight.detach()))
        cases.append(
            dict(
                name=name,
                shape=shape,
                weight_decay=options["weight_decay"],
                nesterov=options["nesterov"],
                start=rounded(start),
                gradients=[rounded(gradient) for gradient in gradients],
                after=after,
            )
        )
    text = json.dumps(cases, indent=1).replace("\n    ", " ").replace("\n   ", " ")
    pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")


main()
