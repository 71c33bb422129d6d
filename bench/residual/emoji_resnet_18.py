#!/usr/bin/env python3
"""torchvision's ResNet-18 with the recipe of emoji-resnet-18.toml, to hold atelier's beside.

    emoji_resnet_18.py SETS SEED         SETS: what bench/sets/fetch.py filled

Two threads; the test pictures are looked at once, at the end.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.models import resnet18

EPOCHS, BATCH = 20, 64
sets, seed = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(2)
torch.manual_seed(seed)


def part(name: str, classes: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures [N, 3, 64, 64] over white, with mean 0.5 and deviation 0.25 taken out, and labels [N]."""
    paths = sorted((sets / "emoji" / name).glob("*/*.png"))
    images = []
    for path in paths:
        image = Image.open(path).convert("RGBA")
        sheet = Image.new("RGBA", (64, 64), "white")
        sheet.alpha_composite(image, ((64 - image.width) // 2, (64 - image.height) // 2))
        images.append(np.asarray(sheet.convert("RGB")))
    images = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255
    return (images - 0.5) / 0.25, torch.tensor([classes.index(path.parent.name) for path in paths])


classes = sorted(path.name for path in (sets / "emoji" / "train").iterdir())
images, labels = part("train", classes)
network = resnet18(num_classes=len(classes))
optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=0.05)
steps = -(-len(images) // BATCH)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, EPOCHS * steps, cycle_momentum=False)
loss = torch.nn.CrossEntropyLoss()
begin = time.time()
for epoch in range(EPOCHS):
    total = 0.0
    for chosen in torch.randperm(len(images)).split(BATCH):
        batch = images[chosen]
        mirrored = torch.rand(len(chosen)) < 0.5
        batch[mirrored] = batch[mirrored].flip(3)
        optimizer.zero_grad()
        value = loss(network(batch), labels[chosen])
        value.backward()
        optimizer.step()
        schedule.step()
        total += value.item() * len(chosen)
    print(f"epoch {epoch + 1}: loss {total / len(images):.4f}", file=sys.stderr)
seconds = time.time() - begin
network.eval()
images, labels = part("test", classes)
with torch.no_grad():
    answers = torch.cat([network(x).argmax(1) for x in images.split(256)])
accuracy = (answers == labels).float().mean().item()
print(f"seed {seed}: test accuracy {100 * accuracy:.2f} %, trained in {seconds:.0f} s")
