"""One UDP socket of ours: what comes is read in short bursts; what has no room waits for it."""

import asyncio
import itertools
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from streaming.webrtc.udp import BACKLOG, BURST, Address, Endpoint
from tests.streaming.webrtc.test_datagrams import NARROW, Network
from tests.streaming.webrtc.test_datagrams import network as network


class Inbox:
    """An endpoint, and what it read."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.came: list[tuple[bytes, Address]] = []
        self.arrived = asyncio.Event()
        self.endpoint = Endpoint(host, 0, self._receive)

    def _receive(self, data: bytes, address: Address, endpoint: Endpoint) -> None:
        assert endpoint is self.endpoint
        self.came.append((data, address))
        self.arrived.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.came) < count:
                self.arrived.clear()
                await self.arrived.wait()


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.endpoint.close()


async def test_what_is_sent_comes_from_our_port(inbox: Inbox) -> None:
    other = Inbox()
    other.endpoint.sendto(b"hello", ("127.0.0.1", inbox.endpoint.port))
    await inbox.until(1)
    assert inbox.came == [(b"hello", ("127.0.0.1", other.endpoint.port))]
    other.endpoint.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
async def test_ipv6_is_alone_on_its_socket() -> None:
    """So that its port may be the same as that of IPv4, and addresses are written in one way."""
    six = Inbox("::1")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.bind(("::1", 0))
        sender.sendto(b"hello", ("::1", six.endpoint.port))
        await six.until(1)
        assert six.came == [(b"hello", ("::1", sender.getsockname()[1]))]
    assert six.endpoint.socket.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    six.endpoint.close()


async def test_a_storm_leaves_the_loop_its_turns(inbox: Inbox) -> None:
    loop, counts = asyncio.get_running_loop(), [0]

    def turn() -> None:
        counts.append(len(inbox.came))
        if len(inbox.came) < 4 * BURST:
            loop.call_soon(turn)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(4 * BURST):
            sender.sendto(b"x", ("127.0.0.1", inbox.endpoint.port))
        loop.call_soon(turn)
        await inbox.until(4 * BURST)
    assert max(after - before for before, after in itertools.pairwise(counts)) <= BURST


async def test_after_closing_nothing_happens_any_more(inbox: Inbox) -> None:
    calls: list[str] = []
    inbox.endpoint.close()
    inbox.endpoint.sendto(b"hello", ("127.0.0.1", 9))
    inbox.endpoint.when_writable(lambda: calls.append("writable"))
    inbox.endpoint.close()
    await asyncio.sleep(0)
    assert not calls


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
async def test_what_the_kernel_has_no_room_for_comes_later_and_in_order(
    inbox: Inbox, network: Network
) -> None:
    open_ = network(NARROW)
    sender, receiver = open_(), open_()
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    loop, endpoint = asyncio.get_running_loop(), inbox.endpoint
    loop.remove_reader(endpoint.socket)
    endpoint.socket.close()
    endpoint.socket = sender  # which is in that network
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
    to = receiver.getsockname()
    for number in range(300):
        endpoint.sendto(number.to_bytes(2, "big") + bytes(998), to)
    freed = asyncio.Event()
    endpoint.when_writable(freed.set)
    assert not freed.is_set()
    async with asyncio.timeout(20):
        came = [(await loop.sock_recv(receiver, 2000))[:2] for _ in range(300)]
        await freed.wait()
    assert came == [number.to_bytes(2, "big") for number in range(300)]
    assert endpoint.unsent == 0
    for _ in range(2 * BACKLOG // 1000):
        endpoint.sendto(bytes(1000), to)
    assert 0 < endpoint.unsent < 2 * BACKLOG // 1000
