"""A channel's other qualities, made by a real ladder, or one that says that it cannot follow."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streaming import link
from streaming.hls.cutter import PART_TARGET
from streaming.hls.packager import Packager
from streaming.hls.window import SegmentOpened, WindowEvent
from streaming.hls.writer import Writer
from streaming.ladder import RECOVERY
from streaming.link import Encode, EncodeFailed, Follow, Room
from streaming.renditions import LONGEST_SLATE, NO_ROOM, SLOW, Renditions
from streaming.rung import REST
from tests.streaming.hls.film import Film, film
from tests.streaming.hls.streams import Stream
from tests.streaming.ladders import AwaitedLadder, Script, listening, working

KEPT = 8  # frames that the decoders of two jobs may keep back, when there are B-frames
SIZE = {"width": 640, "height": 480}


class Scene:
    """A channel with a ladder; its film passes as fast as that follows."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self.time = 0.0  # for the ladder: the test moves it
        self.slate = 0.0  # seconds for which it has been on air
        self.path = path
        self.ladder = AwaitedLadder(expected=True, monotonic=lambda: self.time)
        self.source = Stream()
        self.streams = {name: Stream() for name in names}
        self.renditions = Renditions(
            names, "plateau", self.ladder, self._make_writer, 0.0, lambda: self.slate
        )
        self._packager = Packager(
            origin=0.0,
            epoch=7,
            next_msn=itertools.count(101).__next__,
            next_discontinuity=itertools.count(1).__next__,
            emit=self.source.events.append,
            renditions=self.renditions.pictures,
        )

    async def play(self, given: Film, kept: int = 2) -> None:
        """Let a film pass; the ladder may have so many of its frames at a time."""
        for kind, packet in given.interleaved():
            if kind == "video":
                self.renditions.put(packet)
                self._packager.video(packet)
                await self.ladder.until(lambda: self.ladder.backlog <= kept)
            else:
                self._packager.sound(packet)

    async def key(self, script: Script) -> list[int]:
        """Send a keyframe; return of how many lines the jobs are that begin with it."""
        running = self.ladder.running
        self.renditions.put(film(0.1, **SIZE).video[0])
        begun = []
        for _ in range(len(self.ladder.running - running)):
            while not isinstance(message := await script.hear(), Encode):
                pass
            assert message.rendition
            begun.append(message.height)
        return begun

    def _make_writer(self, name: str) -> Writer:
        return Writer(self.streams[name].events.append, 0.0, 0.5 * PART_TARGET)


@asynccontextmanager
async def scene(tmp_path: Path, *names: str) -> AsyncIterator[Scene]:
    made = Scene(tmp_path / "media.sock", list(names))
    async with listening(made.ladder, made.path):
        yield made


@asynccontextmanager
async def scripted(tmp_path: Path, *names: str) -> AsyncIterator[tuple[Scene, Script]]:
    """With a ladder that has room for two jobs, and does what the test says."""
    async with scene(tmp_path, *names) as on, link.connected(on.path) as peer:
        peer.send(Follow("jobs"))
        peer.send(Room(2))
        await on.ladder.until(lambda: on.ladder.room == 2)
        yield on, Script(peer)


def opened(events: list[WindowEvent]) -> list[int]:
    return [event.msn for event in events if isinstance(event, SegmentOpened)]


async def test_the_ladder_makes_what_is_less_than_the_source(tmp_path: Path) -> None:
    given = film(7.0, b_frames=2, **SIZE)
    async with scene(tmp_path, "720p", "360p", "240p") as on:
        async with working(on.ladder, on.path, 3):
            await on.play(given, KEPT)
            states = on.renditions.states()
        assert [(state.name, state.on, state.reason) for state in states] == [
            ("360p", True, ""),
            ("240p", True, ""),
        ]
        assert not on.streams["720p"].events
        for name in ("360p", "240p"):
            stream = on.streams[name]
            assert len(stream.closed) >= 2
            assert stream.outline() == on.source.outline()[: len(stream.opened)]
            assert not stream.gaps
            (init,) = stream.inits.values()
            assert init.height == int(name.removesuffix("p"))
            for closed in stream.closed:
                assert stream.times(closed.msn, "video") == on.source.times(closed.msn, "video")


async def test_a_ladder_that_is_killed_leaves_a_gap_in_what_it_made_alone(tmp_path: Path) -> None:
    given = film(13.0, **SIZE)
    async with scene(tmp_path, "360p") as on:
        stream = on.streams["360p"]
        async with working(on.ladder, on.path, 1):
            await on.play(given.between(0.0, 5.2))
        await on.ladder.until(lambda: on.ladder.room == 0)
        await on.play(given.between(5.2, 6.5))
        assert not on.renditions.states()[0].on
        assert not on.renditions.states()[0].reason  # it will be back soon
        async with working(on.ladder, on.path, 1):
            await on.play(given.between(6.5, 13.0))
        assert not on.source.gaps
        assert opened(stream.events) == opened(on.source.events)[: len(stream.opened)]
        assert stream.lengths().items() <= on.source.lengths().items()
        whole = [msn for msn in stream.lengths() if len(stream.parts(msn)) == 4]
        assert whole == [101, 102, 105, 106]
        assert stream.gaps == [104]


async def test_the_lowest_is_kept_longest_and_returns_first(tmp_path: Path) -> None:
    async with scripted(tmp_path, "360p", "240p") as (on, script):
        assert await on.key(script) == [240, 360]
        assert await on.key(script) == []
        # They are slow together: who says so first is not who has to go.
        script.say(EncodeFailed(1, "Trop lent.", slow=True))
        await on.ladder.until(lambda: not on.ladder.running)
        assert [SLOW in state.reason for state in on.renditions.states()] == [True, False]
        assert on.renditions.failures() == [on.renditions.states()[0].reason]
        assert await on.key(script) == [240]
        script.say(EncodeFailed(3, "Trop lent.", slow=True))
        await on.ladder.until(lambda: not on.ladder.running)
        on.time += RECOVERY
        assert await on.key(script) == [240]
        script.say(EncodeFailed(4, "Trop lent.", slow=True))
        await on.ladder.until(lambda: not on.ladder.running)
        assert len(on.renditions.failures()) == 2
        on.time += REST - RECOVERY  # the taller one has rested long enough
        assert await on.key(script) == []
        on.time += RECOVERY
        assert await on.key(script) == [240, 360]


async def test_renditions_give_way_to_what_is_needed_the_tallest_first(tmp_path: Path) -> None:
    async with scripted(tmp_path, "360p", "240p") as (on, script):
        assert await on.key(script) == [240, 360]

        def need(spare: int) -> None:
            on.ladder.begin(
                "what is needed",
                "hevc",
                height=1080,
                frame_rate=30.0,
                on_packet=lambda packet: None,
                on_failed=lambda failure: None,
                spare=spare,
            )

        need(1)
        need(0)
        await on.key(script)
        assert [NO_ROOM in state.reason for state in on.renditions.states()] == [True, True]
        assert on.renditions.failures() == []


async def test_a_rest_is_longer_each_time_and_not_for_ever(tmp_path: Path) -> None:
    async with scripted(tmp_path, "240p") as (on, script):
        rests = []
        for job in range(1, 7):
            while not await on.key(script):
                on.time += REST
            rests.append(on.time)
            script.say(EncodeFailed(job, "Trop lent.", slow=True))
            await on.ladder.until(lambda: not on.ladder.running)
        steps = [after - before for before, after in itertools.pairwise(rests)]
        assert steps == [30, 60, 120, 240, 480]


async def test_the_slate_is_encoded_for_a_while_and_nothing_begins_with_it(tmp_path: Path) -> None:
    async with scripted(tmp_path, "360p", "240p") as (on, script):
        on.slate = 1.0
        assert await on.key(script) == []
        on.slate = 0.0
        assert await on.key(script) == [240, 360]
        on.slate = LONGEST_SLATE
        script.say(EncodeFailed(2, "Illisible."))
        await on.ladder.until(lambda: len(on.ladder.running) == 1)
        assert await on.key(script) == []
        assert len(on.ladder.running) == 1
        on.slate += 1.0
        await on.key(script)
        assert not on.ladder.running
        assert [(state.on, state.reason) for state in on.renditions.states()] == [(False, "")] * 2
        on.slate = 0.0
        assert await on.key(script) == [240, 360]
