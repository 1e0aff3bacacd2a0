"""SRTP for many viewers at a time: copied and encrypted in loops that run in C."""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np

from streaming.webrtc.datagrams import Block
from streaming.webrtc.private import ffi

ROWS = 64  # viewers at a time
FEW = 8  # viewers, for whom shorter lists are made
RUN = 32  # packets of each: GSO takes 64 at least, and 64 KB
LONGEST = 1216  # bytes of a packet with its tag
# From one row to the next: no power of two, so that rows do not push each other out of the caches.
STEP = RUN * LONGEST + 192

POINTERS = 32_768  # that are listed at a time; beyond, the lists are made anew

Encrypt: TypeAlias = Callable[[Any, Any, Any], int]  # one of libsrtp's two, see `private.lib`


class Sealer:
    """Memory in which packets are encrypted in place, with a row for each viewer.

    Python does nothing for a viewer or a packet but call libsrtp, and that by `map`. The pointers
    are made once, and listed once for each number of packets and each stride, of which there are
    few: see `rtp`. What does not fit into a row raises ValueError: it would be others' memory.
    """

    def __init__(self) -> None:
        self._memory = np.empty(ROWS * STEP, np.uint8)
        self._view = self._memory.data
        self._address: int = self._memory.ctypes.data
        start = ffi.cast("char *", ffi.from_buffer(self._memory))
        self._rows = [start + row * STEP for row in range(ROWS)]
        self._lengths = ffi.new("int[]", ROWS * RUN)
        self._length_pointers = [self._lengths + place for place in range(ROWS * RUN)]
        self._pointers: dict[tuple[int, int, int], list[Any]] = {}

    def fill(self, contents: Iterable[bytes]) -> None:
        """Put these into the rows, at most ROWS."""
        deque(map(_put, self._rows, contents), maxlen=0)

    def copy(self, content: bytes, number: int) -> None:
        """Put the same into so many rows, at most ROWS."""
        if len(content) > STEP:
            raise ValueError("a run is longer than a row")
        copies = map(ffi.memmove, self._rows, repeat(content, number), repeat(len(content)))
        deque(copies, maxlen=0)

    def seal(
        self, encrypt: Encrypt, contexts: Sequence[Any], sizes: Sequence[int], stride: int
    ) -> list[int]:
        """Encrypt packets of these sizes, `stride` bytes apart, in each row.

        `contexts` has each row's `srtp_t` once for each packet. Return the rows that failed.
        """
        count = len(sizes)
        number = len(contexts) // count
        lengths = array("i", sizes).tobytes() * number
        ffi.memmove(self._lengths, lengths, len(lengths))
        rows = FEW if number <= FEW else ROWS
        pointers = self._pointers.get((rows, count, stride)) or self._list(rows, count, stride)
        errors = list(map(encrypt, contexts, pointers, self._length_pointers))
        if not any(errors):
            return []
        return sorted({place // count for place, error in enumerate(errors) if error})

    def block(self, number: int, size: int, segment: int) -> Block:
        """So many rows, as messages of `size` bytes in datagrams of `segment`."""
        return Block(self._view, self._address, STEP, number, size, segment)

    def _list(self, rows: int, count: int, stride: int) -> list[Any]:
        if count > RUN or count * stride > STEP:
            raise ValueError("a run is longer than a row")
        if sum(map(len, self._pointers.values())) > POINTERS:
            self._pointers.clear()
        offsets = range(0, count * stride, stride)
        pointers = [row + offset for row in self._rows[:rows] for offset in offsets]
        self._pointers[rows, count, stride] = pointers
        return pointers


def _put(row: Any, content: bytes) -> None:
    ffi.memmove(row, content, len(content))
