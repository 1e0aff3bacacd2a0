import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streaming import link
from streaming.errors import LinkLost, PublishRefused
from streaming.ingest import foreign, pull
from streaming.link import Link, SourceFrame
from tests.streaming.ingest.films import Films, Recorder


class Media:
    """The media process's end of the link: one place, to be taken once."""

    def __init__(self) -> None:
        self.source = Recorder()
        self.asked: tuple[str, str, str] | None = None

    def take(self, channel: str, slot: str, kind: str) -> Recorder:
        if self.asked is not None:
            raise PublishRefused("L’emplacement est déjà occupé.")
        self.asked = channel, slot, kind
        return self.source

    async def serve(self, peer: Link) -> None:
        async for message in peer.receive():
            assert isinstance(message, link.Publish)
            await foreign.serve_publisher(peer, message, self.take)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "media.sock"


@asynccontextmanager
async def publishing(
    path: Path, frames: AsyncIterator[SourceFrame]
) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(foreign.publish(path, "plateau", "backup", "pull", frames))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_frames_of_a_film_reach_the_source(path: Path, films: Films) -> None:
    film = films("container.mp4", 1.0)
    media = Media()
    async with link.listening(path, media.serve), pull.reading(str(film)) as frames:
        await foreign.publish(path, "plateau", "backup", "pull", frames)
        await media.source.until(lambda: media.source.closed)
    assert media.asked == ("plateau", "backup", "pull")
    assert len(media.source.pictures) == 25
    assert len(media.source.sounds) > 40
    assert abs(media.source.sounds[0][1].pts - media.source.pictures[0].pts) < 0.05


async def test_a_taken_place_is_refused_with_its_reason(path: Path) -> None:
    media = Media()
    async with link.listening(path, media.serve):
        media.take("plateau", "backup", "pull")
        with pytest.raises(PublishRefused, match="déjà occupé"):
            await foreign.publish(path, "plateau", "backup", "pull", _endless())


async def test_an_evicted_publisher_is_told(path: Path) -> None:
    media = Media()
    async with link.listening(path, media.serve), publishing(path, _endless()) as task:
        await media.source.until(lambda: media.source.sounds)
        assert media.source.on_evicted is not None
        media.source.on_evicted()
        with pytest.raises(PublishRefused, match="a pris cette place"):
            await task


async def test_pictures_that_we_do_not_carry_are_refused_with_the_reason(
    path: Path, films: Films
) -> None:
    media = Media()
    film = films("yuv444p.mp4", 0.2, pixels="yuv444p", sound=None)
    async with link.listening(path, media.serve), pull.reading(str(film), loop=True) as frames:
        with pytest.raises(PublishRefused, match="NV12"):
            await foreign.publish(path, "plateau", "backup", "pull", frames)
    assert media.source.closed
    assert "NV12" in media.source.advice[0]


async def test_media_that_goes_away_is_a_lost_link(path: Path) -> None:
    media = Media()
    async with publishing(path, _endless()) as early:
        with pytest.raises(LinkLost):
            await early
    async with link.listening(path, media.serve):
        task = asyncio.create_task(foreign.publish(path, "plateau", "backup", "p", _endless()))
        await media.source.until(lambda: media.source.sounds)
    with pytest.raises(LinkLost):
        await task
    assert media.source.closed


async def test_a_publisher_that_goes_away_frees_its_place(path: Path) -> None:
    media = Media()
    async with link.listening(path, media.serve):
        async with publishing(path, _endless()):
            await media.source.until(lambda: media.source.sounds)
        await media.source.until(lambda: media.source.closed)


async def _endless() -> AsyncIterator[SourceFrame]:
    """Opus packets, as fast as they are taken."""
    time = 0
    while True:
        yield SourceFrame("opus", b"\xfc", time, time, True, b"")
        time += 20_000
        await asyncio.sleep(0)
