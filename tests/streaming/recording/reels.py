"""What a packager announces, made up: bytes that nobody plays, times that add up."""

from collections.abc import Iterator
from pathlib import Path

from streaming.hls.window import (
    InitAdded,
    PartAdded,
    Segment,
    SegmentClosed,
    SegmentOpened,
    Window,
    WindowEvent,
)
from streaming.recording.disk import Disk

START = 1_795_600_000.0  # 2026-11-25, 09:46:40 UTC
LENGTH = 2.0  # seconds
INIT = InitAdded("abcdef0123456789", b"init", "avc1.42c01f,mp4a.40.2", 1280, 720, START, 1.0)


def events(first: int, count: int, epoch: int = 7, later: float = 0.0) -> Iterator[WindowEvent]:
    """`count` closed segments from number `first` on, each of two parts, and the next one open."""
    yield INIT
    for msn in range(first, first + count):
        yield opened(msn, epoch, later)
        yield PartAdded(msn, 0, LENGTH / 2, True, b"%d first " % msn)
        yield PartAdded(msn, 1, LENGTH / 2, False, b"%d second" % msn)
        yield SegmentClosed(msn, LENGTH)
    yield opened(first + count, epoch, later)


def opened(msn: int, epoch: int = 7, later: float = 0.0) -> SegmentOpened:
    return SegmentOpened(msn, f"{epoch}-{msn}", START + later + LENGTH * msn, INIT.name, 1)


def window(first: int, count: int, epoch: int = 7, later: float = 0.0) -> Window:
    made = Window()
    for event in events(first, count, epoch, later):
        made.apply(event)
    return made


def closed(first: int, count: int, epoch: int = 7, later: float = 0.0) -> list[Segment]:
    segments: list[Segment] = []
    for event in events(first, count, epoch, later):
        match event:
            case SegmentOpened():
                segments.append(Segment(event))
            case PartAdded():
                segments[-1].parts.append(event)
            case SegmentClosed(_, duration):
                segments[-1].duration = duration
    return segments[:-1]


def record(folder: Path, segments: list[Segment]) -> Disk:
    """Record all of them; the disk is left as a kill would leave it."""
    disk = Disk(folder, 0)
    for segment in segments:
        disk.write(segment, INIT)
    return disk
