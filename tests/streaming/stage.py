"""A channel, studios that publish to it, and a viewer, in a time that the test moves."""

import asyncio
import itertools
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import numpy as np
from anyio.lowlevel import checkpoint

from streaming.continuity import Channel
from streaming.failover import Choice, Rules
from streaming.packet import Packet
from streaming.ring import Ring
from streaming.slate import Slate
from streaming.source import Source
from tests.streaming import studios

START = 1_790_000_000.0
TICK = 0.02


class Studio:
    """Publishes a film again and again, each frame when it is its time.

    Its pictures' timestamps count from `picture_origin`, its sound's from `sound_origin`, by a
    clock that is wrong by `rate_error`; `picture` and `sound` are their rates and numbers of bits.
    A packet of sound arrives `sound_late` seconds after its time.
    """

    def __init__(
        self,
        source: Source,
        now: Callable[[], float],
        film: tuple[Packet, ...],
        sounds: tuple[Packet, ...] = (),
        *,
        origin: float = 0.0,
        rate_error: float = 0.0,
        picture: tuple[int, int] = (90_000, 32),
        sound: tuple[int, int] = (48_000, 32),
    ) -> None:
        self.source = source
        self.stalled = False
        self.blind = False  # its sound goes on without a picture
        self.picture_origin = self.sound_origin = origin
        self.sound_late = 0.03
        self._rate_error = rate_error
        self._picture, self._sound = picture, sound
        self._now = now
        self._began = now()
        self._pictures = self._endless(film)
        self._sounds = self._endless(sounds)
        self._next = next(self._pictures)
        self._next_sound = next(self._sounds, None)
        self._picture_track = source.timeline.track(*picture)
        self._sound_track = source.timeline.track(*sound)

    @property
    def gone(self) -> float:
        return (self._now() - self._began) * (1 + self._rate_error)

    def send(self) -> None:
        """Hand over all that is due."""
        if self.stalled:
            return
        while self._next.dts <= self.gone:
            packet = self._next
            raw = self._raw(packet.dts + self.picture_origin, *self._picture)
            delay = round((packet.pts - packet.dts) * self._picture[0])
            dts, pts = self._picture_track.place(raw, delay)
            if not self.blind:
                self.source.video(Packet(packet.data, dts, pts, packet.key, packet.config))
            self._next = next(self._pictures)
        while self._next_sound is not None and self._next_sound.dts + self.sound_late <= self.gone:
            packet = self._next_sound
            raw = self._raw(packet.pts + self.sound_origin, *self._sound)
            pts = self._sound_track.stamp(raw)
            self.source.sound(Packet(packet.data, pts, pts, True, packet.config), "aac")
            self._next_sound = next(self._sounds)

    def skip(self, seconds: float, *, to_a_key: bool = True) -> None:
        """Go on as if what was due in this time had been sent and lost."""
        end = self.gone + seconds
        while self._next.dts < end or (to_a_key and not self._next.key):
            self._next = next(self._pictures)
        while self._next_sound is not None and self._next_sound.dts < self._next.dts:
            self._next_sound = next(self._sounds)

    def pause(self, seconds: float) -> None:
        """Fall behind: everything is sent so much later from now on."""
        self._began += seconds

    @staticmethod
    def _raw(seconds: float, rate: int, bits: int) -> int:
        return round(seconds * rate) % (1 << bits)

    @staticmethod
    def _endless(packets: tuple[Packet, ...]) -> Iterator[Packet]:
        if not packets:
            return
        length = packets[-1].dts + packets[1].dts - 2 * packets[0].dts
        for lap in itertools.count():
            for packet in packets:
                yield studios.shift(packet, lap * length)


class Stage:
    def __init__(
        self, channel_: Callable[[Callable[[], float]], Channel], sound: bool = False
    ) -> None:
        self.time = START
        self._sound = sound
        self.channel = channel_(self.now)
        self.shown: list[Packet] = []
        self.heard: list[Packet] = []
        self.studios: list[Studio] = []
        self.history: list[tuple[float, str]] = []

    def now(self) -> float:
        return self.time

    def publish(
        self,
        slot: str = "primary",
        film: tuple[Packet, ...] | None = None,
        sounds: tuple[Packet, ...] = (),
        delay: float = 0.0,
        trim: float = 0.0,
        **clock: Any,
    ) -> Studio:
        source = self.channel.take(slot, "test", delay, trim)
        studio = Studio(source, self.now, film or studios.film(), sounds, **clock)
        self.studios.append(studio)
        return studio

    def end(self, studio: Studio) -> None:
        self.studios.remove(studio)
        studio.source.close("fini")

    async def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.time + seconds
        while self.time < end:
            self.time += TICK
            for studio in self.studios:
                studio.send()
            self.channel.advance()
            if not self.history or self.history[-1][1] != self.channel.on_air:
                self.history.append((self.time, self.channel.on_air))
            await checkpoint()
            if self._sound:
                await self.channel.desk.settled()  # time must not outrun the sound's thread

    def on_air(self) -> list[str]:
        """What has been on air, in order."""
        return [name for _, name in self.history]

    def kinds(self) -> list[str]:
        """Whether each frame shown is the slate's."""
        loop = self.channel.slate.loop()
        assert loop is not None
        return ["slate" if packet.config == loop.config else "studio" for packet in self.shown]

    def assert_whole(self, longest: float = 0.05) -> None:
        """The picture has no hole, never goes back, and can be decoded to the last frame."""
        dts = np.array([packet.dts for packet in self.shown])
        steps = np.diff(dts)
        assert steps.min(initial=1) > 0
        assert steps.max(initial=0) <= longest
        shown = sorted(packet.pts for packet in self.shown)
        assert np.diff(shown).min(initial=1) > 0
        assert all(packet.pts >= packet.dts for packet in self.shown)
        for before, after in itertools.pairwise(self.shown):
            assert after.key or after.config == before.config
        pictures = studios.decode_pictures(self.shown)
        assert len(pictures) == len(self.shown)
        assert np.diff(pictures).min(initial=1) > 0

    async def _follow(self, ring: Ring[Packet], into: list[Packet]) -> None:
        async for packet in ring.follow(live=True):
            into.append(packet)  # noqa: PERF401 -- each one as it comes


@asynccontextmanager
async def stage(
    resume_from: float = math.nan,
    *,
    sound: bool = False,
    rules: Rules = Rules(),  # noqa: B008 -- frozen
    chosen: Choice = "auto",
    on_change: Callable[[], None] | None = None,
) -> AsyncIterator[Stage]:
    """A stage whose slate is drawn already."""
    slate = Slate("La Fabrique")
    await slate.prepare(320, 180)

    def channel(now: Callable[[], float]) -> Channel:
        before = None if math.isnan(resume_from) else resume_from
        return Channel(
            "plateau",
            now,
            resume_from=before,
            slate=slate,
            rules=rules,
            chosen=chosen,
            on_change=on_change,
        )

    made = Stage(channel, sound)
    feed = made.channel.feed
    tasks = [
        asyncio.create_task(made._follow(feed.video, made.shown)),
        asyncio.create_task(made._follow(feed.aac, made.heard)),
    ]
    if sound:
        tasks.append(asyncio.create_task(made.channel.desk.run()))
    await checkpoint()
    try:
        yield made
    finally:
        made.channel.feed.close()
        for task in tasks[2:]:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await cast("asyncio.Task[None]", task)


async def heard_until(on: Stage, time: float) -> None:
    """Let time pass until sound up to `time` is out."""
    async with asyncio.timeout(20):
        while not on.heard or on.heard[-1].pts < time:
            await on.run(TICK)
