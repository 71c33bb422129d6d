"""A state dict as PyTorch saves it, with the logits it gives, for the reader of .pth files.

Run with PyTorch 2.x and safetensors; writes beside itself:
  cnn.pth           torch.save(model.state_dict())
  legacy.pth        the same in the form of before PyTorch 1.6
  odd.pth           the same tensors in the forms that people save: half, bfloat16 and double precision, a transposed
                    view, parameters, nested under "state_dict"
  cnn.safetensors   images [4, 1, 12, 12], logits [4, 5], logits_odd [4, 5]
"""

from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = Path(__file__).parent


def network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 6, (3, 2), stride=2),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(36, 7),
        nn.ReLU(),
        nn.Linear(7, 5),
    )


torch.manual_seed(4)
torch.set_num_threads(1)
model = network()
images = torch.rand(4, 1, 12, 12)
model.train()
for _ in range(3):  # running statistics that are not those of the start
    model(torch.rand(8, 1, 12, 12))
model.eval()
with torch.no_grad():
    logits = model(images)
torch.save(model.state_dict(), FOLDER / "cnn.pth")
torch.save(model.state_dict(), FOLDER / "legacy.pth", _use_new_zipfile_serialization=False)

odd = OrderedDict(model.state_dict())
odd["0.weight"] = odd["0.weight"].half()
odd["4.bias"] = odd["4.bias"].bfloat16()
odd["7.weight"] = odd["7.weight"].t().contiguous().t()  # the same values, columns first
odd["7.bias"] = odd["7.bias"].double()
odd["9.weight"] = nn.Parameter(odd["9.weight"])
torch.save({"epoch": 3, "state_dict": dict(odd)}, FOLDER / "odd.pth")
rounded = network()
rounded.load_state_dict({name: tensor.float() for name, tensor in odd.items()})
rounded.eval()
with torch.no_grad():
    logits_odd = rounded(images)
tensors = {"images": images, "logits": logits, "logits_odd": logits_odd}
save_file(tensors, FOLDER / "cnn.safetensors")
