"""A picture made anew, in a process of its own: what strangers send meets a decoder here alone.

`python -m tv.wall.reencode` reads a picture and writes its size in a line ("1600x1200"), then a
JPEG: turned as it was meant to be seen, at most `SIDE` pixels a side, in sRGB, with nothing in it
but pixels (no EXIF, no place where it was taken, no comment, no profile). Exit status 3: it is no
picture that we read; 4: it has too many pixels.
"""

import io
import os
import resource
import struct
import sys
from contextlib import suppress

from PIL import ExifTags, Image, ImageCms

from tv.wall.naming import NO_PICTURE, TOO_LARGE

SIDE = 1600  # pixels of the longer side, at most
PIXELS = 50_000_000  # of what is read, at most: what the largest phones take
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # of animations, the first picture
MEMORY = 1 << 30  # bytes that it may take
SECONDS = 15  # of processor time
QUALITY = 82
# By what EXIF says of how the camera was held (its tag 0x0112): what has the picture upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class NoPicture(Exception):
    """It is none, or none that we read."""


class TooLarge(Exception):
    """It has more pixels than we take."""


def reencode(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """The same picture as a JPEG of ours, and its width and height.

    Raises NoPicture, TooLarge.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > PIXELS:
                raise TooLarge
            opened.draft("RGB", (SIDE, SIDE))  # JPEG: decoded no larger than needed
            profile = opened.info.get("icc_profile")
            opened.thumbnail((SIDE, SIDE))
            picture = _flat(_srgb(_upright(opened), profile))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge from error
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:  # Pillow's own
        raise NoPicture from error
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return written.getvalue(), picture.size


def _upright(picture: Image.Image) -> Image.Image:
    """As the camera was held; as it is, where that cannot be read."""
    try:
        turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except (OSError, ValueError, TypeError, SyntaxError, struct.error):
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """What the picture's colours are on an ordinary screen; as they are, if its profile is odd."""
    if not profile:
        return picture
    with suppress(ImageCms.PyCMSError, OSError, ValueError):
        described = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        made = ImageCms.profileToProfile(
            picture, described, ImageCms.createProfile("sRGB"), outputMode=mode
        )
        if made is not None:
            return made
    return picture


def _flat(picture: Image.Image) -> Image.Image:
    """The picture's colours on white, and nothing else of what came with it."""
    seen = Image.new("RGB", picture.size, "white")
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        seen.paste(clear, mask=clear)
    else:
        seen.paste(picture.convert("RGB"))
    return seen


def main() -> int:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        made, (width, height) = reencode(sys.stdin.buffer.read())
    except TooLarge:
        return TOO_LARGE
    except NoPicture:
        return NO_PICTURE
    sys.stdout.buffer.write(f"{width}x{height}\n".encode() + made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
