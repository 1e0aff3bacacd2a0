"""The shared stream and each viewer's place in it."""

from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc.send import KEPT, RESENDS, Output, Stream


def stream(first: int = 0) -> Stream:
    return Stream(90_000, first=first)


def output(of: Stream) -> tuple[Output, list[RtpPacket]]:
    sent: list[RtpPacket] = []
    return Output(of, 96, 97, 0xBEEF, lambda data: sent.append(RtpPacket.parse(data))), sent


def add(to: Stream, count: int, *, key: bool = False) -> None:
    """One frame of `count` packets."""
    to.add([b"%d" % index for index in range(count)], 1.0, key)


def test_a_joiner_begins_with_the_newest_key_and_catches_up_in_steps() -> None:
    shared = stream()
    for key in (True, False, True, False):
        add(shared, 3, key=key)
    viewer, sent = output(shared)
    viewer.begin()
    viewer.catch_up(4)
    assert viewer.behind
    add(shared, 1)
    viewer.catch_up(100)
    assert viewer.live
    assert [packet.sequence_number for packet in sent] == [6, 7, 8, 9, 10, 11, 12]


def test_without_a_key_a_viewer_waits_for_one() -> None:
    shared = stream()
    add(shared, 3)
    viewer, sent = output(shared)
    viewer.begin()
    viewer.catch_up(100)
    assert not sent
    add(shared, 1, key=True)
    viewer.begin()
    viewer.catch_up(100)
    assert [packet.sequence_number for packet in sent] == [3]


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


def test_a_viewer_too_far_behind_goes_on_at_the_newest_key() -> None:
    shared = stream()
    add(shared, 5, key=True)
    viewer, sent = output(shared)
    viewer.begin()
    add(shared, KEPT)
    add(shared, 2, key=True)
    viewer.catch_up(10)
    assert [packet.sequence_number for packet in sent] == [KEPT + 5, KEPT + 6]


@given(st.integers(0, 0x8000), st.integers(1, 3 * KEPT), st.integers(0, 0xFFFF))
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


def test_lost_packets_come_again_in_the_retransmission_stream() -> None:
    shared = stream()
    add(shared, 5, key=True)
    viewer, sent = output(shared)
    viewer.resend([1, 3, 4000])
    assert [packet.payload for packet in sent] == [b"\0\x011", b"\0\x033"]
    assert {packet.ssrc for packet in sent} == {0xBEEF}
    assert sent[1].sequence_number == sent[0].sequence_number + 1


def test_a_viewer_who_asks_for_everything_again_gets_a_bounded_share() -> None:
    shared = stream()
    add(shared, 1000)
    viewer, sent = output(shared)
    for _ in range(3):
        viewer.resend(range(1000))
    assert len(sent) == RESENDS
    viewer.report()  # once a second
    viewer.resend([0])
    assert len(sent) == RESENDS + 1
