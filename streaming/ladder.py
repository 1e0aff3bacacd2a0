"""The ladder as media sees it: who encodes, how much there is room for, and what is under way.

Encoding is native code under load: it has a process of its own, which may be absent, full or
killed.
"""

import itertools
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from streaming.errors import LinkLost, StreamingError
from streaming.link import (
    Encode,
    Encoded,
    EncodeEnd,
    EncodeFailed,
    EncodeFrame,
    EncodeKey,
    Link,
    Room,
)
from streaming.packet import Packet

logger = logging.getLogger(__name__)

COMING = 15.0  # seconds for which a ladder that is away is waited for
STALLED = 6.0  # seconds without an answer, to as many frames as below, that it must not take
UNANSWERED = 50
RECOVERY = 5.0  # seconds that the others need to catch up when a job was ended for them


class NoRoom(StreamingError):
    """The ladder has as many jobs as it can do, or is not there."""


@dataclass(frozen=True)
class Failure:
    """Why a job ended by itself; `sentence` is for the crew, in French."""

    # "displaced": by a job that is worth more; "crowded": slow, because of one that was worth less
    why: Literal["gone", "slow", "unreadable", "displaced", "crowded"]
    sentence: str = ""


class Job:
    """One stream that the ladder encodes, from `Ladder.begin` until `end` or `on_failed`."""

    def __init__(
        self,
        ladder: "Ladder",
        number: int,
        spare: int,
        on_packet: Callable[[Packet], None],
        on_failed: Callable[[Failure], None],
    ) -> None:
        self.number = number
        self.spare = spare
        self.on_packet = on_packet
        self.on_failed = on_failed
        self.given = self.got = 0  # frames
        self._ladder = ladder

    def put(self, packet: Packet) -> None:
        """Give it a frame, in decoding order; the first one is a keyframe."""
        self._ladder._send(self, EncodeFrame(self.number, packet))

    def want_key(self) -> None:
        """Let its next frame be a keyframe."""
        self._ladder._want_key(self)

    def end(self) -> None:
        """Nobody wants what it makes any more: nothing more comes of it."""
        self._ladder._end(self)


class Ladder:
    """The ladder's jobs. One that is `expected` may be away for a moment; else there is none."""

    def __init__(
        self, expected: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.monotonic = monotonic
        self._expected = expected
        self._away_since = monotonic()
        self._peer: Link | None = None
        self._most = 0
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._unanswered = 0  # frames that it was given since it last gave one
        self._asked_at = 0.0
        self._shed_at = -math.inf

    def expect(self) -> None:
        """There ought to be a ladder soon."""
        self._expected, self._away_since = True, self.monotonic()

    @property
    def coming(self) -> bool:
        """Whether it is away, but ought to be there soon."""
        away = self.monotonic() - self._away_since
        return self._peer is None and self._expected and away < COMING

    @property
    def room(self) -> int:
        """How many jobs it could begin now."""
        return max(0, self._most - len(self._jobs))

    @property
    def backlog(self) -> int:
        """Frames that the jobs under way were given and have not given back, yet or for good."""
        return sum(job.given - job.got for job in self._jobs.values())

    def begin(
        self,
        name: str,
        codec: str,
        *,
        height: int,
        frame_rate: float,
        on_packet: Callable[[Packet], None],
        on_failed: Callable[[Failure], None],
        spare: int = 0,
        rendition: bool = False,
    ) -> Job:
        """Begin a job. Raises NoRoom.

        `spare` is how well we can do without it: one that finds no room takes that of the most
        spare, if that is more so. For a `rendition` see `Encode`.
        """
        if not self.room and (other := self._most_spare(than=spare)) is not None:
            self._displace(other, Failure("displaced"))
        if not self.room or self._peer is None:
            raise NoRoom("the ladder has no room")
        number = next(self._numbers)
        job = self._jobs[number] = Job(self, number, spare, on_packet, on_failed)
        self._peer.send(Encode(number, name, codec, height, frame_rate, rendition))
        logger.info("ladder: job %d begins: %s, %s, %d lines", number, name, codec, height)
        return job

    async def serve(self, peer: Link) -> None:
        """Let `peer` be the ladder, until it goes away. A newer one takes the place of an older."""
        self._lose("another ladder has come")
        self._peer = peer
        try:
            async for message in peer.receive():
                self._take(peer, message)
        finally:
            if self._peer is peer:
                self._lose("it went away")

    def _take(self, peer: Link, message: object) -> None:
        if self._peer is not peer:
            return
        match message:
            case Room(jobs):
                self._most = jobs
                logger.info("ladder: there is one, with room for %d jobs", jobs)
            case Encoded(number, packet):
                self._unanswered = 0
                if (job := self._jobs.get(number)) is not None:  # else it ended meanwhile
                    job.got += 1
                    job.on_packet(packet)
            case EncodeFailed(number, reason, slow):
                self._unanswered = 0
                if (job := self._jobs.pop(number, None)) is None:
                    return
                logger.warning("ladder: job %d failed: %s", number, reason)
                if slow and self._shed(job, Failure("slow", reason)):
                    job.on_failed(Failure("crowded", reason))
                else:
                    job.on_failed(Failure("slow" if slow else "unreadable", reason))
            case _:
                raise LinkLost(f"a {type(message).__name__} is not for who serves the ladder")

    def _shed(self, slow: Job, failure: Failure) -> bool:
        """End the most spare job so that a slow one may follow; say whether there is less to do.

        They are slow together: who fails just after that begins again, with what there is now.
        """
        now = self.monotonic()
        if now - self._shed_at < RECOVERY:
            return True
        other = self._most_spare(than=slow.spare)
        if other is None:
            return False
        self._shed_at = now
        self._displace(other, failure)
        return True

    def _most_spare(self, than: int) -> Job | None:
        """The job that we can best do without, if that is more so than `than`."""
        job = max(self._jobs.values(), key=lambda each: each.spare, default=None)
        return job if job is not None and job.spare > than else None

    def _displace(self, job: Job, failure: Failure) -> None:
        job.end()
        job.on_failed(failure)

    def _lose(self, why: str) -> None:
        if self._peer is None:
            return
        logger.warning("ladder: %s, %d jobs end", why, len(self._jobs))
        jobs, self._jobs = self._jobs, {}
        self._peer, self._most, self._away_since = None, 0, self.monotonic()
        self._unanswered = 0
        for job in jobs.values():
            job.on_failed(Failure("gone"))

    def _send(self, job: Job, message: EncodeFrame) -> None:
        peer = self._peer
        if peer is None or self._jobs.get(job.number) is not job:
            return
        now = self.monotonic()
        if not self._unanswered:
            self._asked_at = now
        self._unanswered += 1
        if self._unanswered > UNANSWERED and now - self._asked_at > STALLED:
            self._lose("it does not answer")  # stopped, say: it may come back by another link
            peer.close()
        else:
            job.given += 1
            peer.send(message)

    def _want_key(self, job: Job) -> None:
        if self._peer is not None and self._jobs.get(job.number) is job:
            self._peer.send(EncodeKey(job.number))

    def _end(self, job: Job) -> None:
        if self._jobs.get(job.number) is job:
            del self._jobs[job.number]
            if self._peer is not None:
                self._peer.send(EncodeEnd(job.number))
