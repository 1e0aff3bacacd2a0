"""Each way of sending to many, on real sockets; and what waits when the kernel has no room."""

import asyncio
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from streaming.webrtc import datagrams
from streaming.webrtc.datagrams import BACKLOG, Block, Outlet, Recipients, Way, best_way
from streaming.webrtc.udp import Endpoint

NEW_NETWORK = 0x40000000  # CLONE_NEWNET of linux/sched.h


def works(way: Way) -> bool:
    try:
        return way is Way.PLAIN or datagrams._works(way)
    except OSError:
        return False


WAYS = [
    pytest.param(
        way, marks=pytest.mark.skipif(not works(way), reason="not on this machine"), id=way.name
    )
    for way in Way
]


def block(count: int, size: int, segment: int) -> Block:
    """Messages that say in each datagram which of them it is, and where in it."""
    rows = np.zeros((count, size + 10), np.uint8)
    for place in range(count):
        for start in range(0, size, segment):
            rows[place, start : start + 2] = place, start // segment
    return Block(rows.reshape(-1).data, rows.ctypes.data, size + 10, count, size, segment)


def open_receiver(endpoint: Endpoint) -> socket.socket:
    """A socket that hears that endpoint only: others may send to whoever had its port before."""
    receiver = socket.socket(endpoint.socket.family, socket.SOCK_DGRAM)
    receiver.bind((endpoint.host, 0))
    receiver.connect((endpoint.host, endpoint.port))
    receiver.settimeout(5)
    return receiver


def test_the_best_way_is_one_that_works() -> None:
    assert works(best_way())
    assert best_way() is next(way for way in Way if works(way))


@pytest.mark.skipif(sys.platform != "linux", reason="is about Linux since 4.18")
def test_linux_has_the_cheapest() -> None:
    assert best_way() is Way.BATCHED


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(("size", "segment"), [(600, 200), (550, 200), (200, 200), (90, 200)])
async def test_each_gets_its_own_datagrams(way: Way, host: str, size: int, segment: int) -> None:
    try:
        endpoint = Endpoint(host, 0, lambda data, address, endpoint: None)
    except OSError:
        pytest.skip(f"no {host} on this machine")
    receivers = [open_receiver(endpoint) for _ in range(5)]
    try:
        outlet = Outlet(endpoint.socket, endpoint.when_writable, way)
        to = Recipients([receiver.getsockname()[:2] for receiver in receivers])
        messages = block(5, size, segment)
        outlet.send(to, 0, messages.part(0, 2))
        outlet.send(to, 2, messages.part(2, 5))
        for place, receiver in enumerate(receivers):
            for start in range(0, size, segment):
                data = receiver.recv(1000)
                assert len(data) == min(segment, size - start)
                assert tuple(data[:2]) == (place, start // segment)
    finally:
        endpoint.close()
        for receiver in receivers:
            receiver.close()


@pytest.mark.parametrize("way", WAYS)
async def test_where_no_way_leads_costs_the_others_nothing(way: Way) -> None:
    endpoint = Endpoint("127.0.0.1", 0, lambda data, address, endpoint: None)
    with open_receiver(endpoint) as one, open_receiver(endpoint) as other:
        outlet = Outlet(endpoint.socket, endpoint.when_writable, way)
        nowhere = ("192.0.2.1", 9)  # not from an address of loopback
        to = Recipients([one.getsockname(), nowhere, other.getsockname()])
        outlet.send(to, 0, block(3, 300, 100))
        for receiver in (one, other):
            assert [len(receiver.recv(1000)) for _ in range(3)] == [100] * 3
        assert outlet.lost == 1
        endpoint.close()
        outlet.send(to, 0, block(3, 300, 100))
        assert outlet.lost == 4


Network = Callable[[str], Callable[[], socket.socket]]


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    """`open_ = network(commands)`: opens sockets in a network of their own, so arranged."""
    if shutil.which("tc") is None or os.geteuid() != 0:
        pytest.skip("needs tc, and to be allowed a network namespace")
    sockets: list[socket.socket] = []

    def enter(commands: str) -> bool:
        if ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK) != 0:
            return False
        commands = f"ip link set lo up && {commands}"
        return subprocess.run(commands, shell=True, capture_output=True).returncode == 0

    with ThreadPoolExecutor(1) as thread:  # whatever this thread opens is in there

        def arrange(commands: str) -> Callable[[], socket.socket]:
            if not thread.submit(enter, commands).result():
                pytest.skip("no network namespace on this machine, or no such one")
            return open_

        def open_() -> socket.socket:
            new = thread.submit(socket.socket, socket.AF_INET, socket.SOCK_DGRAM).result()
            sockets.append(new)
            new.bind(("127.0.0.1", 0))
            new.setblocking(False)
            return new

        yield arrange
        for each in sockets:
            each.close()


NARROW = "tc qdisc add dev lo root tbf rate 40mbit burst 16kb latency 5s"


@pytest.mark.parametrize("way", WAYS)
async def test_a_path_for_smaller_packets_gets_them_in_fragments(
    network: Network, way: Way
) -> None:
    open_ = network("ip link set lo mtu 800")
    sender, receiver = open_(), open_()
    outlet = Outlet(sender, lambda call: None, way)
    outlet.send(Recipients([receiver.getsockname()]), 0, block(1, 2500, 1000))
    assert [len(receiver.recv(2000)) for _ in range(3)] == [1000, 1000, 500]
    assert outlet.way is way
    assert outlet.lost == 0


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_kernel_has_no_room_for_comes_later_in_its_order(
    network: Network, way: Way
) -> None:
    open_ = network(NARROW)
    sender, receiver = open_(), open_()
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    loop = asyncio.get_running_loop()

    def when_writable(call: Callable[[], None]) -> None:
        def writable() -> None:
            loop.remove_writer(sender)
            call()

        loop.add_writer(sender, writable)

    outlet = Outlet(sender, when_writable, way)
    to = Recipients([receiver.getsockname()] * 40)
    for _ in range(2):
        outlet.send(to, 0, block(40, 5000, 1000))
    assert outlet.waiting
    came = []
    async with asyncio.timeout(20):
        while len(came) < 400:
            came.append(tuple((await loop.sock_recv(receiver, 2000))[:2]))
    assert came == [(place, part) for place in range(40) for part in range(5)] * 2
    assert not outlet.waiting
    assert outlet.dropped == 0


async def test_what_waits_is_bounded(network: Network) -> None:
    open_ = network(NARROW)
    sender, receiver = open_(), open_()
    outlet = Outlet(sender, lambda call: None)
    to = Recipients([receiver.getsockname()] * 40)
    for _ in range(4):
        outlet.send(to, 0, block(40, 60_000, 1000))
    assert BACKLOG - 60_000 < outlet.waiting <= BACKLOG
    assert outlet.dropped
