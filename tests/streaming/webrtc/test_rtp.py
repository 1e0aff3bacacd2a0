"""RTP bytes, read back by aiortc's own parsers."""

import struct

import pytest
from aiortc.codecs import h264_depayload
from aiortc.rtp import RtcpPacket, RtcpSdesPacket, RtcpSrPacket, RtpPacket, unwrap_rtx
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc.group import runs
from streaming.webrtc.rtp import (
    PADDING_LIMIT,
    PAYLOAD_LIMIT,
    Rtp,
    h264_payloads,
    packet,
    paddings,
    retransmission,
    sender_report,
    timestamp,
)
from streaming.webrtc.sealing import RUN, STEP

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


def test_a_big_picture_is_as_few_packets_as_can_be_of_one_size() -> None:
    unit = b"\x65" + bytes(10 * PAYLOAD_LIMIT)
    sizes = [len(payload) for payload in h264_payloads([unit])]
    assert sizes == [PAYLOAD_LIMIT] * 10 + [2 + 10 * 2]


@pytest.mark.parametrize(
    ("slices", "most_runs"),
    [
        ([3000, 3010, 2990, 3005], 1),
        ([1300, 1290, 1310, 1280], 1),
        ([9000, 400, 8000], 2),
        ([1500, 4000, 900, 5000], 3),
        ([700] * 8, 1),
    ],
)
def test_a_picture_of_several_slices_is_few_runs_with_little_padding(
    slices: list[int], most_runs: int
) -> None:
    payloads = h264_payloads([b"\x41" + bytes(size - 1) for size in slices])
    added = paddings([len(payload) for payload in payloads])
    packets = [
        Rtp(number, 0, False, payload, more)
        for number, (payload, more) in enumerate(zip(payloads, added, strict=True))
    ]
    assert len(runs(packets)) <= most_runs
    assert sum(added) <= 0.05 * sum(slices)
    assert len(payloads) <= sum(-(-size // (PAYLOAD_LIMIT - 2)) for size in slices)


@given(st.lists(st.integers(1, PAYLOAD_LIMIT), max_size=40))
def test_padding_is_little_and_makes_no_more_runs(sizes: list[int]) -> None:
    added = paddings(sizes)
    assert len(added) == len(sizes)
    assert all(0 <= more <= PADDING_LIMIT for more in added)
    padded = [size + more for size, more in zip(sizes, added, strict=True)]
    assert max(padded, default=0) == max(sizes, default=0)

    def count(some: list[int]) -> int:
        return len(runs([Rtp(n, 0, False, bytes(size)) for n, size in enumerate(some)]))

    assert count(padded) <= count(sizes)


@given(st.lists(st.integers(1, PAYLOAD_LIMIT), max_size=100))
def test_a_run_is_of_one_size_but_for_its_last(sizes: list[int]) -> None:
    packets = [Rtp(n, 0, False, bytes(size)) for n, size in enumerate(sizes)]
    parted = runs(packets)
    assert [packet for run in parted for packet in run] == packets
    for run in parted:
        assert len(run) <= RUN
        assert {packet.size for packet in run[:-1]} <= {run[0].size}
        assert run[-1].size <= run[0].size


def test_runs_of_what_is_too_long_fit_into_memory_too() -> None:
    parted = runs([Rtp(number, 0, False, bytes(1275)) for number in range(RUN)])
    assert all(len(run) * (run[0].size + 16) <= STEP for run in parted)


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


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.binary(min_size=1),
    st.integers(0, 255),
)
def test_packets_say_what_they_are(
    sequence: int, stamp: int, marker: bool, payload: bytes, padding: int
) -> None:
    rtp = Rtp(sequence, stamp, marker, payload, padding)
    data = packet(rtp, 96, 0xCAFE)
    assert len(data) == rtp.size
    parsed = RtpPacket.parse(data)
    assert (parsed.payload_type, parsed.ssrc, parsed.marker) == (96, 0xCAFE, marker)
    assert (parsed.sequence_number, parsed.timestamp) == (sequence, stamp)
    assert (parsed.payload, parsed.padding_size) == (payload, padding)
    again = RtpPacket.parse(retransmission(rtp, 97, 0xBEEF, 7))
    assert (again.payload_type, again.ssrc, again.sequence_number) == (97, 0xBEEF, 7)
    bare = packet(rtp._replace(padding=0), 96, 0xCAFE)
    assert bytes(unwrap_rtx(again, 96, 0xCAFE).serialize()) == bare


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
