"""Where one file of a slot ends and the next begins. No I/O: what is to be written is given out."""

import logging
from typing import NamedTuple

from streaming.keep.matroska import Matroska
from streaming.keep.tracks import PICTURES, SOUNDS, describe, framing
from streaming.packet import Packet

logger = logging.getLogger(__name__)

WITHOUT_SOUND = 1.5  # seconds after which pictures are kept without any
WITHOUT_PICTURE = 10.0  # seconds after which sound is: a keyframe may be that far
MOST = 32 * 1024 * 1024  # bytes that wait for the tracks to be known


class Run:
    """One file: tracks that stay as they are from its first frame to its last."""

    def __init__(self, frames: list[tuple[str, Packet]]) -> None:
        self.start = min(packet.dts for _, packet in frames)
        self.begun = self.ended = False  # whether its head, and its end, have been given out
        self._numbers: dict[tuple[str, bytes], int] = {}  # of a codec and its configuration
        self._framings = {}
        tracks = []
        for codec, packet in frames:
            known = {each in PICTURES for each, _ in self._numbers}
            if (codec in PICTURES) in known or (track := describe(codec, packet)) is None:
                continue
            tracks.append(track)
            self._numbers[codec, packet.config] = len(tracks)
            self._framings[codec] = framing(codec, packet.config)
        self.matroska = Matroska(tracks, self.start)
        for codec, packet in frames:
            self.put(codec, packet)

    def fits(self, codec: str, packet: Packet) -> bool:
        return (codec, packet.config) in self._numbers

    def put(self, codec: str, packet: Packet) -> None:
        """Add a frame, if it is of the run's tracks."""
        if (number := self._numbers.get((codec, packet.config))) is not None:
            data = self._framings[codec](packet.data)
            self.matroska.put(number, data, packet.pts, packet.key)


class Due(NamedTuple):
    """Bytes to append to a run's file; `over` (place, bytes) is written over it at its end."""

    run: Run
    data: bytes
    over: list[tuple[int, bytes]]
    last: bool


class Runs:
    """Cuts what one slot receives into runs.

    A new one begins with each publisher, with each change of a codec or its configuration, and when
    a track comes that was not there. It begins at a keyframe: what comes of the old tracks until
    then is still the old run's.
    """

    def __init__(self) -> None:
        self._run: Run | None = None
        self._ended: list[Run] = []
        self._next: list[tuple[str, Packet]] = []  # of a run whose tracks are not all known yet
        self._left_out: set[str] = set()

    def take(self, codec: str, packet: Packet) -> None:
        """Take a frame that the slot has received."""
        if codec not in PICTURES and codec not in SOUNDS:
            self._leave_out(codec)
            return
        if self._is_of_the_old(codec, packet):
            if self._run is not None:
                self._run.put(codec, packet)
            return
        self._next.append((codec, packet))
        if self._is_known():
            self._begin()

    def leave(self) -> None:
        """The publisher is gone: nothing more comes to its files."""
        if self._next:
            self._begin()
        self._end()

    def due(self) -> list[Due]:
        """What is to be written now, in order."""
        due = []
        for run in [*self._ended, *([self._run] if self._run else [])]:
            data = b"" if run.begun else run.matroska.head()
            run.begun = True
            if run.ended:
                rest, over = run.matroska.end()
                due.append(Due(run, data + rest, over, True))
            elif data := data + run.matroska.take():
                due.append(Due(run, data, [], False))
        self._ended.clear()
        return due

    @property
    def size(self) -> int:
        """Bytes that wait to be written."""
        return sum(run.matroska.size for run in (*self._ended, self._run) if run)

    def _is_of_the_old(self, codec: str, packet: Packet) -> bool:
        fits = self._run is not None and self._run.fits(codec, packet)
        begins = next((packet.dts for codec, packet in self._next if codec in PICTURES), None)
        if codec in PICTURES and begins is None and not packet.key:
            return True  # or nobody's, when there is no old one
        if not self._next:
            return fits
        return codec in SOUNDS and fits and begins is not None and packet.pts < begins

    def _is_known(self) -> bool:
        """Whether the tracks of the next run are."""
        pictures = sum(codec in PICTURES for codec, _ in self._next)
        if 0 < pictures < len(self._next) or sum(len(each.data) for _, each in self._next) > MOST:
            return True
        span = self._next[-1][1].dts - self._next[0][1].dts
        return abs(span) > (WITHOUT_SOUND if pictures else WITHOUT_PICTURE)

    def _begin(self) -> None:
        self._end()
        frames, self._next = self._next, []
        self._run = Run(frames)

    def _end(self) -> None:
        if self._run is not None:
            self._run.ended = True
            self._ended.append(self._run)
            self._run = None

    def _leave_out(self, codec: str) -> None:
        if codec not in self._left_out and len(self._left_out) < 16:
            self._left_out.add(codec)
            logger.warning("keep: %s has no place in Matroska, it is left out", codec)
