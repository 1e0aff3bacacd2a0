"""Recordings made by the packager of numbered pictures, and what is read of the films of them."""

import functools
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from streaming import aac
from streaming.archive.fragments import read_init
from streaming.archive.reel import Piece
from streaming.h264 import is_key
from streaming.packet import Packet
from tests.streaming import numbers
from tests.streaming.hls.film import Announced, Film

BEGIN = 1_795_624_803.25  # 2026-11-25 16:40:03 UTC
FRAME = 1 / numbers.RATE


@functools.cache
def studio(
    seconds: float, b_frames: int = 0, size: tuple[int, int] = numbers.SIZE, gop: int = 25
) -> Film:
    """Pictures numbered from 0 and noise, no piece of it like another, from time 0 on."""
    options = {
        "preset": "ultrafast",
        "bf": str(b_frames),
        "x264-params": f"scenecut=0:keyint={gop}:min-keyint={gop}:b-adapt=0",
    }
    with tempfile.TemporaryDirectory() as folder:
        coded = numbers.film(
            Path(folder) / "film.mp4",
            "libx264",
            round(seconds * numbers.RATE),
            options=options,
            size=size,
        )
    late = coded[0].delay / 1e6
    video = tuple(
        Packet(
            each.data,
            each.dts / 1e6 - late,
            (each.dts + each.delay) / 1e6 - late,
            is_key(each.data),
            each.config,
        )
        for each in coded
    )
    return Film(video, tuple(_noise(seconds)))


def _noise(seconds: float) -> Iterator[Packet]:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "fltp"
    encoder.bit_rate = 64_000
    random = np.random.default_rng(7)
    for number in range(int(seconds * 48_000) // aac.FRAME):
        samples = random.normal(0, 0.05, (2, aac.FRAME)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, number * aac.FRAME
        for packet in encoder.encode(frame):
            assert packet.pts is not None
            at = (packet.pts + aac.FRAME) / 48_000
            yield Packet(bytes(packet), at, at, True, bytes(encoder.extradata or b""))


@dataclass(frozen=True)
class Recording:
    """What was played, and the segments that were made of it, from `BEGIN` on."""

    pieces: list[Piece]
    played: list[Film]

    def without(self, *left_out: int) -> list[Piece]:
        return [piece for index, piece in enumerate(self.pieces) if index not in left_out]


def record(folder: Path, *films: Film) -> Recording:
    """Films one after the other, each moved to where the one before ended.

    One with B-frames is shown that much later: no frame is decoded before what went before it.
    """
    announced = Announced(origin=BEGIN - 5.0)
    at = BEGIN
    played: list[Film] = []
    for each in films:
        at += each.video[0].pts - each.video[0].dts if played else 0.0
        played.append(each.moved(at))
        announced.play(played[-1])
        at += len(each.video) * FRAME
    announced.play(films[-1].moved(at + 3600))  # closes what is open
    inits = {init.name: init for init in announced.inits}
    closed = {segment.msn for segment in announced.closed}
    pieces = []
    for opened in announced.opened:
        if opened.msn in closed and opened.start < at - 0.01:
            path = folder / f"{opened.name}.m4s"
            path.write_bytes(b"".join(part.data for part in announced.parts(opened.msn)))
            init = inits[opened.init]
            pieces.append(Piece(path, read_init(init.data), init.origin, opened.start))
    return Recording(pieces, played)


def pictures(path: Path) -> list[tuple[int, float, tuple[int, int]]]:
    """Each picture's number, when it is shown, and its size; fails on the first error."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        return [
            (numbers.read_number(frame), frame.time, (frame.width, frame.height))
            for frame in container.decode(stream)
        ]


def sounds(path: Path) -> list[tuple[str, float]]:
    """A digest of each sound, and when it is heard."""
    with av.open(str(path)) as container:
        packets: Any = container.demux(container.streams.audio[0])
        return [
            (digest(bytes(each)), float(each.pts * each.time_base)) for each in packets if each.size
        ]


def coded(path: Path) -> list[str]:
    """A digest of each picture as it is coded."""
    with av.open(str(path)) as container:
        return [digest(bytes(each)) for each in container.demux(video=0) if each.size]


def digest(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def digests(packets: Iterable[Packet]) -> list[str]:
    return [digest(packet.data) for packet in packets]


def probe(path: Path, *more: str) -> dict[str, Any]:
    """What ffprobe says of a file; it must not complain of more than the track of chapters."""
    wanted = ("-show_format", "-show_streams", "-show_chapters", *more)
    command = ["ffprobe", "-loglevel", "warning", *wanted, "-of", "json", str(path)]
    ran = subprocess.run(command, capture_output=True, check=True, text=True)
    complaints = [line for line in ran.stderr.splitlines() if "Unsupported codec" not in line]
    assert not complaints, complaints
    told: dict[str, Any] = json.loads(ran.stdout)
    return told
