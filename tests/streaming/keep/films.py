"""What slots receive, in the codecs of the world, and what is read of the files kept of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import av

from streaming.keep.disk import Disk
from streaming.keep.runs import Runs
from streaming.packet import Packet
from tests.streaming.ingest.films import make_film

START = 1_795_624_803.25  # 2026-11-25 16:40:03 UTC

Frame = tuple[str, Packet]


def received(film: Path, start: float = START) -> list[Frame]:
    """A film's frames as media tells them, in order."""
    frames = []
    with av.open(str(film)) as container:
        streams = [each for each in container.streams if each.type in ("video", "audio")]
        packet: Any
        begin = min(float((each.start_time or 0) * (each.time_base or 0)) for each in streams)
        for packet in container.demux(streams):
            if packet.size == 0:
                continue
            context = packet.stream.codec_context
            codec = context.codec.canonical_name
            config = b"" if codec == "opus" else bytes(context.extradata or b"")
            if codec.startswith("pcm"):
                config = context.sample_rate.to_bytes(4, "big") + bytes((context.channels,))
            dts = packet.dts if packet.dts is not None else packet.pts
            times = [start - begin + float(at * packet.time_base) for at in (dts, packet.pts)]
            key = packet.is_keyframe or packet.stream.type == "audio"
            frames.append((codec, Packet(bytes(packet), times[0], times[1], key, config)))
    return sorted(frames, key=lambda frame: frame[1].dts)


def film(folder: Path, name: str, seconds: float = 2.0, **how: Any) -> list[Frame]:
    return received(make_film(folder / name, seconds, **how))


def keep(folder: Path, frames: list[Frame], *, leave: bool = True) -> list[Path]:
    """Keep frames as a slot's, and write once a second; return the files, in order."""
    runs, disk, written = Runs(), Disk(folder, 0), frames[0][1].dts
    try:
        for codec, packet in frames:
            runs.take(codec, packet)
            if packet.dts - written > 1:
                written = packet.dts
                disk.write(runs.due())
        if leave:
            runs.leave()
        disk.write(runs.due())
    finally:
        disk.abandon()
    return sorted(folder.glob("*.mkv"))


def played(path: Path) -> list[tuple[str, bytes, float]]:
    """A file's frames in order: codec, data, and the time at which each is shown."""
    frames = []
    with av.open(str(path)) as container:
        packet: Any
        for packet in container.demux():
            if packet.size:
                codec = packet.stream.codec_context.codec.canonical_name
                frames.append((codec, bytes(packet), float(packet.pts * packet.time_base)))
    return frames


def decode(path: Path) -> dict[str, int]:
    """How many pictures and samples a file holds, by codec; fails on the first error."""
    counted: dict[str, int] = {}
    with av.open(str(path)) as container:
        for frame in container.decode(*container.streams):
            size = frame.samples if isinstance(frame, av.AudioFrame) else 1
            kind = "samples" if isinstance(frame, av.AudioFrame) else "pictures"
            counted[kind] = counted.get(kind, 0) + size
    return counted


async def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file; it must not complain."""
    process = await asyncio.create_subprocess_exec(
        *("ffprobe", "-loglevel", "warning", "-show_format", "-show_streams", "-of", "json"),
        str(path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    assert not complaints, complaints.decode()
    told = json.loads(said)
    assert isinstance(told, dict)
    return told
