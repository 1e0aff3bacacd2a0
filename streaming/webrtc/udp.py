"""One UDP socket of ours: read in short bursts, written at once or, for a moment, later."""

import asyncio
import ipaddress
import socket
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

Address: TypeAlias = tuple[str, int]  # with IPv6 too: what leads to us has no scope
Receive: TypeAlias = Callable[[bytes, Address, "Endpoint"], None]

# Datagrams read before the loop's other work has its turn: a storm fills the kernel's buffer, which
# drops what is too much, and takes 0.3 ms of each round of ours.
BURST = 64
LONGEST = 2048  # bytes; what is longer is none of ours, and is cut
SEND_BUFFER = 4 * 1024 * 1024
RECEIVE_BUFFER = 1024 * 1024
BACKLOG = 1024 * 1024  # bytes that wait for the kernel; what comes beyond is dropped


class Endpoint:
    """A socket on one address of this machine. Raises OSError when there can be none.

    `claims` is for `mux`: who lives at an address that sends here. `unsent` counts datagrams that
    the kernel had no room for, nor we.
    """

    def __init__(self, host: str, port: int, receive: Receive) -> None:
        self.host = host
        self.version = ipaddress.ip_address(host).version
        self.unsent = 0
        self._receive = receive
        self._waiting: deque[tuple[bytes, Address]] = deque()
        self._waiting_bytes = 0
        self._on_writable: list[Callable[[], None]] = []
        self._loop = asyncio.get_running_loop()
        family = socket.AF_INET if self.version == 4 else socket.AF_INET6
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            if family == socket.AF_INET6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self.socket.bind((host, port))
        except OSError:
            self.socket.close()
            raise
        self.port: int = self.socket.getsockname()[1]
        self._loop.add_reader(self.socket, self._read)

    def sendto(self, data: bytes, address: Address) -> None:
        """Send a datagram, behind those that wait; drop it when too much waits already."""
        if not self._waiting:
            try:
                self.socket.sendto(data, address)
                return
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self.socket, self._write)
            except OSError:
                return  # no way there, or closed: that is noticed by silence
        if self._waiting_bytes + len(data) > BACKLOG:
            self.unsent += 1
            return
        self._waiting.append((data, address))
        self._waiting_bytes += len(data)

    def when_writable(self, call: Callable[[], None]) -> None:
        """Call back once, when the kernel takes datagrams again."""
        if self.socket.fileno() >= 0:
            self._on_writable.append(call)
            self._loop.add_writer(self.socket, self._write)

    def close(self) -> None:
        if self.socket.fileno() >= 0:
            self._loop.remove_reader(self.socket)
            self._loop.remove_writer(self.socket)
            self.socket.close()
        self._waiting.clear()
        self._on_writable.clear()

    def _read(self) -> None:
        receive, six = self.socket.recvfrom, self.version == 6
        for _ in range(BURST):
            try:
                data, address = receive(LONGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # who is gone answers by ICMP, which some systems report here
            if data:
                self._receive(data, address[:2] if six else address, self)
            if self.socket.fileno() < 0:
                return

    def _write(self) -> None:
        while self._waiting:
            data, address = self._waiting[0]
            try:
                self.socket.sendto(data, address)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.unsent += 1
            self._waiting.popleft()
            self._waiting_bytes -= len(data)
        self._loop.remove_writer(self.socket)
        calls, self._on_writable = self._on_writable, []
        for call in calls:
            call()
