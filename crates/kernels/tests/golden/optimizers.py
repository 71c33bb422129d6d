"""Writes optimizers.json: five steps of torch.optim in float64. Made with PyTorch 2.15: python optimizers.py"""

import json
import pathlib

import torch

COUNT, STEPS = 19, 5  # one vector of sixteen and a rest
CASES = {
    "adam": (torch.optim.Adam, dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8)),
    "adam, weight decay": (torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.1)),
    "adamw": (torch.optim.AdamW, dict(lr=0.02, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)),
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd, weight decay": (torch.optim.SGD, dict(lr=0.1, weight_decay=0.05)),
    "sgd, momentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05)),
    "sgd, nesterov": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)),
    "rmsprop": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.99, eps=1e-8)),
    "rmsprop, momentum": (torch.optim.RMSprop, dict(lr=0.01, alpha=0.9, eps=1e-4, momentum=0.9, weight_decay=0.1)),
}


def rounded(values):
    return [float(f"{value:.9g}") for value in values]


def main():
    torch.manual_seed(0)
    start = torch.randn(COUNT)  # float32, so that Rust reads the same numbers
    grads = torch.randn(STEPS, COUNT)
    grads[:, 3] = 0.0
    scale = 0.5  # the factor of global-norm clipping
    cases = {}
    for name, (optimizer, options) in CASES.items():
        param = torch.nn.Parameter(start.double())
        optimizer = optimizer([param], **options)
        after = []
        for grad in grads:
            param.grad = grad.double() * scale
            optimizer.step()
            after.append(rounded(param.detach().tolist()))
        cases[name] = [after[0], after[-1]]
    golden = dict(
        start=rounded(start.tolist()), grads=[rounded(grad.tolist()) for grad in grads], scale=scale, after=cases
    )
    text = json.dumps(golden, indent=1).replace("\n    ", " ").replace("\n   ", " ")
    pathlib.Path(__file__).with_suffix(".json").write_text(text + "\n")


main()
