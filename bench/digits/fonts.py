"""The font faces that fetch.py unpacked: which show digits, which are of one family, and who may see them.

A family is all faces of one name, and all names whose digits look the same: digits of a metric-compatible copy in the test
set would not be new. Families are split by the hash of their name: no choice of ours, and the same on every machine.

    python bench/digits/fonts.py FOLDER             # writes FOLDER/faces.json
    python bench/digits/fonts.py FOLDER --sheet X   # also FOLDER/X.png, a sheet of what each family looks like
"""
import argparse
import hashlib
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 20
# Two names whose digits correlate by this much, in the mean of all ten, are one family.
SAME = 0.965
# A face of which fewer of its ten digits are recognised with the help of the other families shows other signs, or ornaments.
READABLE = 4
# The same for fonts-aenigma, 465 fonts of which many are games with shapes.
ODD, READABLE_ODD = "fonts-aenigma", 7
STYLES = re.compile(
    r"\b(thin|hairline|ultra ?light|extra ?light|light|lite|book|regular|medium|semi ?bold|demi ?bold|demi|extra ?bold|ultra ?bold|"
    r"bold|black|heavy|italic|oblique|condensed|cond|narrow|wide|expanded|extended|semi|extra|ultra|display|caption|text|"
    r"roman|normal|mono|monospace|proportional|std|no\d|\d+pt|\d+)\b", re.I)
# Debian's packages of handwriting; the npm packages say so themselves.
HANDWRITING = re.compile(
    r"fonts-(aoyagi|apropal|bajaderka|breip|bwht|dancingscript|dkg|ecolier|femkeklaver|havana|humor|joscelyn|kanjistroke|"
    r"kaushan|kiloji|kouzan|kristi|leckerli|levien-typoscript|lobster|navilu|rufscript|seto|sjfonts|smc-chilanka|smc-karumbi|"
    r"summersby|tlwg-purisa|tomsontalks|yozvox|yusei)")


def glyph(font, digit, side=96):
    """A digit's coverage, 0 to 1, cut to its ink; None if it has none."""
    mask = font.getmask(str(digit), mode="L")
    if mask.size[0] == 0 or mask.size[1] == 0:
        return None
    pixels = np.asarray(Image.frombytes("L", mask.size, bytes(mask)), np.float32) / 255
    rows, columns = np.flatnonzero(pixels.max(1) > 0.1), np.flatnonzero(pixels.max(0) > 0.1)
    if len(rows) < 3 or len(columns) < 3:
        return None
    return pixels[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


def small(pixels):
    """Scaled to fit SIDE x SIDE, in the middle."""
    height, width = pixels.shape
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray((pixels * 255).astype(np.uint8)).resize(size, Image.BOX)
    canvas = Image.new("L", (SIDE, SIDE), 0)
    canvas.paste(image, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(canvas, np.float32).ravel() / 255


def faces(folder):
    """Every face with ten different digits, as a dictionary and its ten small pictures."""
    about = json.loads((folder / "fonts/packages.json").read_text())
    found = []
    for path in sorted((folder / "fonts").glob("*/*")):
        if path.suffix.lower() == ".json":
            continue
        for index in range(4 if path.suffix.lower() == ".ttc" else 1):
            try:
                font = ImageFont.truetype(str(path), 72, index=index)
                absent = glyph(font, "\U0010fffd")
                digits = [glyph(font, digit) for digit in range(10)]
            except (OSError, ValueError):
                break
            if any(digit is None for digit in digits):
                continue
            pictures = np.stack([small(digit) for digit in digits])
            # Missing glyphs all look the same.
            if absent is not None and any(np.allclose(picture, small(absent)) for picture in pictures):
                continue
            if min(np.abs(pictures[a] - pictures[b]).sum() for a in range(10) for b in range(a)) < 4:
                continue
            package = path.parent.name
            name = re.sub(r"[-_]", " ", font.getname()[0] or package)
            name = " ".join(re.sub(STYLES, " ", name).lower().split()) or package
            category = about[package]["category"] or ("handwriting" if HANDWRITING.match(package) else "print")
            found.append(({"path": str(path.relative_to(folder)), "index": index, "name": name, "package": package,
                           "style": font.getname()[1],
                           "kind": "odd" if package == ODD else "handwriting" if category == "handwriting" else "print"},
                          pictures))
    return found


def families(found):
    """The family of each face, a number: same name, or digits that look the same."""
    names = sorted({face["name"] for face, _ in found})
    parent = {name: name for name in names}

    def root(name):
        while parent[name] != name:
            name = parent[name]
        return name

    flat = np.stack([pictures for _, pictures in found])
    flat = flat - flat.mean(2, keepdims=True)
    flat /= np.linalg.norm(flat, axis=2, keepdims=True)
    flat = flat.reshape(len(found), -1) / np.sqrt(10)
    alike = flat @ flat.T
    for a, b in zip(*np.nonzero(np.triu(alike > SAME, 1))):
        one, other = root(found[a][0]["name"]), root(found[b][0]["name"])
        if one != other:
            parent[max(one, other)] = min(one, other)
    return [root(face["name"]) for face, _ in found], alike


def readable(found, family, folds=10):
    """How many of the ten digits of each face are recognised by what other families teach: ridge regression, or a neighbour."""
    pictures = np.stack([pictures for _, pictures in found])
    fold = np.array([int(hashlib.sha256(name.encode()).hexdigest(), 16) % folds for name in family])
    right = np.zeros(len(found), int)
    labels = np.arange(10)
    for part in range(folds):
        train, test = pictures[fold != part], pictures[fold == part]
        x = train.reshape(-1, SIDE * SIDE)
        y = np.tile(np.eye(10), (len(train), 1))
        mean = x.mean(0)
        weights = np.linalg.solve((x - mean).T @ (x - mean) + 30 * np.eye(SIDE * SIDE), (x - mean).T @ (y - 0.1))
        flat = test.reshape(-1, SIDE * SIDE)
        linear = ((flat - mean) @ weights).argmax(1)
        unit = lambda rows: (rows - rows.mean(1, keepdims=True)) / np.linalg.norm(rows - rows.mean(1, keepdims=True), axis=1, keepdims=True)
        nearest = (unit(flat) @ unit(x).T).argmax(1) % 10
        hit = [(linear == np.tile(labels, len(test))), (nearest == np.tile(labels, len(test)))]
        right[fold == part] = np.maximum(*[one.reshape(-1, 10).sum(1) for one in hit])
    return right


def part_of(name):
    """The split of a family: 70 of 100 for training, 10 for validation, 20 for the test."""
    number = int(hashlib.sha256(f"digits/{name}".encode()).hexdigest(), 16) % 100
    return "train" if number < 70 else "validation" if number < 80 else "test"


def sheet(found, family, shown, path):
    """Ten digits of a face of each family."""
    seen, rows = set(), []
    for (_, pictures), name, show in zip(found, family, shown):
        if show and name not in seen:
            seen.add(name)
            rows.append((name, pictures))
    columns = 5
    lines = -(-len(rows) // columns)
    image = Image.new("L", (columns * 360, lines * 24), 255)
    draw = ImageDraw.Draw(image)
    for at, (name, pictures) in enumerate(rows):
        x, y = at // lines * 360, at % lines * 24
        draw.text((x + 222, y + 4), f"{part_of(name)[:2]} {name[:18]}", fill=0)
        for digit, picture in enumerate(pictures):
            image.paste(Image.fromarray((255 - 255 * picture.reshape(SIDE, SIDE)).astype(np.uint8)), (x + digit * 22, y + 2))
    image.save(path)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--sheet", help="a name for sheets of all families, and of the faces that are left out")
    flags = arguments.parse_args()
    found = faces(flags.folder)
    family, alike = families(found)
    least = np.array([READABLE_ODD if face["package"] == ODD else READABLE for face, _ in found])
    readable_face = readable(found, family) >= least
    if flags.sheet:
        sheet(found, family, readable_face, flags.folder / f"{flags.sheet}.png")
        sheet(found, family, ~readable_face, flags.folder / f"{flags.sheet}-out.png")
    kept = [dict(face, family=name, split=part_of(name)) for (face, _), name, keep in zip(found, family, readable_face) if keep]
    (flags.folder / "faces.json").write_text(json.dumps(kept, indent=1))
    for part in ["train", "validation", "test"]:
        own = [face for face in kept if face["split"] == part]
        count = {kind: len({face["family"] for face in own if face["kind"] == kind}) for kind in ["print", "handwriting", "odd"]}
        print(f"{part}: {len(own)} faces of {len({face['family'] for face in own})} families: {count}")
    print(f"{len(found) - len(kept)} faces left out")
    split = np.array([part_of(name) for name in family])
    between = alike[(split == "test") & readable_face][:, (split == "train") & readable_face].max(1)
    print(f"closest training face of a test face: median correlation {np.median(between):.3f}, largest {between.max():.3f}")


if __name__ == "__main__":
    main()
