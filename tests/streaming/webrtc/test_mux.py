"""The shared UDP port, and what strangers send to it."""

import asyncio
import os
import re
import socket
from typing import Any

import pytest
from aioice import stun

from streaming.errors import StreamingError
from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc.mux import ADDRESSES_PER_VIEWER, Mux
from streaming.webrtc.relay import Relay


def address(answer: str) -> tuple[str, int]:
    found = re.search(r" 127\.0\.0\.1 (\d+) typ host", answer)
    assert found
    return "127.0.0.1", int(found[1])


def check(user: str, password: bytes) -> bytes:
    """A connectivity check, as a viewer sends it."""
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes["USERNAME"] = user
    request.attributes["PRIORITY"] = 1
    request.attributes["ICE-CONTROLLING"] = 2**64 - 1
    request.add_message_integrity(password)
    return bytes(request)


async def test_strangers_disturb_nobody(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    feed.webrtc.append(pictures[0])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: bool(viewer.packets["video"]))
        user = re.search(r"a=ice-ufrag:(\S+)", viewer.answer)
        assert user
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            for size in (1, 4, 19, 20, 40, 1200):
                for first in (0, 1, 20, 22, 63, 128, 200, 255):
                    stranger.sendto(bytes((first,)) + os.urandom(size), address(viewer.answer))
            forged = check(f"{user[1]}:abcd", b"not the password, though")
            stranger.sendto(check("no:body", b"x" * 24), address(viewer.answer))
            stranger.sendto(forged, address(viewer.answer))
            for picture in pictures[1:30]:
                feed.webrtc.append(picture)
            await viewer.until(lambda: len(viewer.timestamps("video")) == 30)
            # A forged check is refused; nothing else is even answered.
            async with asyncio.timeout(5):
                reply = await asyncio.get_running_loop().sock_recv(stranger, 2000)
            assert stun.parse_message(reply).message_class == stun.Class.ERROR
            with pytest.raises(BlockingIOError):
                stranger.recv(2000)
        assert relay.viewers == 1


async def test_a_viewer_claims_few_addresses(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    feed.webrtc.append(pictures[0])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: bool(viewer.packets["video"]))
        ours = viewer.connection.getReceivers()[0].transport.transport._connection
        user = f"{ours.remote_username}:{ours.local_username}"
        for _ in range(3 * ADDRESSES_PER_VIEWER):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as another:
                another.bind(("127.0.0.1", 0))
                another.sendto(check(user, ours.remote_password.encode()), address(viewer.answer))
        for picture in pictures[1:30]:
            feed.webrtc.append(picture)
        await viewer.until(lambda: len(viewer.timestamps("video")) == 30)
        assert len(relay._mux._claims) <= 3 * ADDRESSES_PER_VIEWER


async def test_two_channels_share_one_port(pictures: list[Packet], watching: Any) -> None:
    mux = Mux()
    await mux.open()
    relays = [Relay(Feed(), mux=mux) for _ in range(2)]
    for relay in relays:
        relay._feed.webrtc.append(pictures[0])
    one, two = relays
    async with watching(one.answer) as first, watching(two.answer) as second:
        for viewer in (first, second):
            await viewer.until(lambda v=viewer: bool(v.packets["video"]))
        assert address(first.answer) == address(second.answer)
    for relay in relays:
        await relay.close()
    await mux.close()


async def test_a_taken_port_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(StreamingError, match=str(port)):
            await Mux(port).open()


async def test_a_name_is_no_address_to_offer() -> None:
    with pytest.raises(StreamingError, match=r"tv\.example"):
        Mux(8189, ["tv.example"])
