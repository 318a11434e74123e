#!/usr/bin/env python3
# write-images.py: the pictures that test-image.c decodes, and what Pillow makes of them.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: write-images.py FOLDER [SEEDS]. Needs Pillow. NAME.ppm holds the pixels that NAME should have.

import io
import pathlib
import sys

from PIL import Image, ImageOps

WIDTH, HEIGHT = 20, 12


def picture():
    """Smooth, so that lossy formats stay near, and different at each corner."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            image.putpixel((x, y), (x * 12, y * 20, (x + y) * 7))
    return image


def with_alpha():
    image = picture().convert("RGBA")
    for y in range(HEIGHT):
        for x in range(WIDTH):
            r, g, b, _ = image.getpixel((x, y))
            image.putpixel((x, y), (r, g, b, min(255, x * 14)))
    return image


def on_white(image):
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def encode(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def oriented(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(picture(), "JPEG", quality=95, subsampling=0, exif=exif)


def files():
    image = picture()
    yield "rgb.png", encode(image, "PNG")
    yield "palette.png", encode(image.quantize(16), "PNG")
    yield "transparent-palette.png", encode(image.quantize(8), "PNG", transparency=0)
    yield "grey.png", encode(image.convert("L"), "PNG")
    yield "grey16.png", encode(image.convert("L").convert("I;16").point(lambda v: v * 257), "PNG")
    yield "one-bit.png", encode(image.convert("1"), "PNG")
    yield "alpha.png", encode(with_alpha(), "PNG")
    yield "baseline.jpg", encode(image, "JPEG", quality=95)
    yield "progressive.jpg", encode(image, "JPEG", quality=95, progressive=True)
    yield "grey.jpg", encode(image.convert("L"), "JPEG", quality=95)
    yield "cmyk.jpg", encode(image.convert("CMYK"), "JPEG", quality=95)
    for orientation in range(2, 9):
        yield f"turned-{orientation}.jpg", oriented(orientation)
    yield "lossy.webp", encode(image, "WEBP", quality=95)
    yield "lossless.webp", encode(image, "WEBP", lossless=True)
    yield "alpha.webp", encode(with_alpha(), "WEBP", lossless=True, exact=True)


def expected(data):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode == "I;16":
        image = image.point(lambda v: v / 257).convert("L")
    has_alpha = "A" in image.mode or "transparency" in image.info
    return on_white(image) if has_alpha else image.convert("RGB")


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, data in files():
        (folder / name).write_bytes(data)
        (folder / f"{name}.ppm").write_bytes(encode(expected(data), "PPM"))
        if len(sys.argv) > 2 and not name.startswith("turned-"):
            (pathlib.Path(sys.argv[2]) / name).write_bytes(data)
    if len(sys.argv) > 2:
        (pathlib.Path(sys.argv[2]) / "turned.jpg").write_bytes(oriented(6))


main()
