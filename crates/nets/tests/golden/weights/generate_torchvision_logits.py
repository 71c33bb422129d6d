"""Writes torchvision_logits.safetensors: what torchvision's classifiers (0.29.2) give for weights that are made of their names, and the
loss and gradients of one training step (of every gradient eight values, the largest and the norm).

Weights of this size are not kept: value number i of the tensor called NAME is a hash of i and NAME, scaled by what the tensor is, so that the
test makes the same values. Statistics of the normalisations are far from those of a new network.

Run with PyTorch and torchvision in this folder.
"""

import json
import math
import struct

import numpy as np
import torch
import torchvision

NETWORKS = ["resnet18", "resnet34", "resnet50", "mobilenet_v3_small", "mobilenet_v3_large"]
# With these weights, gradients of the other two in 32 bits differ from those in 64 by more than 1e-3, in PyTorch too.
TRAINED = ["resnet18", "mobilenet_v3_small", "mobilenet_v3_large"]
IMAGES = (2, 3, 48, 64)
# Of the training step's images.
LABELS = [3, 141, 592, 653, 58, 979, 323, 846]


def fnv(name):
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def uniform(name, count):
    """Numbers in [0, 1): MurmurHash3's last step on i + FNV-1a of the name."""
    h = np.arange(count, dtype=np.uint32) + np.uint32(fnv(name))
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 2**32


def made(name, shape):
    u = uniform(name, math.prod(shape))
    if name.endswith("running_var"):
        values = 0.5 + u
    elif len(shape) > 1:
        values = (2 * u - 1) * math.sqrt(6 / math.prod(shape[1:]))
    elif name.endswith("weight"):
        values = 0.6 + 0.6 * u
    else:
        values = 0.4 * u - 0.2
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def sampled(gradient):
    """Eight values from all over it, the largest, and the norm."""
    flat = gradient.flatten().double()
    places = [(i * 7919 + 13) % flat.numel() for i in range(8)]
    return torch.cat([flat[places], flat.abs().max()[None], flat.norm()[None]])


def training_step(name, network):
    """Loss and gradients in 64 bits, with the statistics of the batch and without dropout."""
    shape = (len(LABELS), *IMAGES[1:])
    images = torch.from_numpy(2 * uniform("images", math.prod(shape)) - 1).reshape(shape)
    network = network.double().train()
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    loss = torch.nn.functional.cross_entropy(network(images), torch.tensor(LABELS))
    loss.backward()
    golden = {f"{name}.loss": loss.detach()[None].float()}
    for tensor, values in network.named_parameters():
        golden[f"{name}.gradient.{tensor}"] = sampled(values.grad).float()
    return golden


def main():
    torch.set_num_threads(1)
    images = torch.from_numpy((2 * uniform("images", math.prod(IMAGES)) - 1).astype(np.float32).reshape(IMAGES))
    golden = {}
    for name in NETWORKS:
        network = getattr(torchvision.models, name)(weights=None).eval()
        state = network.state_dict()
        for tensor, values in state.items():
            if values.dim() > 0:
                values.copy_(made(tensor, values.shape))
        network.load_state_dict(state)
        with torch.no_grad():
            logits = network(images)
            double = network.double()(images.double())
        golden[name] = double.float()
        if name in TRAINED:
            golden.update(training_step(name, network))
        error = (logits - double).abs().max().item()
        apart = (logits[0] - logits[1]).abs().max()
        print(f"{name}: deviation {logits.std():.3f}, between the images {apart:.3f}, rounding {error:.1e}")
    header, data = {}, b""
    for name, logits in golden.items():
        values = logits.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(logits.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open("torchvision_logits.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    main()
