"""The watch process tells media what studios show and say; when it dies, only that is missing."""

import asyncio
import gc
import os
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest

from streaming import link
from streaming.clock import Clock
from streaming.packet import Packet
from streaming.watching.watched import Watched
from tests.streaming import studios
from tests.streaming.watching import scenes
from tests.tv.test_media import silent
from tests.waiting import when
from tv.folder import Folder
from tv.media import Media
from tv.settings import load
from tv.studios import watch
from tv.studios.keys import load_secret
from tv.studios.stream_keys import StreamKeys

KEYS = StreamKeys(b"secret", Path("/nowhere"))

CHILD = "from tv import children; children.run_child('watch', -1, '')"


class Door:
    """Where media would listen: what a test sends to watch, and what watch says."""

    def __init__(self) -> None:
        self.peers: asyncio.Queue[link.Link] = asyncio.Queue()
        self.said: asyncio.Queue[link.Observed] = asyncio.Queue()

    async def serve(self, peer: link.Link) -> None:
        async for message in peer.receive():
            if isinstance(message, link.Follow):
                assert message == link.Follow("watch")
                self.peers.put_nowait(peer)
            else:
                assert isinstance(message, link.Observed)
                self.said.put_nowait(message)

    async def hear(self, slot: str = "primary") -> link.Observed:
        while (said := await self.said.get()).slot != slot:
            pass
        return said


@asynccontextmanager
async def watching(path: Path) -> AsyncIterator[Door]:
    door = Door()
    async with asyncio.timeout(60), link.listening(path, door.serve):
        task = asyncio.create_task(watch.run(path))
        try:
            yield door
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def frames(
    codec: str, packets: list[Packet], slot: str = "primary", start: float = 1000.0
) -> list[link.Frame]:
    return [link.Frame("plateau", slot, codec, studios.shift(each, start)) for each in packets]


def black() -> list[Packet]:
    return [packet for _, packet in scenes.encode([np.full((180, 320), 16.0)] * 3, gop=1)]


async def test_what_a_studio_that_left_was_decoded_with_is_gone_at_once(tmp_path: Path) -> None:
    """Megabytes of pictures, in a process where the garbage collector hardly ever comes."""
    gc.disable()
    try:
        async with watching(tmp_path / "media.sock") as door:
            peer = await door.peers.get()
            for frame in frames("h264", black()):
                peer.send(frame)
            await door.hear()
            known = [weakref.ref(each) for each in gc.get_objects() if type(each) is Watched]
            assert known
            peer.send(link.SourceLeft("plateau", "primary"))
            await when(lambda: not any(each() for each in known))
    finally:
        gc.enable()


async def test_what_is_seen_and_heard_is_told_once_a_second(tmp_path: Path) -> None:
    async with watching(tmp_path / "media.sock") as door:
        peer = await door.peers.get()
        for frame in frames("aac", list(studios.sound(scenes.sine(-20.0, 1.0)))):
            peer.send(frame)
        for frame in frames("h264", black()):
            peer.send(frame)
            await peer.drain()
        said = await door.hear()
        while said.frozen_since is None:
            peer.send(frames("h264", black())[-1])
            said = await door.hear()
        assert said.loudness == pytest.approx(-20.0, abs=0.5)
        assert said.black_since == pytest.approx(1000.0, abs=0.1)
        assert said.silent_since is None
        assert (said.width, said.height) == (320, 180)


async def test_broken_frames_harm_no_other_slot(tmp_path: Path) -> None:
    async with watching(tmp_path / "media.sock") as door:
        peer = await door.peers.get()
        for codec in ("h264", "hevc", "av1", "aac", "nonsense", "subrip"):
            for data in (b"", b"\xff" * 100):
                peer.send(
                    link.Frame("plateau", "backup", codec, Packet(data, 1.0, 1.0, True, data))
                )
        for frame in frames("h264", black()):
            peer.send(frame)
        assert (await door.hear("primary")).black_since
        assert (await door.hear("backup")).black_since is None


async def test_next_publisher_is_not_blamed_for_the_last(tmp_path: Path) -> None:
    async with watching(tmp_path / "media.sock") as door:
        peer = await door.peers.get()
        for frame in frames("h264", black()):
            peer.send(frame)
        while not (await door.hear()).black_since:
            pass
        peer.send(link.SourceLeft("plateau", "primary"))
        bright = [packet for _, packet in scenes.encode([scenes.bars((320, 180))], gop=1)]
        peer.send(frames("h264", bright)[0])
        said = await door.hear()
        while said.black_since or not said.width:
            said = await door.hear()
        assert said.movement is None  # since the other's last picture


async def test_watch_comes_back_when_media_does(tmp_path: Path) -> None:
    async with watching(tmp_path / "media.sock") as door:
        (await door.peers.get()).close()
        await door.peers.get()


@contextmanager
def process(folder: Folder) -> Iterator[subprocess.Popen[bytes]]:
    """A watch process as the supervisor starts it."""
    resolved = msgspec.json.encode(load()).decode()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env=os.environ | {"FABRIQUE_DATA": str(folder.path), "FABRIQUE_RESOLVED": resolved},
        stdin=subprocess.PIPE,  # its lifeline
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.slow
async def test_black_and_silent_studio_is_said_to_be_so_until_watch_dies(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.make()
    load_secret(folder.path)
    on_air, media, clock = silent(), Media(KEYS), Clock()
    media.channels["plateau"] = on_air
    media.taps.hook(on_air.channel)
    source = on_air.channel.take("primary", "rtmp")
    silence = list(studios.sound(np.zeros((2, 24_000), np.float32)))

    async def publish() -> None:
        film = black()
        while True:
            now = on_air.channel.now()
            source.video(studios.shift(film[0], now))
            for packet in silence:
                source.sound(studios.shift(packet, now), "aac")
            await asyncio.sleep(0.5)

    async with (
        asyncio.timeout(60),
        link.listening(folder.media_socket, media.serve),
        link.connected(folder.media_socket) as peer,
        asyncio.TaskGroup() as group,
    ):
        tasks = [group.create_task(publish()), group.create_task(media.run(clock))]
        states = _states(peer)
        with process(folder) as child:
            state = await anext(states)
            while not (state.black and state.silent and state.frozen):
                state = await anext(states)
            assert state.loudness == -70.0
            child.kill()
            while state.loudness is not None or state.black:
                state = await anext(states)
        assert state.connected
        for task in tasks:
            task.cancel()


async def _states(peer: link.Link) -> AsyncIterator[link.SourceState]:
    peer.send(link.Follow("hls"))
    async for message in peer.receive():
        if isinstance(message, link.ChannelState):
            yield message.sources[0]
