"""The digest of a run's weights as docs/json.md defines it, computed without atelier, to hold against what atelier says.

    pip install blake3
    python bench/weights/digest.py runs/lab-cnn
"""

import json
import sys
from pathlib import Path

from blake3 import blake3


def u64(number):
    return number.to_bytes(8, "little")


def digest(file):
    """Of a safetensors file whose tensors are all f32, which it stores as they are hashed."""
    content = file.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    tensors = json.loads(content[8:start])
    tensors.pop("__metadata__", None)
    result = blake3()
    for name in sorted(tensors, key=str.encode):
        tensor = tensors[name]
        assert tensor["dtype"] == "F32", name
        result.update(u64(len(name.encode())) + name.encode() + u64(len(tensor["shape"])))
        for length in tensor["shape"]:
            result.update(u64(length))
        first, last = tensor["data_offsets"]
        result.update(content[start + first : start + last])
    return "blake3:" + result.hexdigest()


if __name__ == "__main__":
    run = Path(sys.argv[1])
    computed = digest(run / "model.safetensors")
    stated = json.loads((run / "evaluation.json").read_text())["model_digest"]
    print(computed)
    sys.exit(0 if computed == stated else f"evaluation.json says {stated}")
