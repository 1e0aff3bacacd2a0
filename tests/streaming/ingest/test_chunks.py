import random
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.ingest import Malformed
from streaming.ingest.chunks import ABORT, SET_CHUNK_SIZE, Chunks, Message, write

LIMIT = 1 << 20


class Sender:
    """Cuts messages as publishers do, leaving out of headers what did not change."""

    def __init__(self, chunk_size: int = 128, *, repeats_extended: bool = True) -> None:
        self.chunk_size = chunk_size
        self._repeats_extended = repeats_extended
        self._last: dict[int, tuple[Message, int]] = {}

    def cut(self, channel: int, message: Message) -> list[bytes]:
        head, body = self._header(channel, message), message.body
        pieces = [body[at : at + self.chunk_size] for at in range(0, len(body), self.chunk_size)]
        follow = self._number(3, channel)
        if self._extended and self._repeats_extended:
            follow += self._extended
        return [head + (pieces[0] if pieces else b""), *(follow + piece for piece in pieces[1:])]

    def _header(self, channel: int, message: Message) -> bytes:
        previous, field_before = self._last.get(channel, (None, 0))
        kind, field = 0, message.timestamp
        if previous and previous.stream == message.stream:
            delta = (message.timestamp - previous.timestamp) % (1 << 32)
            if delta < 1 << 31:
                kind, field = 1, delta
                if (previous.kind, len(previous.body)) == (message.kind, len(message.body)):
                    kind = 3 if field == field_before else 2
        self._last[channel] = message, field
        self._extended = struct.pack(">I", field) if field >= 0xFFFFFF else b""
        size = len(message.body).to_bytes(3, "big") + bytes((message.kind,))
        fields = min(field, 0xFFFFFF).to_bytes(3, "big") + size + struct.pack("<I", message.stream)
        return self._number(kind, channel) + fields[: (11, 7, 3, 0)[kind]] + self._extended

    @staticmethod
    def _number(kind: int, channel: int) -> bytes:
        if channel < 64:
            return bytes((kind << 6 | channel,))
        if channel < 320:
            return bytes((kind << 6, channel - 64))
        return bytes((kind << 6 | 1,)) + struct.pack("<H", channel - 64)


def read_all(chunks: Chunks) -> list[Message]:
    messages = []
    while (message := chunks.next()) is not None:
        messages.append(message)
    return messages


def one(data: bytes, limit: int = LIMIT) -> list[Message]:
    chunks = Chunks(limit)
    chunks.push(data)
    return read_all(chunks)


messages = st.builds(
    Message,
    kind=st.sampled_from([8, 9, 18, 20]),
    stream=st.sampled_from([0, 1, 0xFFFFFFFF]),
    timestamp=st.integers(0, 0xFFFFFFFF) | st.integers(0, 5000) | st.just(0xFFFFFF),
    body=st.binary(max_size=700),
)


@given(
    st.lists(st.tuples(st.sampled_from([3, 4, 63, 64, 319, 320, 65599]), messages), max_size=12),
    st.integers(1, 300),
    st.randoms(use_true_random=False),
)
def test_messages_survive_any_cut_and_any_interleaving(
    sent: list[tuple[int, Message]],
    chunk_size: int,
    chance: random.Random,
) -> None:
    sender = Sender(chunk_size)
    wire = bytearray(write(2, SET_CHUNK_SIZE, 0, struct.pack(">I", chunk_size)))
    queues: dict[int, list[bytes]] = {}
    for channel, message in sent:
        queues.setdefault(channel, []).extend(sender.cut(channel, message))
    while queues:
        channel = chance.choice(sorted(queues))
        wire += queues[channel].pop(0)
        if not queues[channel]:
            del queues[channel]

    chunks, received = Chunks(LIMIT), []
    while wire:
        size = chance.randint(1, 400)
        chunks.push(bytes(wire[:size]))
        del wire[:size]
        received += read_all(chunks)
    assert sorted(received) == sorted(message for _, message in sent)


@given(st.binary(max_size=600), st.integers(1, 64))
def test_any_bytes_are_messages_or_malformed(data: bytes, step: int) -> None:
    chunks = Chunks(4096)
    with suppress(Malformed):
        for at in range(0, len(data), step):
            chunks.push(data[at : at + step])
            read_all(chunks)
    assert chunks._held <= 4096


def test_a_type_3_that_begins_a_message_repeats_the_delta() -> None:
    first = b"\x04" + b"\x00\x03\xe8" + b"\x00\x00\x01\x09" + b"\x01\x00\x00\x00" + b"a"
    second = b"\x44" + b"\x00\x00\x21" + b"\x00\x00\x01\x09" + b"b"
    third = b"\xc4" + b"c"
    assert [message.timestamp for message in one(first + second + third)] == [1000, 1033, 1066]


@pytest.mark.parametrize("repeats_extended", [True, False])
def test_an_extended_timestamp_may_be_repeated_or_not(repeats_extended: bool) -> None:
    sent = Message(9, 1, 0x01020304, b"picture " * 50)
    sender = Sender(repeats_extended=repeats_extended)
    assert one(b"".join(sender.cut(4, sent) + sender.cut(4, sent))) == [sent, sent]


def test_timestamps_go_over_the_wrap() -> None:
    first = b"\x04\xff\xff\xff\x00\x00\x01\x09\x01\x00\x00\x00\xff\xff\xff\xf0a"
    second = b"\x44\x00\x00\x21\x00\x00\x01\x09b"
    assert [message.timestamp for message in one(first + second)] == [0xFFFFFFF0, 0x11]


def test_a_chunk_stream_may_begin_with_type_1_as_in_librtmp() -> None:
    [message] = one(b"\x44\x00\x00\x05\x00\x00\x01\x14z")
    assert message == Message(20, 0, 5, b"z")


def test_an_aborted_message_is_forgotten() -> None:
    begun = write(4, 9, 1, b"x" * 200)[: 12 + 128]
    aborted = write(2, ABORT, 0, struct.pack(">I", 4))
    assert one(begun + aborted + write(4, 9, 1, b"y")) == [Message(9, 1, 0, b"y")]


def test_messages_under_way_share_one_limit() -> None:
    begun = b"".join(write(channel, 9, 1, b"x" * 600)[: 12 + 128] for channel in (4, 5, 6))
    assert one(begun, limit=1000) == []
    with pytest.raises(Malformed, match="too long"):
        one(begun * 2, limit=700)


@pytest.mark.parametrize(
    "data",
    [
        b"\xc4a",  # a chunk stream that begins in the middle
        write(2, SET_CHUNK_SIZE, 0, bytes(4)),
        write(2, SET_CHUNK_SIZE, 0, b"\xff\xff\xff\xff"),
        write(2, SET_CHUNK_SIZE, 0, b"\0"),
        b"".join(write(channel, 9, 1, b"x" * 200)[:140] for channel in range(2, 40)),
        write(4, 9, 1, b"x" * 200)[:140] + write(4, 9, 1, b"y" * 100),
    ],
)
def test_broken_chunk_streams_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        one(data)


def test_a_megabyte_in_pieces_is_one_message() -> None:
    body = bytes(random.Random(1).randbytes(1_000_000))
    wire = write(3, 9, 1, body)
    chunks = Chunks(LIMIT)
    received = []
    for at in range(0, len(wire), 9000):
        chunks.push(wire[at : at + 9000])
        received += read_all(chunks)
    assert received == [Message(9, 1, 0, body)]
