"""Writes the seeds of images: pip install pillow==13.0.0; python seeds.py, in this folder."""

import random
from pathlib import Path

from PIL import Image, features

folder = Path("seeds/image")
folder.mkdir(parents=True, exist_ok=True)
random.seed(7)
size = (12, 9)
rgb = Image.frombytes("RGB", size, random.randbytes(3 * 12 * 9))
rgba = Image.frombytes("RGBA", size, random.randbytes(4 * 12 * 9))
grey = rgb.convert("L")
bilevel = rgb.convert("1")
palette = rgb.quantize(4)
deep = Image.frombytes("I;16", size, random.randbytes(2 * 12 * 9))
floats = grey.convert("F")
exif = Image.Exif()
exif[0x0112] = 6
kinds = [("rgb", rgb), ("rgba", rgba), ("grey", grey), ("bilevel", bilevel), ("palette", palette)]


def save(name, image, **options):
    image.save(folder / name, **options)


for kind, image in kinds:
    save(f"{kind}.png", image)
    save(f"{kind}.gif", image)
    save(f"{kind}.tiff", image)
    save(f"{kind}.webp", image.convert("RGBA" if kind == "rgba" else "RGB"), lossless=kind != "rgb")
    if kind != "rgba":
        save(f"{kind}.bmp", image)
        save(f"{kind}.pnm", image.convert("RGB") if kind == "palette" else image)
save("deep.png", deep)
save("exif.png", rgb, exif=exif)
save("rgb.jpg", rgb)
save("grey.jpg", grey)
save("cmyk.jpg", rgb.convert("CMYK"))
save("progressive.jpg", rgb, progressive=True)
save("exif.jpg", rgb, exif=exif, subsampling="4:2:0", restart_marker_blocks=1)
save("animated.gif", rgb, save_all=True, append_images=[grey.convert("RGB")], loop=0)
save("animated.webp", rgb, save_all=True, append_images=[rgb.rotate(180)], lossless=True)
save("exif.webp", rgb, exif=exif)
save("deep.tiff", deep)
save("floats.tiff", floats)
save("cmyk.tiff", rgb.convert("CMYK"))
save("big.tiff", rgb, big_tiff=True)
for compression in ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"] if features.check("libtiff") else []:
    save(f"{compression}.tiff", rgb, compression=compression)
save("group4.tiff", bilevel, compression="group4")
(folder / "ascii.pnm").write_bytes(b"P3\n# a comment\n2 1\n255\n1 2 3 4 5 6\n")
(folder / "bits.pnm").write_bytes(b"P1\n3 2\n1 0 1\n0 1 0\n")
(folder / "pam.pnm").write_bytes(b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\nabcdefgh")
(folder / "deep.pnm").write_bytes(b"P5 2 1 65535\nabcd")
