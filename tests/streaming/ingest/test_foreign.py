import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest

from streaming import link
from streaming.errors import LinkLost, PublishRefused, UnsupportedMedia
from streaming.ingest import foreign, pull
from streaming.link import Link, SourceFrame, Transport
from streaming.packet import Packet
from streaming.sound import Decoder
from tests.streaming.ingest.films import Films, Recorder


class NoLadder(Recorder):
    def reencode(self, packet: Packet, codec: str, why: str) -> None:
        raise UnsupportedMedia(why)


class Media:
    """The media process's end of the link: one place, to be taken once."""

    def __init__(self, source: Recorder | None = None) -> None:
        self.source = source or Recorder()
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
        media.source.on_evicted("Une autre source a pris cette place.")
        with pytest.raises(PublishRefused, match="a pris cette place"):
            await task


async def test_pictures_that_we_do_not_carry_are_refused_with_the_reason(
    path: Path, films: Films
) -> None:
    media = Media(NoLadder())
    film = films("yuv444p.mp4", 0.2, pixels="yuv444p", sound=None)
    async with link.listening(path, media.serve), pull.reading(str(film), loop=True) as frames:
        with pytest.raises(PublishRefused, match="navigateurs"):
            await foreign.publish(path, "plateau", "backup", "pull", frames)
    assert media.source.closed
    assert "navigateurs" in media.source.advice[0]


@pytest.mark.parametrize(
    ("picture", "sound"), [("libx265", "libmp3lame"), ("mpeg2video", "mp2"), ("mpeg4", "ac3")]
)
async def test_other_codecs_reach_the_ladder_and_the_desk(
    picture: str, sound: str, path: Path, films: Films
) -> None:
    options = {"x265-params": "log-level=none"} if picture == "libx265" else {}
    how = {"options": options, "sound_rate": 48000, "layout": "stereo"}
    film = films(f"{picture}.ts", 1.0, codec=picture, sound=sound, **how)
    media = Media()
    async with link.listening(path, media.serve), pull.reading(str(film)) as frames:
        await foreign.publish(path, "plateau", "backup", "pull", frames)
        await media.source.until(lambda: media.source.closed)
    codec, first = media.source.foreign[0]
    assert first.key
    pictures = av.CodecContext.create(codec, "r")
    if first.config:
        pictures.extradata = first.config
    decoded = [
        each
        for _, packet in media.source.foreign
        for each in pictures.decode(av.Packet(packet.data))
    ]
    assert len(decoded + pictures.decode(None)) == 25
    sounds = Decoder(media.source.sounds[0][0], media.source.sounds[0][1].config)
    blocks = [block for _, packet in media.source.sounds for block in sounds.decode(packet)]
    assert sum(block.shape[1] for _, block in blocks) > 45_000
    assert abs(media.source.sounds[0][1].pts - first.pts) < 0.1


async def test_what_the_network_does_is_told_to_the_source(path: Path) -> None:
    async def frames() -> AsyncIterator[SourceFrame | Transport]:
        yield Transport(7, 0.04)
        yield SourceFrame("opus", b"\xfc", 0, 0, True, b"")

    media = Media()
    async with link.listening(path, media.serve):
        await foreign.publish(path, "plateau", "backup", "srt", frames())
        await media.source.until(lambda: media.source.sounds)
    assert (media.source.lost, media.source.round_trip) == (7, 0.04)


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
