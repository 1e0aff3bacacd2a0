"""The shared stream, and what one viewer gets again."""

import os
import time
from collections.abc import AsyncIterator

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc.private import Path, Srtp
from streaming.webrtc.resends import AT_ONCE
from streaming.webrtc.send import KEPT, RESEND_WINDOW, Output, Stream
from streaming.webrtc.udp import Endpoint
from tests.streaming.webrtc.listeners import GCM, make_srtp


@pytest.fixture
def srtp() -> Srtp:
    session = make_srtp(GCM, os.urandom(28), inbound=False)
    return Srtp(session, session._srtp[0], GCM, 16)


@pytest.fixture
async def path() -> AsyncIterator[Path]:
    endpoint = Endpoint("127.0.0.1", 0, lambda data, address, endpoint: None)
    yield Path(endpoint, ("127.0.0.1", 9))
    endpoint.close()


def stream(first: int = 0) -> Stream:
    return Stream(90_000, first=first)


def add(to: Stream, count: int, *, key: bool = False) -> None:
    """One frame of `count` packets."""
    to.add([b"%d" % index for index in range(count)], 1.0, key)


def output(
    of: Stream, srtp: Srtp, path: Path, resend_type: int | None = 97
) -> tuple[Output, list[RtpPacket]]:
    sent: list[RtpPacket] = []

    def send(data: bytes) -> None:
        sent.append(RtpPacket.parse(data))

    return Output(of, 96, resend_type, 0xBEEF, srtp, path, send), sent


def test_nobody_begins_just_before_the_number_wraps() -> None:
    shared = stream(first=0x10000 - 10)
    add(shared, 20, key=True)
    assert shared.beginning() is None
    add(shared, 1, key=True)
    assert shared.beginning() == 0x10000 + 10


def test_a_key_that_is_no_longer_kept_is_no_beginning() -> None:
    shared = stream()
    add(shared, 1, key=True)
    add(shared, KEPT)
    assert shared.beginning() is None


@given(st.integers(0, 0x8000), st.integers(1, 2 * KEPT), st.integers(0, 0xFFFF))
def test_a_number_names_the_packet_sent_under_it_last(first: int, count: int, number: int) -> None:
    shared = stream(first)
    add(shared, count)
    found = shared.find(number)
    kept = range(max(first, first + count - KEPT), first + count)
    expected = [position for position in kept if position & 0xFFFF == number]
    assert (found is not None) == bool(expected)
    if found is not None:
        assert found.sequence == number
        assert found.payload == b"%d" % (expected[-1] - first)
        assert shared.age(found) == first + count - expected[-1]


@given(st.integers(0, 3 * KEPT), st.integers(0, 2 * KEPT), st.integers(-9, 9), st.integers(0, 99))
def test_what_is_between_two_positions_is_in_order(
    first: int, count: int, start: int, size: int
) -> None:
    shared = stream(first)
    add(shared, count)
    begin = shared.start + start
    kept = range(max(first, first + count - KEPT), first + count)
    expected = [p for p in range(begin, begin + size) if p in kept]
    found = shared.between(begin, begin + size)
    assert [packet.sequence for packet in found] == [position & 0xFFFF for position in expected]


async def test_lost_packets_come_again_in_the_retransmission_stream(srtp: Srtp, path: Path) -> None:
    shared = stream()
    add(shared, 5, key=True)
    viewer, sent = output(shared, srtp, path)
    viewer.resends.ask([1, 3, 4000], time.monotonic())
    viewer.resend()
    assert [packet.payload for packet in sent] == [b"\0\x011", b"\0\x033"]
    assert {packet.ssrc for packet in sent} == {0xBEEF}
    assert sent[1].sequence_number == sent[0].sequence_number + 1


async def test_padding_does_not_come_again(srtp: Srtp, path: Path) -> None:
    shared = stream()
    shared.add([b"a" * 1000, b"b" * 900, b"c" * 1000], 1.0, key=True)
    viewer, sent = output(shared, srtp, path)
    viewer.resends.ask([1], time.monotonic())
    viewer.resend()
    assert sent[0].payload == b"\0\x01" + b"b" * 900
    assert sent[0].padding_size == 0


async def test_without_that_stream_the_very_same_bytes_come_again(srtp: Srtp, path: Path) -> None:
    shared = stream()
    shared.add([b"a" * 1000, b"b" * 900, b"c" * 1000], 1.0, key=True)
    viewer, sent = output(shared, srtp, path, resend_type=None)
    viewer.resends.ask([1], time.monotonic())
    viewer.resend()
    assert (sent[0].sequence_number, sent[0].ssrc) == (1, shared.source)
    assert (sent[0].payload, sent[0].padding_size) == (b"b" * 900, 100)


async def test_without_that_stream_nothing_comes_again_that_srtp_would_refuse(
    srtp: Srtp, path: Path
) -> None:
    shared = stream()
    add(shared, RESEND_WINDOW + 5, key=True)
    viewer, sent = output(shared, srtp, path, resend_type=None)
    viewer.resends.ask([4, 5], time.monotonic())
    viewer.resend()
    assert [packet.sequence_number for packet in sent] == [5]


async def test_a_viewer_who_asks_for_everything_again_gets_a_part_at_a_time(
    srtp: Srtp, path: Path
) -> None:
    shared = stream()
    add(shared, 1000)
    viewer, sent = output(shared, srtp, path)
    viewer.resends.ask(range(1000), time.monotonic())
    viewer.resend()
    assert len(sent) == AT_ONCE
    assert viewer.resends.waiting
