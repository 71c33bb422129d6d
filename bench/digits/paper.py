"""From a mask of ink to a picture as people give them: paper, pen, light, camera and file."""
import io

import numpy as np
from PIL import Image, ImageFilter

EFFECTS = ["frame", "shadow", "ruled", "noise", "coloured", "inverted", "faint", "photo", "blur", "jpeg"]
# How often each is in a training picture. Most pictures have none or one.
USUAL = {"frame": 0.07, "shadow": 0.1, "ruled": 0.09, "noise": 0.12, "coloured": 0.15, "inverted": 0.22, "faint": 0.08,
         "photo": 0.1, "blur": 0.12, "jpeg": 0.3}


def usual(rng):
    return {name for name, share in USUAL.items() if rng.random() < share}


def clouds(size, cells, rng):
    """Smooth noise, -1 to 1."""
    height, width = size
    small = Image.fromarray(rng.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32))
    return np.asarray(small.resize((width, height), Image.BICUBIC), np.float32)


def colours(effects, rng):
    """Paper and ink, red, green and blue; their grey levels differ enough to be seen."""
    grey = np.array([0.299, 0.587, 0.114])
    # So much lighter than the ink is the paper, at least and at most.
    least, most = (28, 70) if "faint" in effects else (90, 255)
    for _ in range(1000):
        if "coloured" in effects:
            paper, ink = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
            if rng.random() < 0.5:
                paper = 255 - 0.2 * paper
        else:
            plain = rng.random() < 0.35 and "photo" not in effects and "faint" not in effects
            paper = np.full(3, 255.0 if plain else rng.uniform(130, 255))
            ink = np.full(3, 0.0 if plain else rng.uniform(0, 190))
        if least <= grey @ (paper - ink) <= most:
            break
    else:
        paper, ink = np.full(3, 240.0), np.full(3, 240.0 - (least + most) / 2)
    return (ink, paper) if "inverted" in effects else (paper, ink)


def ruling(size, paper, ink, rng, most):
    """How much of the colour of the lines there is, and that colour: 0.15 to `most` of the ink's contrast."""
    height, width = size
    lines = np.zeros(size, np.float32)
    spacing = max(height, width) * rng.uniform(0.05, 0.16)
    thick = max(1, round(max(height, width) / 200 * rng.uniform(0.5, 2)))
    tilt = rng.normal(0, 0.006)
    rows, columns = np.mgrid[:height, :width]
    directions = [rows + tilt * columns] if rng.random() < 0.55 else [rows + tilt * columns, columns - tilt * rows]
    for along in directions:
        lines[(along + rng.uniform(0, spacing)) % spacing < thick] = 1
    strength = rng.uniform(0.15, most)
    tint = np.array([-0.2, 0.0, 0.25]) * np.abs(ink - paper).mean() * strength * (rng.random() < 0.5)
    return lines, paper + strength * (ink - paper) + tint


def framed(pixels, ink, paper, rng):
    """A line around the picture, or along some of its sides."""
    height, width = pixels.shape[:2]
    inset = round(min(height, width) * (0 if rng.random() < 0.5 else rng.uniform(0, 0.05)))
    thick = max(1, round(min(height, width) / 100 * rng.uniform(0.3, 2)))
    colour = paper + rng.uniform(0.3, 1.0) * (ink - paper)
    sides = range(4) if rng.random() < 0.7 else rng.choice(4, rng.integers(1, 4), replace=False)
    first, last = inset, -inset or None
    for side in sides:
        if side == 0:
            pixels[inset:inset + thick, first:last] = colour
        elif side == 1:
            pixels[height - inset - thick:height - inset, first:last] = colour
        elif side == 2:
            pixels[first:last, inset:inset + thick] = colour
        else:
            pixels[first:last, width - inset - thick:width - inset] = colour


def light(size, rng, least):
    """How much light there is, from `least` to 1: a ramp, the soft edge of a shadow, or a lamp."""
    height, width = size
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    along = (columns / width - 0.5) * np.cos(angle) + (rows / height - 0.5) * np.sin(angle)
    kind = rng.integers(3)
    if kind == 0:
        share = (along - along.min()) / (np.ptp(along) + 1e-6)
    elif kind == 1:
        bend = 0.05 * clouds(size, 3, rng)
        share = 1 / (1 + np.exp(-(along + bend - rng.uniform(-0.35, 0.35)) / rng.uniform(0.02, 0.15)))
    else:
        y, x = rng.uniform(0, 1, 2)
        share = 1 - np.clip(np.hypot(columns / width - x, rows / height - y) / 1.1, 0, 1) ** 2
    return (1 - (1 - least) * (1 - share)).astype(np.float32)


def picture(mask, effects, rng, hardest=False):
    """A PIL image of the mask with the effects, and the JPEG quality it is to be saved with or None."""
    size = mask.shape
    paper, ink = colours(effects, rng)
    pixels = np.empty((*size, 3), np.float32)
    pixels[:] = paper
    if "photo" in effects or rng.random() < 0.1:
        pixels += (rng.uniform(1, 6) * clouds(size, int(rng.integers(3, 9)), rng))[..., None]
    if "ruled" in effects:
        lines, colour = ruling(size, paper, ink, rng, 0.6 if hardest else 0.5)
        pixels += lines[..., None] * (colour - pixels)
    # A pen presses unevenly.
    pressed = mask * (1 - rng.uniform(0, 0.25) * np.abs(clouds(size, 6, rng))) if "photo" in effects else mask
    pixels += np.clip(pressed, 0, 1)[..., None] * (ink - pixels)
    if "frame" in effects:
        framed(pixels, ink, paper, rng)
    if "shadow" in effects or "photo" in effects:
        pixels *= light(size, rng, rng.uniform(0.45, 0.85))[..., None]
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if "blur" in effects or "photo" in effects:
        # Thin strokes would vanish: the mask's ink is at least this wide in the mean.
        inked = mask > 0.5
        outline = np.count_nonzero(inked[1:] != inked[:-1]) + np.count_nonzero(inked[:, 1:] != inked[:, :-1])
        pen = 2 * inked.sum() / max(outline * np.pi / 4, 1)
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.2, 0.9) * min(1 + pen / 6, 4))))
    if "noise" in effects or "photo" in effects:
        contrast = np.abs(paper - ink).mean()
        deviation = rng.uniform(1, 8 if "photo" in effects else 20) * min(1, contrast / 120)
        noise = rng.normal(0, deviation, (*size, 1 if rng.random() < 0.5 else 3))
        image = Image.fromarray(np.clip(np.asarray(image, np.float32) + noise, 0, 255).astype(np.uint8))
        if "noise" in effects and rng.random() < 0.3:
            image = specks(image, ink, rng)
    quality = None
    if "jpeg" in effects or "photo" in effects:
        quality = int(rng.integers(40, 96))
    if "coloured" not in effects and rng.random() < 0.7:
        image = image.convert("L")
    return image, quality


def specks(image, ink, rng):
    """Dust: single dark pixels."""
    pixels = np.array(image)
    height, width = pixels.shape[:2]
    count = int(height * width * rng.uniform(0.0005, 0.004))
    pixels[rng.integers(0, height, count), rng.integers(0, width, count)] = np.clip(ink, 0, 255)
    return Image.fromarray(pixels)


def encoded(image, quality):
    """The bytes of a PNG or JPEG file, and its ending."""
    file = io.BytesIO()
    if quality is None:
        image.save(file, "PNG", compress_level=3)
        return file.getvalue(), "png"
    image.save(file, "JPEG", quality=quality)
    return file.getvalue(), "jpg"
