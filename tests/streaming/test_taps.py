"""Followers get frames from a keyframe on; one that does not read loses frames, not memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streaming import link
from streaming.continuity import Channel
from streaming.packet import Packet
from streaming.taps import MARK, Taps, is_picture


@asynccontextmanager
async def following(tmp_path: Path, follow: link.Follow) -> AsyncIterator["Following"]:
    """A follower of a channel whose packets the test makes up."""
    channel, taps = Channel("plateau", lambda: 1000.0), Taps()
    taps.hook(channel)
    ends: list[link.Link] = []
    arrived = asyncio.Event()

    async def serve(peer: link.Link) -> None:
        ends.append(peer)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(taps.serve(peer, follow))
            group.create_task(asyncio.sleep(0)).add_done_callback(lambda _: arrived.set())
            async for _ in peer.receive():
                pass
            serving.cancel()

    path = tmp_path / "media.sock"
    async with asyncio.timeout(30), link.listening(path, serve), link.connected(path) as peer:
        await arrived.wait()
        yield Following(channel, taps, peer, ends[0])


class Following:
    def __init__(self, channel: Channel, taps: Taps, peer: link.Link, end: link.Link) -> None:
        self.channel = channel
        self.taps = taps
        self.end = end
        self._messages = peer.receive()

    def picture(self, dts: float, *, key: bool = False, size_bytes: int = 10) -> None:
        self.channel.on_packet("primary", "hevc", Packet(bytes(size_bytes), dts, dts, key))

    def sound(self, dts: float) -> None:
        self.channel.on_packet("primary", "mp3", Packet(b"sound", dts, dts, True))

    async def receive(self) -> link.AnyMessage:
        return await anext(self._messages)

    async def frames(self, count: int) -> list[tuple[str, float]]:
        """The next frames: codec and time of each."""
        got = []
        for _ in range(count):
            frame = await self.receive()
            assert isinstance(frame, link.Frame)
            got.append((frame.codec, frame.packet.dts))
        return got


async def test_slot_is_followed_from_a_keyframe_on_to_the_end(tmp_path: Path) -> None:
    async with following(tmp_path, link.Follow("source", "plateau", "primary")) as it:
        it.picture(1.0)
        it.sound(1.5)  # there may be no picture at all
        it.picture(2.0, key=True)
        it.channel.on_packet("backup", "h264", Packet(b"other", 2.1, 2.1, True))
        it.picture(3.0)
        assert await it.frames(3) == [("mp3", 1.5), ("hevc", 2.0), ("hevc", 3.0)]
        it.channel.on_left("primary")
        assert await it.receive() == link.SourceLeft("plateau", "primary")
        it.picture(4.0)
        it.picture(5.0, key=True)
        assert await it.frames(1) == [("hevc", 5.0)]


async def test_watch_gets_sound_and_a_keyframe_a_second_of_every_slot(tmp_path: Path) -> None:
    async with following(tmp_path, link.Follow("watch")) as it:
        for index in range(20):  # each one a keyframe, eight a second
            it.picture(1 + index / 8, key=True)
        it.picture(3.4)
        it.sound(3.5)
        it.channel.on_packet("backup", "h264", Packet(b"other", 1.0, 1.0, True))
        it.picture(0.5, key=True)  # another publisher, whose time is another
        got = await it.frames(6)
        assert [time for _, time in got[:3]] == [1.0, 2.0, 3.0]
        assert got[3:] == [("mp3", 3.5), ("h264", 1.0), ("hevc", 0.5)]


async def test_air_begins_with_a_keyframe_and_its_sound(tmp_path: Path) -> None:
    async with following(tmp_path, link.Follow("air", "plateau")) as it:
        feed = it.channel.feed
        feed.aac.append(Packet(b"sound", 0.9, 0.9, True))
        feed.video.append(Packet(b"picture", 1.0, 1.0, False))
        await asyncio.sleep(0)
        feed.video.append(Packet(b"key", 2.0, 2.0, True))
        await asyncio.sleep(0)
        feed.aac.append(Packet(b"sound", 2.0, 2.0, True))
        assert await it.frames(2) == [("h264", 2.0), ("aac", 2.0)]


async def test_follower_that_does_not_read_loses_frames_up_to_a_keyframe(tmp_path: Path) -> None:
    async with following(tmp_path, link.Follow("source", "plateau", "primary")) as it:
        it.picture(0.0, key=True)
        for index in range(1, 100):
            it.picture(float(index), size_bytes=MARK // 20)
        assert MARK < it.end.unread < 1.2 * MARK
        got = await it.frames(20)
        it.picture(100.0)
        it.picture(101.0, key=True)
        while got[-1][1] != 101.0:
            got += await it.frames(1)
        assert 20 < len(got) < 40
        assert [time for _, time in got[:-1]] == [float(index) for index in range(len(got) - 1)]


async def test_end_of_a_source_is_told_to_who_lags(tmp_path: Path) -> None:
    async with following(tmp_path, link.Follow("source", "plateau", "primary")) as it:
        for index in range(50):
            it.picture(float(index), key=True, size_bytes=MARK // 20)
        it.channel.on_left("primary")
        while isinstance(message := await it.receive(), link.Frame):
            pass
        assert message == link.SourceLeft("plateau", "primary")


async def test_follower_that_went_away_costs_nothing(tmp_path: Path) -> None:
    async with following(tmp_path, link.Follow("watch")) as it:
        it.picture(1.0, key=True)
        await it.frames(1)
        assert it.taps.followers == 1
    assert it.taps.followers == 0


def test_codecs_are_told_apart() -> None:
    assert all(map(is_picture, ("h264", "hevc", "av1", "vp8", "mpeg2video")))
    assert not any(map(is_picture, ("aac", "opus", "mp3", "pcm_s16le", "nonsense")))
