"""The waiting card (carton d’attente): drawn and encoded once, then played as a loop of packets."""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image, ImageDraw

from streaming.h264 import make_config, to_avcc
from streaming.packet import Packet
from streaming.typeface import Font, sized

FRAME_RATE = 25
FRAMES = 50  # one loop of two seconds begins with its only keyframe
SIZE = (1280, 720)  # when nobody has published yet
LARGEST = 1920  # pixels, of the longer side
KEPT = 4  # sizes whose loops are kept
SPS_ID = 7  # studios use 0: the slate's configuration is never equal to theirs by chance

TITLE = "Le direct reprend dans un instant"

Rgb = tuple[int, int, int]
Picture = npt.NDArray[np.uint8]

INK: Rgb = (11, 13, 24)
DUSK: Rgb = (33, 25, 58)
GLOW: Rgb = (122, 62, 50)
PAPER: Rgb = (247, 243, 234)
LIGHTS: tuple[Rgb, ...] = (  # one for each lab
    (255, 107, 87),
    (255, 160, 67),
    (250, 208, 86),
    (110, 205, 150),
    (86, 178, 240),
    (170, 140, 250),
)


@dataclass(frozen=True)
class Loop:
    """The card's packets at one size: constrained baseline, 25 frames a second, an IDR first."""

    width: int
    height: int
    config: bytes
    frames: tuple[bytes, ...]

    def packet(self, index: int, time: float) -> Packet:
        """The `index`th frame since the card came on air, shown at `time`."""
        at = index % len(self.frames)
        return Packet(self.frames[at], time, time, at == 0, self.config)


class Slate:
    """The card in the sizes that studios have, made before they are needed."""

    def __init__(self, event: str = "", title: str = TITLE) -> None:
        self._event = event
        self._title = title
        self._loops: dict[tuple[int, int], Loop] = {}
        self._making = asyncio.Lock()

    def loop(self, width: int = 0, height: int = 0) -> Loop | None:
        """The loop of this size, or one of another size while it is not made; None before any."""
        made = self._loops.get(fitting(width, height))
        return made or next(iter(self._loops.values()), None)

    async def prepare(self, width: int = 0, height: int = 0) -> None:
        """Make the loop of this size, in a thread, unless it is there."""
        size = fitting(width, height)
        async with self._making:
            if size in self._loops:
                return
            made = await asyncio.to_thread(make, size, self._event, self._title)
            self._loops[size] = made
            if len(self._loops) > KEPT:  # the first one is the default: it stays
                self._loops.pop(list(self._loops)[1])


def fitting(width: int, height: int) -> tuple[int, int]:
    """The size to make for a picture of `width` × `height`: even, and not absurd."""
    if width <= 0 or height <= 0:
        return SIZE
    scale = min(1.0, LARGEST / max(width, height))
    return max(64, round(width * scale) // 2 * 2), max(64, round(height * scale) // 2 * 2)


def make(size: tuple[int, int], event: str = "", title: str = TITLE) -> Loop:
    """Draw and encode the card: about a second of one core."""
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.framerate = Fraction(FRAME_RATE)
    context.time_base = Fraction(1, FRAME_RATE)
    context.flags |= Flags.global_header
    context.options = {
        "profile": "baseline",
        "preset": "veryfast",
        "crf": "20",
        "x264-params": (
            f"keyint={FRAMES}:min-keyint={FRAMES}:scenecut=0:threads=1:sps-id={SPS_ID}"
            ":colorprim=bt709:transfer=bt709:colormatrix=bt709"
        ),
    }
    packets: list[Any] = []
    for index, picture in enumerate(draw(size, event, title)):
        frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts = index
        frame.time_base = context.time_base
        packets += context.encode(frame)
    packets += context.encode(None)
    _, sps, pps = to_avcc(bytes(context.extradata))
    return Loop(*size, make_config(sps, pps), tuple(to_avcc(bytes(p))[0] for p in packets))


def draw(size: tuple[int, int], event: str = "", title: str = TITLE) -> Iterator[Picture]:
    """Yield the loop's pictures: the text stands still, a light walks through the six labs."""
    width, height = size
    unit = min(height, width * 9 / 16) / 720
    card = Image.fromarray(_stage(width, height))
    pen = ImageDraw.Draw(card)
    left, room = round(width * 0.09), round(width * 0.82)
    headline, lines = _fit(title, 800, 84 * unit, room)
    small, over = _fit(event, 500, 34 * unit, room)
    step = round(headline.size * 1.08)
    top = round(height * 0.47 - step * len(lines) / 2)
    if event:
        pen.text((left, top - round(34 * unit)), over[0], PAPER, small, anchor="ls")
    for row, line in enumerate(lines):
        pen.text((left, top + row * step), line, PAPER, headline)
    base = np.asarray(card)
    radius, gap = 9 * unit, 40 * unit
    y = min(top + step * len(lines) + 64 * unit, height - 3 * radius)
    half = math.ceil(radius * 3)
    strip_top, strip_end = max(0, round(y) - half), min(height, round(y) + half)
    for index in range(FRAMES):
        picture = base.copy()
        for lamp, colour in enumerate(LIGHTS):
            brightness = _brightness(index / FRAMES, lamp / len(LIGHTS))
            centre = left + radius + lamp * gap
            strip = picture[strip_top:strip_end]
            _shine(strip, centre, y - strip_top, radius, colour, brightness)
        yield picture


def _brightness(phase: float, place: float) -> float:
    return 0.22 + 0.78 * (0.5 + 0.5 * math.cos(2 * math.pi * (phase - place))) ** 3


def _shine(
    strip: Picture, x: float, y: float, radius: float, colour: Rgb, brightness: float
) -> None:
    """Put a round light with a soft halo into `strip`."""
    left, right = max(0, int(x - 3 * radius)), min(strip.shape[1], int(x + 3 * radius) + 1)
    rows, columns = np.mgrid[0 : strip.shape[0], left:right]
    distance = np.hypot(columns - x, rows - y)
    disc = np.clip(radius - distance + 0.5, 0, 1) * brightness
    halo = np.clip(1 - distance / (3 * radius), 0, 1) ** 2 * 0.3 * max(0.0, brightness - 0.22)
    cover = np.maximum(disc, halo)[..., None]
    area = strip[:, left:right]
    area[:] = (area * (1 - cover) + np.array(colour) * cover).round().astype(np.uint8)


def _stage(width: int, height: int) -> Picture:
    """A dark stage: dusk from above, a warm glow from the wings."""
    x = np.linspace(0, 1, width)[None, :, None]
    y = np.linspace(0, 1, height)[:, None, None]
    dusk = np.clip(1.1 - np.hypot(x - 0.15, (y + 0.25) * 0.9), 0, 1) ** 1.4
    glow = np.clip(1 - np.hypot((x - 1.02) * 1.1, y - 1.05) / 0.95, 0, 1) ** 2
    colour = np.array(INK) + dusk * (np.array(DUSK) - INK) + glow * (np.array(GLOW) - INK) * 0.9
    return np.clip(colour.round(), 0, 255).astype(np.uint8)


def _fit(text: str, weight: int, size: float, room: int) -> tuple[Font, list[str]]:
    """The largest font up to `size` with which `text` takes three lines of `room` at most."""
    while True:
        font = sized(weight, size)
        lines = _wrap(text, font, room)
        if size < 12 or (len(lines) <= 3 and max(map(font.getlength, lines)) <= room):
            break
        size *= 0.9
    for share in range(98, 40, -2):  # then lines of about one length
        narrower = _wrap(text, font, room * share // 100)
        if len(narrower) > len(lines) or max(map(font.getlength, narrower)) > room:
            break
        lines = narrower
    return font, lines[:3]


def _wrap(text: str, font: Font, room: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
