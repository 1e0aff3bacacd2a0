"""A real ladder over a real link, and studios whose frames go through the one door."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

from anyio.lowlevel import checkpoint

from streaming import link
from streaming.continuity import Channel
from streaming.h264 import make_config, parameter_sets
from streaming.ingest import Source
from streaming.ingest.intake import Intake
from streaming.ladder import Ladder
from streaming.link import AnyMessage, Follow, Link
from streaming.packet import Packet
from streaming.ring import Ring
from streaming.slate import Slate
from streaming.transcoding.jobs import serve
from tests.streaming import numbers
from tests.streaming.numbers import Coded

START = 1_790_000_000.0
TICK = 0.02
KEPT = 5  # frames that decoders may keep back
MICROSECONDS = 1_000_000


class AwaitedLadder(Ladder):
    """One that tests can wait for."""

    def __init__(
        self, expected: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(expected, monotonic)
        self._moved = asyncio.Event()

    @property
    def running(self) -> frozenset[int]:
        """The numbers of the jobs under way."""
        return frozenset(self._jobs)

    async def until(self, fact: Callable[[], bool]) -> None:
        """Wait until `fact()` is true; it is looked at whenever something comes from the ladder."""
        async with asyncio.timeout(20):
            while not fact():
                self._moved.clear()
                await self._moved.wait()

    def _take(self, peer: Link, message: object) -> None:
        super()._take(peer, message)
        self._moved.set()

    def _lose(self, why: str) -> None:
        super()._lose(why)
        self._moved.set()


class Script:
    """A ladder that does what the test says, in a time that the test moves."""

    def __init__(self, peer: Link) -> None:
        self._peer = peer
        self._messages = peer.receive()

    def say(self, message: AnyMessage) -> None:
        self._peer.send(message)

    async def hear(self) -> AnyMessage:
        async with asyncio.timeout(10):
            return await anext(self._messages)

    async def ended(self) -> None:
        """Wait until media has parted from it."""
        async with asyncio.timeout(10):
            async for _ in self._messages:
                pass


@asynccontextmanager
async def listening(ladder: Ladder, path: Path) -> AsyncIterator[None]:
    """Let who connects at `path` be the ladder."""

    async def accept(peer: Link) -> None:
        assert await anext(peer.receive()) == Follow("jobs")
        await ladder.serve(peer)

    async with link.listening(path, accept):
        yield


@asynccontextmanager
async def working(ladder: AwaitedLadder, path: Path, room: int) -> AsyncIterator[None]:
    """Have `room` jobs done, until the end of the body: then it is gone all at once."""
    async with link.connected(path) as peer:
        task = asyncio.create_task(serve(peer, room, "libx264"))
        await ladder.until(lambda: ladder.room == room)
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class DoorStudio:
    """Sends a film through `Intake`, each frame when it is its time, again and again."""

    def __init__(self, source: Source, now: float, film: list[Coded], skip: int = 0) -> None:
        self._intake = Intake(source, MICROSECONDS)
        self._film = film
        self._began = now
        self._next = skip
        self._length = round(len(film) / 25 * MICROSECONDS)
        self._config: bytes | None = None

    def send(self, now: float) -> None:
        """Hand over all that is due."""
        while True:
            lap, at = divmod(self._next, len(self._film))
            frame = self._film[at]
            dts = lap * self._length + frame.dts
            if self._began + dts / MICROSECONDS > now:
                return
            if frame.config != self._config:
                self._intake.configure_picture(frame.codec, frame.config)
                self._config = frame.config
            self._intake.picture(frame.codec, frame.data, dts, frame.delay)
            self._next += 1


class Scene:
    """A channel with a ladder, in a time that the test moves as fast as the ladder follows."""

    def __init__(self, ladder: AwaitedLadder, slate: Slate) -> None:
        self.time = START
        self.kept = KEPT
        self.ladder = ladder
        self.channel = Channel("plateau", lambda: self.time, slate=slate, ladder=ladder)
        self.shown: list[Packet] = []
        self.straight: list[Packet] = []  # what WebRTC viewers see
        self.studios: list[DoorStudio] = []
        self._sent: list[bytes] = []  # configurations of H.264

    def publish(self, film: list[Coded], slot: str = "primary", skip: int = 0) -> Source:
        """Send a film, without its first frames."""
        if film[0].codec == "h264":
            self._sent.append(make_config(*parameter_sets(film[0].config)))
        source = self.channel.take(slot, "test")
        self.studios.append(DoorStudio(source, self.time, film, skip))
        return source

    async def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.time + seconds
        while self.time < end:
            self.time += TICK
            for studio in self.studios:
                studio.send(self.time)
            self.channel.advance()
            await checkpoint()
            await self.ladder.until(lambda: self.ladder.backlog <= self.kept)

    def kind(self, packet: Packet) -> str:
        """Whether a frame is the slate's, a studio's as it came, or the ladder's."""
        loops = (self.channel.slate.loop(), self.channel.slate.loop(*numbers.SIZE))
        if any(loop is not None and packet.config == loop.config for loop in loops):
            return "slate"
        return "untouched" if packet.config in self._sent else "encoded"

    def kinds(self, packets: list[Packet]) -> list[str]:
        """What has been shown, in order."""
        kinds: list[str] = []
        for packet in packets:
            kind = self.kind(packet)
            if kinds[-1:] != [kind]:
                kinds.append(kind)
        return kinds

    def assert_whole(self, packets: list[Packet], longest: float = 0.05) -> None:
        """No hole, no step back, each change at a keyframe, all of it decodable."""
        steps = [after.dts - before.dts for before, after in pairwise(packets)]
        assert min(steps) > 0
        assert max(steps) <= longest
        for before, after in pairwise(packets):
            assert after.key or after.config == before.config
        assert len(numbers.shown(packets)) == len(packets)


@asynccontextmanager
async def scene(path: Path, room: int = 2) -> AsyncIterator[Scene]:
    """A channel whose ladder has room for so many jobs; 0: there is none."""
    slate = Slate("La Fabrique")
    await slate.prepare(320, 180)
    ladder = AwaitedLadder(expected=room > 0)
    made = Scene(ladder, slate)
    feed = made.channel.feed

    async def follow(ring: Ring[Packet], into: list[Packet]) -> None:
        async for packet in ring.follow(live=True):
            into.append(packet)  # noqa: PERF401 -- each one as it comes

    async with listening(ladder, path):
        tasks = [
            asyncio.create_task(follow(feed.video, made.shown)),
            asyncio.create_task(follow(feed.webrtc, made.straight)),
        ]
        await checkpoint()
        try:
            if room:
                async with working(ladder, path, room):
                    yield made
            else:
                yield made
        finally:
            feed.close()
            await asyncio.gather(*tasks)
