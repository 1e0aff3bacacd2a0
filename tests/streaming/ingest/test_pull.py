import asyncio
import threading
import time
from itertools import groupby, islice, pairwise
from pathlib import Path

import av
import pytest

from streaming import aac, h264
from streaming.errors import SourceLost, UnsupportedMedia
from streaming.ingest import address, pull
from streaming.ingest.intake import Intake
from streaming.link import SourceFrame
from tests.servers import free_ports
from tests.streaming.ingest.films import X264_B, Films, Recorder
from tests.streaming.ingest.publishers import pictures_of

X265 = {"preset": "ultrafast", "x265-params": "log-level=none"}
FRAME = 40_000  # microseconds


def frames_of(film: Path, most: int | None = None, *, loop: bool = False) -> list[SourceFrame]:
    """The first frames of a film, without waiting for their time."""
    return list(islice(pull.frames_of(str(film), loop=loop), most))


@pytest.mark.parametrize("container", ["mp4", "flv", "mkv", "ts", "mov"])
def test_every_container_gives_the_same_pictures_and_sound(container: str, films: Films) -> None:
    film = films(f"container.{container}", 1.0)
    source = Recorder()
    intake = Intake(source, 1_000_000)
    for frame in frames_of(film):
        if frame.codec == "h264":
            intake.configure_picture("h264", frame.config)
            intake.picture("h264", frame.data, frame.dts, frame.pts - frame.dts)
        else:
            intake.configure_sound(frame.codec, frame.config)
            intake.sound(frame.codec, frame.data, frame.dts)
    reference = films("container.mp4", 1.0)
    assert len(source.pictures) == 25
    assert [packet.data for packet in source.pictures][1:] == pictures_of(reference)[1:]
    assert [packet.key for packet in source.pictures] == [True] + [False] * 24
    assert h264.parse_sps(h264.parameter_sets(source.pictures[0].config)[0][0]).width == 320
    codec, sound = source.sounds[0]
    assert codec == "aac"
    assert aac.parse_config(sound.config)[:3] == (2, 44100, 1)
    assert sound.data[:1] != b"\xff"  # no ADTS header is left
    assert source.advice == []


def test_a_file_is_read_at_the_pace_of_its_time(films: Films) -> None:
    frames: list[SourceFrame] = []
    started = time.monotonic()
    pull.read(str(films("container.mp4", 1.0)), frames.append, threading.Event())
    assert time.monotonic() - started > 0.9
    assert max(frame.dts for frame in frames if frame.codec == "h264") == 960_000


@pytest.mark.parametrize("container", ["mp4", "ts", "mkv"])
@pytest.mark.parametrize("options", [None, X264_B])
def test_a_loop_has_no_seam(container: str, options: dict[str, str] | None, films: Films) -> None:
    how = {"options": options} if options else {}
    film = films(f"loop-{'b' if options else 'a'}.{container}", 0.4, **how)
    frames = frames_of(film, 100, loop=True)
    pictures = [frame for frame in frames if frame.codec == "h264"]
    sounds = [frame for frame in frames if frame.codec == "aac"]
    steps = [after.dts - before.dts for before, after in pairwise(pictures)]
    assert len(pictures) > 25
    assert all(abs(step - FRAME) <= 1_000 for step in steps)  # Matroska counts milliseconds
    assert all(after.dts > before.dts for before, after in pairwise(sounds))
    for key in (frame for frame in pictures if frame.key):
        nearest = min(sounds, key=lambda sound: abs(sound.pts - key.pts))
        assert abs(nearest.pts - key.pts) < 50_000


def test_opus_passes(films: Films) -> None:
    film = films("opus-short.mkv", 0.4, sound="libopus", sound_rate=48000, layout="stereo")
    sounds = [frame for frame in frames_of(film) if frame.codec == "opus"]
    assert len(sounds) > 15
    assert all(frame.config == b"" and frame.data for frame in sounds)


def test_other_codecs_come_as_their_decoders_take_them(films: Films) -> None:
    film = films("mp3-short.mkv", 0.4, sound="libmp3lame", layout="stereo")
    sounds = [frame for frame in frames_of(film) if frame.codec == "mp3"]
    assert len(sounds) > 10
    assert all(frame.data[0] == 0xFF for frame in sounds)
    hevc = films("short-hevc.mp4", 0.2, codec="libx265", options=X265)
    pictures = [frame for frame in frames_of(hevc) if frame.codec == "hevc"]
    decoder = av.CodecContext.create("hevc", "r")
    decoder.extradata = pictures[0].config
    decoded = [picture for frame in pictures for picture in decoder.decode(av.Packet(frame.data))]
    assert len(decoded + decoder.decode(None)) == len(pictures) == 5
    assert pictures[0].key


@pytest.mark.parametrize("container", ["mp4", "ts"])
def test_picture_without_sound_and_sound_without_picture(container: str, films: Films) -> None:
    silent = frames_of(films(f"quiet.{container}", 0.4, sound=None))
    assert [frame.codec for frame in silent] == ["h264"] * 10
    blind = frames_of(films(f"blind.{container}", 0.4, codec=None))
    assert {frame.codec for frame in blind} == {"aac"}
    assert len(blind) > 15
    looped = [frame.dts for frame in frames_of(films(f"blind.{container}"), 50, loop=True)]
    assert all(after > before for before, after in pairwise(looped))


@pytest.mark.parametrize(("container", "header"), [("ts", 0), ("flv", 13)])
def test_another_size_in_mid_stream_is_another_configuration(
    container: str, header: int, films: Films, tmp_path: Path
) -> None:
    small, large = (
        films(f"size-{width}.{container}", 0.4, size=(width, 180)) for width in (320, 640)
    )
    film = tmp_path / f"both.{container}"
    film.write_bytes(small.read_bytes() + large.read_bytes()[header:])
    pictures = [frame for frame in frames_of(film) if frame.codec == "h264"]
    widths = [h264.parse_sps(h264.parameter_sets(frame.config)[0][0]).width for frame in pictures]
    changes = [(width, len(list(same))) for width, same in groupby(widths)]
    # Where two transport streams meet, the counters do not go on: a picture may be left out.
    assert changes in ([(320, 10), (640, 10)], [(320, 9), (640, 10)])


def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path: Path) -> None:
    text = tmp_path / "texte.mp4"
    text.write_text("pas un film " * 100)
    with pytest.raises(UnsupportedMedia, match=r"texte\.mp4.*pas un média lisible"):
        frames_of(text)
    with pytest.raises(SourceLost, match=r"absent\.mp4.*fichier introuvable"):
        frames_of(tmp_path / "absent.mp4")
    with pytest.raises(SourceLost, match="connexion refusée"):
        list(pull.frames_of(f"http://user:secret@127.0.0.1:{free_ports(1)[0]}/film.ts"))


def test_names_of_addresses_keep_secrets() -> None:
    assert (
        address.name_of("rtsp://user:secret@camera.local:554/live?key=1") == "rtsp://camera.local/…"
    )
    assert address.name_of("/srv/films/intro.mp4") == "intro.mp4"


async def watch(url: str, patience: float = 5.0) -> int:
    """How many pictures come from `url` until it ends."""
    pictures = 0
    async with pull.reading(url, patience=patience) as frames:
        async for frame in frames:
            pictures += frame.codec == "h264"
    return pictures


async def test_an_address_that_stops_is_lost(films: Films) -> None:
    film = films("container.ts", 1.0).read_bytes()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(film)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(20):
        with pytest.raises(SourceLost, match="s’est arrêté"):
            await watch(f"tcp://127.0.0.1:{port}")


async def test_an_address_that_falls_silent_is_lost(films: Films) -> None:
    film = films("container.ts", 1.0).read_bytes()
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(film)
        await done.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(25):
        with pytest.raises(SourceLost, match="ne répond pas"):
            await watch(f"tcp://127.0.0.1:{port}", patience=0.5)
        done.set()


async def test_leaving_ends_the_thread(films: Films) -> None:
    async with pull.reading(str(films("container.mp4", 1.0)), loop=True) as frames:
        assert (await anext(frames)).key
        assert "pull" in {thread.name for thread in threading.enumerate()}
    assert "pull" not in {thread.name for thread in threading.enumerate()}
