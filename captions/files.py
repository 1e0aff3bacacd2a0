"""A whole file through the live loop, as if it were on air."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from captions.hearing import sound
from captions.hearing.live import Captioner, Heard
from captions.hearing.pace import HOPELESS, Pace
from captions.hearing.sound import SAMPLE_RATE, Sound

PIECE = 0.1  # seconds of sound handed over at a time


@dataclass(frozen=True)
class Shown:
    """What a step found, and when it could be shown, in seconds of the file."""

    heard: Heard
    at: float


def seconds(path: Path) -> float:
    """How long a media file is, 0.0 when it does not say or can be read once only."""
    if not path.is_file():
        return 0.0
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            return (container.duration or 0) / av.time_base
    except FFmpegError:
        return 0.0


def caption(
    path: Path,
    captioner: Captioner,
    *,
    realtime: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    cost: Callable[[], float] = time.process_time,
    monotonic: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Shown]:
    """Yield what the live loop finds in a file. Raises SoundUnreadable.

    In real time, sound comes at the pace of the clock and what is late is skipped. Otherwise the
    clock stands still while nothing is computed: a step costs the processor time it took, and the
    sound that would have come meanwhile is there for the next one. Once `stopped`, the rest of the
    file is left, and what was heard settles.
    """
    pace = Pace()
    began = monotonic()
    clock = 0.0  # seconds of the file that have been on air
    for piece in _pieces(path):
        if stopped():
            break
        captioner.feed(piece)
        if realtime:
            if (early := piece.end - (monotonic() - began)) > 0:
                wait(early)
            clock = monotonic() - began
            if clock - piece.end > HOPELESS:
                captioner.drop()
        if piece.end < clock - PIECE:
            continue  # it came during the last step
        effort = pace.effort
        if captioner.due(effort):
            clock = max(clock, piece.end)
            before, started = cost(), monotonic()
            heard = captioner.step(effort)
            spent = monotonic() - started if realtime else cost() - before
            pace.observe(spent)
            clock += spent
            yield Shown(heard, clock)
    captioner.finish()
    before, started = cost(), monotonic()
    while captioner.due(pace.effort):
        heard = captioner.step(pace.effort)
        spent = monotonic() - started if realtime else cost() - before
        yield Shown(heard, clock + spent)


def _pieces(path: Path) -> Iterator[Sound]:
    """The file's sound in short pieces, whatever its frames' length."""
    size = int(PIECE * SAMPLE_RATE)
    for whole in sound.read(path):
        for first in range(0, len(whole.samples), size):
            start = whole.start + first / SAMPLE_RATE
            yield Sound(whole.samples[first : first + size], start)
