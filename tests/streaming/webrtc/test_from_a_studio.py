"""From a studio's WebRTC to a viewer's: what one numbers is not what the other gets."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from aiortc.rtp import RtpPacket

from streaming.clock import Clock
from streaming.continuity import Channel
from streaming.ingest.whip.studios import Studios
from streaming.packet import Packet
from streaming.slate import Slate
from streaming.source import Source
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from tests.streaming.ingest.whip.publisher import publishing


class Probing:
    """Adds packets of padding alone behind every third one, as browsers do to try a network.

    They have numbers of the stream, so that all that follow have higher ones.
    """

    def __init__(self) -> None:
        self.padded = 0
        self._sent = {"video": 0, "audio": 0}
        self._ahead = {"video": 0, "audio": 0}

    def wire(self, kind: str, data: bytes) -> Iterator[bytes]:
        number = int.from_bytes(data[2:4], "big") + self._ahead[kind]
        yield data[:2] + (number % 2**16).to_bytes(2, "big") + data[4:]
        self._sent[kind] += 1
        if self._sent[kind] % 3 == 0:
            for size in (1, 255):
                number += 1
                self._ahead[kind] += 1
                self.padded += 1
                head = bytes((0xA0, data[1] & 127)) + (number % 2**16).to_bytes(2, "big")
                yield head + data[4:12] + bytes((*[0] * (size - 1), size))


@pytest.mark.slow
async def test_padding_of_a_studio_leaves_no_gap_in_what_viewers_get(
    pictures: list[Packet], sounds: list[Packet], watching: Any
) -> None:
    mux, channel, probing = Mux(), Channel("plateau", Clock().now, slate=Slate()), Probing()
    relay = Relay(channel.feed, mux=mux)

    def take(name: str, slot: str, kind: str) -> Source:
        return channel.take(slot, kind)

    studios = Studios(mux, take)

    async def publish(sdp: str) -> tuple[str, str]:
        session, answer, _ = await studios.publish(("plateau", "primary"), sdp)
        return session, answer

    running = asyncio.create_task(channel.run())
    try:
        async with (
            publishing(publish, pictures, sounds, wire=probing.wire),
            watching(relay.answer) as viewer,
        ):
            await viewer.until(lambda: channel.on_air == "primary", seconds=30)
            seen, padded = len(viewer.timestamps("video")), probing.padded
            await viewer.until(lambda: len(viewer.timestamps("video")) > seen + 80, seconds=30)
            assert probing.padded > padded + 80
            assert channel.state().sources[0].lost == 0
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await studios.close()
        await relay.close()
        channel.feed.close()
        await mux.close()
    for kind in ("video", "audio"):
        packets: list[RtpPacket] = viewer.packets[kind]
        assert len({packet.ssrc for packet in packets}) == 1  # nothing had to be sent again
        steps = [
            (after.sequence_number - before.sequence_number) % 2**16
            for before, after in itertools.pairwise(packets)
        ]
        assert set(steps) == {1}
        assert all(packet.payload for packet in packets)
    times = viewer.timestamps("video")[-45:]  # the source has found its place by then
    steps = [(after - before) % 2**32 for before, after in itertools.pairwise(times)]
    assert max(steps) < 5400  # no picture is missing
