"""SRT publishers from their streamid to a place in a channel."""

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from streaming import link
from streaming.errors import PublishRefused
from streaming.ingest import foreign
from streaming.ingest.srt.libsrt import Library
from streaming.ingest.srt.listener import Connection, Options, listening
from streaming.ingest.srt.streamid import Reject
from streaming.link import Link
from tests.servers import fabrique
from tests.streaming.ingest.callers import PASSPHRASE, caller, kill, refused
from tests.streaming.ingest.films import Recorder, make_film
from tests.waiting import when
from tv.studios import srt
from tv.studios.srt_door import TURNED_AWAY, Door
from tv.studios.stream_keys import StreamKeys

SECRET = b"a secret of tests, thirty-two by"
KEYS = StreamKeys(SECRET, Path("/nowhere"), srt_apart=True)
KEY = KEYS.key("plateau", "primary", "srt")


class Media:
    """The media process's end of the link: each place holds one source at a time."""

    def __init__(self) -> None:
        self.sources: list[tuple[str, str, Recorder]] = []
        self.asked = 0
        self._came = asyncio.Event()

    def take(self, channel: str, slot: str, kind: str) -> Recorder:
        assert kind == "srt"
        self.asked += 1
        self._came.set()
        if any(at == [channel, slot] and not each.closed for *at, each in self.sources):
            raise PublishRefused("L’emplacement est déjà occupé.")
        self.sources.append((channel, slot, Recorder()))
        return self.sources[-1][-1]

    async def serve(self, peer: Link) -> None:
        async for message in peer.receive():
            assert isinstance(message, link.Publish)
            await foreign.serve_publisher(peer, message, self.take)

    async def source(self, number: int) -> Recorder:
        """The source that comes as number `number`, from 1."""
        async with asyncio.timeout(60):
            while len(self.sources) < number:
                self._came.clear()
                await self._came.wait()
        return self.sources[number - 1][-1]


class Port:
    """An SRT port with media behind it."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        self.media = Media()
        self.socket = folder / "media.sock"
        self.door = Door(KEYS, ["plateau", "labo-1"], now)
        self.callers: list[Connection] = []
        self.number = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Port"]:
        publishers = srt.Publishers(self.socket, self.door)
        options = Options("127.0.0.1", 0, passphrase=PASSPHRASE)

        async def serve(connection: Connection) -> None:
            self.callers.append(connection)
            await publishers.serve(connection)

        async with listening(Library(), options, self.door.admit, serve) as self.number:
            yield self


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[Port]:
    made = Port(tmp_path)
    async with link.listening(made.socket, made.media.serve), made.open():
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("srt") / "film.ts", 4.0, sound_rate=48000)


def demuxers() -> list[int]:
    """The demuxer processes of this one."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "streaming.ingest.demuxer" in child.cmdline():
                found.append(child.pid)
    return found


@pytest.mark.parametrize(
    "streamid",
    [f"publish:plateau:{KEY}", f"#!::r=plateau,m=publish,u={KEY}", f"#!::m=publish,s={KEY}"],
)
async def test_a_caller_with_the_key_publishes(port: Port, film: Path, streamid: str) -> None:
    async with caller(port.number, streamid, film):
        source = await port.media.source(1)
        await source.until(lambda: len(source.pictures) > 20 and len(source.sounds) > 20, 60)
        assert port.media.sources[0][:2] == ("plateau", "primary")
        assert source.pictures[0].config
        assert abs(source.pictures[0].pts - source.sounds[0][1].pts) < 0.2
        await source.until(lambda: source.round_trip > 0, 60)
        assert source.lost == 0


async def test_a_caller_that_leaves_takes_its_demuxer_with_it(
    port: Port, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRIQUE_SRT__PASSPHRASE", "what the demuxer need not know")
    async with caller(port.number, f"publish:plateau:{KEY}", film) as process:
        source = await port.media.source(1)
        await source.until(lambda: source.pictures, 60)
        (demuxer,) = demuxers()
        assert not [name for name in psutil.Process(demuxer).environ() if "FABRIQUE" in name]
        process.send_signal(signal.SIGINT)  # it says goodbye
        await source.until(lambda: source.closed, 60)
    assert demuxers() == []


async def test_wrong_key_wrong_channel_and_wrong_passphrase_are_told_no(
    port: Port, film: Path
) -> None:
    for streamid, passphrase, told in (
        (f"publish:plateau:{KEY[:-1]}x", PASSPHRASE, "PREDEFINED:403"),
        (f"publish:labo-1:{KEY}", PASSPHRASE, "PREDEFINED:403"),
        (f"publish:plateau/backup:{KEY}", PASSPHRASE, "PREDEFINED:403"),
        (f"#!::r=plateau,u={KEY}", PASSPHRASE, "PREDEFINED:405"),
        ("plateau", PASSPHRASE, "PREDEFINED:400"),
        (f"publish:plateau:{KEY}", "autre phrase de passe", "BADSECRET"),
        (f"publish:plateau:{KEY}", "", "UNSECURE"),
    ):
        async with caller(port.number, streamid, film, passphrase=passphrase) as process:
            assert told in await refused(process), streamid
    assert port.media.asked == 0
    assert demuxers() == []


def test_a_wrong_key_waits_after_ten_and_a_right_one_never() -> None:
    door = Door(KEYS, ["plateau"], lambda: 100.0)
    wrong, right = f"publish:plateau:{KEY[:-1]}x".encode(), f"publish:plateau:{KEY}".encode()
    assert [door.admit("192.0.2.1", wrong) for _ in range(10)] == [Reject.FORBIDDEN] * 10
    assert door.admit("192.0.2.1", wrong) == Reject.OVERLOAD
    assert door.admit("192.0.2.1", right) == 0
    assert door.admit("192.0.2.2", wrong) == Reject.FORBIDDEN
    assert door.refused() == {"wrong_key": 12}
    assert door.refused() == {}


async def test_a_place_that_is_taken_is_refused_and_soon_at_the_door(
    port: Port, film: Path
) -> None:
    streamid = f"publish:plateau:{KEY}"
    async with caller(port.number, streamid, film):
        source = await port.media.source(1)
        await source.until(lambda: source.pictures, 60)
        async with caller(port.number, streamid, film) as second:
            await refused(second)
        told = ""
        while "PREDEFINED:409" not in told:  # a busy machine may be late for the closed door
            asked = port.media.asked
            async with caller(port.number, streamid, film) as third:
                told = await refused(third)
        assert port.media.asked == asked >= 2
        assert len(demuxers()) == 1
        assert not source.closed


async def test_a_cut_cable_frees_the_place_for_the_same_studio(port: Port, film: Path) -> None:
    streamid = f"publish:plateau:{KEY}"
    async with caller(port.number, streamid, film) as first:
        source = await port.media.source(1)
        await source.until(lambda: source.pictures, 60)
        await kill(first)
        loop = asyncio.get_running_loop()
        cut_at = loop.time()
        while True:  # as an encoder tries again
            async with caller(port.number, streamid, film) as again:
                gone = asyncio.create_task(again.wait())
                back = asyncio.create_task(port.media.source(2))
                await asyncio.wait((gone, back), return_when=asyncio.FIRST_COMPLETED)
                gone.cancel()
                if back.done():
                    returned = back.result()
                    break
                back.cancel()
        assert loop.time() - cut_at < 60
        assert source.closed
        assert not returned.closed


async def test_a_cut_cable_frees_the_place_after_another_was_refused_there(
    tmp_path: Path, film: Path
) -> None:
    now = 0.0
    port = Port(tmp_path, lambda: now)
    streamid = f"publish:plateau:{KEY}"
    async with (
        link.listening(port.socket, port.media.serve),
        port.open(),
        caller(port.number, streamid, film) as first,
    ):
        source = await port.media.source(1)
        await source.until(lambda: source.pictures, 60)
        async with caller(port.number, streamid, film) as second:
            await refused(second)
        await kill(first)
        now += TURNED_AWAY  # the door is open again
        cut = port.callers[0]
        await when(lambda: time.monotonic() - cut.heard_at > srt.ABANDONED)
        async with caller(port.number, streamid, film):  # once: SRT does not know yet
            await port.media.source(2)
        assert source.closed


async def test_a_killed_demuxer_costs_its_source_a_moment_and_others_nothing(
    port: Port, film: Path
) -> None:
    other_key = KEYS.key("labo-1", "backup", "srt")
    async with (
        caller(port.number, f"publish:plateau:{KEY}", film),
        caller(port.number, f"publish:labo-1:{other_key}", film),
    ):
        sources = [await port.media.source(1), await port.media.source(2)]
        for source in sources:
            await source.until(lambda source=source: source.pictures, 60)
        victim = next(pid for pid in demuxers())
        os.kill(victim, signal.SIGKILL)
        counts = [len(source.pictures) for source in sources]
        for source, count in zip(sources, counts, strict=True):
            await source.until(lambda s=source, c=count: len(s.pictures) > c + 30, 60)
        assert not any(source.closed for source in sources)
        assert victim not in demuxers()


async def test_a_stream_that_keeps_breaking_its_demuxer_is_sent_away(
    port: Port, film: Path
) -> None:
    async with caller(port.number, f"publish:plateau:{KEY}", film) as process:
        source = await port.media.source(1)
        killed: set[int] = set()
        while len(killed) <= srt.CRASHES:
            count = len(source.pictures)
            await source.until(lambda count=count: len(source.pictures) > count, 60)
            for pid in set(demuxers()) - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        await refused(process)
        await source.until(lambda: source.closed, 60)
        assert source.advice == [srt.CRASHING]


async def test_what_is_no_transport_stream_is_told(port: Port, film: Path) -> None:
    streamid = f"publish:plateau:{KEY}"
    async with caller(port.number, streamid, film, container="flv"):
        source = await port.media.source(1)
        await source.until(lambda: source.closed, 60)
        assert "MPEG-TS" in source.advice[0]


async def test_a_caller_stays_while_media_is_away(tmp_path: Path, film: Path) -> None:
    port = Port(tmp_path)
    async with port.open(), caller(port.number, f"publish:plateau:{KEY}", film) as process:
        async with link.listening(port.socket, port.media.serve):
            source = await port.media.source(1)
            await source.until(lambda: source.pictures, 60)
        await source.until(lambda: source.closed, 60)
        async with link.listening(port.socket, port.media.serve):
            source = await port.media.source(2)
            await source.until(lambda: len(source.pictures) > 20, 60)
            assert process.returncode is None


async def test_garbage_datagrams_cost_nobody_anything(port: Port, film: Path) -> None:
    noise = random.Random(1)
    async with caller(port.number, f"publish:plateau:{KEY}", film):
        source = await port.media.source(1)
        await source.until(lambda: source.pictures, 60)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(2000):
                datagram = bytearray(noise.randbytes(noise.choice((0, 1, 15, 16, 64, 1472))))
                if len(datagram) >= 16 and noise.random() < 0.5:
                    datagram[:16] = b"\x80" + bytes(15)  # a handshake's header
                stranger.sendto(datagram, ("127.0.0.1", port.number))
        count = len(source.pictures)
        await source.until(lambda: len(source.pictures) > count + 20, 60)
        assert not source.closed
        assert source.lost == 0


@pytest.mark.slow
async def test_srt_goes_on_air_on_a_whole_server(film: Path) -> None:
    with fabrique(SRT__PASSPHRASE=PASSPHRASE) as server:
        streamid = f"publish:plateau:{server.srt_key()}"
        async with caller(server.srt_port, streamid, film), asyncio.timeout(60):
            async with link.connected(server.folder.media_socket) as peer:
                peer.send(link.Follow("hls"))
                async for message in peer.receive():
                    if isinstance(message, link.ChannelState) and message.on_air == "primary":
                        source = message.sources[0]
                        assert source.kind == "srt"
                        if source.round_trip > 0 and source.width:
                            break
            assert (source.width, source.height) == (320, 180)
            server.kill("srt")  # the supervisor starts it again: encoders connect anew
            async with caller(server.srt_port, streamid, film):
                pass
