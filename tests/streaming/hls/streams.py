"""A channel's source, its sound alone and a smaller picture, as they are announced together."""

import io
import itertools
from collections import deque
from dataclasses import dataclass
from functools import cache

import av

from streaming.hls.audio import Audio
from streaming.hls.cutter import PART_TARGET
from streaming.hls.packager import Packager
from streaming.hls.picture import Picture
from streaming.hls.window import InitAdded, PartAdded, SegmentClosed, SegmentOpened, WindowEvent
from streaming.hls.writer import Writer
from streaming.packet import Packet
from streaming.transcoding.transcoder import Transcoder
from tests.streaming.hls.film import Film

LINES = 90


class Stream:
    """What was announced of one rendition."""

    def __init__(self) -> None:
        self.events: list[WindowEvent] = []

    @property
    def inits(self) -> dict[str, InitAdded]:
        return {event.name: event for event in self.events if isinstance(event, InitAdded)}

    @property
    def opened(self) -> list[SegmentOpened]:
        return [event for event in self.events if isinstance(event, SegmentOpened)]

    @property
    def closed(self) -> list[SegmentClosed]:
        return [event for event in self.events if isinstance(event, SegmentClosed)]

    def parts(self, msn: int) -> list[PartAdded]:
        parts = (event for event in self.events if isinstance(event, PartAdded))
        return [part for part in parts if part.msn == msn]

    @property
    def gaps(self) -> list[int]:
        """The numbers of the segments that were closed without anything in them."""
        return [closed.msn for closed in self.closed if not self.parts(closed.msn)]

    def outline(self) -> list[tuple[int, str, float, int]]:
        """The segments: number, name, beginning in ms, discontinuity."""
        return [(it.msn, it.name, round(it.start, 3), it.discontinuity) for it in self.opened]

    def lengths(self) -> dict[int, float]:
        return {closed.msn: round(closed.duration, 6) for closed in self.closed}

    def times(self, msn: int, kind: str) -> list[float]:
        """When what can be decoded of a segment is shown or heard, as players place it."""
        return [time for time, _ in self.decoded(msn, kind)]

    def decoded(self, msn: int, kind: str) -> list[tuple[float, int]]:
        """(time, height) of each picture of a segment; (time, 0) of each block of sound."""
        opened = next(event for event in self.opened if event.msn == msn)
        data = self.inits[opened.init].data + b"".join(part.data for part in self.parts(msn))
        with av.open(io.BytesIO(data), "r") as file:
            decoded = file.decode(video=0) if kind == "video" else file.decode(audio=0)
            return [
                (frame.time or 0.0, frame.height if isinstance(frame, av.VideoFrame) else 0)
                for frame in decoded
            ]


class Channel:
    """Packages a film and, `late` seconds of it later, what an encoder makes of its picture."""

    def __init__(self, late: float = 0.2) -> None:
        self.source, self.audio, self.small = Stream(), Stream(), Stream()
        self.encoding = True
        self._late = late
        self._made: deque[Packet] = deque()
        self.picture = Picture(_writer(self.small), 0.0, lambda: self.encoding)
        self._packager = Packager(
            origin=0.0,
            epoch=7,
            next_msn=itertools.count(101).__next__,
            next_discontinuity=itertools.count(1).__next__,
            emit=self.source.events.append,
            renditions=[Audio(_writer(self.audio)), self.picture],
        )

    @property
    def streams(self) -> tuple[Stream, Stream, Stream]:
        return self.source, self.audio, self.small

    def play(self, film: Film, encoded: tuple[Packet, ...] = ()) -> "Channel":
        """Let a film pass; the encoder gives `encoded`."""
        self._made += encoded
        for kind, packet in film.interleaved():
            (self._packager.video if kind == "video" else self._packager.sound)(packet)
            self.give(packet.dts - self._late)
        self.give(float("inf"))
        return self

    def give(self, until: float) -> None:
        """Let the encoder give what it has made of what is shown until then."""
        while self._made and self._made[0].pts <= until:
            self.picture.add(self._made.popleft())

    def give_up(self) -> None:
        """Let the encoder be gone."""
        self.encoding = False
        self.picture.advance()


@dataclass(frozen=True)
class Made:
    """What an encoder made of a film."""

    film: Film
    frames: tuple[Packet, ...]

    def moved(self, seconds: float) -> "Made":
        whole = Film(self.frames, ()).moved(seconds)
        return Made(self.film.moved(seconds), whole.video)


@cache
def made(film: Film, frame_rate: float = 30.0, lines: int = LINES) -> Made:
    """Have a film encoded again, by the ladder's own transcoder."""
    transcoder = Transcoder("h264", lines, frame_rate, aligned=True)
    frames = [frame for packet in film.video for frame in transcoder.put(packet)]
    return Made(film, tuple(frames))


def _writer(stream: Stream) -> Writer:
    return Writer(stream.events.append, 0.0, 0.5 * PART_TARGET)
