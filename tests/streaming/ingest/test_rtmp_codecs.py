"""What arrives of each codec that RTMP carries, Enhanced RTMP included."""

from pathlib import Path

import numpy as np
import pytest

from streaming.errors import UnsupportedMedia
from streaming.ingest import advice
from streaming.packet import Packet
from streaming.sound import Decoder
from tests.streaming.ingest.films import Films, Recorder
from tests.streaming.ingest.publishers import ffmpeg, obs, pyav, status, tags_of
from tests.streaming.ingest.rtmp_server import KEY, address, server

FASTEST = {"hevc": "ultrafast", "av1": "12"}


class NoLadder(Recorder):
    """A place on a machine that encodes nothing again."""

    def reencode(self, packet: Packet, codec: str, why: str) -> None:
        raise UnsupportedMedia(advice.not_as_it_is(codec))


async def test_opus_comes_by_enhanced_rtmp(films: Films) -> None:
    film = films("opus.mkv", sound="libopus", sound_rate=48000, layout="stereo")

    async with server() as (port, studios):
        assert await pyav(film, address(port)) == 0
        source = await studios.first()
        await source.until(lambda: len(source.sounds) > 100)
    assert {codec for codec, _ in source.sounds} == {"opus"}


@pytest.mark.parametrize(
    ("first", "frame", "name"),
    [
        (b"\x90hvc1\1", b"\x91hvc1\0\0\0", "HEVC"),  # as OBS and ffmpeg send it
        (b"\x1c\0\0\0\0\1", b"\x1c\1\0\0\0", "HEVC"),  # as some cameras do
        (b"\x90av01\1", b"\x91av01", "AV1"),
        (b"\x90vp09\1", b"\x91vp09", "VP9"),
        (b"\x90vvc1\1", b"\x91vvc1\0\0\0", "VVC"),
        (b"\x22", b"\x22", "Sorenson H.263"),
        (b"\x14", b"\x24", "VP6"),
        (b"\x13", b"\x23", "Screen Video"),
    ],
)
async def test_other_codecs_are_refused_naming_the_setting(
    first: bytes, frame: bytes, name: str
) -> None:
    async with server(place=NoLadder) as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        studio.tag(9, 0, first)
        for index in range(50):  # a publisher does not stop to listen
            studio.tag(9, index * 40, frame + bytes(5000))
        told = status(await studio.until("onStatus"))
        assert told["code"] == "NetStream.Publish.Rejected"
        assert told["level"] == "error"
        assert name in told["description"]
        assert "Encodeur vidéo" in told["description"]
        await studio.closed()
        source = await studios.first()
        assert source.closed
        assert source.advice == [told["description"]]
        assert studios.refused == {"media": 1}


@pytest.mark.parametrize(
    ("name", "encoder"), [("hevc", "libx265"), ("av1", "libsvtav1"), ("vp9", "libvpx-vp9")]
)
async def test_pictures_for_the_ladder_come_by_enhanced_rtmp(
    films: Films, name: str, encoder: str
) -> None:
    film = films(f"{name}.mp4", 1.0, codec=encoder, options={"preset": FASTEST.get(name, "")})
    async with server() as (port, studios), ffmpeg(film, address(port)):
        source = await studios.first()
        await source.until(lambda: source.closed)
    assert {codec for codec, _ in source.foreign} == {name}
    assert len(source.foreign) == 25
    assert source.foreign[0][1].key
    assert source.pictures == []
    assert source.announced_rate == 25.0


@pytest.mark.parametrize(
    ("encoder", "codec", "rate"),
    [
        ("libmp3lame", "mp3", 44100),
        ("pcm_s16le", "pcm_s16le", 44100),
        ("pcm_alaw", "pcm_alaw", 8000),
        ("libspeex", "speex", 16000),
    ],
)
async def test_other_sound_is_there_to_be_decoded(
    plain: Path, encoder: str, codec: str, rate: int
) -> None:
    how = ("-c:v", "copy", "-c:a", encoder, "-ar", str(rate), "-ac", "1")
    async with server() as (port, studios), ffmpeg(plain, address(port), *how):
        source = await studios.first()
        await source.until(lambda: len(source.sounds) > 20)
    _assert_heard(source, codec)


@pytest.mark.parametrize("codec", ["ac3", "flac"])
async def test_other_sound_comes_by_enhanced_rtmp(films: Films, codec: str) -> None:
    film = films(f"{codec}.mkv", 1.0, sound=codec, sound_rate=48000, layout="stereo")
    async with server() as (port, studios):
        assert await pyav(film, address(port)) == 0
        source = await studios.first()
        await source.until(lambda: source.closed)
    _assert_heard(source, codec)


def _assert_heard(source: Recorder, codec: str) -> None:
    assert {name for name, _ in source.sounds} == {codec}
    decoder = Decoder(codec, source.sounds[0][1].config)
    samples = [block for _, packet in source.sounds for _, block in decoder.decode(packet)]
    heard = np.concatenate(samples, axis=1)
    assert heard.shape[1] > 10_000
    assert np.abs(heard).max() > 0.1


async def test_sound_that_nobody_decodes_is_left_out_and_the_picture_stays(plain: Path) -> None:
    async with server() as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        for kind, time, body in tags_of(plain)[:40]:
            studio.tag(kind, time, body if kind == 9 else b"\x62nellymoser")
        source = await studios.first()
        await source.until(lambda: len(source.pictures) > 10)
    assert source.sounds == []
    assert "Nellymoser" in source.advice[0]
