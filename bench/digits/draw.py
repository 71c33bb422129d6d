"""One digit as a mask, 0 to 1, cut to its ink: of a font, of pen strokes, or of MNIST."""
import gzip
import json
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import strokes
from fonts import glyph

MNIST = Path(__file__).resolve().parents[2] / "crates/data/mnist"
# Of MNIST's training digits, those from here on are for validation.
VALIDATION = 57_000
# Where digits come from.
SHARES = {"print": 0.34, "handwriting": 0.16, "odd": 0.07, "strokes": 0.21, "mnist": 0.22}


def idx(name):
    data = gzip.decompress((MNIST / name).read_bytes())
    shape = struct.unpack(f">{data[3]}I", data[4:4 + 4 * data[3]])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def mnist(split):
    part = "t10k" if split == "test" else "train"
    pictures, labels = idx(f"{part}-images-idx3-ubyte.gz"), idx(f"{part}-labels-idx1-ubyte.gz")
    own = {"train": slice(0, VALIDATION), "validation": slice(VALIDATION, None), "test": slice(None)}[split]
    return pictures[own], labels[own]


class Digits:
    """The digits that a split may see."""

    def __init__(self, folder, split):
        self.folder, self.split = folder, split
        self.families = {}
        for face in json.loads((folder / "faces.json").read_text()):
            if face["split"] == split:
                self.families.setdefault(face["kind"], {}).setdefault(face["family"], []).append(face)
        self.pictures, labels = mnist(split)
        self.numbers = [np.flatnonzero(labels == digit) for digit in range(10)]
        self.fonts = {}

    def font(self, kind, rng, size):
        """A face of a family; all families are equally likely."""
        families = list(self.families[kind].values())
        family = families[rng.integers(len(families))]
        face = family[rng.integers(len(family))]
        key = (face["path"], face["index"], size)
        if key not in self.fonts:
            if len(self.fonts) > 4000:
                self.fonts.clear()
            self.fonts[key] = ImageFont.truetype(str(self.folder / face["path"]), size, index=face["index"])
        return self.fonts[key]

    def hand(self, rng, source=None):
        """What stays the same for all digits of one writer, or of one number."""
        source = source or str(rng.choice(list(SHARES), p=list(SHARES.values())))
        font = self.font(source, rng, 160) if source in self.families else None
        return {"source": source, "font": font, "swell": rng.normal(0, 0.02) if rng.random() < 0.5 else 0.0,
                "sharp": rng.uniform(5, 16)}

    def mask(self, digit, height, pen, hand, rng, calm=False):
        """The digit about `height` pixels high; `pen`, in pixels, is for strokes."""
        if hand["source"] == "strokes":
            return pen_strokes(strokes.lines(digit, self.split, rng, calm), height, pen, rng)
        if hand["source"] == "mnist":
            own = self.numbers[digit]
            picture = Image.fromarray(self.pictures[own[rng.integers(len(own))]])
            side = max(28, round(height * 28 / 20))
            level = np.asarray(picture.resize((side, side), Image.BICUBIC), np.float32) / 255
            mask = 1 / (1 + np.exp(-hand["sharp"] * (level - 0.45)))
            mask = np.clip((mask - mask.min()) / (mask.max() - mask.min() + 1e-6), 0, 1)
        else:
            mask = glyph(hand["font"], digit)
            if mask is None:
                return pen_strokes(strokes.lines(digit, self.split, rng, calm), height, pen, rng)
            mask = swollen(mask, hand["swell"])
        return cut(turned(mask, height, rng, calm))


def swollen(mask, share):
    """Strokes made wider or, where that leaves most of them, thinner."""
    width = int(abs(share) * max(mask.shape))
    if width < 1:
        return mask
    pad = width + 1
    image = Image.fromarray((np.pad(mask, pad) * 255).astype(np.uint8))
    kernel = 2 * width + 1
    changed = image.filter(ImageFilter.MaxFilter(kernel) if share > 0 else ImageFilter.MinFilter(kernel))
    changed = np.asarray(changed, np.float32) / 255
    ratio = changed.sum() / max(mask.sum(), 1)
    return changed if 0.55 < ratio < 1.6 else mask


def turned(mask, height, rng, calm):
    """Scaled to the height, and unless calm turned by up to 15 degrees, slanted, stretched and seen from the side."""
    rows, columns = mask.shape
    stretch = 1.0 if calm else np.exp(rng.normal(0, 0.13))
    width = max(3, columns * height / rows * stretch)
    if calm:
        slant = turn = 0.0
        tilt = np.zeros(8)
    else:
        slant, turn = rng.normal(0, 0.12), np.radians(np.clip(rng.normal(0, 5), -15, 15))
        tilt = rng.normal(0, 0.025, 8)
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) + tilt.reshape(4, 2)
    corners = corners * [width, height]
    corners[:, 0] -= slant * corners[:, 1]
    corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = corners - corners.min(0) + 1
    size = tuple(int(side) for side in np.ceil(corners.max(0)) + 2)
    # Shrinking by PIL's transform would skip pixels.
    shrink = max(1.0, rows / height)
    image = Image.fromarray((mask * 255).astype(np.uint8))
    if shrink > 1.5:
        image = image.resize((max(2, round(columns / shrink)), max(2, round(rows / shrink))), Image.BOX)
    right, bottom = image.size
    image_corners = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], float)
    padded = Image.new("L", (right + 2, bottom + 2), 0)
    padded.paste(image, (1, 1))
    out = padded.transform(size, Image.PERSPECTIVE, homography(corners, image_corners + 1), Image.BICUBIC)
    return np.asarray(out, np.float32) / 255


def homography(source, target):
    """The eight numbers for PIL that take points of `source`, the output, to `target`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()


def pen_strokes(lines, height, pen, rng):
    """Lines drawn with a round pen, `height` pixels with the pen's width."""
    points = np.vstack(lines)
    low, high = points.min(0), points.max(0)
    scale = max(height - pen, 2) / max(high[1] - low[1], 0.3)
    fine = 4 if height < 90 else 3 if height < 200 else 2 if height < 420 else 1
    size = np.ceil((high - low) * scale + pen + 4).astype(int)
    image = Image.new("L", tuple(int(side) for side in size * fine), 0)
    draw = ImageDraw.Draw(image)
    radius = pen * fine / 2
    for line in lines:
        line = ((line - low) * scale + pen / 2 + 2) * fine
        draw.line([tuple(point) for point in line], fill=255, width=max(1, round(2 * radius)))
        if radius >= 1:
            for x, y in line:
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    if fine > 1:
        image = image.resize(tuple(int(side) for side in size), Image.BOX)
    return cut(np.asarray(image, np.float32) / 255)


def cut(mask):
    rows, columns = np.flatnonzero(mask.max(1) > 0.1), np.flatnonzero(mask.max(0) > 0.1)
    if len(rows) == 0:
        return mask
    return mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


def fit(mask, size):
    """Shrunk if it is larger than the picture."""
    shrink = min(1.0, *(0.98 * side / own for side, own in zip(size, mask.shape)))
    if shrink == 1.0:
        return mask
    small = [max(1, int(own * shrink)) for own in mask.shape]
    image = Image.fromarray((mask * 255).astype(np.uint8)).resize((small[1], small[0]), Image.BOX)
    return np.asarray(image, np.float32) / 255
