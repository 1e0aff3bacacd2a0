"""The reread process mends captions once there is time, and leaves alone what people wrote."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from redis.asyncio import Redis

from captions.cues import Cue, Word
from captions.hearing.sound import SAMPLE_RATE
from captions.hearing.whisper import Whisper
from captions.wording.events import CaptionsTaken, CueEdited, CueWritten
from captions.written.layout import joined
from streaming.link import Sound
from streaming.packet import Packet
from tests.captions.hearing.test_worker import opus
from tests.captions.speech import clip, model_cache
from tests.servers import StoreServer
from tests.tv.events import events_of
from tests.waiting import when
from tv import store as stores
from tv.captioning.outbox import Outbox
from tv.captioning.quality import Board, First, Second
from tv.captioning.rereading import SETTLED, Rereader, _load
from tv.follower import Follower
from tv.journal import Journal, opened
from tv.settings import Captions
from tv.tasks import running

START = 1_790_000_000.0
SENTENCE = 7  # seconds; « … ouverture de session … »


@cache
def model() -> Whisper:
    """As the process loads it."""
    return _load(Captions(second_pass="base"), model_cache())


def bring(rereader: Rereader, start: float = START) -> None:
    """The clip's first sentence, and then no sound any more."""
    for number, packet in enumerate(opus(clip()[: SENTENCE * SAMPLE_RATE])):
        time = start + number * 0.02
        rereader.sound(Sound("plateau", Packet(packet, time, time, True)))


@asynccontextmanager
async def rereading(
    redis: Redis, *, broken_off: float = 0.0, settled: float = SETTLED
) -> AsyncIterator[tuple[Journal, Follower, Rereader]]:
    async with asyncio.timeout(60), opened(redis, "test") as book:
        follower = Follower(book)
        outbox = Outbox(follower.append)
        rereader = Rereader(
            model, follower, outbox, ["plateau"], settled=settled, broken_off=broken_off
        )
        async with running(follower.run(), outbox.run()):
            await follower.ready.wait()
            yield book, follower, rereader


async def written(book: Journal) -> AsyncIterator[Cue]:
    async for _, event in events_of(book):
        if isinstance(event, CueWritten):
            yield event.cue


async def test_what_nobody_captioned_live_gets_cues(redis: Redis) -> None:
    async with rereading(redis) as (book, _, rereader):
        bring(rereader)
        async with running(rereader.run()):
            async for cue in written(book):
                if "session" in joined(cue.words):
                    break
    assert START < cue.start < cue.end < START + SENTENCE + 2
    assert all(word.settled == 0.0 for word in cue.words)  # nobody could see it in time


async def test_a_badly_heard_cue_is_mended_under_its_name(redis: Redis) -> None:
    words = tuple(
        Word(text, START + 0.5 + n * 2.5, START + 3.0 + n * 2.5, 0.2)
        for n, text in enumerate(("Échec", "la"))
    )
    live = Cue("plateau-1", 2, START + 0.5, START + 6.5, ("Échec la",), words)
    async with rereading(redis) as (book, follower, rereader):
        await book.append(CueWritten("plateau", live))
        bring(rereader)
        async with running(rereader.run()):
            async for cue in written(book):
                if cue.id == live.id and cue.revision > live.revision:
                    break
        edit = CueEdited(id="e", at=0.0, by="p", channel="plateau", cue=live.id, text="Moi.")
        await follower.write(edit)
        (shown,) = follower.cues("plateau", live.start, live.end)
    assert cue.revision == live.revision + 1
    assert "session" in joined(cue.words)
    assert (cue.start, cue.end) == (live.start, live.end)
    assert shown.lines == ("Moi.",)
    assert rereader.channels["plateau"].cues >= 1


async def test_what_is_said_while_a_person_writes_is_not_heard_again(redis: Redis) -> None:
    async with rereading(redis) as (_, follower, rereader):
        taken = CaptionsTaken(id="t", at=0.0, by="p", channel="plateau", source="keyboard")
        await follower.write(taken)
        bring(rereader)
    assert rereader.channels["plateau"].kept.seconds == 0.0


async def test_live_cues_that_wait_for_the_store_are_not_written_again(
    store_server: StoreServer,
) -> None:
    said = ("Ouverture", "de", "session")
    words = tuple(
        Word(text, START + 0.5 + n * 2.0, START + 2.5 + n * 2.0, 0.2) for n, text in enumerate(said)
    )
    cue = Cue("plateau-1", 0, START + 0.5, START + 6.5, (" ".join(said),), words)
    async with (
        stores.connected(store_server.url) as store,
        rereading(store, settled=2.0) as (book, follower, rereader),
        running(rereader.run()),
    ):
        store_server.kill()
        await when(lambda: rereader._away > 0)
        live = Outbox(follower.append)
        live.put("plateau", cue)
        bring(rereader)
        for _ in range(2):  # it has had the time to hear it
            now = time.monotonic()
            await when(lambda now=now: rereader._away > now)
        store_server.start()
        async with running(live.run()):
            await live.sent()
            await when(lambda: rereader.channels["plateau"].heard)
        assert {each.id for each in follower.cues("plateau", 0.0, 2 * START)} == {cue.id}
        await book.append(CueWritten("plateau", cue))
        await follower.caught_up()
        assert {each.id for each in follower.cues("plateau", 0.0, 2 * START)} == {cue.id}


async def test_what_may_still_change_live_is_left_alone(redis: Redis) -> None:
    loaded = asyncio.Event()

    def load() -> Whisper:
        loaded.set()
        return model()

    async with asyncio.timeout(30), opened(redis, "test") as book:
        follower = Follower(book)
        rereader = Rereader(load, follower, Outbox(follower.append), ["plateau"])
        async with running(follower.run()):
            await follower.ready.wait()
            bring(rereader)
            assert not await rereader.look("plateau")
    assert not loaded.is_set()


async def test_figures_are_told_and_forgotten_by_kind(redis: Redis) -> None:
    board = Board(redis, "test")
    assert await board.told("plateau") == (None, None)
    await board.tell("plateau", Second(1.0, heard=40.0, words=3))
    await board.tell("plateau", First(2.0, {"loop": 1}))
    assert await board.told("plateau") == (
        First(2.0, {"loop": 1}),
        Second(1.0, heard=40.0, words=3),
    )
    assert await board.told("labo-1") == (None, None)
    assert await redis.ttl(board._key("plateau", Second)) > 0


async def test_a_store_that_is_away_has_no_figures(tmp_path: Path) -> None:
    away = Board(Redis.from_url(f"unix://{tmp_path}/none.sock"), "test")
    await away.tell("plateau", First(1.0))
    assert await away.told("plateau") == (None, None)
