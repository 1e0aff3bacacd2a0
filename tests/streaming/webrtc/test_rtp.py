"""RTP bytes, read back by aiortc's own parsers."""

import struct

from aiortc.codecs import h264_depayload
from aiortc.rtp import RtcpPacket, RtcpSdesPacket, RtcpSrPacket, RtpPacket, unwrap_rtx
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc.rtp import (
    PAYLOAD_LIMIT,
    Rtp,
    h264_payloads,
    packet,
    retransmission,
    sender_report,
    timestamp,
)

units = st.builds(
    lambda kind, importance, body: bytes((importance << 5 | kind,)) + body,
    st.sampled_from([1, 5, 6, 7, 8]),
    st.integers(0, 3),
    st.binary(min_size=1, max_size=60),
)


def annexb(*some: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + unit for unit in some)


@given(st.lists(units, max_size=12), st.integers(16, 100))
def test_a_receiver_puts_the_same_units_together(some: list[bytes], limit: int) -> None:
    payloads = h264_payloads(some, limit)
    assert b"".join(map(h264_depayload, payloads)) == annexb(*some)
    assert all(len(payload) <= limit for payload in payloads)


def test_a_big_picture_is_as_few_packets_as_can_be_of_near_equal_size() -> None:
    unit = b"\x65" + bytes(10 * PAYLOAD_LIMIT)
    payloads = h264_payloads([unit])
    assert len(payloads) == 11
    assert max(map(len, payloads)) - min(map(len, payloads)) <= 1


def test_parameter_sets_share_a_packet() -> None:
    sps, pps = b"\x67" + bytes(20), b"\x68" + bytes(4)
    assert len(h264_payloads([sps, pps])) == 1


def test_delimiters_and_filler_are_left_out() -> None:
    assert h264_payloads([b"\x09\xf0", b"\x0c" + bytes(900), b"\x41abc"]) == [b"\x41abc"]


@given(st.floats(1.6e9, 2.5e9), st.floats(-3600, 3600))
def test_a_player_finds_the_time_again_by_its_own_clock(time: float, error: float) -> None:
    """`error` is how wrong the player's clock is: up to an hour does no harm."""
    stamp, turn = timestamp(time, 90_000), 2**32
    near = round((time + error) * 90_000)
    unwrapped = near + (stamp - near + turn // 2) % turn - turn // 2
    assert abs(unwrapped / 90_000 - time) < 1 / 90_000


def test_timestamps_wrap() -> None:
    assert timestamp(2**32 / 90_000 + 1, 90_000) == 90_000


@given(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.booleans(), st.binary(min_size=1))
def test_packets_say_what_they_are(sequence: int, stamp: int, marker: bool, payload: bytes) -> None:
    rtp = Rtp(sequence, stamp, marker, payload)
    parsed = RtpPacket.parse(packet(rtp, 96, 0xCAFE))
    assert (parsed.payload_type, parsed.ssrc, parsed.marker) == (96, 0xCAFE, marker)
    assert (parsed.sequence_number, parsed.timestamp) == (sequence, stamp)
    assert parsed.payload == payload
    again = RtpPacket.parse(retransmission(rtp, 97, 0xBEEF, 7))
    assert (again.payload_type, again.ssrc, again.sequence_number) == (97, 0xBEEF, 7)
    assert bytes(unwrap_rtx(again, 96, 0xCAFE).serialize()) == packet(rtp, 96, 0xCAFE)


def test_a_report_carries_the_time_and_the_name() -> None:
    report = sender_report(0xCAFE, 1_800_000_000.25, 48_000, 2**32 + 5, 77, "fabrique-tv")
    sender, names = RtcpPacket.parse(report)
    assert isinstance(sender, RtcpSrPacket)
    assert isinstance(names, RtcpSdesPacket)
    info = sender.sender_info
    assert info.ntp_timestamp == int(4_008_988_800.25 * 2**32)
    assert info.rtp_timestamp == timestamp(1_800_000_000.25, 48_000)
    assert (info.packet_count, info.octet_count) == (5, 77)
    assert names.chunks[0].items == [(1, b"fabrique-tv")]
    assert struct.unpack("!H", report[30:32])[0] * 4 + 4 == len(report) - 28
