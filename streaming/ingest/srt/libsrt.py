"""The system's libsrt, called directly: the part of its C interface that a listener needs.

See docs/API/API-functions.md of libsrt. Every call may be made from any thread; those that wait let
other Python threads run.
"""

import ctypes
import logging
import socket
import struct
import sys
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_uint64, c_void_p
from typing import Any, NamedTuple

from streaming.errors import StreamingError

logger = logging.getLogger(__name__)

PACKAGE = "libsrt1.5-gnutls"  # of Debian and Ubuntu
NAMES = (  # either flavour, then the unversioned names of other systems
    *("libsrt-gnutls.so.1.5", "libsrt-openssl.so.1.5", "libsrt.so.1.5"),
    *("libsrt.so.1", "libsrt.so", "libsrt.1.5.dylib", "libsrt.dylib"),
)
MESSAGE = 1456  # bytes: the longest of live mode

# SRT_SOCKOPT
RCVSYN, PASSPHRASE, RCVLATENCY, STREAMID, IPV6ONLY = 2, 26, 43, 46, 54
IN, ERR = 1, 8  # SRT_EPOLL_OPT
NOTHING_YET = 6002  # SRT_EASYNCRCV
FAILED = 1500  # SRT_REJX_ISE
CRITICAL = 2  # log level: libsrt writes to stderr, and callers make it write

_Hook = ctypes.CFUNCTYPE(c_int, c_void_p, c_int, c_int, c_void_p, c_char_p)


class LibraryMissing(StreamingError):
    """There is no libsrt on this machine."""


class SrtError(StreamingError):
    """A call of libsrt that failed, in its own words."""


class Statistics(NamedTuple):
    """What a connection has seen since it began."""

    received: int  # packets
    lost: int  # packets given up, or not to be decrypted
    retransmitted: int  # packets
    round_trip: float  # seconds


class _Event(ctypes.Structure):
    """SRT_EPOLL_EVENT"""

    _fields_ = (("socket", c_int), ("events", c_int))


class _Trace(ctypes.Structure):
    """SRT_TRACEBSTATS (CBytePerfMon of srt.h), up to what we read; the rest has room."""

    _fields_ = (
        ("ms_time_stamp", c_int64),
        ("sent_total", c_int64),
        ("received_total", c_int64),
        ("counts_total", c_int32 * 7),  # send loss, receive loss, retransmitted, ACK ×2, NAK ×2
        ("us_sending_total", c_int64),
        ("send_drop_total", c_int32),
        ("receive_drop_total", c_int32),
        ("undecrypted_total", c_int32),
        ("bytes_total", c_uint64 * 7),
        ("sent", c_int64),
        ("received", c_int64),
        ("send_loss", c_int32),
        ("receive_loss", c_int32),
        ("retransmitted", c_int32),
        ("receive_retransmitted", c_int32),
        ("acknowledgements", c_int32 * 4),
        ("mbps", c_double * 2),
        ("us_sending", c_int64),
        ("reorder_distance", c_int32),
        ("average_belated", c_double),
        ("belated", c_int64),
        ("drops", c_int32 * 3),
        ("bytes", c_uint64 * 7),
        ("us_sending_period", c_double),
        ("windows", c_int32 * 3),
        ("ms_round_trip", c_double),
        ("room", c_uint64 * 64),
    )


class Library:
    """libsrt, loaded. Sockets are its own integers; all are non-blocking."""

    def __init__(self) -> None:
        """Raises LibraryMissing."""
        self._calls = _load()
        self._calls.srt_setloglevel(CRITICAL)
        self._hooks: list[Any] = []  # libsrt keeps only their addresses

    def start(self) -> None:
        """Start libsrt's own threads; each start wants its `stop`."""
        self._call("srt_startup")

    def stop(self) -> None:
        self._call("srt_cleanup")
        self._hooks.clear()

    def listen(
        self,
        host: str,
        port: int,
        admit: Callable[[str, bytes], int],
        *,
        passphrase: str = "",
        latency: float = 0.12,
        backlog: int = 16,
    ) -> tuple[int, int]:
        """Open a listener; return it with its port. Raises SrtError.

        `admit(address, streamid)` is called in a thread of libsrt's for each caller: 0 lets it in,
        another number is the reason that it is told. It must be quick: all callers wait for it.
        `latency` seconds are kept for packets to come again. It ends after 5 s of silence:
        libsrt has no use for a shorter time.
        """
        made = self._call("srt_create_socket")
        try:
            self._set(made, RCVSYN, c_int(0))
            self._set(made, RCVLATENCY, c_int(round(latency * 1000)))
            if ":" in host:
                self._set(made, IPV6ONLY, c_int(0 if host == "::" else 1))
            if passphrase:
                secret = passphrase.encode()
                self._call("srt_setsockflag", made, PASSPHRASE, secret, len(secret))
            hook = _Hook(self._ask(admit))
            self._hooks.append(hook)
            # Before listening: a caller that came in between would not be asked.
            self._call("srt_listen_callback", made, hook, None)
            address = _pack(host, port)
            self._call("srt_bind", made, address, len(address))
            self._call("srt_listen", made, backlog)
            room, size = ctypes.create_string_buffer(128), c_int(128)
            self._call("srt_getsockname", made, room, byref(size))
        except SrtError:
            self.close(made)
            raise
        return made, _unpack(room.raw)[1]

    def accept(self, listener: int) -> tuple[int, str, bytes] | None:
        """The next caller let in: its socket, address and streamid; None when there is none yet."""
        room, size = ctypes.create_string_buffer(128), c_int(128)
        try:
            accepted = self._call("srt_accept", listener, room, byref(size))
        except SrtError:
            return None
        streamid, length = ctypes.create_string_buffer(513), c_int(513)
        try:
            self._call("srt_getsockflag", accepted, STREAMID, streamid, byref(length))
        except SrtError:  # it has gone already
            self.close(accepted)
            return None
        return accepted, _unpack(room.raw)[0], streamid.raw[: length.value].rstrip(b"\0")

    def receive(self, socket: int, buffer: Any) -> bytes | None:
        """The next message; None when there is none yet. Raises SrtError at the end."""
        size = self._calls.srt_recvmsg(socket, buffer, MESSAGE)
        if size >= 0:
            return bytes(buffer.raw[:size])
        if self._calls.srt_getlasterror(None) == NOTHING_YET:
            return None
        raise self._error("srt_recvmsg")

    def statistics(self, socket: int) -> Statistics:
        """Raises SrtError once the connection is gone."""
        trace = _Trace()
        self._call("srt_bstats", socket, byref(trace), 0)
        return Statistics(
            received=trace.received_total,
            lost=trace.receive_drop_total + trace.undecrypted_total,
            retransmitted=trace.receive_retransmitted,
            round_trip=trace.ms_round_trip / 1000,
        )

    def close(self, socket: int) -> None:
        self._calls.srt_close(socket)

    def make_poll(self) -> int:
        return self._call("srt_epoll_create")

    def watch(self, poll: int, socket: int) -> None:
        """Have `poll` tell when there is something to read. Closing a socket ends that."""
        events = c_int(IN | ERR)
        self._call("srt_epoll_add_usock", poll, socket, byref(events))

    def poll(self, poll: int, timeout: float) -> list[int]:
        """The sockets with something to read, or at their end, within `timeout` seconds."""
        events = (_Event * 64)()
        count = self._calls.srt_epoll_uwait(poll, events, len(events), round(timeout * 1000))
        return [events[index].socket for index in range(min(count, len(events)))]

    def release(self, poll: int) -> None:
        self._calls.srt_epoll_release(poll)

    def _ask(self, admit: Callable[[str, bytes], int]) -> Callable[..., int]:
        def hook(_: object, caller: int, version: int, peer: int, streamid: bytes | None) -> int:
            try:
                address = _unpack(ctypes.string_at(peer, _size(ctypes.string_at(peer, 2))))[0]
                code = admit(address, streamid or b"")
            except Exception:  # ctypes would let the caller in
                logger.exception("srt: a caller could not be asked")
                code = FAILED
            if code:
                self._calls.srt_setrejectreason(caller, code)
            return -1 if code else 0

        return hook

    def _set(self, socket: int, option: int, value: c_int) -> None:
        self._call("srt_setsockflag", socket, option, byref(value), ctypes.sizeof(value))

    def _call(self, name: str, *arguments: Any) -> int:
        result = int(getattr(self._calls, name)(*arguments))
        if result < 0:
            raise self._error(name)
        return result

    def _error(self, name: str) -> SrtError:
        return SrtError(f"{name}: {self._calls.srt_getlasterror_str().decode(errors='replace')}")


def _load() -> Any:
    for name in NAMES:
        try:
            calls = ctypes.CDLL(name)
            break
        except OSError:
            continue
    else:
        raise LibraryMissing(f"libsrt is not installed (Debian, Ubuntu: apt install {PACKAGE})")
    calls.srt_getlasterror_str.restype = c_char_p
    for function, *arguments in (
        ("srt_bind", c_int, c_char_p, c_int),
        ("srt_listen_callback", c_int, _Hook, c_void_p),
        ("srt_getsockname", c_int, c_char_p, POINTER(c_int)),
        ("srt_accept", c_int, c_char_p, POINTER(c_int)),
        ("srt_setsockflag", c_int, c_int, c_void_p, c_int),
        ("srt_getsockflag", c_int, c_int, c_void_p, POINTER(c_int)),
        ("srt_recvmsg", c_int, c_char_p, c_int),
        ("srt_getlasterror", POINTER(c_int)),
        ("srt_bstats", c_int, POINTER(_Trace), c_int),
        ("srt_epoll_add_usock", c_int, c_int, POINTER(c_int)),
        ("srt_epoll_uwait", c_int, POINTER(_Event), c_int, c_int64),
    ):
        getattr(calls, function).argtypes = arguments
    return calls


def _pack(host: str, port: int) -> bytes:
    """A `struct sockaddr` for a numeric address. Raises SrtError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", port, family, socket.SOCK_DGRAM)
        address = socket.inet_pton(family, found[0][4][0].split("%")[0])  # type: ignore[union-attr]
    except OSError as error:
        raise SrtError(f"not an address of ours: {host}") from error
    if family == socket.AF_INET:
        return _family(family, 16) + struct.pack("!H4s8x", port, address)
    return _family(family, 28) + struct.pack("!HI16sI", port, 0, address, 0)


def _unpack(data: bytes) -> tuple[str, int]:
    """The address and port of a `struct sockaddr`."""
    if _size(data[:2]) == 28:
        address = socket.inet_ntop(socket.AF_INET6, data[8:24]).removeprefix("::ffff:")
    else:
        address = socket.inet_ntop(socket.AF_INET, data[4:8])
    return address, int.from_bytes(data[2:4], "big")


def _family(family: int, size: int) -> bytes:
    # BSD has one byte for the length before one for the family.
    return bytes((size, family)) if sys.platform == "darwin" else struct.pack("=H", family)


def _size(family: bytes) -> int:
    return 28 if family == _family(socket.AF_INET6, 28) else 16
