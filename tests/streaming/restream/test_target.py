"""Restreams to servers as they come: our own, ffmpeg, over TLS, deaf, dying, hostile."""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streaming.errors import PublishRefused
from streaming.ingest import amf, chunks, replies, rtmp
from streaming.restream import TargetLost
from streaming.restream.address import parse
from streaming.restream.client import Patience, publishing
from streaming.restream.reasons import refused, why_not
from streaming.restream.target import TOO_SLOW
from tests.servers import free_ports
from tests.streaming.ingest.films import Recorder
from tests.streaming.restream.air import (
    KEY,
    START,
    Frame,
    Guest,
    Sender,
    air,
    later,
    pictures_in,
    platform,
    secured,
    sending,
)


class Studios:
    """Our own RTMP server's places, for whoever has the key."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sources: list[Recorder] = []
        self.came = asyncio.Event()

    def open(self, app: str, key: str) -> Recorder:
        self.asked.append((app, key))
        if key != KEY:
            raise PublishRefused(f"La clé {key} est inconnue.")
        self.sources.append(Recorder())
        self.came.set()
        return self.sources[-1]


@asynccontextmanager
async def our_server(port: int = 0) -> AsyncIterator[tuple[str, Studios]]:
    studios = Studios()
    patience = rtmp.Patience(farewell=0.1)
    async with rtmp.listening("127.0.0.1", port, studios.open, patience) as port:
        yield f"rtmp://127.0.0.1:{port}/live", studios


async def test_frames_pass_untouched_to_a_server_of_our_own() -> None:
    frames = air(b_frames=2)
    async with our_server() as (url, studios):
        async with sending(url) as sender:
            await sender.on()
            sender.put(frames)
            source = studios.sources[0]
            sent = pictures_in(frames)[:30]
            await source.until(lambda: len(source.pictures) >= len(sent))
            assert studios.asked == [("live", KEY)]
            got = source.pictures[: len(sent)]
            assert [each.data for each in got] == [each.data for each in sent]
            assert [each.key for each in got] == [each.key for each in sent]
            for ours, theirs in zip(sent, got, strict=True):
                shift = ours.pts - ours.dts
                assert theirs.pts - theirs.dts == pytest.approx(shift, abs=0.0021)
            assert {codec for codec, _ in source.sounds} == {"aac"}
            offset = source.sounds[0][1].pts - source.pictures[0].pts
            assert abs(offset) < 0.1
        await source.until(lambda: source.closed)
        assert source.closed == "the studio stopped"  # it was told: the broadcast ends at once


async def test_slate_and_studio_of_another_size_follow_each_other() -> None:
    async with our_server() as (url, studios), sending(url) as sender:
        await sender.on()
        sender.put(air(0.8))
        sender.put(air(0.8, start=START + 0.8, size=(640, 360)))
        source = studios.sources[0]
        await source.until(lambda: len({each.config for each in source.pictures}) == 2)
        change = next(
            after
            for before, after in zip(source.pictures, source.pictures[1:], strict=False)
            if before.config != after.config
        )
        assert change.key


@pytest.mark.slow
async def test_ffmpeg_receives_both_sizes_and_the_sound(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url, film = f"rtmp://127.0.0.1:{port}/live", tmp_path / "received.flv"
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-nostdin", "-loglevel", "error", "-listen", "1", "-f", "flv"),
        *("-i", f"{url}/{KEY}", "-c", "copy", str(film)),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with sending(url, patience=Patience(farewell=5.0)) as sender:
            await sender.on()
            sender.put(air(0.9, b_frames=2))
            sender.put(air(0.9, start=START + 0.9, size=(640, 360)))
            await sender.until(lambda progress: progress.bitrate > 0)
        async with asyncio.timeout(30):
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert process.returncode == 0, errors.decode()
    with av.open(str(film)) as container:
        sizes = [frame.width for frame in container.decode(video=0)]
    assert sizes.count(320) == 22
    assert sizes.count(640) > 10
    with av.open(str(film)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 40_000


async def test_tls_is_spoken_with_who_can_prove_its_name(tmp_path: Path) -> None:
    server, trust = secured(tmp_path)
    keys: asyncio.Queue[object] = asyncio.Queue()

    async def serve(guest: Guest) -> None:
        await guest.welcome()
        while (await guest.message()).kind != chunks.VIDEO:
            pass
        keys.put_nowait(await guest.command("FCUnpublish"))

    async with platform(serve, server) as url:
        async with sending(url, trust=trust) as sender:
            await sender.on()
            sender.put(air())
        async with asyncio.timeout(10):
            assert await keys.get() == ["FCUnpublish", 6.0, None, KEY]
        async with sending(url) as sender:  # the public authorities do not know it
            lost = await sender.until(lambda progress: progress.state == "waiting")
            assert "certificat" in lost.detail
            assert "localhost" in lost.detail


async def test_who_accepts_and_never_reads_is_given_up_and_tried_again() -> None:
    guests: list[Guest] = []
    again = asyncio.Event()

    async def serve(guest: Guest) -> None:
        await guest.welcome()
        guest.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        guests.append(guest)
        if len(guests) > 1:
            again.set()
        await asyncio.Event().wait()

    patience = Patience(stall=0.3, farewell=0.1)
    second, seconds = air(1.0), 0
    async with platform(serve) as url, sending(url, patience=patience) as sender:
        await sender.on()
        async with asyncio.timeout(30):
            while not any(told.state == "waiting" for told in sender.told):
                sender.put(later(second, seconds, pad=20_000))
                seconds += 1
                await asyncio.sleep(0)
            await again.wait()
        waiting = next(told for told in sender.told if told.state == "waiting")
        assert "ne prend plus rien" in waiting.detail
        assert waiting.dropped > 0


async def test_slow_target_goes_on_at_a_keyframe() -> None:
    reading, stamps = asyncio.Event(), asyncio.Queue[tuple[int, bool]]()

    async def serve(guest: Guest) -> None:
        await guest.welcome()
        await reading.wait()
        while True:
            message = await guest.message()
            if message.kind == chunks.VIDEO and message.body[1] == 1:
                stamps.put_nowait((message.timestamp, message.body[0] >> 4 == 1))

    second, seconds = air(1.0, gop=25), 0
    async with platform(serve) as url, sending(url) as sender:
        await sender.on()
        async with asyncio.timeout(30):
            while not sender.told[-1].detail:
                sender.put(later(second, seconds, pad=20_000))
                seconds += 1
                await asyncio.sleep(0)
        assert sender.told[-1].detail == TOO_SLOW
        assert sender.told[-1].dropped > 0
        reading.set()
        end, before, gaps = 1000 * seconds, 0, 0
        sender.put(later(second, seconds))
        sender.put(later(second, seconds + 1))
        async with asyncio.timeout(30):
            while before < end:
                stamp, key = await stamps.get()
                assert stamp >= before
                if stamp - before > 50:
                    assert key
                    gaps += 1
                before = stamp
    assert gaps > 0


async def test_target_that_dies_and_returns_is_sent_to_again() -> None:
    (port,) = free_ports(1)
    url, frames = f"rtmp://127.0.0.1:{port}/live", air()
    async with sending(url) as sender:
        lost = await sender.until(lambda progress: progress.state == "waiting")
        assert f"refuse la connexion sur le port {port}" in lost.detail
        for start in (START, START + 100):
            await _serve_for_a_while(port, sender, later(frames, start - START))


async def _serve_for_a_while(port: int, sender: Sender, frames: list[Frame]) -> None:
    """Take pictures, then die."""
    async with our_server(port) as (_, studios):
        async with asyncio.timeout(20):
            await studios.came.wait()
        source = studios.sources[0]
        await sender.on()
        sender.put(frames[3:])  # the first keyframe is missed
        await source.until(lambda: len(source.pictures) > 10)
        assert source.pictures[0].key
    gone = await sender.until(lambda progress: progress.state == "waiting")
    assert "a coupé la connexion" in gone.detail


async def test_refused_key_is_said_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "streaming.restream")
    async with our_server() as (url, studios), sending(url, key="fausse-cle") as sender:
        for _ in range(3):
            lost = await sender.until(lambda progress: progress.state == "waiting")
    assert "refuse la diffusion (NetStream.Publish.BadName)" in lost.detail
    assert len(studios.asked) >= 3
    ours = [each for each in caplog.records if each.name.startswith("streaming.restream")]
    assert len(ours) == 1  # the same trouble is told once
    said = "".join(each.getMessage() for each in ours)
    assert "fausse-cle" not in said + "".join(told.detail for told in sender.told)


async def test_cut_without_a_word_after_the_key_is_explained() -> None:
    async def serve(guest: Guest) -> None:
        await guest.shake_hands()
        await guest.command("connect")
        guest.writer.write(replies.connected(1.0, enhanced=False))
        await guest.command("createStream")
        guest.writer.write(replies.stream_created(4.0))
        await guest.command("publish")

    async with platform(serve) as url, sending(url) as sender:
        lost = await sender.until(lambda progress: progress.state == "waiting")
        assert "la clé est sans doute fausse" in lost.detail


async def test_who_does_not_answer_is_given_up() -> None:
    async def serve(guest: Guest) -> None:
        await asyncio.Event().wait()

    patience = Patience(opening=0.2)
    async with platform(serve) as url, sending(url, patience=patience) as sender:
        lost = await sender.until(lambda progress: progress.state == "waiting")
        assert "ne laisse pas commencer la diffusion" in lost.detail


def test_every_failure_has_its_words() -> None:
    address = parse("rtmps://example.org/app-secrete", KEY)
    errors: list[tuple[Exception, str]] = [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "introuvable"),
        (TimeoutError(), "ne répond pas"),
        (ConnectionRefusedError(), "refuse la connexion"),
        (ssl.SSLError(1, "wrong version number"), "chiffrée"),
        (OSError(errno.ENETUNREACH, "unreachable"), "ne peut pas être joint"),
    ]
    for error, words in errors:
        said = str(why_not(address, error, connected=False))
        assert words in said
        assert "example.org" in said
        assert "secrete" not in said


def test_words_of_a_server_are_not_repeated() -> None:
    address = parse("rtmp://example.org/app", "Ab.Cd")
    for code in ("Ab.Cd", "La clé Ab.Cd est inconnue", "x" * 100):
        said = str(refused(address, {"code": code, "description": "Ab.Cd"}))
        assert "Ab.Cd" not in said
        assert code not in said


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
async def test_nonsense_from_a_server_ends_the_connection_and_nothing_else(
    nonsense: bytes, framed: bool
) -> None:
    async def serve(guest: Guest) -> None:
        await guest.shake_hands()
        if framed:
            guest.writer.write(chunks.write(3, chunks.COMMAND, 0, nonsense))
            guest.writer.write(chunks.write(3, chunks.COMMAND, 0, amf.encode("close")))
        guest.writer.write(nonsense)
        guest.writer.write_eof()
        with contextlib.suppress(EOFError):
            while True:
                await guest.message()

    trust = ssl.create_default_context()
    async with platform(serve) as url, asyncio.timeout(20):
        with pytest.raises(TargetLost):
            async with publishing(parse(url, KEY), trust, Patience(opening=5.0)):
                pass


async def test_targets_do_not_wait_for_each_other() -> None:
    async def deaf(guest: Guest) -> None:
        await guest.welcome()
        await asyncio.Event().wait()

    async with (
        our_server() as (url, studios),
        platform(deaf) as wall,
        sending(wall) as stuck,
        sending(url) as free,
    ):
        both: tuple[Sender, Sender] = (stuck, free)
        for sender in both:
            await sender.on()
        frames = air()
        for frame in frames:
            for sender in both:
                sender.put([frame])
        source = studios.sources[0]
        await source.until(lambda: len(source.pictures) > 20)
