"""Our typeface, Bricolage Grotesque, for whatever is drawn: the slate, icons, reports."""

from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont


def file(weight: int) -> Path:
    """A WOFF; `weight` is 500 or 800."""
    return Path(__file__).with_name("fonts") / f"bricolage-grotesque-latin-{weight}-normal.woff"


def sized(weight: int, size: float) -> Font:
    """`size` is in pixels, and at least 6."""
    return ImageFont.truetype(file(weight), max(6, round(size)))
