"""Films in the containers of the world, and a source that keeps what an ingest hands over."""

import asyncio
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from streaming.clock import Clock, SourceClock
from streaming.packet import Packet

RATE = 25
X264 = {"preset": "ultrafast", "x264-params": "keyint=50:min-keyint=50:scenecut=0:bframes=0"}
X264_B = {"preset": "ultrafast", "x264-params": "keyint=50:min-keyint=50:scenecut=0:bframes=2"}


class Recorder:
    """A place in a channel that remembers all it was given."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self.timeline = SourceClock(now or Clock().now)
        self.on_evicted: Callable[[str], None] | None = None
        self.on_key_wanted: Callable[[], None] | None = None
        self.pictures: list[Packet] = []
        self.foreign: list[tuple[str, Packet]] = []  # frames that the ladder is to encode
        self.why = ""
        self.watched = False
        self.rest = 0.0
        self.announced_rate = 0.0
        self.lost, self.round_trip = 0, 0.0
        self.sounds: list[tuple[str, Packet]] = []
        self.advice: list[str] = []
        self.closed: str | None = None
        self._happened = asyncio.Event()

    def video(self, packet: Packet) -> None:
        self.pictures.append(packet)
        self._happened.set()

    def reencode(self, packet: Packet, codec: str, why: str) -> None:
        self.foreign.append((codec, packet))
        self.why = why
        self._happened.set()

    def announce(self, frame_rate: float) -> None:
        self.announced_rate = frame_rate

    def transport(self, lost: int, round_trip: float) -> None:
        self.lost, self.round_trip = lost, round_trip

    def sound(self, packet: Packet, codec: str) -> None:
        self.sounds.append((codec, packet))
        self._happened.set()

    def advise(self, sentences: list[str]) -> None:
        self.advice = sentences
        self._happened.set()

    def close(self, reason: str) -> None:
        self.closed = self.closed or reason
        self._happened.set()

    async def until(self, fact: Callable[[], Any], within: float = 30.0) -> None:
        """Wait until `fact()` is true; it is looked at whenever something happened."""
        async with asyncio.timeout(within):
            while not fact():
                self._happened.clear()
                await self._happened.wait()


def make_film(
    path: Path,
    seconds: float = 3.0,
    *,
    codec: str | None = "libx264",
    options: dict[str, str] = X264,
    pixels: str = "yuv420p",
    size: tuple[int, int] = (320, 180),
    sound: str | None = "aac",
    sound_rate: int = 44100,
    layout: str = "mono",
) -> Path:
    """A moving gradient and a tone."""
    with av.open(str(path), "w") as container:
        picture = tone = None
        if codec is not None:
            picture = container.add_stream(codec, rate=RATE, options=options)
            picture.width, picture.height, picture.pix_fmt = *size, pixels
        if sound is not None:
            tone = container.add_stream(sound, rate=sound_rate, layout=layout)
        if picture is not None:
            for index in range(int(seconds * RATE)):
                container.mux(picture.encode(_gradient(index, size, pixels)))
            container.mux(picture.encode(None))
        if tone is not None:
            for block in _tone(seconds, sound_rate, layout, tone):
                container.mux(tone.encode(block))
            container.mux(tone.encode(None))
    return path


def _gradient(index: int, size: tuple[int, int], pixels: str) -> av.VideoFrame:
    width, height = size
    row = (np.arange(width) + 4 * index) % 256
    image = np.broadcast_to(row[None, :, None], (height, width, 3)).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image)).reformat(format=pixels)
    frame.pts, frame.time_base = index, Fraction(1, RATE)
    return frame


def _tone(seconds: float, rate: int, layout: str, stream: Any) -> Iterator[av.AudioFrame]:
    channels = 1 if layout == "mono" else 2
    size = stream.frame_size or 1024
    for start in range(0, int(seconds * rate), size):
        wave = 0.2 * np.sin(2 * np.pi * 440 * (start + np.arange(size)) / rate)
        samples = np.tile(wave.astype(np.float32), (channels, 1))
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        if stream.format.name != "fltp":
            yield from av.AudioResampler(stream.format.name, layout, rate).resample(frame)
        else:
            yield frame


class Films:
    """Films by name, each made once a session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, seconds: float = 3.0, **how: Any) -> Path:
        path = self._folder / name
        return path if path.exists() else make_film(path, seconds, **how)
