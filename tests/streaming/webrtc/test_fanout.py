"""A stream on its way to many, heard at real sockets with libsrtp's other half."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from typing import Any

import pytest

from streaming.webrtc.datagrams import Way
from streaming.webrtc.fanout import (
    CONVOYS,
    JOINERS,
    LEAST_PIECE,
    PIECE,
    PIECES,
    Fanout,
    Outlets,
)
from streaming.webrtc.private import Path, lib
from streaming.webrtc.rtp import HEADER, PAYLOAD_LIMIT
from streaming.webrtc.sealing import ROWS, RUN, STEP, Sealer
from streaming.webrtc.send import CLEAR_OF_WRAP, KEPT, LONGEST_STEP, Output, Stream
from streaming.webrtc.udp import Endpoint
from tests.streaming.webrtc.listeners import CM, GCM, TAGS, Listener, listening
from tests.streaming.webrtc.test_datagrams import WAYS

WHOLE = b"w" * PAYLOAD_LIMIT


class Stage:
    """A fan-out of one stream, and whoever listens to it."""

    def __init__(self, way: Way | None, first: int | None) -> None:
        self.stream = Stream(90_000, first=first)
        self.outlets = Outlets(way)
        self.refused: list[Output] = []
        self.fanout = Fanout(self.stream, Sealer(), self.outlets, self.refuse)
        self.endpoint = Endpoint("127.0.0.1", 0, lambda data, address, endpoint: None)
        self.stack = ExitStack()

    def listener(self, **settings: Any) -> Listener:
        """Someone whom nobody sends to yet."""
        return self.stack.enter_context(listening(self.endpoint, self.stream, **settings))

    def join(self, **settings: Any) -> Listener:
        listener = self.listener(**settings)
        self.fanout.join(listener.output)
        return listener

    def refuse(self, output: Output) -> None:
        self.refused.append(output)

    def add(self, *payloads: bytes, key: bool = False) -> None:
        self.fanout.add(payloads, 1.0, key)

    def outdate(self, listener: Listener) -> None:
        """Have libsrtp find too old for this one whatever we send."""
        source = self.stream.source.to_bytes(4, "big")
        listener.output.srtp.session.protect(bytes((0x80, 96, 0x20, 0, *bytes(4), *source, 1)))

    def settle(self) -> int:
        """Send all that waits; return in how many steps."""
        steps = 0
        while self.fanout.behind:
            self.fanout.step()
            steps += 1
        return steps


@pytest.fixture
async def stage() -> AsyncIterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def make(way: Way | None = None, first: int | None = None) -> Stage:
        stages.append(Stage(way, first))
        return stages[-1]

    yield make
    for each in stages:
        each.stack.close()
        each.endpoint.close()


Make = Callable[..., Stage]


@pytest.mark.parametrize("profile", [GCM, CM])
@pytest.mark.parametrize("way", WAYS)
async def test_every_packet_comes_in_order_and_can_be_read(
    stage: Make, way: Way, profile: int
) -> None:
    show = stage(way, first=10)
    listeners = [show.join(profile=profile) for _ in range(5)]
    pictures = [
        [b"sps" * 9, *[os.urandom(PAYLOAD_LIMIT) for _ in range(70)], os.urandom(77)],
        [os.urandom(300)],
        [*[os.urandom(PAYLOAD_LIMIT) for _ in range(7)], os.urandom(1100)],
        [os.urandom(900), os.urandom(900), os.urandom(850), os.urandom(900), os.urandom(300)],
    ]
    for place, picture in enumerate(pictures):
        show.add(*picture, key=place == 0)
        show.settle()
    payloads = [payload for picture in pictures for payload in picture]
    for listener in listeners:
        packets = listener.packets()
        assert [packet.payload for packet in packets] == payloads
        assert [packet.sequence_number for packet in packets] == list(range(10, 10 + len(payloads)))
        assert {(packet.ssrc, packet.payload_type) for packet in packets} == {
            (show.stream.source, 96)
        }
        assert [packet.marker for packet in packets].count(1) == len(pictures)
    assert show.outlets.dropped == 0


async def test_packets_of_near_size_are_made_equal_on_the_wire(stage: Make) -> None:
    show = stage()
    listener = show.join()
    payloads = [b"a" * 1000, b"b" * 900, b"c" * 1000, b"d" * 100]
    show.add(*payloads, key=True)
    show.settle()
    packets = listener.packets()
    whole = HEADER + 1000 + TAGS[GCM]
    assert listener.sizes == [whole, whole, whole, HEADER + 100 + TAGS[GCM]]
    assert [packet.payload for packet in packets] == payloads
    assert [packet.padding_size for packet in packets] == [0, 100, 0, 0]


async def test_what_is_longer_than_pictures_are_is_one_datagram(stage: Make) -> None:
    show = stage()
    listener = show.join()
    show.add(b"s" * 1275, key=True)
    show.add(b"t" * 1275)
    show.settle()
    show.add(b"u" * 1275)
    assert [packet.payload[:1] for packet in listener.packets()] == [b"s", b"t", b"u"]
    assert set(listener.sizes) == {HEADER + 1275 + TAGS[GCM]}


async def test_each_has_its_own_payload_type_and_cipher(stage: Make) -> None:
    show = stage()
    kinds = [(96, GCM), (102, GCM), (96, CM), (125, CM)]
    listeners = [show.join(payload_type=kind, profile=profile) for kind, profile in kinds]
    show.add(WHOLE, WHOLE, b"rest", key=True)
    show.settle()
    show.add(WHOLE, b"rest")
    for (kind, _), listener in zip(kinds, listeners, strict=True):
        packets = listener.packets()
        assert [packet.payload for packet in packets] == [WHOLE, WHOLE, b"rest", WHOLE, b"rest"]
        assert {packet.payload_type for packet in packets} == {kind}


async def test_there_can_be_more_viewers_than_are_encrypted_for_at_once(stage: Make) -> None:
    show = stage()
    listeners = [show.join() for _ in range(2 * ROWS + 3)]
    show.add(*[WHOLE] * RUN, WHOLE, b"rest", key=True)
    show.settle()
    show.add(b"next")
    for listener in listeners:
        payloads = [packet.payload for packet in listener.packets()]
        assert payloads == [*[WHOLE] * (RUN + 1), b"rest", b"next"]


async def test_a_big_picture_leaves_in_pieces_and_the_next_after_it(stage: Make) -> None:
    show = stage(first=0)
    listener = show.join()
    show.add(b"first", key=True)
    show.settle()
    listener.packets()
    for size, piece in ((PIECE, PIECE), (3 * PIECE, PIECE), (8 * PIECE, 8 * PIECE // PIECES)):
        first = show.stream.end
        show.add(*[WHOLE] * size)
        came = listener.numbers()
        assert len(came) == min(size, piece)
        show.add(b"next")
        while show.fanout.behind:
            show.fanout.step()
            numbers = listener.numbers()
            assert len(numbers) <= piece
            came += numbers
        came += listener.numbers()
        assert came == list(range(first, first + size + 1))


async def test_a_joiner_begins_with_the_newest_key_and_catches_up_in_steps(stage: Make) -> None:
    show = stage(first=0)
    for key in (True, False, True, False):
        show.add(*[WHOLE] * 40, key=key)
    listener = show.join()
    show.fanout.step()
    assert listener.numbers() == list(range(80, 80 + PIECE))
    show.add(b"live")
    assert listener.numbers() == []
    show.settle()
    show.add(b"next")
    assert listener.numbers() == list(range(80 + PIECE, 162))


async def test_who_is_live_hears_nothing_twice_when_somebody_joins(stage: Make) -> None:
    show = stage(first=0)
    live = show.join()
    show.add(*[WHOLE] * 60, key=True)
    show.settle()
    joiner = show.join()
    for _ in range(10):
        show.fanout.step()
        show.add(b"live", b"live")
    show.settle()
    assert live.numbers() == list(range(80))
    assert joiner.numbers() == list(range(80))


async def test_a_joiner_follows_a_picture_that_is_still_on_its_way(stage: Make) -> None:
    show = stage(first=0)
    live = show.join()
    show.add(b"first", key=True)
    show.settle()
    show.add(*[WHOLE] * 90, key=True)
    joiner = show.join()
    show.add(*[WHOLE] * 90, key=True)  # the newest key, of which nothing has left yet
    late = show.join()
    show.settle()
    assert live.numbers() == list(range(181))
    assert joiner.numbers() == late.numbers() == list(range(91, 181))


async def test_without_a_key_a_viewer_waits_for_one(stage: Make) -> None:
    show = stage(first=0)
    show.add(b"no key")
    listener = show.join()
    assert not show.fanout.behind
    show.add(b"key", key=True)
    assert show.fanout.behind
    show.settle()
    assert listener.numbers() == [1]


async def test_many_who_join_share_what_there_is_for_joiners(stage: Make) -> None:
    show = stage(first=0)
    show.add(*[b"small"] * 400, key=True)
    listeners: list[Listener] = []
    for _ in range(3 * CONVOYS):
        listeners += [show.join() for _ in range(5)]
        show.fanout.step()
        came = sum(len([*listener.datagrams()]) for listener in listeners)
        assert came <= JOINERS + LEAST_PIECE * len(listeners)
        assert len(show.fanout._joining) <= CONVOYS
    show.settle()
    show.add(b"live")
    for listener in listeners:
        assert [*listener.datagrams()]
        assert len(listener.sizes) == 401


async def test_who_is_too_slow_goes_on_at_the_newest_key(stage: Make) -> None:
    show = stage(first=0)
    show.add(*[WHOLE] * 60, key=True)
    listener = show.join()
    show.fanout.step()
    show.add(*[b"past"] * KEPT)
    show.add(b"a", b"b", key=True)
    show.settle()
    assert listener.numbers() == [*range(PIECE), 60 + KEPT, 61 + KEPT]


async def test_who_was_away_so_long_that_srtp_would_lose_count_is_refused(stage: Make) -> None:
    show = stage(first=0)
    show.add(*[WHOLE] * 60, key=True)
    listener = show.join()
    show.fanout.step()
    for _ in range(LONGEST_STEP // 1000 + 1):
        show.add(*[b"past"] * 1000)
    show.fanout.step()
    show.add(b"key", key=True)
    show.settle()
    assert show.refused == [listener.output]


async def test_numbers_wrap_for_who_is_live_and_who_joins_then(stage: Make) -> None:
    show = stage(first=0x10000 - 200)
    live = show.join()
    show.add(*[WHOLE] * 80, key=True)
    show.settle()
    early = show.join()  # begins 200 packets before the wrap
    show.settle()
    show.add(*[WHOLE] * 150)
    show.settle()
    late = show.join()  # must begin before the wrap, too
    show.settle()
    show.add(b"key", key=True)
    after = show.join()
    show.settle()
    show.add(b"last")
    expected = [number & 0xFFFF for number in range(0x10000 - 200, 0x10000 + 32)]
    for listener in (live, early, late):
        assert listener.numbers() == expected
    assert after.numbers() == [30, 31]


async def test_who_loses_the_beginning_can_read_what_comes_after_a_wrap(stage: Make) -> None:
    first = CLEAR_OF_WRAP - 1  # the last number with which anybody may begin
    show = stage(first=first)
    listener = show.join()
    show.add(*[WHOLE] * 100, key=True)
    show.settle()
    packets = listener.packets(lose=lambda place: place < 60)
    assert [packet.sequence_number for packet in packets] == [
        number & 0xFFFF for number in range(first + 60, first + 100)
    ]


async def test_for_whom_nothing_can_be_encrypted_is_refused_and_the_others_are_not(
    stage: Make,
) -> None:
    show = stage(first=1)
    listeners = [show.join() for _ in range(3)]
    show.outdate(listeners[1])
    show.add(WHOLE, WHOLE, key=True)
    show.settle()
    show.add(b"next")
    assert show.refused == [listeners[1].output]
    assert [*listeners[1].datagrams()] == []
    assert listeners[0].numbers() == listeners[2].numbers() == [1, 2, 3]


async def test_who_leaves_hears_no_more(stage: Make) -> None:
    show = stage()
    listeners = [show.join() for _ in range(3)]
    show.add(b"key", key=True)
    show.settle()
    joining, waiting = show.join(), show.join()
    show.fanout.leave(listeners[1].output)
    show.fanout.leave(joining.output)
    show.settle()
    show.fanout.leave(waiting.output)
    show.fanout.leave(waiting.output)
    show.add(b"next")
    assert [len(listener.numbers()) for listener in listeners] == [2, 1, 2]
    assert joining.numbers() == []
    assert len(waiting.numbers()) == 1


async def test_who_moves_hears_it_at_the_new_address(stage: Make) -> None:
    show = stage()
    moves, stays, there = show.join(), show.join(), show.listener()
    show.add(b"key", key=True)
    show.settle()
    show.add(b"here")
    address = there.socket.getsockname()
    show.fanout.move(moves.output, Path(show.endpoint, address))
    there.session = moves.session
    show.add(b"next")
    assert len(stays.numbers()) == 3
    assert [packet.payload for packet in moves.packets()] == [b"key", b"here"]
    assert [packet.payload for packet in there.packets()] == [b"next"]


async def test_reports_say_what_each_has_had(stage: Make) -> None:
    show = stage()
    early, other = show.join(), show.join(profile=CM)
    show.add(b"12345", b"67", key=True)
    show.settle()
    show.add(b"8")
    show.add(b"key", key=True)
    late = show.join()
    show.settle()
    show.add(b"9")
    show.fanout.leave(other.output)
    for listener in (early, late):
        listener.packets()
    show.fanout.report()
    counts = []
    for listener in (early, late):
        (report,) = listener.reports()
        assert report.ssrc == show.stream.source
        counts.append((report.sender_info.packet_count, report.sender_info.octet_count))
    assert counts == [(5, 12), (2, 4)]


async def test_packets_come_again_to_who_lost_them_only(stage: Make) -> None:
    show = stage(first=5)
    one, other = show.join(), show.join(resend_type=None)
    show.add(*[b"%d" % place for place in range(60)], key=True)
    show.settle()
    one.packets()
    other.packets(lose=lambda place: True)
    show.fanout.resend(one.output, [7, 8])
    assert [packet.payload for packet in one.packets()] == [b"\0\x072", b"\0\x083"]
    assert other.packets() == []
    show.fanout.resend(other.output, range(5, 65))
    show.settle()
    assert len({packet.payload for packet in other.packets()}) == 60


async def test_for_whom_nothing_can_be_encrypted_again_is_refused(stage: Make) -> None:
    show = stage(first=1)
    listener, other = show.join(resend_type=None), show.join(resend_type=None)
    show.add(WHOLE, WHOLE, key=True)
    show.settle()
    show.outdate(listener)
    show.fanout.resend(listener.output, [1])
    show.fanout.resend(other.output, [2])
    assert show.refused == [listener.output]
    show.add(b"next")
    assert len([*listener.datagrams()]) == 2
    assert len([*other.datagrams()]) == 4


def test_what_does_not_fit_is_not_written_into_others_memory() -> None:
    sealer = Sealer()
    with pytest.raises(ValueError, match="longer"):
        sealer.copy(bytes(STEP + 1), 1)
    for sizes, stride in (([1] * (RUN + 1), 20), ([1000] * RUN, STEP // RUN + 1)):
        with pytest.raises(ValueError, match="longer"):
            sealer.seal(lib.srtp_protect, [None] * len(sizes), sizes, stride)
