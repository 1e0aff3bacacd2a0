"""The captions process: cues reach the journal and words the pages, through every loss."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from captions.cues import Cue, CueWritten, Word
from streaming import link
from streaming.link import Follow, Link, Now, Sound
from streaming.packet import Packet
from tests.captions.speech import clip, model_cache, short_clip, whisper
from tests.captions.test_worker import opus
from tests.servers import StoreServer
from tv import captioning, store
from tv.captioning import Outbox
from tv.journal import StoreUnavailable, opened
from tv.partial import PARTIALS
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
        async for message in media.receive():
            assert message == Follow("sound", "plateau")
            self.followed += 1
            media.send(Now(self.start))
            for number, packet in enumerate(self._packets):
                if number == MIDDLE:
                    await self.goes_on.wait()
                time = self.start + number * 0.02
                media.send(Sound("plateau", Packet(packet, time, time, True)))
            self.start += 60.0

    @asynccontextmanager
    async def on_air(self) -> AsyncIterator[None]:
        async with link.listening(self._path, self.serve):
            yield


async def cues(events: "asyncio.Queue[CueWritten]", text: str) -> Cue:
    """The first cue in which `text` is said."""
    while True:
        event = await events.get()
        if text in " ".join(event.cue.lines):
            return event.cue


async def test_cues_reach_the_journal_and_words_the_pages(tmp_path: Path, redis: Redis) -> None:
    studio = Studio(tmp_path / "media.sock")
    pages = redis.pubsub()
    await pages.subscribe(PARTIALS)
    async with asyncio.timeout(60), opened(redis, "test") as book, studio.on_air():
        work = captioning.caption(
            tmp_path / "media.sock", redis, book.append, whisper(), ["plateau"]
        )
        studio.goes_on.clear()
        async with running(work):
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
            async for _, event in book.follow():
                assert isinstance(event, CueWritten)
                assert event.channel == "plateau"
                if "session" in " ".join(event.cue.lines):
                    break
            assert START <= event.cue.start < event.cue.end < START + 9.0
            assert event.cue.id.startswith(f"plateau-{int(START)}")
    await pages.aclose()  # type: ignore[no-untyped-call]


async def test_captions_go_on_when_media_comes_back(tmp_path: Path, redis: Redis) -> None:
    studio = Studio(tmp_path / "media.sock")
    events: asyncio.Queue[CueWritten] = asyncio.Queue()

    async def append(event: CueWritten) -> str:
        events.put_nowait(event)
        return "1-0"

    path = tmp_path / "media.sock"
    async with asyncio.timeout(90):
        async with running(captioning.caption(path, redis, append, whisper(), ["plateau"])):
            async with studio.on_air():
                first = await cues(events, "session")
            async with studio.on_air():
                second = await cues(events, "session")
                while second.start < START + 60.0:
                    second = await cues(events, "session")
    assert first.start < START + 10.0
    assert studio.followed == 2


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
            await anext(book.follow())
            store_server.kill()
            outbox.put("plateau", cue(2))
            outbox.put("plateau", cue(2, revision=1))
            store_server.start()
            async for _, event in book.follow():
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


def caption(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`fabrique-tv caption` as one types it, on the model that the tests have joined already."""
    code = (
        "import sys; from pathlib import Path; from tv.captioning import caption_command; "
        "terms = Path(sys.argv[3]) if len(sys.argv) > 3 else None; "
        "sys.exit(caption_command(Path(sys.argv[1]), False, sys.argv[2] == 'json', terms, "
        f"'base', Path({str(model_cache())!r})))"
    )
    whisper()  # joins the weights
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120
    )


def test_the_command_prints_words_as_json_then_a_summary(tmp_path: Path) -> None:
    result = caption(str(short_clip(tmp_path)), "json")
    assert result.returncode == 0, result.stderr
    *lines, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(line.keys() == {"text", "start", "end", "committed_at"} for line in lines)
    assert all(line["committed_at"] > line["start"] for line in lines)
    assert "session" in " ".join(line["text"] for line in lines)
    assert last["summary"]["words"] == len(lines)
    assert last["summary"]["cores"] > 0


def test_the_command_prints_webvtt_with_terms_of_a_glossary(tmp_path: Path) -> None:
    glossary = tmp_path / "terms.txt"
    glossary.write_text("# remarque\ndièse\n\nsession  # une autre\n", encoding="utf-8")
    result = caption(str(short_clip(tmp_path)), "vtt", str(glossary))
    assert result.stdout.startswith("WEBVTT\n")
    assert "-->" in result.stdout
    assert "session" in result.stdout


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Bonjour")
    sound, absent = str(short_clip(tmp_path)), str(tmp_path / "absent.txt")
    for arguments in ((str(text), "json"), (sound, "json", absent)):
        result = caption(*arguments)
        assert result.returncode == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert "illisible" in result.stderr
