"""Films with a number burnt into each picture, so that its time can be told by looking at it."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import numpy.typing as npt

from streaming.h264 import to_avcc
from streaming.packet import Packet

SIZE = (320, 192)
BITS = 8
RATE = 25


class Coded(NamedTuple):
    """A frame as a container has it; times in microseconds from the film's beginning."""

    codec: str
    data: bytes
    dts: int
    delay: int
    config: bytes


def picture(number: int, size: tuple[int, int] = SIZE) -> npt.NDArray[np.uint8]:
    """Grey, with a square for each bit of `number`: white is one."""
    width, height = size
    image = np.full((height, width, 3), 96, np.uint8)
    image[height // 2 :, (number * 6) % width :] = 120  # something moves
    for bit in range(BITS):
        left, right = width * bit // BITS, width * (bit + 1) // BITS
        image[: height // 3, left + 4 : right - 4] = 235 if number >> bit & 1 else 16
    return image


def read_number(frame: av.VideoFrame) -> int:
    """The number in a decoded picture of any size."""
    luma = frame.to_ndarray(format="gray")
    height, width = luma.shape
    row = luma[height // 8 : height // 5]
    marks = [width * (2 * bit + 1) // (2 * BITS) for bit in range(BITS)]
    return sum((int(row[:, x - 3 : x + 4].mean()) > 128) << bit for bit, x in enumerate(marks))


def film(
    path: Path,
    encoder: str,
    frames: int = 75,
    *,
    options: dict[str, str] | None = None,
    pixels: str = "yuv420p",
    size: tuple[int, int] = SIZE,
    ratio: Fraction = Fraction(1),
    times: list[int] | None = None,
) -> list[Coded]:
    """Encode pictures numbered from 0, shown at `times` (in 1/1000 s), and read them again."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(encoder, rate=RATE, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.sample_aspect_ratio = ratio
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, size)).reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return list(read(path))


def read(path: Path) -> Iterator[Coded]:
    """The frames of a film's picture."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        codec = stream.codec_context.codec.canonical_name
        config = bytes(stream.codec_context.extradata or b"")
        first: int | None = None
        for packet in container.demux(stream):
            if not packet.size:
                continue
            dts = packet.pts if packet.dts is None else packet.dts
            first = dts if first is None else first
            micro = packet.time_base * 1_000_000
            data = bytes(packet)
            if codec == "h264" and config[:1] != b"\1":
                data, _, _ = to_avcc(data)
            yield Coded(
                codec, data, round((dts - first) * micro), round((packet.pts - dts) * micro), config
            )


def shown(packets: list[Packet]) -> list[tuple[int, float]]:
    """Decode H.264: the number in each picture, with its time, in the order they are shown in."""
    seen: list[tuple[int, float]] = []
    config = b""
    context: Any = None
    for packet in packets:
        if packet.config != config or context is None:
            if context is not None:
                seen += _numbers(context.decode(None))
            config, context = packet.config, _decoder(packet.config)
        coded = av.Packet(packet.data)
        coded.pts = round(packet.pts * 1_000_000)
        seen += _numbers(context.decode(coded))
    return seen + (_numbers(context.decode(None)) if context is not None else [])


def _numbers(frames: list[Any]) -> list[tuple[int, float]]:
    return [(read_number(frame), frame.pts / 1_000_000) for frame in frames]


def _decoder(config: bytes) -> Any:
    """One that fails on the first error."""
    made: Any = av.CodecContext.create("h264", "r")
    made.extradata = config
    made.options = {"err_detect": "explode"}
    made.thread_count = 1
    return made
