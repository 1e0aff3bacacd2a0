"""H.264 helpers against what a real encoder writes, and against noise."""

from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming import h264
from streaming.errors import UnsupportedMedia


def encoded(
    width: int, height: int, profile: str, pixels: str = "yuv420p", **options: str
) -> list[bytes]:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixels
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"profile": profile, **options}
    packets: list[bytes] = []
    for number in range(12):
        frame = av.VideoFrame(width, height, pixels)
        frame.pts = number
        packets += map(bytes, encoder.encode(frame))
    return packets + [bytes(packet) for packet in encoder.encode(None)]


def to_annexb(avcc_data: bytes, *parameter_sets: bytes) -> bytes:
    units = (*parameter_sets, *map(bytes, h264.nal_units(avcc_data)))
    return b"".join(b"\0\0\0\1" + unit for unit in units)


@pytest.mark.parametrize(
    ("width", "height", "profile", "number"),
    [
        (1920, 1080, "high", 100),
        (1280, 720, "main", 77),
        (854, 480, "baseline", 66),
        (320, 180, "high", 100),
        (130, 50, "main", 77),
    ],
)
def test_sps_tells_the_size(width: int, height: int, profile: str, number: int) -> None:
    _, [sps], [pps] = h264.to_avcc(encoded(width, height, profile)[0])
    info = h264.parse_sps(sps)
    assert (info.width, info.height, info.profile) == (width, height, number)
    assert (info.chroma_format, info.bit_depth, info.interlaced) == (1, 8, False)
    config = h264.make_config([sps], [pps])
    assert h264.codec_string(config) == f"avc1.{sps[1:4].hex()}"


def test_sps_of_other_chroma_and_depth_is_read() -> None:
    _, [sps], _ = h264.to_avcc(encoded(320, 182, "high444", "yuv444p")[0])
    assert h264.parse_sps(sps)[3:6] == (320, 182, 3)
    _, [sps], _ = h264.to_avcc(encoded(320, 182, "high10", "yuv420p10le")[0])
    assert h264.parse_sps(sps).bit_depth == 10


def test_interlaced_size_is_that_of_a_frame() -> None:
    data = encoded(1920, 1080, "high", **{"x264-params": "tff=1"})[0]
    info = h264.parse_sps(h264.to_avcc(data)[1][0])
    assert info.interlaced
    assert (info.width, info.height) == (1920, 1080)


@pytest.mark.parametrize("frames", [0, 2])
def test_sps_tells_of_reordering(frames: int) -> None:
    _, [sps], _ = h264.to_avcc(encoded(320, 180, "main", bf=str(frames))[0])
    assert h264.parse_sps(sps).may_reorder == (frames > 0)
    assert not h264.parse_sps(h264.to_avcc(encoded(320, 180, "baseline")[0])[1][0]).may_reorder


def test_access_units_survive_both_framings() -> None:
    packets = encoded(320, 180, "high")
    _, sps, pps = h264.to_avcc(packets[0])
    config = h264.make_config(sps, pps)
    assert h264.parameter_sets(config) == (sps, pps)
    for packet in packets:
        data, _, _ = h264.to_avcc(packet)
        kinds = [h264.nal_type(unit) for unit in h264.nal_units(data)]
        assert not {h264.SPS, h264.PPS, h264.AUD} & set(kinds)
        assert h264.to_avcc(to_annexb(data)) == (data, [], [])
        assert h264.to_avcc(to_annexb(data, *sps, *pps)) == (data, sps, pps)
        assert h264.is_key(data) == (h264.IDR in kinds)
    assert h264.is_key(h264.to_avcc(packets[0])[0])


def test_libav_decodes_with_our_configuration() -> None:
    packets = encoded(320, 180, "high", bf="0")
    _, sps, pps = h264.to_avcc(packets[0])
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = h264.make_config(sps, pps)
    count = 0
    for packet in packets:
        count += len(decoder.decode(av.Packet(h264.to_avcc(packet)[0])))
    assert count + len(decoder.decode(None)) == 12


def test_equal_streams_have_equal_configurations() -> None:
    _, sps, pps = h264.to_avcc(encoded(320, 180, "high")[0])
    ours = h264.make_config(sps, pps)
    # Some publishers leave the extension of the high profiles out, or use reserved bits.
    theirs = ours[:-4]
    assert h264.make_config(*h264.parameter_sets(theirs)) == ours


def test_two_byte_lengths_become_four() -> None:
    unit = b"\x65" + bytes(9)
    assert h264.normal_data(b"\0\x0a" + unit, 2) == (b"\0\0\0\x0a" + unit, [], [], True)
    assert h264.length_size(b"\1\x42\xc0\x1f\xfd\xe1\0") == 2


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_frames_of_any_units_become_ours(units: list[bytes]) -> None:
    data, sps, pps, key = h264.normal_data(h264.join_units(units), 4)
    whole = [unit for unit in units if unit]
    assert (data, sps, pps) == h264.separate(whole)
    assert key == any(h264.nal_type(unit) == h264.IDR for unit in whole)
    assert h264.unit_types(data) == {h264.nal_type(unit) for unit in h264.nal_units(data)}


@given(st.binary(max_size=60))
def test_units_are_refused_wherever_they_are_looked_at(data: bytes) -> None:
    try:
        units = h264.nal_units(data)
    except UnsupportedMedia:
        with pytest.raises(UnsupportedMedia):
            h264.unit_types(data)
    else:
        assert h264.unit_types(data) - {h264.EMPTY} == set(map(h264.nal_type, units))


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6))
def test_lengths_split_what_they_joined(units: list[bytes]) -> None:
    assert [bytes(unit) for unit in h264.nal_units(h264.join_units(units))] == units


@given(st.binary(max_size=200))
def test_noise_is_refused_by_name(noise: bytes) -> None:
    for read in (h264.parse_sps, h264.parameter_sets, h264.nal_units, h264.codec_string):
        try:
            read(noise)
        except UnsupportedMedia:
            continue
    h264.to_avcc(noise)


@given(st.binary(max_size=60), st.integers(0, 400))
def test_damaged_sps_is_refused_by_name(noise: bytes, flip: int) -> None:
    sps = bytearray(bytes.fromhex("6764001facd9405005bb016a02020280000003008000001e078c18cb"))
    sps[1 + flip % (len(sps) - 1)] ^= 1 << flip % 8
    try:
        info = h264.parse_sps(bytes(sps) + noise)
    except UnsupportedMedia:
        return
    assert 16 <= info.width <= 8192
