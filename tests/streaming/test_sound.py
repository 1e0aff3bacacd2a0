"""Sound is one line of samples: placed exactly, slewed softly, silent where there is nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.packet import Packet
from streaming.sound import HOLE, RATE, Decoder, Samples, Timeline, place_of, time_of
from tests.streaming import studios

START = place_of(1_790_000_000.0)


def block(size: int, value: float = 0.5) -> Samples:
    return np.full((2, size), value, np.float32)


def test_blocks_that_follow_each_other_are_untouched() -> None:
    line = Timeline(START)
    samples = studios.tone(0.2)
    line.place(START, samples[:, :1024])
    for at in range(1024, 9000, 1024):
        assert np.array_equal(
            line.place(START + at, samples[:, at : at + 1024]), samples[:, at : at + 1024]
        )


def test_hole_is_filled_with_silence_to_the_sample() -> None:
    line = Timeline(START)
    line.place(START, block(1024))
    out = line.place(START + 1024 + 5000, block(1024))
    assert out.shape == (2, 5000 + 1024)
    assert np.all(out[:, 240:5000] == 0)
    assert out[0, -1] == 0.5
    assert line.head == START + 7048


def test_what_comes_too_late_is_left_out() -> None:
    line = Timeline(START)
    line.silence(START + 4800)
    assert line.place(START + 100, block(1024)).shape[1] == 0
    assert line.place(START + 4000, block(1024)).shape[1] == 224
    assert line.head == START + 5024


def test_jitter_of_millisecond_timestamps_changes_nothing() -> None:
    line = Timeline(START)
    line.place(START, block(1024))
    for index in range(1, 200):
        jitter = (-30, 47, 0, 24)[index % 4]
        assert line.place(START + index * 1024 + jitter, block(1024)).shape[1] == 1024


@pytest.mark.parametrize("error", [200e-6, -200e-6, 900e-6, -900e-6])
def test_drift_is_followed_by_one_sample_per_block(error: float) -> None:
    line = Timeline(START)
    worst = 0
    for index in range(20_000):  # seven minutes
        place = START + round(index * 1024 * (1 + error))
        out = line.place(place, block(1024))
        assert 1023 <= out.shape[1] <= 1025
        worst = max(worst, abs(line.head - place - 1024))
    assert worst < 0.003 * RATE


def test_nothing_clicks_where_sound_begins_ends_or_is_slewed() -> None:
    line = Timeline(START)
    samples = studios.tone(1.0, 100)
    out = [line.silence(START + 1000), line.place(START + 3000, samples[:, :10_240])]
    out += [
        line.place(START + 3000 + at + 300, samples[:, at : at + 1024])
        for at in range(10_240, 40_960, 1024)
    ]
    out.append(line.silence(line.head + 4000))
    out.append(line.place(line.head + 10, samples[:, 700:1724]))
    steps = np.abs(np.diff(np.concatenate(out, axis=1), axis=1))
    assert steps.max() < 0.02  # the tone itself steps by 0.005, a join by a few times that


def test_a_cut_is_exact() -> None:
    line = Timeline(START)
    line.place(START, block(1024))
    line.cut()
    assert line.place(START + 1024 + 300, block(1024)).shape[1] == 1324
    line.cut()
    assert line.place(line.head - 300, block(1024)).shape[1] == 724


Places = st.lists(
    st.tuples(st.integers(-20_000, 20_000), st.integers(0, 3000), st.integers(0, 3)), max_size=60
)


@given(Places)
def test_the_line_never_has_a_hole_and_never_goes_back(
    steps: list[tuple[int, int, int]],
) -> None:
    line = Timeline(START)
    size = 0
    for offset, length, kind in steps:
        head = line.head
        if kind == 0:
            out = line.silence(head + offset)
        else:
            if kind == 1:
                line.cut()
            out = line.place(head + offset, block(length))
            if out.shape[1] and abs(offset) > HOLE:
                assert line.head == max(head, head + offset) + length + min(0, offset)
        assert line.head == head + out.shape[1] >= head
        assert out.dtype == np.float32
        assert np.abs(out).max(initial=0) <= 0.5
        size += out.shape[1]
    assert line.head == START + size


@pytest.mark.parametrize(
    ("codec", "rate", "mono"),
    [
        ("aac", 48_000, False),
        ("aac", 44_100, False),
        ("aac", 44_100, True),
        ("aac", 32_000, True),
        ("opus", 48_000, False),
        ("opus", 48_000, True),
    ],
)
def test_every_usual_sound_is_decoded_to_its_place(codec: str, rate: int, mono: bool) -> None:
    packets = list(studios.sound(studios.ticks(3, rate), codec, rate, mono, time_of(START)))
    decoder = Decoder("opus" if codec == "opus" else "aac", packets[0].config)
    line, out = Timeline(START - RATE), []
    for packet in packets:
        out += [line.place(*decoded) for decoded in decoder.decode(packet)]
    heard = studios.clicks(time_of(START) - 1, np.concatenate(out, axis=1))
    assert np.array(heard) - time_of(START) == pytest.approx(np.arange(0.25, 2.9, 0.5), abs=0.002)


def test_mono_is_heard_on_both_sides_at_its_own_level() -> None:
    packets = list(studios.sound(studios.tone(1.0), mono=True))
    _, samples = studios.decode_sound(packets[10:], "aac")
    assert np.array_equal(samples[0], samples[1])
    assert np.abs(samples[:, 4800:]).max() == pytest.approx(0.4, abs=0.05)


@given(st.binary(max_size=400), st.sampled_from(["aac", "opus"]), st.binary(max_size=8))
def test_no_packet_breaks_a_decoder(data: bytes, codec: str, config: bytes) -> None:
    decoder = Decoder("opus" if codec == "opus" else "aac", config if codec == "aac" else b"")
    for _ in range(2):
        for _, samples in decoder.decode(Packet(data, 1.0, 1.0, True, config)):
            assert samples.shape[0] == 2
            assert np.all(np.abs(samples) <= 1)


def test_sound_goes_on_after_a_broken_packet() -> None:
    packets = list(studios.sound(studios.tone(1.0)))
    decoder = Decoder("aac", packets[0].config)
    decoder.decode(packets[0])
    decoder.decode(Packet(b"\xff" * 100, 0.0, 0.0, True, packets[0].config))
    decoder.decode(Packet(b"", 0.0, 0.0, True, packets[0].config))
    assert decoder.decode(packets[3])[0][1].shape == (2, 1024)
