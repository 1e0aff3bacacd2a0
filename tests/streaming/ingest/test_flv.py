from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.ingest import Malformed, flv
from streaming.ingest.flv import Tag


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        (b"\x17\x00\x00\x00\x00record", Tag("h264", True, b"record")),
        (b"\x17\x01\x00\x00\x00frame", Tag("h264", False, b"frame")),
        (b"\x27\x01\x00\x00\x50frame", Tag("h264", False, b"frame", delay=80)),
        (b"\x27\x01\xff\xff\xffframe", Tag("h264", False, b"frame", delay=-1)),
        (b"\x17\x02\x00\x00\x00", None),  # end of sequence
        (b"\x57\x01", None),  # a command to the player
        (b"", None),
        (b"\x1c\x00\x00\x00\x00record", Tag("hevc", True, b"record")),
        (b"\x12frame", Tag("flv1", False, b"frame")),
        # Enhanced RTMP
        (b"\x90avc1record", Tag("h264", True, b"record")),
        (b"\x91avc1\x00\x00\x50frame", Tag("h264", False, b"frame", delay=80)),
        (b"\x93avc1frame", Tag("h264", False, b"frame")),
        (b"\x90hvc1record", Tag("hevc", True, b"record")),
        (b"\x91av01frame", Tag("av1", False, b"frame")),
        (b"\x92avc1", None),
        (b"\xd1avc1\x00", None),
        (b"\x96\x10avc1", Tag("plusieurs pistes", False, b"")),
    ],
)
def test_pictures_are_unwrapped(body: bytes, tag: Tag | None) -> None:
    assert flv.read_picture(body) == tag


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        (b"\xaf\x00\x12\x10", Tag("aac", True, b"\x12\x10")),
        (b"\xaf\x01sound", Tag("aac", False, b"sound")),
        (b"\x2fsound", Tag("mp3", False, b"sound")),
        (b"\xb2sound", Tag("speex", False, b"sound")),
        (b"", None),
        (b"\x90OpusOpusHead", Tag("opus", True, b"OpusHead")),
        (b"\x91Opussound", Tag("opus", False, b"sound")),
        (b"\x91fLaCsound", Tag("flac", False, b"sound")),
        (b"\x94Opus", None),
    ],
)
def test_sounds_are_unwrapped(body: bytes, tag: Tag | None) -> None:
    assert flv.read_sound(body) == tag


@pytest.mark.parametrize("body", [b"\x17\x01\x00", b"\x91av", b"\x97"])
def test_a_video_tag_cut_short_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        flv.read_picture(body)


def test_an_aggregate_is_split_and_its_times_moved_to_the_message() -> None:
    body = (
        b"\x09\x00\x00\x02\x00\x00\x64\x00\x00\x00\x01\x17\x01" + bytes(4)
        + b"\x08\x00\x00\x01\x00\x00\x78\x00\x00\x00\x01\xaf" + bytes(4)
    )  # fmt: skip
    assert list(flv.split_aggregate(body, 5000)) == [
        (9, 5000, b"\x17\x01"),
        (8, 5020, b"\xaf"),
    ]


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=64))
def test_any_bytes_are_a_tag_or_malformed(body: bytes) -> None:
    with suppress(Malformed):
        flv.read_picture(body)
    with suppress(Malformed):
        flv.read_sound(body)
    with suppress(Malformed):
        for _, timestamp, _ in flv.split_aggregate(body, 7):
            assert 0 <= timestamp < 1 << 32
