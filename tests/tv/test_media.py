"""The media process as its siblings see it over the link: killed, misunderstood, busy."""

import asyncio
import itertools
import os
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from streaming import link
from streaming.clock import Clock
from streaming.continuity import Channel
from streaming.hls.packager import Packager
from streaming.hls.window import PartAdded, Segment, SegmentClosed, Window, WindowEvent
from streaming.packet import Packet
from streaming.webrtc.delayed import Delayed
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from streaming.webrtc.relays import Relays
from tests.servers import free_ports
from tests.streaming.hls.test_window import init, segment
from tests.waiting import when
from tv.folder import Folder
from tv.media import Media
from tv.on_air import OnAir
from tv.problems import Problem
from tv.settings import Channel as ChannelSetting
from tv.settings import Slot, load
from tv.studios.keys import load_secret
from tv.studios.stream_keys import StreamKeys
from tv.upstream import Upstream

KEYS = StreamKeys(b"secret", Path("/nowhere"))

CHILD = "from tv import children; children.run_child('media', -1, '')"


@contextmanager
def media(folder: Folder) -> Iterator[subprocess.Popen[bytes]]:
    """A media process on ports of its own, killed with SIGKILL at the end."""
    rtmp, webrtc = free_ports(2)
    settings = load(
        environment={
            "FABRIQUE_SERVER__HOST": "127.0.0.1",
            "FABRIQUE_RTMP__PORT": str(rtmp),
            "FABRIQUE_WEBRTC__PORT": str(webrtc),
        }
    )
    resolved = msgspec.json.encode(settings).decode()
    with (folder.path / "media.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            env=os.environ | {"FABRIQUE_DATA": str(folder.path), "FABRIQUE_RESOLVED": resolved},
            stdin=subprocess.PIPE,  # its lifeline
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "data")
    folder.make()
    load_secret(folder.path)
    return folder


@asynccontextmanager
async def following(path: Path) -> AsyncIterator[Upstream]:
    upstream = Upstream(path, ["plateau"])
    task = asyncio.create_task(upstream.run())
    try:
        yield upstream
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def silent(name: str = "plateau") -> OnAir:
    """A channel that nothing runs."""
    channel = Channel(name, Clock().now)
    packager = Packager(
        origin=0.0,
        epoch=1,
        next_msn=itertools.count().__next__,
        next_discontinuity=itertools.count().__next__,
        emit=lambda event: None,
    )
    return OnAir(channel, Window(), Relays(Relay(channel.feed)), packager)


def with_data(event: WindowEvent, data: bytes) -> WindowEvent:
    return msgspec.structs.replace(event, data=data) if isinstance(event, PartAdded) else event


async def until(window: Window, fact: Callable[[Segment], bool]) -> None:
    """Wait until the last segment makes `fact` true."""
    async with asyncio.timeout(20):
        while window.last is None or not fact(window.last):
            await window.changed()


@pytest.mark.slow
async def test_killed_media_goes_on_where_the_last_part_ended(folder: Folder) -> None:
    async with following(folder.media_socket) as upstream:
        window = upstream.windows["plateau"]
        with media(folder):
            await until(window, lambda last: len(window.segments) > 1 and len(last.parts) == 1)
        killed = window.segments[-1]
        until_then = killed.opened.start + killed.parts[0].duration
        with media(folder):
            await until(window, lambda last: last is not killed and bool(last.parts))
        # Media that was away for long has more than one segment to make up for at once.
        names = [segment.opened.name for segment in window.segments]
        following_ = window.segments[names.index(killed.opened.name) + 1].opened
        assert following_.msn == killed.opened.msn + 1
        assert following_.start == pytest.approx(until_then, abs=0.001)
        assert killed.duration == pytest.approx(killed.parts[0].duration, abs=0.001)


async def test_media_killed_as_a_segment_begins_dates_none_like_it(folder: Folder) -> None:
    async with following(folder.media_socket) as upstream:
        window = upstream.windows["plateau"]
        with media(folder):
            await until(window, lambda last: len(window.segments) > 1 and not last.parts)
        killed = window.segments[-1]
        with media(folder):
            await until(window, lambda last: last is not killed and bool(last.parts))
        starts = [round(segment.opened.start, 3) for segment in window.segments]
        assert starts == sorted(set(starts))
        assert killed in window.segments


async def test_newcomer_is_caught_up_however_much_there_is(tmp_path: Path) -> None:
    data = bytes(link.BACKLOG // 30)
    on_air = silent()
    on_air.window.apply(init())
    for msn in range(34):  # as several channels have together after a minute
        for event in segment(msn, parts=1):
            on_air.window.apply(with_data(event, data))
    media_ = Media(KEYS)
    media_.channels["plateau"] = on_air
    path, follower = tmp_path / "media.sock", Window()
    async with link.listening(path, media_.serve), link.connected(path) as peer:
        peer.send(link.Follow("hls"))
        async with asyncio.timeout(20):
            async for message in peer.receive():
                if isinstance(message, link.ChannelState):
                    break
                assert isinstance(message, link.WindowChanged)
                for event in message.events:
                    follower.apply(with_data(event, b""))
                if message.events == [SegmentClosed(1, 0.5)]:  # media goes on meanwhile
                    for event in segment(34, parts=2):
                        on_air.window.apply(event)
                        media_.note("plateau", event)
    assert [each.opened.name for each in follower.segments] == [
        each.opened.name for each in on_air.window.segments
    ]
    assert len(follower.segments[-1].parts) == 2
    assert follower.segments[-1].duration is not None


@pytest.mark.slow
async def test_who_speaks_nonsense_over_the_link_is_parted_from_quietly(folder: Folder) -> None:
    with media(folder):
        async with following(folder.media_socket) as upstream, asyncio.timeout(20):
            await upstream.connected.wait()
            for nonsense in (b"\xff\xff\xff\xff", struct.pack("!I", 3) + b"abc"):
                reader, writer = await asyncio.open_unix_connection(folder.media_socket)
                writer.write(nonsense)
                assert await reader.read() == b""
                writer.close()
            async with link.connected(folder.media_socket) as stranger:
                stranger.send(link.Now(1.0))
                assert [message async for message in stranger.receive()] == []
            assert upstream.connected.is_set()
    log = (folder.path / "media.log").read_text()
    assert log.count("WARNING") == 3
    assert "Traceback" not in log


async def test_who_follows_a_channel_that_is_not_here_has_all_others(tmp_path: Path) -> None:
    media_ = Media(KEYS)
    media_.channels["plateau"] = silent()
    path = tmp_path / "media.sock"
    async with link.listening(path, media_.serve), link.connected(path) as edge:
        edge.send(link.Follow("webrtc", "elsewhere"))  # as an edge does with settings of its own
        edge.send(link.WantKey("elsewhere"))
        edge.send(link.Follow("states"))
        async with asyncio.timeout(20):
            assert await anext(edge.receive()) == media_.state("plateau")


async def test_who_is_refused_for_now_is_told_when_to_come_back(tmp_path: Path) -> None:
    async def serve(peer: link.Link) -> None:
        peer.send(link.Now(1000.0))
        async for message in peer.receive():
            if isinstance(message, link.Offer):
                status, wait = (503, 1.0) if message.sdp == "busy" else (422, 0.0)
                peer.send(link.Refused(message.request, status, message.sdp, "Non.", wait))

    path = tmp_path / "media.sock"
    async with link.listening(path, serve), following(path) as upstream, asyncio.timeout(5):
        await upstream.connected.wait()
        with pytest.raises(Problem) as busy:
            await upstream.offer("plateau", "busy", "", "")
        assert busy.value.headers()["retry-after"] == "1"
        with pytest.raises(Problem) as wrong:
            await upstream.offer("plateau", "wrong", "", "")
        assert "retry-after" not in wrong.value.headers()


async def test_what_happens_at_once_is_told_at_once(folder: Folder) -> None:
    on_air, media_, path = silent(), Media(KEYS), folder.media_socket
    media_.channels["plateau"] = on_air
    async with link.listening(path, media_.serve), link.connected(path) as peer:
        peer.send(link.Follow("hls"))
        async with asyncio.timeout(5):
            async for message in peer.receive():
                if isinstance(message, link.ChannelState):
                    break
            events = [init(), *segment(1, parts=2), *segment(2, parts=1)]
            for event in events:
                media_.note("plateau", event)
            message = await anext(peer.receive())
    assert message == link.WindowChanged("plateau", events)


async def test_crew_is_told_of_a_source_that_is_not_kept(tmp_path: Path) -> None:
    media_ = Media(KEYS)
    media_.channels["plateau"] = silent()
    path = tmp_path / "media.sock"
    async with (
        link.listening(path, media_.serve),
        following(path) as upstream,
        link.connected(path) as keep,
    ):
        changed = asyncio.Event()
        upstream.on_state.append(lambda channel: changed.set())
        for reason, advice in (("Le disque est plein.", ["Le disque est plein."]), ("", [])):
            keep.send(link.Unkept("plateau", "primary", reason))
            async with asyncio.timeout(20):
                while (
                    "plateau" not in upstream.states
                    or upstream.states["plateau"].sources[0].advice != advice
                ):
                    changed.clear()
                    await changed.wait()


async def test_crew_is_told_how_a_channel_is_recorded_and_that_the_recorder_is_gone(
    tmp_path: Path,
) -> None:
    media_ = Media(KEYS)
    media_.channels["plateau"] = silent()
    path = tmp_path / "media.sock"
    async with link.listening(path, media_.serve), following(path) as upstream:
        changed = asyncio.Event()
        upstream.on_state.append(lambda channel: changed.set())

        async def told(state: str) -> link.Recording:
            async with asyncio.timeout(20):
                while True:
                    known = upstream.states.get("plateau")
                    if known and known.recording and known.recording.state == state:
                        return known.recording
                    changed.clear()
                    await changed.wait()

        async with link.connected(path) as recorder:
            said = link.Recording("plateau", "on", seconds=12.0, size=1_000_000, room=3600.0)
            recorder.send(said)
            assert await told("on") == said
        gone = await told("paused")
        assert gone.reason == "L’enregistrement redémarre."
        assert gone.seconds == 12.0
        async with link.connected(path) as again:
            again.send(link.Recording("plateau", "on"))
            await told("on")


async def ask(peer: link.Link, message: link.AnyMessage) -> link.AnyMessage:
    """Send a request; return what answers it."""
    peer.send(message)
    async for reply in peer.receive():
        if isinstance(reply, (link.Answered, link.Done, link.Refused)):
            return reply
    raise AssertionError("media went away")


async def state_of(folder: Folder) -> link.ChannelState:
    async with link.connected(folder.media_socket) as peer, asyncio.timeout(20):
        peer.send(link.Follow("hls"))
        async for message in peer.receive():
            if isinstance(message, link.ChannelState):
                return message
    raise AssertionError("media went away")


@pytest.mark.slow
async def test_what_the_crew_chooses_to_show_outlives_media(folder: Folder) -> None:
    with media(folder):
        async with following(folder.media_socket) as upstream, asyncio.timeout(20):
            await upstream.connected.wait()
        assert (await state_of(folder)).chosen == "auto"
        async with link.connected(folder.media_socket) as peer, asyncio.timeout(20):
            assert await ask(peer, link.Switch(1, "plateau", "backup")) == link.Done(1)
            no_channel = await ask(peer, link.Switch(2, "labo-9", "backup"))
            no_choice = await ask(peer, link.Switch(3, "plateau", "third"))
        assert isinstance(no_channel, link.Refused)
        assert isinstance(no_choice, link.Refused)
        assert (no_channel.status, no_choice.status) == (404, 422)
        assert (await state_of(folder)).chosen == "backup"
    with media(folder):
        async with following(folder.media_socket) as upstream, asyncio.timeout(20):
            await upstream.connected.wait()
        assert (await state_of(folder)).chosen == "backup"


async def test_who_asks_for_the_delayed_feed_gets_it_and_is_counted(tmp_path: Path) -> None:
    on_air, media_, path = silent(), Media(KEYS), tmp_path / "media.sock"
    feed, mux = on_air.channel.feed, Mux()
    on_air.relays.delayed = Delayed(feed, 1.0, lambda later: Relay(later, mux=mux))
    media_.channels["plateau"] = on_air
    media_.channels["labo-1"] = silent("labo-1")
    now = on_air.channel.now()
    told = media_.state("plateau").feeds
    assert {name: each.delay for name, each in told.items()} == {"live": 0.0, "delayed": 1.0}
    for each in told.values():
        ahead = (round(now * each.rate) - each.rtp + 2**31) % 2**32 - 2**31
        assert each.time + ahead / each.rate == pytest.approx(now, abs=1e-4)
    assert list(media_.state("labo-1").feeds) == ["live"]
    try:
        async with (
            link.listening(path, media_.serve),
            link.connected(path) as peer,
            asyncio.timeout(20),
        ):
            async with watching() as (viewer, offer):
                for request, channel, name in ((1, "labo-1", "delayed"), (2, "plateau", "later")):
                    reply = await ask(peer, link.Offer(request, channel, offer, name))
                    assert isinstance(reply, link.Refused)
                    assert (reply.status, reply.code) == (404, "unknown-feed")
                assert list(on_air.relays) == [on_air.relays.live]
                answered = await ask(peer, link.Offer(3, "plateau", offer, "delayed"))
                assert isinstance(answered, link.Answered)
                await viewer.setRemoteDescription(RTCSessionDescription(answered.sdp, "answer"))
                await when(lambda: media_.state("plateau").webrtc_viewers)
                assert [relay.viewers for relay in on_air.relays] == [0, 1]
                assert await ask(peer, link.Hangup(4, "plateau", answered.session)) == link.Done(4)
            assert media_.state("plateau").webrtc_viewers == 0
    finally:
        await on_air.relays.delayed.close()
        await mux.close()


@asynccontextmanager
async def watching() -> AsyncIterator[tuple[RTCPeerConnection, str]]:
    """A viewer, and what it offers."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        connection.addTransceiver("video", "recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        yield connection, connection.localDescription.sdp
    finally:
        await connection.close()


def test_a_slots_publisher_gets_its_delay_and_its_trim() -> None:
    on_air = silent()
    on_air.setting = ChannelSetting(backup=Slot(delay_ms=300, audio_ms=-80))
    primary, backup = on_air.take("primary", "rtmp"), on_air.take("backup", "whip")
    heard: list[tuple[str, float]] = []
    on_air.channel.on_packet = lambda slot, codec, packet: heard.append((slot, packet.pts))
    for source in (primary, backup):
        stamp = source.timeline.track(1000).stamp(0)
        source.sound(Packet(b"x", stamp, stamp, True), "opus")
    (_, first), (_, second) = heard
    assert second - first == pytest.approx(0.220, abs=0.05)
    assert (primary.timeline.delay, backup.timeline.delay) == (0.0, 0.3)
