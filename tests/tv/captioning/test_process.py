"""The captions process: cues reach the journal and words the pages, through every loss."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from captions.cues import Cue, Word
from captions.wording.events import (
    CaptionsReleased,
    CaptionsTaken,
    CueWritten,
    RuleAdded,
    SpeakerNamed,
)
from streaming import link
from streaming.link import Follow, Link, Now, Sound
from streaming.packet import Packet
from tests.captions.hearing.test_worker import opus
from tests.captions.speech import clip, whisper
from tests.servers import StoreServer
from tests.tv.events import events_of
from tv import store
from tv.captioning import process as captioning
from tv.captioning.outbox import Outbox
from tv.captioning.partial import PARTIALS
from tv.captioning.process import Clock
from tv.captioning.quality import Board
from tv.events import Event
from tv.follower import Follower
from tv.journal import Journal, StoreUnavailable, opened
from tv.tasks import running

START = 1_790_000_000.0
MIDDLE = 150  # packets of 20 ms: three seconds into the first sentence


class Studio:
    """The media process's side of the link: it sends the clip's first sentence to who follows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._packets = opus(clip()[: 7 * 16_000])
        self.start = START
        self.followed = 0
        self.goes_on = asyncio.Event()  # past the middle of the sentence
        self.goes_on.set()

    async def serve(self, media: Link) -> None:
        asked = media.receive()
        assert await anext(asked) == Follow("states")  # for the time
        async for message in asked:
            assert message == Follow("sound", "plateau")
            self.followed += 1
            media.send(Now(self.start))
            for number, packet in enumerate(self._packets):
                if number == MIDDLE:
                    await self.goes_on.wait()
                time = self.start + number * 0.02
                media.send(Sound("plateau", Packet(packet, time, time, True)))
            self.start += 60.0
            media.send(Now(self.start))

    @asynccontextmanager
    async def on_air(self) -> AsyncIterator[None]:
        async with link.listening(self._path, self.serve):
            yield


class Heard(Clock):
    """The clock of a captions process, by which one knows what it has heard."""

    def __init__(self) -> None:
        super().__init__()
        self.sentence = asyncio.Event()

    def tell(self, now: float) -> None:
        super().tell(now)
        if now > START:
            self.sentence.set()


@asynccontextmanager
async def captioned(
    path: Path, redis: Redis, book: Journal, clock: Clock | None = None
) -> AsyncIterator[Follower]:
    """The captions process's work on one channel, while the body runs."""
    follower, clock = Follower(book), clock or Clock()
    board = Board(redis, "test")
    work = captioning.caption(path, redis, follower, whisper(), ["plateau"], clock, board)
    async with running(follower.run(), work):
        yield follower


async def cues(events: AsyncIterator[tuple[str, Event | None]], text: str) -> Cue:
    """The next cue in which `text` is said."""
    while True:
        _, event = await anext(events)
        if isinstance(event, CueWritten) and text in " ".join(event.cue.lines):
            return event.cue


async def test_cues_reach_the_journal_and_words_the_pages(tmp_path: Path, redis: Redis) -> None:
    studio = Studio(tmp_path / "media.sock")
    pages = redis.pubsub()
    await pages.subscribe(PARTIALS)
    async with asyncio.timeout(60), opened(redis, "test") as book, studio.on_air():
        studio.goes_on.clear()
        async with captioned(tmp_path / "media.sock", redis, book):
            words: set[str] = set()
            async for message in pages.listen():
                if message["type"] == "message":
                    partial = json.loads(message["data"])
                    assert partial["channel"] == "plateau"
                    assert abs(partial["at"] - START) < 60
                    words |= {word["text"] for word in partial["words"]}
                    if words and partial["state"] == "on":
                        break
            studio.goes_on.set()
            cue = await cues(events_of(book), "session")
            assert START <= cue.start < cue.end < START + 9.0
            assert cue.id.startswith(f"plateau-{int(START)}")
    await pages.aclose()  # type: ignore[no-untyped-call]


async def test_captions_go_on_when_media_comes_back(tmp_path: Path, redis: Redis) -> None:
    path = tmp_path / "media.sock"
    studio = Studio(path)
    async with asyncio.timeout(90), opened(redis, "test") as book:
        events = events_of(book)
        async with captioned(path, redis, book):
            async with studio.on_air():
                first = await cues(events, "session")
            async with studio.on_air():
                second = await cues(events, "session")
                while second.start < START + 60.0:
                    second = await cues(events, "session")
    assert first.start < START + 10.0
    assert studio.followed == 2


async def test_machine_rests_while_a_person_holds_the_channel_then_writes_by_rules(
    tmp_path: Path, redis: Redis
) -> None:
    path = tmp_path / "media.sock"
    studio = Studio(path)
    person: dict[str, Any] = {"at": 1.0, "by": "p_1", "channel": "plateau"}
    async with asyncio.timeout(60), opened(redis, "test") as book:
        events, clock = events_of(book), Heard()
        async with captioned(path, redis, book, clock) as follower:
            await follower.write(CaptionsTaken(id="1", source="stream", **person))
            async with studio.on_air():
                await clock.sentence.wait()
            await follower.write(
                RuleAdded(id="2", at=1.0, by="p_1", heard="session", written="séance")
            )
            await follower.write(
                SpeakerNamed(id="3", at=1.0, by="p_1", channel="plateau", speaker="Anne Morel")
            )
            await follower.write(CaptionsReleased(id="4", **person))
            async with studio.on_air():
                first = await cues(events, "")
                written = first if "séance" in str(first.lines) else await cues(events, "séance")
    assert first.start > START + 60.0
    assert "session" not in " ".join(written.lines)
    assert written.speaker == "Anne Morel"


async def test_cues_wait_for_a_store_that_was_killed(store_server: StoreServer) -> None:
    seen: list[CueWritten] = []
    async with (
        asyncio.timeout(30),
        store.connected(store_server.url) as client,
        opened(client, "test") as book,
    ):
        outbox = Outbox(book.append)
        async with running(outbox.run()):
            outbox.put("plateau", cue(1))
            await anext(events_of(book))
            store_server.kill()
            outbox.put("plateau", cue(2))
            outbox.put("plateau", cue(2, revision=1))
            store_server.start()
            async for _, event in events_of(book):
                assert isinstance(event, CueWritten)
                seen.append(event)
                if event.cue == cue(2, revision=1):
                    break
    assert seen[0].cue == cue(1)
    assert outbox.dropped == 0


async def test_the_oldest_of_too_many_waiting_cues_is_dropped_and_counted() -> None:
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def append(event: CueWritten) -> str:
        arrived.put_nowait(event.cue.id)
        return "1-0"

    outbox = Outbox(append, limit=3)
    for number in range(5):
        outbox.put("plateau", cue(number))
    assert outbox.dropped == 2
    async with asyncio.timeout(5), running(outbox.run()):
        assert [await arrived.get() for _ in range(3)] == ["plateau-2", "plateau-3", "plateau-4"]


async def test_a_refused_cue_is_tried_again_with_its_newest_revision() -> None:
    arrived: asyncio.Queue[Cue] = asyncio.Queue()

    async def append(event: CueWritten) -> str:
        if event.cue.revision == 0:
            outbox.put("plateau", cue(1, revision=1))
            raise StoreUnavailable("not now")
        arrived.put_nowait(event.cue)
        return "1-0"

    outbox = Outbox(append)
    outbox.put("plateau", cue(1))
    async with asyncio.timeout(5), running(outbox.run()):
        assert await arrived.get() == cue(1, revision=1)


def cue(number: int, revision: int = 0) -> Cue:
    words = (Word("Bonjour", float(number), number + 0.5, 0.9),)
    return Cue(f"plateau-{number}", revision, float(number), number + 1.0, ("Bonjour",), words)
