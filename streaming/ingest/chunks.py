"""RTMP's chunk stream (Adobe, RTMP 1.0, section 5.3): messages out of bytes and back, without I/O.

Several messages travel interleaved, each on its chunk stream, cut in chunks whose headers leave out
what did not change. Memory is bounded: all messages under way together hold at most `limit` bytes.
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
        self._buffer = bytearray()
        self._at = 0  # what lies before it has been read
        self._held = 0  # bytes of messages under way

    def push(self, data: bytes) -> None:
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def next(self) -> Message | None:
        """The next whole message, or None until more bytes come. Raises Malformed."""
        while True:
            chunk = self._next_chunk()
            if chunk is None:
                return None
            if len(chunk.body) < chunk.length:
                continue
            message = Message(chunk.kind, chunk.stream, chunk.timestamp, bytes(chunk.body))
            self._drop(chunk)
            if message.kind == SET_CHUNK_SIZE:
                self._set_chunk_size(message.body)
            elif message.kind == ABORT:
                aborted = self._streams.get(int.from_bytes(message.body[:4], "big"))
                if aborted is not None:
                    self._drop(aborted)
            else:
                return message

    def _next_chunk(self) -> _ChunkStream | None:
        """Read one chunk, if all of it is there, into its chunk stream."""
        buffer, at = self._buffer, self._at
        end = len(buffer)
        if at >= end:
            return None
        kind, number = buffer[at] >> 6, buffer[at] & 63
        at += 1
        if number < 2:  # one or two more bytes hold the number
            size = number + 1
            if at + size > end:
                return None
            number = 64 + int.from_bytes(buffer[at : at + size], "little")
            at += size
        chunk = self._streams.get(number)
        if chunk is None:
            # librtmp begins chunk streams with type 1: the timestamp is then counted from zero.
            if kind > 1:
                raise Malformed("RTMP: a chunk stream that begins in the middle")
            if len(self._streams) >= CHUNK_STREAMS:
                raise Malformed("RTMP: too many chunk streams")
            chunk = _ChunkStream()
        header = at
        at += _HEADER_SIZES[kind]
        if at > end:
            return None
        field, extended = chunk.field, chunk.extended
        length, message_kind, stream = chunk.length, chunk.kind, chunk.stream
        if kind < 3:
            field = int.from_bytes(buffer[header : header + 3], "big")
            extended = field == EXTENDED
        if kind < 2:
            length = int.from_bytes(buffer[header + 3 : header + 6], "big")
            message_kind = buffer[header + 6]
        if kind == 0:
            stream = int.from_bytes(buffer[header + 7 : header + 11], "little")
        if extended:
            if at + 4 > end:
                return None
            value = int.from_bytes(buffer[at : at + 4], "big")
            # Some encoders do not repeat the extended timestamp in the chunks that follow.
            if kind < 3 or value == field:
                field = value
                at += 4
        begins = not chunk.body
        if not begins and kind < 2 and length != chunk.length:
            raise Malformed("RTMP: a message changes its length under way")
        left = length - len(chunk.body)
        size = min(self._chunk_size, left)
        if self._held + left > self.limit:
            raise Malformed(f"RTMP: a message of {length} bytes is too long")
        if at + size > end:
            return None
        if begins:
            # A type 3 that begins a message repeats the field, even after a type 0 (5.3.1.2.4).
            time = field if kind == 0 else chunk.timestamp + field
            chunk.timestamp = time & 0xFFFFFFFF
        chunk.field, chunk.extended = field, extended
        chunk.length, chunk.kind, chunk.stream = length, message_kind, stream
        self._streams[number] = chunk
        chunk.body += memoryview(buffer)[at : at + size]
        self._held += size
        self._at = at + size
        return chunk

    def _drop(self, chunk: _ChunkStream) -> None:
        self._held -= len(chunk.body)
        chunk.body = bytearray()

    def _set_chunk_size(self, body: bytes) -> None:
        size = int.from_bytes(body[:4], "big")
        if len(body) < 4 or not 1 <= size <= 0x7FFFFFFF:
            raise Malformed("RTMP: a chunk size of zero")
        self._chunk_size = size


def write(channel: int, kind: int, stream: int, body: bytes) -> bytes:
    """Cut a message of ours into chunks; `channel` (2 to 63) is its chunk stream."""
    header = bytearray((channel, 0, 0, 0))
    header += len(body).to_bytes(3, "big") + bytes((kind,)) + stream.to_bytes(4, "little")
    pieces = [body[at : at + FIRST_CHUNK_SIZE] for at in range(0, len(body), FIRST_CHUNK_SIZE)]
    return bytes(header) + bytes((0xC0 | channel,)).join(pieces)
