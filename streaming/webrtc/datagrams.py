"""Datagrams for many addresses at once, in as few system calls as the kernel allows."""

import ctypes
import errno
import functools
import logging
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from streaming.webrtc.udp import Address

logger = logging.getLogger(__name__)

BACKLOG = 4 * 1024 * 1024  # bytes that wait for the kernel: some 0.4 s for 40 viewers at 2 Mbps
UDP_SEGMENT = 103  # linux/udp.h; Python does not name it
WOULD_BLOCK = (errno.EAGAIN, errno.EWOULDBLOCK)

# What sendmmsg(2) reads. Where this is not how a system lays it out, `best_way` finds out.
_NAME = 28  # bytes of a sockaddr_in6, the longer of the two
_vector = np.dtype([("base", np.uintp), ("length", np.uintp)], align=True)
_header = np.dtype(
    [
        ("name", np.uintp),
        ("name_length", np.uint32),
        ("vectors", np.uintp),
        ("vector_count", np.uintp),
        ("control", np.uintp),
        ("control_length", np.uintp),
        ("flags", np.int32),
    ],
    align=True,
)
_message = np.dtype([("header", _header), ("sent", np.uint32)], align=True)
_control = np.dtype(
    [("length", np.uintp), ("level", np.int32), ("type", np.int32), ("segment", np.uint16)],
    align=True,
)


class Way(Enum):
    """How one message for each of many viewers goes out; the cheapest first."""

    BATCHED = "sendmmsg and UDP GSO: one call for all viewers"
    SEGMENTED = "sendmsg and UDP GSO: one call for each viewer"
    PLAIN = "sendto: one call for each datagram"


class Block(NamedTuple):
    """Messages that lie in memory, a `step` from one to the next.

    Each has `size` bytes, as datagrams of `segment` bytes, of which the last may be shorter.
    `address` is where `memory` is.
    """

    memory: memoryview
    address: int
    step: int
    number: int
    size: int
    segment: int

    def message(self, place: int) -> memoryview:
        return self.memory[place * self.step : place * self.step + self.size]

    def part(self, start: int, end: int) -> "Block":
        offset = start * self.step
        return self._replace(
            memory=self.memory[offset:], address=self.address + offset, number=end - start
        )


class Recipients:
    """Addresses, as the kernel reads them."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self.addresses = list(addresses)
        count = len(self.addresses)
        names = [_name(address) for address in self.addresses]
        padded = b"".join([name.ljust(_NAME, b"\0") for name in names])
        self._names = np.frombuffer(padded, np.uint8)
        self._vectors = np.zeros(count, _vector)
        self._messages = np.zeros(count, _message)
        self._places = np.arange(count, dtype=np.uintp)
        header = self._messages["header"]
        header["name_length"] = [len(name) for name in names]
        header["name"] = self._names.ctypes.data + _NAME * self._places
        header["vectors"] = self._vectors.ctypes.data + _vector.itemsize * self._places
        header["vector_count"] = 1
        self._start: int = self._messages.ctypes.data
        self._bases, self._lengths = self._vectors["base"], self._vectors["length"]
        self._controls, self._control_lengths = header["control"], header["control_length"]
        self._aimed: dict[int, tuple[int, int, int, int]] = {}
        self._segmented = False

    def message(self, place: int) -> int:
        """Where in memory the message for that recipient is."""
        return self._start + place * _message.itemsize

    def aim(self, first: int, block: Block, control: int) -> None:
        """Have the messages of `block` go to the recipients from `first` on.

        `control` is where the kernel is told of segments, or 0.
        """
        _, address, step, count, size, _ = block
        before = self._aimed.get(first)
        now = address, step, count, size
        if now != before:  # mostly it is the size alone
            end = first + count
            if before is None or before[:3] != now[:3]:
                self._aimed.clear()
                self._bases[first:end] = address + step * self._places[:count]
            self._aimed[first] = now
            self._lengths[first:end] = size
        if bool(control) != self._segmented:
            self._segmented = bool(control)
            self._controls[:] = control
            self._control_lengths[:] = _control.itemsize if control else 0


class Outlet:
    """One way out, for all who are reached through a UDP socket.

    What the kernel has no room for waits here, up to BACKLOG bytes; what comes beyond is dropped,
    and counted in `dropped`: a viewer asks again for what it misses. `lost` counts messages that
    cannot go where they shall. The socket does not block; `when_writable` calls back once, when
    there is room again.
    """

    def __init__(
        self,
        sock: socket.socket,
        when_writable: Callable[[Callable[[], None]], None],
        way: Way | None = None,
    ) -> None:
        self.way = way or best_way()
        self.dropped = self.lost = 0
        self._socket = sock
        self._when_writable = when_writable
        self._waiting: deque[tuple[bytes, int, Address]] = deque()
        self._waiting_bytes = 0
        self._control = np.zeros(1, _control)
        self._control["length"] = _control.fields["segment"][1] + 2  # type: ignore[index]
        self._control["level"], self._control["type"] = socket.IPPROTO_UDP, UDP_SEGMENT
        self._control_address: int = self._control.ctypes.data
        self._segment = self._control["segment"]
        self._told = 0

    @property
    def waiting(self) -> int:
        """Bytes for which the kernel had no room yet."""
        return self._waiting_bytes

    def send(self, to: Recipients, first: int, block: Block) -> None:
        """Send the messages of `block` to the recipients from `first` on."""
        done = 0
        if not self._waiting:
            if self.way is Way.BATCHED:
                done = self._send_batched(to, first, block)
            while done < block.number and not self._waiting:
                self._send_one(block.message(done), block.segment, to.addresses[first + done])
                done += 1
        for place in range(done, block.number):
            self._keep(block.message(place), block.segment, to.addresses[first + place])

    def _send_batched(self, to: Recipients, first: int, block: Block) -> int:
        """Return how many of the messages are dealt with."""
        _, _, _, count, size, segment = block
        control = 0
        if size > segment:
            control = self._control_address
            if segment != self._told:
                self._told = self._segment[0] = segment
        to.aim(first, block, control)
        assert _sendmmsg is not None
        descriptor, done = self._socket.fileno(), 0
        while done < count:
            sent = _sendmmsg(descriptor, to.message(first + done), count - done, 0)
            if sent > 0:
                done += sent
                continue
            code = ctypes.get_errno()
            if code == errno.EINTR:
                continue
            address = to.addresses[first + done]
            if code in WOULD_BLOCK:
                self._keep(block.message(done), segment, address)
                return done + 1
            if code == errno.EIO and size > segment:
                self._lower()
                return done
            # Something about this one alone, such as a path for smaller packets.
            self._send_plain(block.message(done), segment, address)
            done += 1
        return done

    def _send_one(self, data: memoryview, segment: int, address: Address) -> None:
        if self.way is Way.PLAIN or len(data) <= segment:
            self._send_plain(data, segment, address)
            return
        control = (socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", segment))
        try:
            self._socket.sendmsg((data,), (control,), 0, address)
        except (BlockingIOError, InterruptedError):
            self._keep(data, segment, address)
        except OSError as error:
            if error.errno == errno.EIO:
                self._lower()
            self._send_plain(data, segment, address)

    def _send_plain(self, data: memoryview, segment: int, address: Address) -> None:
        for start in range(0, len(data), segment):
            try:
                self._socket.sendto(data[start : start + segment], address)
            except (BlockingIOError, InterruptedError):
                self._keep(data[start:], segment, address)
                return
            except OSError:
                self.lost += 1  # no way there, or closed: that is noticed by silence
                return

    def _lower(self) -> None:
        """Learn that the network device cannot do what the kernel can."""
        logger.warning("webrtc: no segmentation on the way out, sending packet by packet")
        self.way = Way.PLAIN

    def _keep(self, data: memoryview, segment: int, address: Address) -> None:
        if self._waiting_bytes + len(data) > BACKLOG:
            self.dropped += 1
            return
        if not self._waiting:
            self._when_writable(self._flush)
        self._waiting.append((bytes(data), segment, address))
        self._waiting_bytes += len(data)

    def _flush(self) -> None:
        """Send what waits, in its order, as far as there is room now."""
        waiting, self._waiting = self._waiting, deque()
        self._waiting_bytes = 0
        while waiting and not self._waiting:
            data, segment, address = waiting.popleft()
            self._send_one(memoryview(data), segment, address)
        self._waiting += waiting
        self._waiting_bytes += sum(len(data) for data, _, _ in waiting)


@functools.cache
def best_way() -> Way:
    """The cheapest way that works on this machine: each is tried on loopback."""
    for way in (Way.BATCHED, Way.SEGMENTED):
        try:
            works = _works(way)
        except (OSError, ValueError):
            works = False
        if works:
            break
    else:
        way = Way.PLAIN
    logger.info("webrtc: media goes out by %s", way.value)
    return way


def _works(way: Way) -> bool:
    if way is Way.BATCHED and _sendmmsg is None:
        return False
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.5)
        sender.setblocking(False)
        outlet = Outlet(sender, lambda call: None, way)
        memory = np.zeros(500, np.uint8)
        to = Recipients([receiver.getsockname()] * 2)
        outlet.send(to, 0, Block(memory.data, memory.ctypes.data, 250, 2, 250, 100))
        sizes = [len(receiver.recv(1000)) for _ in range(6)]
        return sizes == [100, 100, 50] * 2 and outlet.way is way


def _name(address: Address) -> bytes:
    """A sockaddr_in or sockaddr_in6 of Linux."""
    host, port = address
    if ":" in host:
        inside = socket.inet_pton(socket.AF_INET6, host)
        return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16sI", port, 0, inside, 0)
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton(host))


def _find_sendmmsg() -> Any:
    try:
        function = ctypes.CDLL(None, use_errno=True).sendmmsg
    except (OSError, AttributeError, TypeError):  # macOS has none, Windows no such library
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
    function.restype = ctypes.c_int
    return function


_sendmmsg = _find_sendmmsg()
