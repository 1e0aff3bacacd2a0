from contextlib import suppress

import pytest
from hypothesis import given
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
        (b"\x90vp09record", Tag("vp9", True, b"record")),
        (b"\x91hvc1\xff\xff\xffframe", Tag("hevc", False, b"frame", delay=-1)),
        (b"\x91vp08frame", Tag("vp8", False, b"frame")),
        (b"\x90????record", Tag("un format inconnu", True, b"record")),
        (b"\x94avc1\x02\x00\x09colorInfo", None),
        (b"\xd4avc1\x02\x00\x09colorInfo", None),  # metadata, whatever the kind of frame says
        (b"\x95av01\x80\x04\x81", None),  # a descriptor of MPEG-TS
        (b"\x9fav01", None),  # what does not exist yet
        # Modified by three bytes of nanoseconds, then by 256 of something.
        (b"\x97\x02\0\0\7\1avc1\0\0\x50frame", Tag("h264", False, b"frame", delay=80)),
        (b"\x97\xff\0\xff" + bytes(256) + b"\x03avc1frame", Tag("h264", False, b"frame")),
        (b"\x97\x00\0\7\x00\0\x03avc1frame", Tag("h264", False, b"frame")),
        # Several tracks: one at a time, all of a codec, each with its own.
        (b"\x96\x00hvc1\x00record", Tag("hevc", True, b"record")),
        (b"\x96\x01avc1\x00\0\0\x50frame", Tag("h264", False, b"frame", delay=80)),
        (b"\x96\x01avc1\x01\0\0\x50frame", None),
        (b"\x96\x13avc1\x01\0\0\2xx\x00\0\0\5frame\x02\0\0\1x", Tag("h264", False, b"frame")),
        (b"\x96\x13avc1\x01\0\0\2xx", None),
        (b"\x96\x23vp09\x01\0\0\2xxavc1\x00\0\0\5frame", Tag("h264", False, b"frame")),
        (b"\x96\x10avc1", None),
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
        (b"\x0fsound", Tag("pcm_s16le", False, b"sound", setup=b"\0\0\xac\x44\2")),
        (b"\x38sound", Tag("pcm_u8", False, b"sound", setup=b"\0\0\x56\x22\1")),
        (b"\x72sound", Tag("pcm_alaw", False, b"sound", setup=b"\0\0\x1f\x40\1")),
        (b"\x83sound", Tag("pcm_mulaw", False, b"sound", setup=b"\0\0\x1f\x40\2")),
        (b"\xb2sound", Tag("speex", False, b"sound", setup=flv.SPEEX_HEADER)),
        (b"\x62sound", Tag("nellymoser", False, b"sound")),
        (b"\xc2sound", Tag("un format inconnu", False, b"sound")),
        (b"", None),
        (b"\x90OpusOpusHead", Tag("opus", True, b"OpusHead")),
        (b"\x91Opussound", Tag("opus", False, b"sound")),
        (b"\x91fLaCsound", Tag("flac", False, b"sound")),
        (b"\x91.mp3sound", Tag("mp3", False, b"sound")),
        (b"\x91ac-3sound", Tag("ac3", False, b"sound")),
        (b"\x90mp4a\x12\x10", Tag("aac", True, b"\x12\x10")),
        (b"\x94Opus", None),
        (b"\x92Opus", None),
        (b"\x97\x02\0\0\7\1Opussound", Tag("opus", False, b"sound")),
        (b"\x95\x01Opus\x00sound", Tag("opus", False, b"sound")),
        (b"\x95\x11Opus\x01\0\0\1x\x00\0\0\5sound", Tag("opus", False, b"sound")),
        (b"\x95\x01Opus\x01sound", None),
    ],
)
def test_sounds_are_unwrapped(body: bytes, tag: Tag | None) -> None:
    assert flv.read_sound(body) == tag


@pytest.mark.parametrize(
    "body",
    [
        *(b"\x17\x01\x00", b"\x91av", b"\x91avc1\0\0", b"\x97", b"\x97\xff\0", b"\x97\x05\0"),
        *(b"\x96", b"\x96\x03av", b"\x96\x13avc1\x01\0", b"\x96\x13avc1\x01\0\0\xff\0"),
        b"\x96\x23avc1",
    ],
)
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


@given(
    st.builds(
        bytes.__add__,
        st.sampled_from([b"", b"\x17\1", b"\x91avc1", b"\x96\x13avc1", b"\x96\x23", b"\x97\xff\0"]),
        st.binary(max_size=64),
    )
)
def test_any_bytes_are_a_tag_or_malformed(body: bytes) -> None:
    with suppress(Malformed):
        flv.read_picture(body)
    with suppress(Malformed):
        flv.read_sound(body)
    with suppress(Malformed):
        for _, timestamp, _ in flv.split_aggregate(body, 7):
            assert 0 <= timestamp < 1 << 32
