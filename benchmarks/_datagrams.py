"""Many datagrams from a socket at a time, each with the moment the kernel had it (Linux).

A viewer that is woken for each packet costs more than a good server spends on it, and on a small
machine it would be what one measures. So sockets are looked at now and then, all that waits is
fetched by one `recvmmsg`, and the time is the kernel's own: how late we look does not count.
"""

import socket
import struct

import cffi
import numpy as np
import numpy.typing as npt

COUNT = 64  # datagrams a call
SIZE = 1536  # bytes of each that are kept
RECEIVE_BUFFER = 4 * 1024 * 1024  # bytes: what comes between two looks, a joiner's GOP included
SO_TIMESTAMPNS, SO_MEMINFO, MEMINFO_DROPS = 35, 55, 8  # Linux; Python does not name them

_ffi = cffi.FFI()
_ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; unsigned msg_namelen;
        struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen;
        int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned msg_len; };
    int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout);
    """
)
_libc = _ffi.dlopen(None)

_NAME, _CONTROL = 16, 64  # bytes: a sockaddr_in; one cmsghdr with a timespec, and room


def open_socket() -> socket.socket:
    """A socket of a viewer, on loopback."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    opened.setblocking(False)
    opened.bind(("127.0.0.1", 0))
    return opened


def dropped(opened: socket.socket) -> int:
    """Datagrams that came and found no room: the viewer's own fault."""
    found = opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)
    return int(struct.unpack("9I", found)[MEMINFO_DROPS])


class Inbox:
    """Where datagrams land. What the last `receive` brought is good until the next."""

    def __init__(self) -> None:
        self.data: npt.NDArray[np.uint8] = np.zeros((COUNT, SIZE), np.uint8)
        self._names: npt.NDArray[np.uint8] = np.zeros((COUNT, _NAME), np.uint8)
        self._control: npt.NDArray[np.int64] = np.zeros((COUNT, _CONTROL // 8), np.int64)
        self._pieces = _ffi.new("struct iovec[]", COUNT)
        self._messages = _ffi.new("struct mmsghdr[]", COUNT)
        for index in range(COUNT):
            self._pieces[index].iov_base = _at(self.data[index])
            self._pieces[index].iov_len = SIZE
            header = self._messages[index].msg_hdr
            header.msg_name, header.msg_control = _at(self._names[index]), _at(self._control[index])
            header.msg_iov, header.msg_iovlen = self._pieces + index, 1
        layout = np.dtype(
            {
                "names": ["name", "control", "length"],
                "formats": ["u4", "u8", "u4"],
                "offsets": [8, 40, 56],
                "itemsize": _ffi.sizeof("struct mmsghdr"),
            }
        )
        self._headers = np.frombuffer(_ffi.buffer(self._messages), layout)

    def receive(self, descriptor: int) -> int:
        """Fetch what waits, at most COUNT datagrams; return how many came."""
        self._headers["name"], self._headers["control"] = _NAME, _CONTROL
        return max(0, _libc.recvmmsg(descriptor, self._messages, COUNT, 0, _ffi.NULL))

    def lengths(self, count: int) -> npt.NDArray[np.uint32]:
        return self._headers["length"][:count]

    def times(self, count: int) -> npt.NDArray[np.int64]:
        """When the kernel had each, in nanoseconds of UTC."""
        return self._control[:count, 2] * 1_000_000_000 + self._control[:count, 3]

    def one(self, index: int) -> bytes:
        return self.data[index, : self._headers["length"][index]].tobytes()

    def source(self, index: int) -> tuple[str, int]:
        name = self._names[index].tobytes()
        return socket.inet_ntoa(name[4:8]), int.from_bytes(name[2:4], "big")


def _at(array: npt.NDArray[np.generic]) -> object:
    return _ffi.cast("void *", array.ctypes.data)
