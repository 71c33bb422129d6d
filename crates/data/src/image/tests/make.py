"""Writes the JPEG files that tests.rs reads, beside itself: one grey picture in several kinds. Needs Pillow and numpy."""
import io
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
y, x = np.mgrid[0:40, 0:56]
levels = 128 + 90 * np.sin(x / 5) * np.cos(y / 7)
levels[8:30, 20:26] = 20
grey = Image.fromarray(levels.astype(np.uint8))
rgb = grey.convert("RGB")
grey.save(HERE / "grey.jpg", quality=90)
rgb.save(HERE / "progressive.jpg", quality=90, progressive=True, subsampling=2)
rgb.save(HERE / "rgb.jpg", quality=90, keep_rgb=True)
cmyk = rgb.convert("CMYK")
cmyk.save(HERE / "cmyk.jpg", quality=90)
# YCCK: Pillow writes four channels as they are, with Adobe's mark and transform 0; with 2 they are Y, Cb, Cr and K.
# Adobe stores 255 - K, and the Y, Cb and Cr of 255 - CMY.
c, m, yellow, k = [np.asarray(channel, float) for channel in cmyk.split()]
luma = 0.299 * c + 0.587 * m + 0.114 * yellow
stored = [luma, 128 + (yellow - luma) * 0.564, 128 + (c - luma) * 0.713, 255 - k]
channels = [Image.fromarray((255 - values).clip(0, 255).astype(np.uint8)) for values in stored]
file = io.BytesIO()
Image.merge("CMYK", channels).save(file, "JPEG", quality=90)
data = bytearray(file.getvalue())
data[data.index(b"Adobe") + 11] = 2
(HERE / "ycck.jpg").write_bytes(bytes(data))
