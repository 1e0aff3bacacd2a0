"""Small pictures: the newest of each channel, and those beside recorded segments."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from streaming import link
from streaming.hls.window import PartAdded, Window
from streaming.recording.index import Index
from tests.streaming.archive.recorded import studio
from tests.streaming.archive.test_thumbnails import number
from tests.streaming.hls.film import Announced
from tests.tv.recorded.test_replay import record
from tests.waiting import when
from tv import problems
from tv.pages import thumbnail
from tv.pages.thumbnail import FRESH
from tv.recorded.recordings import Recordings
from tv.recorded.thumbnails import EVERY, Thumbnails
from tv.tasks import running

BEGAN = 1_795_624_800.0


@pytest.fixture(scope="module")
def announced() -> Announced:
    """Segments of 2 s; the pictures' numbers wrap at 256, after ten seconds."""
    film = studio(10.0, size=(640, 480), gop=50)
    made = Announced(origin=BEGAN - 50)
    for loop in range(3):
        made.play(film.moved(BEGAN + 10 * loop))
    return made


@asynccontextmanager
async def watching(folder: Path, announced: Announced, *channels: str) -> AsyncIterator[Thumbnails]:
    """Thumbnails of what was announced, as media tells it to a newcomer."""
    window = Window()
    for event in announced.events:
        window.apply(event)

    async def media(peer: link.Link) -> None:
        async for message in peer.receive():
            if message == link.Follow("hls"):
                for channel in channels:
                    peer.send(link.WindowChanged(channel, list(window.snapshot())))

    indexes = {"plateau": Index(folder / "recording" / "plateau")}
    made = Thumbnails(folder / "media.sock", folder / "thumbnails", indexes)
    async with link.listening(folder / "media.sock", media), running(made.run()):
        yield made


def beside(folder: Path) -> list[int]:
    """The numbers of the segments that have a picture."""
    return sorted(int(path.stem.split("-")[1]) for path in folder.rglob("*.jpg"))


async def test_each_channel_has_its_newest_picture_and_recordings_one_now_and_then(
    tmp_path: Path, announced: Announced
) -> None:
    record(tmp_path / "recording" / "plateau", announced)
    folder = tmp_path / "thumbnails"
    async with watching(tmp_path, announced, "plateau/480p", "plateau", "labo") as made:
        await when(lambda: beside(tmp_path / "recording") == [101, 105, 109, 113])
        await when(lambda: (folder / "labo.jpg").exists())
        assert set(made._channels) == {"plateau", "labo"}
    assert EVERY == 8.0
    # Of 30 s, that at 24 s is the newest: it has number 100 of its loop of 250 pictures.
    assert number((folder / "plateau.jpg").read_bytes()) == 100
    assert sorted(os.listdir(folder)) == ["labo.jpg", "plateau.jpg"]
    index = Index(tmp_path / "recording" / "plateau")
    first = index.path_of(index.between(0, 1e11)[0]).with_suffix(".jpg")
    assert number(first.read_bytes()) == 0


async def test_what_is_not_recorded_has_no_picture_on_the_disk(
    tmp_path: Path, announced: Announced
) -> None:
    async with watching(tmp_path, announced, "plateau") as made:
        await when(lambda: (tmp_path / "thumbnails" / "plateau.jpg").exists())
        await when(lambda: len(made._channels["plateau"].unrecorded) == 4)
    assert beside(tmp_path / "recording") == []


async def test_a_broken_segment_costs_its_own_picture_and_no_other(
    tmp_path: Path, announced: Announced
) -> None:
    record(tmp_path / "recording" / "plateau", announced)
    broken = Announced(origin=BEGAN - 50)
    broken.events = [
        PartAdded(each.msn, each.index, each.duration, each.independent, bytes(len(each.data)))
        if isinstance(each, PartAdded) and each.msn == 105
        else each
        for each in announced.events
    ]
    async with watching(tmp_path, broken, "plateau"):
        await when(lambda: beside(tmp_path / "recording") == [101, 109, 113])


async def test_what_the_decoder_died_on_is_not_tried_again(
    tmp_path: Path, announced: Announced
) -> None:
    record(tmp_path / "recording" / "plateau", announced)
    (tmp_path / "thumbnails").mkdir()
    (tmp_path / "thumbnails" / "attempt").write_text("7-109")
    async with watching(tmp_path, announced, "plateau"):
        await when(lambda: beside(tmp_path / "recording") == [101, 105, 113])


async def test_the_newest_picture_is_served_while_it_is_of_now(tmp_path: Path) -> None:
    app = Starlette(
        routes=thumbnail.routes(tmp_path, frozenset({"plateau"}), Recordings(tmp_path, ())),
        exception_handlers=problems.handlers,
    )
    transport = httpx.ASGITransport(app)
    path = tmp_path / "plateau.jpg"
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for name in ("plateau", "labo", "..%2Fplateau"):
            assert (await client.get(f"/{name}/thumbnail.jpg")).status_code == 404
        path.write_bytes(b"picture")
        shown = await client.get("/plateau/thumbnail.jpg")
        assert shown.content == b"picture"
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["cache-control"] == "max-age=5"
        old = time.time() - FRESH - 1
        os.utime(path, (old, old))
        assert (await client.get("/plateau/thumbnail.jpg")).status_code == 404
