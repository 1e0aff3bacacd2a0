import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streaming import link
from streaming.ingest import foreign
from streaming.link import Link
from tests.streaming.ingest.films import Recorder, make_film
from tv.studios import pulling


class Media:
    """The media process's end of the link: a new source for each publisher."""

    def __init__(self) -> None:
        self.sources: list[Recorder] = []
        self.came = asyncio.Event()

    def take(self, channel: str, slot: str, kind: str) -> Recorder:
        assert (channel, slot) == ("plateau", "backup")
        self.sources.append(Recorder())
        self.came.set()
        return self.sources[-1]

    async def serve(self, peer: Link) -> None:
        async for message in peer.receive():
            assert isinstance(message, link.Publish)
            await foreign.serve_publisher(peer, message, self.take)

    async def next(self) -> Recorder:
        async with asyncio.timeout(15):
            await self.came.wait()
        self.came.clear()
        return self.sources[-1]


@asynccontextmanager
async def pulled(path: Path, url: str, *, loop: bool) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(pulling.run(path, "plateau", "backup", url, loop=loop))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_film_goes_on_after_media_was_restarted(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", 0.6)
    path, media = tmp_path / "media.sock", Media()
    async with pulled(path, str(film), loop=True):
        async with link.listening(path, media.serve):
            source = await media.next()
            await source.until(lambda: len(source.pictures) > 30)  # more than one pass
        assert source.closed
        async with link.listening(path, media.serve):
            source = await media.next()
            await source.until(lambda: len(source.pictures) > 5)
    await source.until(lambda: source.closed)


async def test_a_file_that_comes_later_is_published_then(tmp_path: Path) -> None:
    film, path, media = tmp_path / "film.mp4", tmp_path / "media.sock", Media()
    async with link.listening(path, media.serve), pulled(path, str(film), loop=False) as task:
        make_film(tmp_path / "made.mp4", 0.4).rename(film)
        source = await media.next()
        await source.until(lambda: source.closed)
        assert len(source.pictures) == 10
        assert not task.done()  # played once: it stays, or the supervisor would play it again


async def test_crew_is_told_why_a_film_cannot_be_used(tmp_path: Path) -> None:
    film = make_film(
        tmp_path / "film.mov", 0.4, codec="prores_ks", options={}, pixels="yuv422p10le"
    )
    path, media = tmp_path / "media.sock", Media()
    async with link.listening(path, media.serve), pulled(path, str(film), loop=True):
        source = await media.next()
        await source.until(lambda: source.closed)
        assert "L’image arrive en ProRes\u202f; il faut du H.264." in source.advice[0]
        assert source.pictures == []


async def test_crew_is_told_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    path, media = tmp_path / "media.sock", Media()
    film = str(tmp_path / "film.mp4")
    async with pulled(path, film, loop=True), link.listening(path, media.serve):
        source = await media.next()
        await source.until(lambda: source.closed)
        assert "«\u00a0film.mp4\u00a0» ne répond pas" in source.advice[0]
