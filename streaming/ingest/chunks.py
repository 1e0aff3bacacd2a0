"""RTMP's chunk stream (Adobe, RTMP 1.0, section 5.3): messages out of bytes and back, without I/O.

Several messages travel interleaved, each on its chunk stream, cut in chunks whose headers leave out
what did not change. Memory is bounded: all messages under way together hold at most `limit` bytes,
whatever the chunk size (1 to 0x7FFFFFFF).
"""

from typing import NamedTuple

from streaming.ingest import Malformed

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL = 1, 2, 3, 4
WINDOW_ACKNOWLEDGEMENT_SIZE, SET_PEER_BANDWIDTH = 5, 6
SOUND, VIDEO, DATA_AMF3, COMMAND_AMF3, DATA, COMMAND, AGGREGATE = 8, 9, 15, 17, 18, 20, 22

CHUNK_STREAMS = 32  # real publishers use four
FIRST_CHUNK_SIZE = 128  # bytes, until the sender says otherwise
EXTENDED = 0xFFFFFF  # a timestamp field that says: see the four bytes after the header

_HEADER_SIZES = (11, 7, 3, 0)  # bytes, by chunk type


class Message(NamedTuple):
    """A whole message; `timestamp` is in milliseconds and wraps at 32 bits."""

    kind: int
    stream: int
    timestamp: int
    body: bytes


class _ChunkStream:
    """What the next header of a chunk stream may leave out, and the message under way on it."""

    __slots__ = ("body", "extended", "field", "kind", "length", "stream", "timestamp")

    def __init__(self) -> None:
        self.timestamp = self.field = self.length = self.kind = self.stream = 0
        self.extended = False
        self.body = bytearray()


class Chunks:
    """Takes bytes in and gives messages out, as many as the caller asks for."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._streams: dict[int, _ChunkStream] = {}
        self._chunk_size = FIRST_CHUNK_SIZE
        self._data = b""
        self._at = 0  # what lies before it has been read
        self._chunk: _ChunkStream | None = None  # that of the chunk under way
        self._left = 0  # bytes of that chunk that have not come yet
        self._held = 0  # bytes of messages under way

    @property
    def missing(self) -> int:
        """How many more bytes it takes until the message under way is whole; 0 when none is.

        Once `next` has returned None. Headers yet to come, and other messages, are not counted.
        """
        chunk = self._chunk
        return 0 if chunk is None else chunk.length - len(chunk.body)

    def push(self, data: bytes) -> None:
        rest = self._data[self._at :]
        self._data = rest + data if rest else data
        self._at = 0

    def next(self) -> Message | None:
        """The next whole message, or None until more bytes come. Raises Malformed."""
        while True:
            if not self._left and not self._begin_chunk():
                return None
            message = self._read_chunk()
            if message is None:
                if self._left:
                    return None
            elif message.kind == SET_CHUNK_SIZE:
                self._set_chunk_size(message.body)
            elif message.kind == ABORT:
                self._abort(int.from_bytes(message.body[:4], "big"))
            else:
                return message

    def _read_chunk(self) -> Message | None:
        """Take what there is of the chunk under way; return the message if it is whole now."""
        chunk = self._chunk
        assert chunk is not None
        at, left, body = self._at, self._left, chunk.body
        if left == chunk.length and left <= len(self._data) - at:  # the message is here, whole
            self._at, self._left, self._chunk = at + left, 0, None
            return Message(chunk.kind, chunk.stream, chunk.timestamp, self._data[at : at + left])
        piece = memoryview(self._data)[at : at + left]
        body += piece
        self._at, self._left = at + len(piece), left - len(piece)
        self._held += len(piece)
        if len(body) < chunk.length:
            return None
        self._held -= len(body)
        self._chunk, chunk.body = None, bytearray()
        return Message(chunk.kind, chunk.stream, chunk.timestamp, bytes(body))

    def _begin_chunk(self) -> bool:
        """Read the next chunk's header, if all of it is there, into its chunk stream."""
        data, at = self._data, self._at
        end = len(data)
        if at >= end:
            return False
        kind, number = data[at] >> 6, data[at] & 63
        at += 1
        if number < 2:  # one or two more bytes hold the number
            size = number + 1
            if at + size > end:
                return False
            number = 64 + int.from_bytes(data[at : at + size], "little")
            at += size
        header = at
        at += _HEADER_SIZES[kind]
        if at > end:
            return False
        chunk = self._streams.get(number) or self._new_stream(kind)
        field, extended = chunk.field, chunk.extended
        length, message_kind = chunk.length, chunk.kind
        if kind < 3:
            field = int.from_bytes(data[header : header + 3], "big")
            extended = field == EXTENDED
        if kind < 2:
            length = int.from_bytes(data[header + 3 : header + 6], "big")
            message_kind = data[header + 6]
        if extended:
            if at + 4 > end:
                return False
            value = int.from_bytes(data[at : at + 4], "big")
            # Some encoders do not repeat the extended timestamp in the chunks that follow.
            if kind < 3 or value == field:
                field = value
                at += 4
        held = len(chunk.body)
        if held and length != chunk.length:
            raise Malformed("RTMP: a message changes its length under way")
        left = length - held
        if self._held + left > self.limit:
            raise Malformed(f"RTMP: a message of {length} bytes is too long")
        if not held:
            # A type 3 that begins a message repeats the field, even after a type 0 (5.3.1.2.4).
            chunk.timestamp = (field if kind == 0 else chunk.timestamp + field) & 0xFFFFFFFF
        if kind == 0:
            chunk.stream = int.from_bytes(data[header + 7 : header + 11], "little")
        chunk.field, chunk.extended = field, extended
        chunk.length, chunk.kind = length, message_kind
        self._streams[number] = self._chunk = chunk
        self._left = min(self._chunk_size, left)
        self._at = at
        return True

    def _new_stream(self, kind: int) -> _ChunkStream:
        # librtmp begins chunk streams with type 1: the timestamp is then counted from zero.
        if kind > 1:
            raise Malformed("RTMP: a chunk stream that begins in the middle")
        if len(self._streams) >= CHUNK_STREAMS:
            raise Malformed("RTMP: too many chunk streams")
        return _ChunkStream()

    def _abort(self, number: int) -> None:
        chunk = self._streams.get(number)
        if chunk is not None:
            self._held -= len(chunk.body)
            chunk.body = bytearray()

    def _set_chunk_size(self, body: bytes) -> None:
        size = int.from_bytes(body[:4], "big")
        if len(body) < 4 or not 1 <= size <= 0x7FFFFFFF:
            raise Malformed("RTMP: a chunk size of zero")
        self._chunk_size = size


def write(
    channel: int, kind: int, stream: int, body: bytes, chunk_size: int = FIRST_CHUNK_SIZE
) -> bytes:
    """Cut a message of ours into chunks; `channel` (2 to 63) is its chunk stream."""
    header = bytearray((channel, 0, 0, 0))
    header += len(body).to_bytes(3, "big") + bytes((kind,)) + stream.to_bytes(4, "little")
    pieces = [body[at : at + chunk_size] for at in range(0, len(body), chunk_size)]
    return bytes(header) + bytes((0xC0 | channel,)).join(pieces)
