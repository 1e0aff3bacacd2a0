"""The house with its lamp, in the sizes that devices ask for, and the card that is shared of us.

All of it is drawn from `tv/web/icon.svg`: a ground, a house, a lamp.
"""

import io
from xml.etree import ElementTree

from PIL import Image, ImageDraw

from streaming.typeface import Font, sized

FINE = 4  # times the size that edges are drawn at, to be smooth
SAFE = 0.82  # how much of its size a mask leaves of a drawing that fills it (W3C: a disc of 0.8)
CARD = (1200, 630)  # what sites that show a card of a page expect

NIGHT, INK, SOFT, GLOW = "#110e0c", "#f8f2e9", "#c6bbac", "#a35f12"
LABS = ("#ff6b57", "#ffa043", "#fad056", "#6ecd96", "#56b2f0", "#aa8cfa")  # as on the slate


def draw(svg: str, size: int, masked: bool = False) -> bytes:
    """A PNG of `size` × `size`. `masked`: up to the edges, since devices cut their own shape."""
    ground, house, lamp = ElementTree.fromstring(svg)  # noqa: S314 -- ours
    unit = size * FINE / 32
    picture = Image.new("RGBA", (size * FINE, size * FINE))
    pen = ImageDraw.Draw(picture)
    shrink = SAFE if masked else 1.0

    def at(value: float) -> float:
        return (16 + (value - 16) * shrink) * unit

    corner = 0 if masked else float(ground.get("rx", 0)) * unit
    pen.rounded_rectangle((0, 0, size * FINE, size * FINE), corner, ground.get("fill"))
    pen.polygon([(at(x), at(y)) for x, y in _points(house.get("d", ""))], house.get("fill"))
    x, y, r = (float(lamp.get(name, 0)) for name in ("cx", "cy", "r"))
    pen.ellipse((at(x - r), at(y - r), at(x + r), at(y + r)), lamp.get("fill"))
    return _png(picture.resize((size, size), Image.Resampling.LANCZOS))


def card(svg: str, event: str) -> bytes:
    """A PNG with our sign and the event's name, for those to whom a page is recommended."""
    picture = Image.new("RGB", CARD, NIGHT)
    glow = Image.radial_gradient("L").resize((2200, 1500)).point(_fading)
    picture.paste(Image.new("RGB", glow.size, GLOW), (-650, -950), glow)
    house = Image.open(io.BytesIO(draw(svg, 132)))
    picture.paste(house, (90, 84), house)
    pen = ImageDraw.Draw(picture)
    pen.text((252, 150), "Fabrique TV", SOFT, sized(500, 46), anchor="lm")
    lines, font = _fitted(pen, event, CARD[0] - 180)
    step = round(font.size * 1.12)
    for number, line in enumerate(reversed(lines)):
        pen.text((86, 490 - number * step), line, INK, font, anchor="ls")
    for number, colour in enumerate(LABS):
        pen.rounded_rectangle((90 + number * 62, 566, 138 + number * 62, 576), 5, colour)
    return _png(picture)


def _fading(far: int) -> int:
    return max(0, 178 - far) // 2  # 180 is as far as the middle of an edge


def _fitted(pen: ImageDraw.ImageDraw, text: str, room: int) -> tuple[list[str], Font]:
    """The text on one line or two alike, as large as they allow; what is left over is cut."""
    words = text.split()
    for size in range(104, 40, -4):
        font = sized(800, size)
        whole = pen.textlength(text, font)
        if whole <= room:
            return [text], font
        halves = ((" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words)))
        lines = min(halves, key=lambda two: max(pen.textlength(line, font) for line in two))
        if max(pen.textlength(line, font) for line in lines) <= room:
            return list(lines), font
    return [text], font


def _points(path: str) -> list[tuple[float, float]]:
    """The corners of a path of straight lines: M, L, H, V and Z, all absolute."""
    words = "".join(f" {each} " if each.isalpha() else each for each in path).split()
    points: list[tuple[float, float]] = []
    command = "L"
    while words:
        if words[0].isalpha():
            command = words.pop(0)
        if command == "Z":
            break
        x, y = points[-1] if points else (0.0, 0.0)
        if command != "V":
            x = float(words.pop(0))
        if command != "H":
            y = float(words.pop(0))
        points.append((x, y))
    return points


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()
