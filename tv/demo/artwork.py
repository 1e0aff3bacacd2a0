"""The built-in talk's drawings: a stage at dusk, its town, two people and their signs.

Everything is drawn at twice its size with Pillow and reduced. Numbers are pixels of the picture.
"""

import math
import random
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from streaming.slate import DUSK, GLOW, INK, PAPER
from streaming.typeface import sized

WIDTH, HEIGHT = 1280, 720
SCALE = 2
TITLE = "La Fabrique de la proximité"
NOTE = "Intervention de démonstration, voix de synthèse"
WALL = (64, 172, 1216, 508)  # the screen behind the stage, where the town is
LAMP = (1056, 134, 1076, 154)  # the first of six
CLOCK = (928, 36, 1216, 116)
DESK = 548  # its upper edge
WINDOW = (10, 14)
GLASS = ((255, 190, 96), (255, 222, 160))  # the two colours of a lit window
HOUSE = (24, 24, 44)
MUTED = (176, 172, 190)
AMBER = (255, 160, 67)
LIT_SIGN = (124, 62, 42)
DARK_PANE = (34, 34, 58)

Rgb = tuple[int, int, int]
Layer = npt.NDArray[np.float64]
Box = tuple[int, int, int, int]  # left, top, right, bottom: even


class Face(NamedTuple):
    """How someone in the light looks."""

    mouth: int = 0  # 0 to 3: shut to wide open
    nod: int = 0  # pixels
    blink: bool = False


@dataclass(frozen=True)
class Person:
    """One of the two on stage."""

    label: str
    x: int
    skin: Rgb
    hair: Rgb
    jacket: Rgb
    shirt: Rgb
    long_hair: bool
    sign: Box

    @property
    def head(self) -> Box:
        return (self.x - 84, 284, self.x + 84, 462)

    @property
    def place(self) -> Box:
        """All that the spotlight changes."""
        return (self.x - 180, WALL[1], self.x + 180, DESK - 4)


PEOPLE = {
    "F": Person(
        label="Animatrice",
        x=476,
        skin=(226, 172, 140),
        hair=(74, 36, 38),
        jacket=(214, 84, 72),
        shirt=PAPER,
        long_hair=True,
        sign=(88, 444, 324, 492),
    ),
    "M": Person(
        label="Invité",
        x=804,
        skin=(158, 110, 84),
        hair=(30, 26, 34),
        jacket=(40, 112, 120),
        shirt=(232, 218, 196),
        long_hair=False,
        sign=(1008, 444, 1192, 492),
    ),
}


class Window(NamedTuple):
    """A window of the town that is lit and dark by turns."""

    x: int
    y: int
    turns: int  # how often in the whole film
    phase: float
    warm: int  # which colour of GLASS


def stage(box: Box, faces: dict[str, Face]) -> Image.Image:
    """The part of the stage within `box`; those who have a face are in the light."""
    pen = _Pen(_backdrop(box, [PEOPLE[who] for who in faces]), box)
    _town(pen)
    for who, person in PEOPLE.items():
        _person(pen, person, faces.get(who))
    pen.rounded((172, DESK, 1108, DESK + 150), 26, (30, 24, 42))
    pen.rounded((172, DESK, 1108, DESK + 10), 5, AMBER)
    pen.rounded((152, DESK - 4, 1128, DESK + 6), 5, (64, 48, 66))
    pen.text((640, DESK + 74), "Fabrique TV", 800, 40, (92, 72, 92), "mm")
    _microphone(pen, PEOPLE["F"].x + 64)
    _microphone(pen, PEOPLE["M"].x - 64)
    pen.text((62, 96), TITLE, 800, 52, PAPER, "ls")
    pen.text((64, 152), NOTE, 500, 24, MUTED, "ls")
    pen.rounded(CLOCK, 18, INK)
    return pen.finished()


def sign(person: Person, lit: bool) -> Image.Image:
    """Who this is; lit while they speak, with room for a little equaliser."""
    pen = _Pen(_backdrop(person.sign, []), person.sign)
    _town(pen)
    left, top, right, bottom = person.sign
    middle = (top + bottom) / 2
    if lit:
        pen.rounded(person.sign, 24, LIT_SIGN)
        pen.text((left + 76, middle), person.label, 800, 25, PAPER, "lm")
    else:
        pen.rounded(person.sign, 24, INK)
        pen.text(((left + right) / 2, middle), person.label, 500, 25, MUTED, "mm")
    return pen.finished()


def digit(text: str, width: int, height: int) -> Image.Image:
    """One sign of the clock, in the middle of its cell."""
    pen = _Pen(Image.new("RGB", (width * SCALE, height * SCALE), INK), (0, 0, width, height))
    pen.text((width / 2, height / 2), text, 800, 56, PAPER, "mm")
    return pen.finished()


def lamp(colour: Rgb, brightness: float) -> Image.Image:
    """One of the six labs' lamps, 20 pixels square."""
    pen = _Pen(_backdrop(LAMP, []), LAMP)
    left, top, right, bottom = LAMP
    shown = _mixed(INK, colour, 0.25 + 0.75 * brightness)
    pen.ellipse((left + 4, top + 4, right - 4, bottom - 4), shown)
    return pen.finished()


def glass(warm: int, brightness: float) -> Image.Image:
    """A window of the town, from dark to lit."""
    return Image.new("RGB", WINDOW, _mixed(DARK_PANE, GLASS[warm], brightness * 0.85))


@cache
def windows() -> list[Window]:
    """The windows that go on and off: those that nobody stands in front of."""
    dice = random.Random(20)
    found = []
    for house in _houses():
        for x, y in _panes(house):
            window = Window(
                x, y, dice.randint(2, 7), dice.uniform(0, 2 * math.pi), dice.choice((0, 1))
            )
            if dice.random() < 0.6 and not any(
                _touches((x, y, x + WINDOW[0], y + WINDOW[1]), box)
                for person in PEOPLE.values()
                for box in (person.place, person.sign)
            ):
                found.append(window)
    return found


class _Pen:
    """Draws in pixels of the picture on a canvas that shows a part of it, enlarged."""

    def __init__(self, canvas: Image.Image, box: Box) -> None:
        self._canvas = canvas
        self._draw = ImageDraw.Draw(canvas)
        self._origin = box[:2]

    def rounded(self, box: tuple[float, ...], radius: float, colour: Rgb) -> None:
        self._draw.rounded_rectangle(self._at(*box), radius * SCALE, colour)

    def ellipse(self, box: tuple[float, ...], colour: Rgb) -> None:
        self._draw.ellipse(self._at(*box), colour)

    def chord(self, box: tuple[float, ...], start: float, end: float, colour: Rgb) -> None:
        self._draw.chord(self._at(*box), start, end, colour)

    def polygon(self, points: tuple[float, ...], colour: Rgb) -> None:
        self._draw.polygon(self._at(*points), colour)

    def line(self, points: tuple[float, ...], colour: Rgb, width: float) -> None:
        self._draw.line(self._at(*points), colour, round(width * SCALE), joint="curve")

    def text(
        self, at: tuple[float, float], text: str, weight: int, size: float, colour: Rgb, anchor: str
    ) -> None:
        font = sized(weight, size * SCALE)
        x, y = self._at(*at)
        self._draw.text((x, y), text, colour, font, anchor)

    def finished(self) -> Image.Image:
        width, height = self._canvas.size
        return self._canvas.resize((width // SCALE, height // SCALE), Image.Resampling.LANCZOS)

    def _at(self, *numbers: float) -> list[float]:
        return [(n - self._origin[i % 2]) * SCALE for i, n in enumerate(numbers)]


def _backdrop(box: Box, lit: list[Person]) -> Image.Image:
    """Dusk from above, a warm glow from the wings, the wall's evening sky, and the spotlights."""
    left, top, right, bottom = box
    x, y = np.arange(left, right, 1.0)[None, :], np.arange(top, bottom, 1.0)[:, None]
    dusk = np.clip(1.1 - np.hypot(x / WIDTH - 0.15, (y / HEIGHT + 0.25) * 0.9), 0, 1) ** 1.4
    glow = np.clip(1 - np.hypot(x / WIDTH - 0.5, (y / HEIGHT - 1.02) * 1.6) / 0.8, 0, 1) ** 2
    colour = _over(np.array(INK, float), DUSK, dusk)
    colour = _over(colour, GLOW, glow * 0.7)
    inside = np.clip(_inside(x, y, WALL, 18) + 0.5, 0, 1)
    height = np.clip((y - WALL[1]) / (WALL[3] - WALL[1]), 0, 1)
    sky = _over(np.array((30, 28, 66), float), (122, 66, 84), height**1.6 + 0 * x)
    sky = _over(sky, (236, 138, 84), np.clip(height * 1.5 - 0.75, 0, 1) ** 1.5 * 0.8 + 0 * x)
    colour = _over(colour, sky, inside)
    for person in lit:
        reach = np.hypot((x - person.x) / 190, (y - 400) / 215)
        colour = _over(colour, (255, 196, 130), np.clip(1 - reach, 0, 1) ** 1.5 * 0.5)
    picture = Image.fromarray(colour.round().astype(np.uint8))
    return picture.resize((picture.width * SCALE, picture.height * SCALE))


def _town(pen: _Pen) -> None:
    lit = {(window.x, window.y) for window in windows()}
    dice = random.Random(4)
    for house in _houses():
        left, top, right, _ = house
        pen.polygon((left, WALL[3], left, top, right, top, right, WALL[3]), HOUSE)
        for x, y in _panes(house):
            on = dice.random() < 0.3 and (x, y) not in lit
            pane = _mixed(HOUSE, GLASS[0], 0.55) if on else DARK_PANE
            pen.rounded((x, y, x + WINDOW[0] - 0.5, y + WINDOW[1] - 0.5), 0, pane)


@cache
def _houses() -> list[Box]:
    """The blocks of the town, from the left: no two of the same height side by side."""
    dice = random.Random(11)
    houses = []
    left = WALL[0] + 16
    while left < WALL[2] - 60:
        columns, floors = dice.randint(3, 6), dice.randint(4, 10)
        width = columns * 18 + 14
        houses.append((left, WALL[3] - floors * 24 - 14, min(left + width, WALL[2] - 16), WALL[3]))
        left += width + dice.choice((2, 6, 26))
    return houses


def _panes(house: Box) -> list[tuple[int, int]]:
    left, top, right, bottom = house
    return [
        (x, y)
        for y in range(top + 12, bottom - WINDOW[1], 24)
        for x in range(left + 10, right - WINDOW[0] - 4, 18)
    ]


def _person(pen: _Pen, person: Person, face: Face | None) -> None:
    dark = 0.0 if face else 0.42  # how far from the light

    def shade(colour: Rgb, darker: float = 0.0) -> Rgb:
        return _mixed(_mixed(colour, (20, 16, 30), darker), (24, 20, 44), dark)

    face = face or Face()
    x, y = person.x, 372 + face.nod  # the middle of the face
    skin, hair = shade(person.skin), shade(person.hair)
    if person.long_hair:
        pen.rounded((x - 66, y - 76, x + 66, y + 74), 62, hair)
    pen.rounded((x - 118, 470, x + 118, 640), 66, shade(person.jacket))
    pen.polygon((x - 34, 469, x + 34, 469, x, 534), shade(person.shirt))
    pen.line((x - 36, 470, x, 536), shade(person.jacket, 0.3), 5)
    pen.line((x + 36, 470, x, 536), shade(person.jacket, 0.3), 5)
    pen.rounded((x - 23, y + 20, x + 23, 484), 20, shade(person.skin, 0.16))
    for side in (-1, 1):
        pen.ellipse((x + side * 51 - 9, y - 8, x + side * 51 + 9, y + 20), shade(person.skin, 0.1))
        pen.line((x + side * 74, 530, x + side * 66, DESK), shade(person.jacket, 0.3), 4)
    pen.rounded((x - 51, y - 66, x + 51, y + 64), 50, skin)
    if person.long_hair:
        pen.chord((x - 56, y - 78, x + 56, y + 14), 180, 360, hair)
        pen.polygon((x - 56, y - 34, x + 14, y - 34, x - 50, y + 2), hair)
    else:
        pen.chord((x - 50, y - 34, x + 50, y + 66), 22, 158, shade(person.hair, 0.1))  # the beard
        pen.rounded((x - 30, y + 12, x + 30, y + 40), 14, skin)
        pen.chord((x - 54, y - 76, x + 54, y + 2), 184, 356, hair)
    for side in (-1, 1):
        eye = x + side * 21
        pen.line((eye - 10, y - 22, eye + 10, y - 22 - side), hair, 4)
        if face.blink:
            pen.line((eye - 6, y - 4, eye + 6, y - 4), shade(person.skin, 0.5), 3)
        else:
            pen.ellipse((eye - 4.5, y - 9, eye + 4.5, y + 1), shade((34, 24, 30)))
    pen.line((x, y + 2, x - 4, y + 15, x + 3, y + 16), shade(person.skin, 0.25), 3)
    _mouth(pen, x, y + 32, face.mouth, shade((128, 48, 50)), shade((64, 20, 28)))


def _mouth(pen: _Pen, x: float, y: float, opening: int, lip: Rgb, inside: Rgb) -> None:
    if not opening:
        pen.chord((x - 15, y - 14, x + 15, y + 6), 20, 160, lip)
        return
    width, height = 15 - opening, 2 + 3 * opening
    pen.ellipse((x - width, y - height, x + width, y + height), lip)
    pen.ellipse((x - width + 3, y - height + 3, x + width - 3, y + height - 2), inside)


def _microphone(pen: _Pen, x: float) -> None:
    pen.line((x, DESK - 2, x, DESK - 34), (96, 92, 116), 4)
    pen.rounded((x - 9, DESK - 66, x + 9, DESK - 30), 9, (74, 70, 92))
    pen.rounded((x - 9, DESK - 46, x + 9, DESK - 43), 1, AMBER)
    pen.rounded((x - 26, DESK - 6, x + 26, DESK), 3, (74, 70, 92))


def _mixed(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _over(ground: Layer, colour: Rgb | Layer, cover: Layer) -> Layer:
    return ground + (np.asarray(colour) - ground) * cover[..., None]


def _inside(x: Layer, y: Layer, box: Box, radius: float) -> Layer:
    """How far a point is inside a box with round corners; below zero outside."""
    left, top, right, bottom = box
    across = np.abs(x - (left + right) / 2) - (right - left) / 2 + radius
    down = np.abs(y - (top + bottom) / 2) - (bottom - top) / 2 + radius
    corner = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    distance: Layer = radius - corner - np.minimum(np.maximum(across, down), 0)
    return distance


def _touches(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
