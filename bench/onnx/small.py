"""Writes small data for trainings of seconds: `python small.py FOLDER`.

FOLDER/mnist has the first 2,000 training images and 200 test images of crates/data/mnist as IDX files. FOLDER/digits has some of
these test images as PNG files, with a black one, a white one and one of noise: pictures on which nothing should be found,
and on which scores may be at their limits. FOLDER/blank-SIZE has such pictures of the sizes of the scenes.
"""

import gzip
import pathlib
import sys

import numpy as np
from PIL import Image

MNIST = pathlib.Path(__file__).resolve().parents[2] / "crates/data/mnist"
COUNTS = {"train": 2_000, "t10k": 200}
PICTURES = 45
SIZES = [128, 150]


def blank(folder, size):
    """Black, white, and noise."""
    noise = np.random.default_rng(0).integers(0, 256, (size, size), np.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in (("black", 0 * noise), ("white", 0 * noise + 255), ("noise", noise)):
        Image.fromarray(pixels).save(folder / f"{name}.png")


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "mnist").mkdir(parents=True, exist_ok=True)
    for part, count in COUNTS.items():
        for name, header, size in (("images-idx3", 16, 28 * 28), ("labels-idx1", 8, 1)):
            data = gzip.open(MNIST / f"{part}-{name}-ubyte.gz").read(header + count * size)
            # The number of images stands behind four bytes that tell the type.
            cut = data[:4] + count.to_bytes(4, "big") + data[8:]
            (folder / "mnist" / f"{part}-{name}-ubyte").write_bytes(cut)
    blank(folder / "digits", 28)
    pixels = np.frombuffer((folder / "mnist" / "t10k-images-idx3-ubyte").read_bytes()[16:], np.uint8)
    for number, image in enumerate(pixels.reshape(-1, 28, 28)[:PICTURES]):
        Image.fromarray(image).save(folder / "digits" / f"{number:03}.png")
    for size in SIZES:
        blank(folder / f"blank-{size}", size)


if __name__ == "__main__":
    main()
