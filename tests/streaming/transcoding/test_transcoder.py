"""What the ladder makes: H.264 for every browser, with each picture at the time it had."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streaming.errors import UnsupportedMedia
from streaming.h264 import is_key, parameter_sets, parse_sps
from streaming.ingest.pictures import is_key as is_foreign_key
from streaming.packet import Packet
from streaming.transcoding.transcoder import Transcoder, fitting
from tests.streaming import numbers
from tests.streaming.numbers import Coded

START = 1_790_000_000.0

USUAL: dict[str, tuple[str, str, dict[str, Any]]] = {
    "hevc": ("libx265", "mp4", {"options": {"x265-params": "keyint=25:log-level=none"}}),
    "hevc-ts": ("libx265", "ts", {"options": {"x265-params": "keyint=25:log-level=none"}}),
    "av1": ("libsvtav1", "mp4", {"options": {"preset": "10", "g": "25"}}),
    "vp8": ("libvpx", "mkv", {"options": {"deadline": "realtime", "g": "25"}}),
    "vp9": ("libvpx-vp9", "mkv", {"options": {"deadline": "realtime", "g": "25"}}),
    "mpeg2": ("mpeg2video", "ts", {"options": {"bf": "2", "g": "15", "b": "2M"}}),
    "mpeg4": ("mpeg4", "mp4", {"options": {"bf": "2", "b": "2M"}}),
    "mjpeg": ("mjpeg", "mkv", {"pixels": "yuvj422p", "options": {"q": "3"}}),
    "h264-b": ("libx264", "mp4", {"options": {"bf": "3", "g": "25"}}),
    "h264-444": ("libx264", "mp4", {"pixels": "yuv444p"}),
    "h264-422-10": ("libx264", "mp4", {"pixels": "yuv422p10le"}),
}


def packets(coded: list[Coded], start: float = START) -> list[Packet]:
    """As Intake hands them over."""
    return [
        Packet(
            frame.data,
            start + frame.dts / 1e6,
            start + (frame.dts + frame.delay) / 1e6,
            is_key(frame.data)
            if frame.codec == "h264"
            else is_foreign_key(frame.codec, frame.data, frame.config),
            frame.config,
        )
        for frame in coded
    ]


def encode(transcoder: Transcoder, given: list[Packet]) -> list[Packet]:
    return [made for packet in given for made in transcoder.put(packet)]


@pytest.mark.parametrize("name", USUAL)
def test_every_usual_picture_keeps_its_time(tmp_path: Path, name: str) -> None:
    encoder, container, how = USUAL[name]
    coded = numbers.film(tmp_path / f"film.{container}", encoder, **how)
    given = packets(coded)
    made = encode(Transcoder(coded[0].codec, 1080, 30), given)
    assert len(made) >= len(given) - 5  # what a decoder keeps back
    times = sorted(packet.pts for packet in given)
    assert [packet.pts for packet in made] == times[: len(made)]
    assert all(packet.dts == packet.pts for packet in made)
    assert all(packet.key == is_key(packet.data) for packet in made)
    assert made[0].key
    for number, time in numbers.shown(made):
        assert time == pytest.approx(times[0] + number / 25, abs=0.002)
    info = parse_sps(parameter_sets(made[0].config)[0][0])
    assert (info.width, info.height) == numbers.SIZE
    assert (info.chroma_format, info.bit_depth, info.may_reorder) == (1, 8, False)


def test_keyframes_are_never_more_than_two_seconds_apart(tmp_path: Path) -> None:
    times = [0]
    for number in range(159):  # irregular, then once a second, then fast
        times.append(times[-1] + (37 + number % 13 if number < 60 else 900 if number < 66 else 33))
    coded = numbers.film(
        tmp_path / "film.mp4", "libx264", len(times), options={"g": "500", "bf": "0"}, times=times
    )
    made = encode(Transcoder("h264", 720, 30), packets(coded))
    assert [round(1000 * (packet.pts - made[0].pts)) for packet in made] == times[: len(made)]
    keys = [packet.pts for packet in made if packet.key]
    assert max(after - before for before, after in pairwise(keys)) <= 2.001
    assert len(keys) <= 9


def test_a_keyframe_that_is_wanted_comes_next(tmp_path: Path) -> None:
    options = {"g": "500", "bf": "0"}
    coded = numbers.film(tmp_path / "film.mp4", "libx264", 60, options=options)
    transcoder = Transcoder("h264", 720, 30)
    made = encode(transcoder, packets(coded)[:20])
    wanted = len(made)
    transcoder.want_key()
    made += encode(transcoder, packets(coded)[20:])
    assert [index for index, packet in enumerate(made) if packet.key] == [0, wanted]


def test_more_frames_than_wanted_are_left_out_evenly(tmp_path: Path) -> None:
    times = [round(number * 1000 / 60) for number in range(120)]
    coded = numbers.film(tmp_path / "film.mp4", "libx264", 120, times=times)
    made = encode(Transcoder("h264", 720, 30), packets(coded))
    steps = [after.pts - before.pts for before, after in pairwise(made)]
    assert steps == pytest.approx([1 / 30] * len(steps), abs=0.002)


def test_a_change_of_size_begins_with_a_keyframe_of_the_new_one(tmp_path: Path) -> None:
    one = numbers.film(tmp_path / "one.mp4", "libx264", 30, options={"bf": "2"})
    two = numbers.film(tmp_path / "two.mp4", "libx264", 30, size=(640, 360))
    transcoder = Transcoder("h264", 720, 30)
    made = encode(transcoder, packets(one)) + encode(transcoder, packets(two, START + 3))
    sizes = [
        (info.width, info.height)
        for packet in made
        if (info := parse_sps(parameter_sets(packet.config)[0][0]))
    ]
    assert sizes == [(320, 192)] * 30 + [(640, 360)] * (len(made) - 30)
    assert made[30].key
    assert made[30].pts == pytest.approx(START + 3, abs=0.2)
    assert len(numbers.shown(made)) == len(made)


@pytest.mark.parametrize(
    ("size", "ratio", "most", "fits"),
    [
        ((1920, 1080), 1.0, 720, (1280, 720)),
        ((1920, 1080), 1.0, 2160, (1920, 1080)),
        ((720, 576), 64 / 45, 1080, (1024, 576)),  # a PAL tape in 16:9
        ((1440, 1080), 4 / 3, 1080, (1920, 1080)),  # HDV
        ((1080, 1920), 1.0, 720, (404, 720)),
        ((853, 479), 1.0, 720, (852, 480)),
        ((1280, 720), 1000.0, 720, (1280, 720)),
        ((16, 16), 1.0, 720, (64, 64)),
    ],
)
def test_sizes_are_even_square_and_not_too_high(
    size: tuple[int, int], ratio: float, most: int, fits: tuple[int, int]
) -> None:
    assert fitting(*size, ratio, most) == fits


def test_pixels_become_square(tmp_path: Path) -> None:
    coded = numbers.film(
        tmp_path / "film.mp4", "libx264", 5, size=(180, 144), ratio=Fraction(64, 45)
    )
    made = encode(Transcoder("h264", 720, 30), packets(coded))
    info = parse_sps(parameter_sets(made[0].config)[0][0])
    assert (info.width, info.height) == (256, 144)


def test_a_broken_frame_costs_itself_and_a_stream_of_them_the_job(tmp_path: Path) -> None:
    coded = numbers.film(tmp_path / "film.mp4", "libx264", 50, options={"g": "10", "bf": "0"})
    given = packets(coded)
    given[15] = Packet(b"\0\0\0\5nonsense", given[15].dts, given[15].pts, False, given[15].config)
    transcoder = Transcoder("h264", 720, 30)
    made = encode(transcoder, given)
    assert len(made) >= 48
    assert len(numbers.shown(made)) == len(made)
    times = [START + 10 + index / 25 for index in range(200)]
    nonsense = [Packet(b"\0\0\0\5nonsense", time, time, True, given[0].config) for time in times]
    with pytest.raises(UnsupportedMedia):
        encode(transcoder, nonsense)


def test_a_card_that_has_no_encoder_left_costs_nobody_the_picture(tmp_path: Path) -> None:
    coded = numbers.film(tmp_path / "film.mp4", "libx264", 10, options={"bf": "0"})
    made = encode(Transcoder("h264", 720, 30, "h264_v4l2m2m"), packets(coded))
    assert len(made) == 10


def test_a_codec_that_libav_does_not_know_is_said() -> None:
    with pytest.raises(UnsupportedMedia):
        Transcoder("nonsense", 720, 30)
