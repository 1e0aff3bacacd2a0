"""Boxes of MP4 (ISO 14496-12, 4.2): written, and looked through."""

import struct
from collections.abc import Iterator

from streaming.errors import StreamingError

HEAD = 8  # bytes of a box before its content


class Unreadable(StreamingError):
    """What should be a file of ours is not, or not whole."""


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", HEAD + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, u32(version << 24 | flags), *content)


def u32(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Each box's kind and content. Raises Unreadable."""
    position = 0
    while position < len(data):
        size, kind = head(data[position : position + HEAD])
        if position + size > len(data):
            raise Unreadable("a box is longer than what it is in")
        yield kind, data[position + HEAD : position + size]
        position += size


def head(data: bytes | memoryview) -> tuple[int, bytes]:
    """A box's size and kind, from its first `HEAD` bytes. Raises Unreadable."""
    if len(data) < HEAD:
        raise Unreadable("a box is cut short")
    size, kind = struct.unpack(">I4s", data)
    if size < HEAD:
        raise Unreadable("a box has no size of its own")
    return size, kind


def find(data: memoryview, *path: bytes) -> memoryview:
    """The content of the first box at the end of `path`. Raises Unreadable when there is none."""
    for wanted in path:
        for kind, content in boxes(data):
            if kind == wanted:
                data = content
                break
        else:
            raise Unreadable(f"no {wanted.decode('latin-1')} box")
    return data
