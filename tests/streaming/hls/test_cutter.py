"""Where parts and segments end, for any picture."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from streaming.hls.cutter import (
    HOLE,
    LONGEST_SEGMENT,
    PART_TARGET,
    SHORTEST,
    Cut,
    Cutter,
)
from streaming.packet import Packet


def frames(rate: float, gop: float, seconds: float, start: float = 1.7e9) -> list[Packet]:
    keys, packets = -1, []
    for number in range(round(seconds * rate)):
        time = number / rate
        key = int(time / gop + 1e-6) > keys
        keys += key
        packets.append(Packet(b"", start + time, start + time, key))
    return packets


def cut(packets: list[Packet], part: float = 0.5, segment: float = 2.0) -> list[Cut]:
    cutter = Cutter(part, segment)
    return [each for packet in packets for each in cutter.add(packet) or ()]


def lengths(cuts: list[Cut], start: float, *kinds: str) -> list[float]:
    times = [start, *(each.time for each in cuts if each.kind in kinds)]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


@given(
    st.sampled_from([10, 12, 12.5, 15, 20, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60]),
    st.sampled_from([0.5, 1.0, 2.0, 2.5, 3.0]),
)
def test_parts_keep_to_their_target(rate: float, gop: float) -> None:
    packets = frames(rate, gop, 20)
    cuts = cut(packets)
    start = packets[0].dts
    for each, length in zip(cuts, lengths(cuts, start, "part", "segment", "break"), strict=True):
        assert length <= 0.5 * PART_TARGET + 1e-6
        if each.kind == "part":
            assert length >= 0.5 * SHORTEST - 1e-6
    whole = lengths(cuts, start, "segment")
    assert max(whole) < 3.5
    assert min(whole) >= 1.5 - 1e-6
    assert all(each.first.key for each in cuts if each.kind == "segment")


@given(st.lists(st.floats(0.001, 3.9), min_size=1, max_size=120), st.randoms())
def test_no_picture_makes_a_segment_too_long(steps: list[float], random: "object") -> None:
    time, packets = 1.7e9, []
    for step in steps:
        key = random.random() < 0.2  # type: ignore[attr-defined]
        packets.append(Packet(b"", time, time, key or not packets))
        time += step
    cuts = cut(packets)
    times = [each.time for each in cuts]
    assert times == sorted(times)
    segment_start = part_start = packets[0].dts
    for each in cuts:
        assert 0 < each.time - part_start <= 0.5 * PART_TARGET + 1e-6
        part_start = each.time
        if each.kind != "part":
            assert each.time - segment_start <= LONGEST_SEGMENT + 1e-6
            segment_start = part_start = each.first.dts if each.kind == "break" else each.time


def test_new_parameters_break_at_once() -> None:
    old = frames(30, 2.0, 1.1)
    slate = Packet(b"", old[-1].dts + 1 / 30, old[-1].pts + 1 / 30, True, b"other")
    cuts = cut([*old, slate])
    assert cuts[-1] == Cut(slate.dts, "break", slate)


def test_new_parameters_wait_for_a_keyframe() -> None:
    cutter = Cutter(0.5, 2.0)
    assert cutter.add(Packet(b"", 0.0, 0.0, True, b"one")) == []
    assert cutter.add(Packet(b"", 0.1, 0.1, False, b"two")) is None


def test_first_frames_in_a_burst_leave_all_segments_their_keyframe() -> None:
    whole, burst = frames(25, 2.0, 12), 13
    late = whole[burst].dts - 0.001 * burst
    burst_first = [
        Packet(b"", late + 0.001 * n, late + 0.001 * n, each.key) if n < burst else each
        for n, each in enumerate(whole)
    ]
    segments = [each for each in cut(burst_first) if each.kind == "segment"]
    assert len(segments) > 3
    assert all(each.first.key for each in segments)


def test_a_hole_ends_the_segment_where_its_last_frame_did() -> None:
    old = frames(25, 2.0, 1.0)
    late = Packet(b"", old[-1].dts + HOLE + 0.5, old[-1].dts + HOLE + 0.5, True)
    cuts = cut([*old, late])
    assert cuts[-1].kind == "break"
    assert abs(cuts[-1].time - (old[-1].dts + 0.04)) < 1e-6


def test_frames_that_go_back_are_left_out() -> None:
    cutter = Cutter(0.5, 2.0)
    cutter.add(Packet(b"", 1.0, 1.0, True))
    assert cutter.add(Packet(b"", 1.0, 1.0, True)) is None
    assert cutter.add(Packet(b"", 0.5, 0.5, True)) is None
    assert cutter.add(Packet(b"", 1.1, 1.1, False)) == []


def test_a_stream_begins_at_a_keyframe() -> None:
    assert Cutter(0.5, 2.0).add(Packet(b"", 1.0, 1.0, False)) is None


def test_very_long_gops_are_cut_without_keyframes() -> None:
    cuts = [each for each in cut(frames(30, 10.0, 40)) if each.kind == "segment"]
    assert not all(each.first.key for each in cuts)
    assert {round(t - 1.7e9) for t in (each.time for each in cuts if each.first.key)} == {
        10,
        20,
        30,
    }
