"""The moving picture of the built-in talk: drawn once, then only what moves.

A frame is three planes of YUV 4:2:0. What moves (clock, mouths, windows, lamps) is drawn in advance
as tiles and copied into place, so that making a frame costs less than encoding it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from streaming.slate import LIGHTS
from tv.demo import artwork
from tv.demo.artwork import HEIGHT, PEOPLE, WIDTH, Face

FRAME_RATE = 25
BITS = 16  # of the bar code along the lower edge, the highest first
BAR = 16  # its height in pixels
BLACK, WHITE = 16, 200  # luma: far enough apart for any reader, not glaring
LEVELS = 8  # brightnesses of a window or a lamp
MOUTHS, NODS = 4, 3
CELLS = {":": 22, ".": 22}  # widths of the clock's signs; a digit has 38
FADE = 0.12  # of the spotlight, in each frame

Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Moment:
    """What one frame shows."""

    number: int
    speaker: str  # a key of PEOPLE
    bands: Sequence[float]  # heights of the equaliser's bars: how loud the speech is, 0 to 1


class Tile(NamedTuple):
    """A piece of picture: luma, and two planes of colour half its size."""

    luma: Plane
    blue: Plane
    red: Plane


class Scene:
    """Draws the frames of a film one after the other, each over the one before."""

    def __init__(self, frames: int) -> None:
        self._frames = frames  # of the whole film: the town is the same again at its end
        dark = _tile(artwork.stage((0, 0, WIDTH, HEIGHT), {}))
        self.planes: Plane = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)
        colours = self.planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        self._picture = Tile(self.planes[:HEIGHT], colours[0], colours[1])
        self._put(dark, 0, 0)
        self._dark = {who: _cut(dark, person.place) for who, person in PEOPLE.items()}
        self._lit = {
            who: _tile(artwork.stage(person.place, {who: Face()})) for who, person in PEOPLE.items()
        }
        self._faces = {
            (who, face): _tile(artwork.stage(PEOPLE[who].head, {who: face}))
            for who, face in product(PEOPLE, map(Face._make, _faces()))
        }
        self._signs = {
            (who, lit): _tile(artwork.sign(PEOPLE[who], lit))
            for who, lit in product(PEOPLE, (False, True))
        }
        self._digits = {
            text: _tile(artwork.digit(text, _cell(text), 64)) for text in "0123456789:."
        }
        self._lamps = [[_tile(artwork.lamp(c, level)) for level in _levels()] for c in LIGHTS]
        self._glass = [[_tile(artwork.glass(warm, n)) for n in _levels()] for warm in (0, 1)]
        self._windows = np.array(artwork.windows())
        self._glow = np.full(len(self._windows), -1)
        self._light = dict.fromkeys(PEOPLE, -1.0)

    def draw(self, moment: Moment) -> Plane:
        """The planes of this moment, one above the other; the next call draws over them."""
        self._town(moment.number)
        self._walking_lamp(moment.number)
        for who in PEOPLE:
            self._person(who, moment)
        self._clock(moment.number)
        self._code(moment.number)
        return self.planes

    def _person(self, who: str, moment: Moment) -> None:
        person, speaks = PEOPLE[who], who == moment.speaker
        before, wanted = self._light[who], float(speaks)
        light = wanted if before < 0 else min(max(wanted, before - FADE), before + FADE)
        if light != before:
            self._light[who] = light
            self._put(_blend(self._dark[who], self._lit[who], light), *person.place[:2])
            self._put(self._signs[who, speaks], *person.sign[:2])
        if not speaks:
            return
        if light == wanted:
            loudness = max(moment.bands)
            mouth = min(MOUTHS - 1, round(loudness * (MOUTHS - 0.5)))
            nod = round((NODS - 1) * (0.5 + 0.5 * math.sin(moment.number / 11)))
            blink = moment.number % 97 < 4 or moment.number % 271 < 4
            self._put(self._faces[who, Face(mouth, nod, blink)], *person.head[:2])
        left, top = person.sign[0] + 24, (person.sign[1] + person.sign[3]) // 2
        ground = self._signs[who, True].luma[24, 16]
        for x, height in zip(range(left, WIDTH, 8), moment.bands, strict=False):
            half = 2 + round(12 * height)
            self._picture.luma[top - 14 : top + 14, x : x + 4] = ground
            self._picture.luma[top - half : top + half, x : x + 4] = 214

    def _clock(self, number: int) -> None:
        seconds, frame = divmod(number, FRAME_RATE)
        x = artwork.CLOCK[0] + 8
        for text in f"{seconds // 60:02}:{seconds % 60:02}.{frame:02}":
            self._put(self._digits[text], x, artwork.CLOCK[1] + 8)
            x += _cell(text)

    def _code(self, number: int) -> None:
        bits = [number >> (BITS - 1 - bit) & 1 for bit in range(BITS)]
        row = np.repeat(np.where(bits, WHITE, BLACK), WIDTH // BITS)
        self._picture.luma[-BAR:] = row
        for colour in self._picture[1:]:
            colour[-BAR // 2 :] = 128

    def _walking_lamp(self, number: int) -> None:
        for place, tiles in enumerate(self._lamps):
            phase = number / (2 * FRAME_RATE) - place / len(self._lamps)
            level = (0.5 + 0.5 * math.cos(2 * math.pi * phase)) ** 3
            left, top = artwork.LAMP[:2]
            self._put(tiles[round(level * (LEVELS - 1))], left + 28 * place, top)

    def _town(self, number: int) -> None:
        turn = 2 * math.pi * number / self._frames
        swing = np.sin(turn * self._windows[:, 2] + self._windows[:, 3])
        glow = np.round(np.clip(swing * 9 + 0.5, 0, 1) * (LEVELS - 1)).astype(int)
        for index in np.flatnonzero(glow != self._glow):
            x, y, _, _, warm = self._windows[index]
            self._put(self._glass[int(warm)][glow[index]], int(x), int(y))
        self._glow = glow

    def _put(self, tile: Tile, x: int, y: int) -> None:
        height, width = tile.luma.shape
        self._picture.luma[y : y + height, x : x + width] = tile.luma
        x, y, width, height = x // 2, y // 2, width // 2, height // 2
        self._picture.blue[y : y + height, x : x + width] = tile.blue
        self._picture.red[y : y + height, x : x + width] = tile.red


def frame_number(luma: Plane) -> int:
    """Read the bar code from a picture's luma (or any grey of it), whatever its size.

    A latency is measured with it from pixels alone: which frame is on the glass, and when.
    """
    height, width = luma.shape
    middle = luma[height - max(1, round(height * BAR / HEIGHT / 2))]
    centres = (np.arange(BITS) + 0.5) * width / BITS
    number = 0
    for value in middle[centres.astype(int)]:
        number = number << 1 | int(value > (BLACK + WHITE) // 2)
    return number


def _faces() -> Sequence[tuple[int, int, bool]]:
    return list(product(range(MOUTHS), range(NODS), (False, True)))


def _levels() -> list[float]:
    return [level / (LEVELS - 1) for level in range(LEVELS)]


def _cell(text: str) -> int:
    return CELLS.get(text, 38)


def _tile(image: Image.Image) -> Tile:
    frame = av.VideoFrame.from_ndarray(np.asarray(image), "rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    return Tile(*map(_samples, frame.planes))


def _samples(plane: Any) -> Plane:
    """A plane's samples: its lines may be longer than it is wide."""
    lines = np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


def _cut(tile: Tile, box: artwork.Box) -> Tile:
    left, top, right, bottom = box
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    return Tile(tile.luma[top:bottom, left:right], tile.blue[half], tile.red[half])


def _blend(one: Tile, other: Tile, share: float) -> Tile:
    weight = round(share * 256)
    return Tile(
        *(
            ((a.astype(np.uint16) * (256 - weight) + b.astype(np.uint16) * weight) >> 8).astype(
                np.uint8
            )
            for a, b in zip(one, other, strict=True)
        )
    )
