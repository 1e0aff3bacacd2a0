from itertools import pairwise
from pathlib import Path

import av
import pytest

from streaming import h264
from streaming.errors import UnsupportedMedia
from streaming.ingest.intake import Intake
from tests.streaming.ingest.films import Films, Recorder

FRAME = 40_000  # microseconds
RATE = 1_000_000


def frames_of(path: Path) -> tuple[bytes, list[tuple[bytes, int]]]:
    """A film's configuration record, and its pictures as (data, delay in microseconds)."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        pictures = [
            (bytes(packet), int((packet.pts - packet.dts) * packet.time_base * RATE))
            for packet in container.demux(stream)
            if packet.size
        ]
        return bytes(stream.codec_context.extradata), pictures


def test_pictures_pass_untouched_with_their_configuration(plain: Path) -> None:
    record, pictures = frames_of(plain)
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    for index, (data, delay) in enumerate(pictures):
        intake.picture("h264", data, index * FRAME, delay)
    passed = source.pictures
    assert len(passed) == len(pictures)
    # x264 writes itself into an SEI; parameter sets and delimiters are what is taken out.
    assert [packet.data for packet in passed[1:]] == [data for data, _ in pictures[1:]]
    assert {packet.config for packet in passed} == {h264.make_config(*h264.parameter_sets(record))}
    assert [packet.key for packet in passed[:51]] == [True] + [False] * 49 + [True]
    steps = [after.dts - before.dts for before, after in pairwise(passed)]
    assert all(abs(step - 0.04) < 0.001 for step in steps)
    assert all(packet.pts == packet.dts for packet in passed)
    assert source.advice == []


def test_b_frames_keep_their_order_of_presentation(reordered: Path) -> None:
    record, pictures = frames_of(reordered)
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    for index, (data, delay) in enumerate(pictures):
        intake.picture("h264", data, index * FRAME, delay)
    shown = sorted(packet.pts for packet in source.pictures)
    assert [packet.pts for packet in source.pictures] != shown
    assert all(abs(after - before - 0.04) < 0.001 for before, after in pairwise(shown))


def test_a_delay_that_all_pictures_share_is_no_reordering(plain: Path) -> None:
    record, pictures = frames_of(plain)
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    for index, (data, _) in enumerate(pictures[:10]):
        intake.picture("h264", data, index * FRAME, delay=2 * FRAME)
    assert all(packet.pts == packet.dts for packet in source.pictures)


def test_parameter_sets_among_the_pictures_are_taken_out(plain: Path, films: Films) -> None:
    record, pictures = frames_of(plain)
    other, _ = frames_of(films("other.mp4", 1.0, size=(640, 360)))
    sps, pps = h264.parameter_sets(other)
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    intake.picture("h264", pictures[0][0], 0)
    changed = h264.join_units([*sps, *pps]) + pictures[0][0]
    intake.picture("h264", changed, FRAME)
    assert source.pictures[0].data == source.pictures[1].data
    assert source.pictures[0].config == h264.make_config(*h264.parameter_sets(record))
    assert source.pictures[1].config == h264.make_config(*h264.parameter_sets(other))


def test_two_byte_lengths_become_four(plain: Path) -> None:
    record, pictures = frames_of(plain)
    short = bytes((*record[:4], 0xFD, *record[5:]))
    units = h264.nal_units(pictures[3][0])
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", short)
    data = b"".join(len(unit).to_bytes(2, "big") + bytes(unit) for unit in units)
    intake.picture("h264", data, 0)
    assert source.pictures[0].data == pictures[3][0]


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv422p", "yuv420p10le"])
def test_colours_that_browsers_do_not_play_are_for_the_ladder(films: Films, pixels: str) -> None:
    record, coded = frames_of(films(f"{pixels}.mp4", 0.2, pixels=pixels, sound=None))
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    for index, (data, delay) in enumerate(coded):
        intake.picture("h264", data, index * FRAME, delay)
    assert source.pictures == []
    assert [codec for codec, _ in source.foreign] == ["h264"] * len(coded)
    assert source.foreign[0][1].key
    assert "réencodé ici" in source.why


@pytest.mark.parametrize(
    ("codec", "encoder", "container"),
    [
        ("hevc", "libx265", "mp4"),
        ("hevc", "libx265", "ts"),
        ("av1", "libsvtav1", "mp4"),
        ("vp8", "libvpx", "mkv"),
        ("vp9", "libvpx-vp9", "mkv"),
        ("mpeg2video", "mpeg2video", "ts"),
        ("mpeg4", "mpeg4", "mp4"),
    ],
)
def test_keyframes_of_other_codecs_are_known(
    films: Films, codec: str, encoder: str, container: str
) -> None:
    options = {"libx265": {"x265-params": "keyint=12:log-level=none"}, "libsvtav1": {"g": "12"}}
    path = films(
        f"{codec}.{container}", 1.0, codec=encoder, options=options.get(encoder, {"g": "12"})
    )
    source = Recorder()
    intake = Intake(source, RATE)
    keys = []
    with av.open(str(path)) as read:
        stream = read.streams.video[0]
        intake.configure_picture(codec, bytes(stream.codec_context.extradata or b""))
        for index, packet in enumerate(read.demux(stream)):
            if packet.size:
                intake.picture(codec, bytes(packet), index * FRAME)
                keys.append(packet.is_keyframe)
    assert [packet.key for _, packet in source.foreign] == keys
    assert 2 <= sum(keys) < len(keys)


def test_another_codec_is_refused_with_the_setting_to_change() -> None:
    intake = Intake(Recorder(), RATE)
    for codec, name in (("vvc", "VVC"), ("prores", "ProRes"), ("flv1", "Sorenson")):
        with pytest.raises(UnsupportedMedia, match=rf"{name}.*Encodeur vidéo.*H\.264"):
            intake.configure_picture(codec, b"")
        with pytest.raises(UnsupportedMedia):
            intake.picture(codec, b"frame", 0)


def test_parameter_sets_may_come_late_apart_and_among_the_pictures_alone(plain: Path) -> None:
    record, pictures = frames_of(plain)
    sps, pps = h264.parameter_sets(record)
    source = Recorder()
    intake = Intake(source, RATE)
    intake.picture("h264", pictures[0][0], 0)  # nothing tells yet what it is
    intake.picture("h264", h264.join_units(sps), FRAME)
    intake.picture("h264", h264.join_units([*pps, *h264.nal_units(pictures[0][0])]), 2 * FRAME)
    intake.picture("h264", pictures[1][0], 3 * FRAME)
    assert [packet.key for packet in source.pictures] == [True, False]
    assert {packet.config for packet in source.pictures} == {h264.make_config(sps, pps)}


def test_a_new_configuration_begins_with_a_keyframe(plain: Path, films: Films) -> None:
    record, pictures = frames_of(plain)
    other, others = frames_of(films("other.mp4", 1.0, size=(640, 360)))
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    intake.picture("h264", pictures[0][0], 0)
    intake.configure_picture("h264", other)
    intake.picture("h264", pictures[1][0], FRAME)
    intake.picture("h264", others[0][0], 2 * FRAME)
    old, new = (h264.make_config(*h264.parameter_sets(each)) for each in (record, other))
    assert [packet.config for packet in source.pictures] == [old, old, new]
    assert source.pictures[2].key


def test_a_second_picture_parameter_set_is_added_to_the_first(plain: Path) -> None:
    record, pictures = frames_of(plain)
    sps, pps = h264.parameter_sets(record)
    second = pps[0][:1] + bytes((0b01000000 | pps[0][1] >> 3,)) + pps[0][2:]  # number 1
    source = Recorder()
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    intake.picture("h264", pictures[0][0], 0)
    intake.picture("h264", h264.join_units([second, *h264.nal_units(pictures[0][0])]), FRAME)
    assert h264.parameter_sets(source.pictures[-1].config) == (sps, [*pps, second])


def test_a_configuration_that_is_none_is_refused() -> None:
    with pytest.raises(UnsupportedMedia, match="illisible"):
        Intake(Recorder(), RATE).configure_picture("h264", b"\1\2\3")


def test_a_broken_picture_is_left_out_and_told(plain: Path) -> None:
    record, pictures = frames_of(plain)
    source = Recorder()
    intake = Intake(source, RATE)
    intake.picture("h264", pictures[0][0], 0)  # before its configuration
    intake.configure_picture("h264", record)
    intake.picture("h264", b"\0\0\xff\xff\x65", 0)
    intake.picture("h264", b"", 0)
    intake.picture("h264", pictures[0][0], FRAME)
    assert len(source.pictures) == 1
    assert "illisibles" in source.advice[0]


def test_a_stream_without_keyframes_is_told(plain: Path) -> None:
    record, pictures = frames_of(plain)
    now = 1000.0
    source = Recorder(now=lambda: now)
    intake = Intake(source, RATE)
    intake.configure_picture("h264", record)
    for index in range(140):
        now += 0.04
        intake.picture("h264", pictures[1][0], index * FRAME)
    assert "image clé" in source.advice[0]
    intake.picture("h264", pictures[0][0], 140 * FRAME)
    assert source.advice == []


def test_sound_passes_with_its_configuration() -> None:
    source = Recorder()
    intake = Intake(source, RATE)
    intake.sound("aac", b"too early", 0)
    intake.configure_sound("aac", b"\x12\x08")
    intake.sound("aac", b"block", 0)
    intake.sound("opus", b"packet", 20_000)
    assert [(codec, packet.data, packet.config) for codec, packet in source.sounds] == [
        ("aac", b"block", b"\x12\x08"),
        ("opus", b"packet", b""),
    ]
    assert all(packet.key and packet.pts == packet.dts for _, packet in source.sounds)


def test_sound_that_the_desk_decodes_passes() -> None:
    source = Recorder()
    intake = Intake(source, RATE)
    intake.sound("mp3", b"block", 0)
    intake.configure_sound("vorbis", b"headers")
    intake.sound("vorbis", b"packet", 20_000)
    intake.configure_sound("aac", b"\x12\x08")
    intake.sound("aac", b"block", 40_000)
    assert [(codec, packet.config) for codec, packet in source.sounds] == [
        ("mp3", b""),
        ("vorbis", b"headers"),
        ("aac", b"\x12\x08"),
    ]
    assert source.advice == []


def test_sound_that_we_do_not_carry_is_left_out_and_told() -> None:
    source = Recorder()
    intake = Intake(source, RATE)
    intake.sound("wmav2", b"block", 0)
    assert source.sounds == []
    assert source.advice[0].startswith("Le son arrive en wmav2\u00a0: il n’est pas diffusé.")
    intake.configure_sound("aac", b"\x12\x08")
    assert source.advice == []
    intake.configure_sound("aac", b"")
    assert "AAC est illisible" in source.advice[0]


def test_picture_and_sound_share_one_mapping(plain: Path) -> None:
    record, pictures = frames_of(plain)
    source = Recorder()
    intake = Intake(source, 1000, bits=32)
    intake.configure_picture("h264", record)
    intake.configure_sound("aac", b"\x12\x08")
    start = (1 << 32) - 500  # the 32 bits of RTMP wrap on the way
    for index, (data, _) in enumerate(pictures[:25]):
        intake.picture("h264", data, (start + index * 40) % (1 << 32))
        intake.sound("aac", b"block", (start + index * 40 + 7) % (1 << 32))
    for picture, (_, sound) in zip(source.pictures, source.sounds, strict=True):
        assert sound.pts - picture.pts == pytest.approx(0.007, abs=0.001)
    assert source.pictures[-1].dts - source.pictures[0].dts == pytest.approx(0.96, abs=0.001)
    assert 0.9 < intake.ahead < 1.0
