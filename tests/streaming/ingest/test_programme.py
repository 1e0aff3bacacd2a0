"""Where the tracks of an MPEG-TS change, and damage to it."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.ingest.demux import Pass, ts_frames
from streaming.ingest.programme import PACKET, Read, Watch, looks_like_ts, programmes
from tests.streaming.ingest.films import X264_B, Films


@pytest.fixture(scope="module")
def silent(films: Films) -> bytes:
    return films("silent.ts", 1.0, sound=None).read_bytes()


@pytest.fixture(scope="module")
def heard(films: Films) -> bytes:
    return films("heard.ts", 1.0, size=(640, 360), options=X264_B).read_bytes()


@pytest.fixture(scope="module")
def hevc(films: Films) -> bytes:
    options = {"preset": "ultrafast", "x265-params": "log-level=none"}
    return films("hevc.ts", 1.0, codec="libx265", options=options).read_bytes()


def reading(*pieces: bytes, size: int = 1316) -> Read:
    """`read` of a stream that comes in messages of `size` bytes."""
    whole = b"".join(pieces)
    messages = iter([whole[at : at + size] for at in range(0, len(whole), size)])
    return lambda _: next(messages, b"")


def parts_of(read: Read) -> list[bytes]:
    def drain() -> Iterator[bytes]:
        for part in programmes(read):
            data = b""
            while more := part.read(4096):
                data += more
            yield data

    return list(drain())


def test_a_stream_whose_tracks_stay_is_one_part(heard: bytes) -> None:
    assert parts_of(reading(heard, heard)) == [heard + heard]


def test_a_new_part_begins_with_the_tables_where_the_tracks_change(
    silent: bytes, heard: bytes
) -> None:
    first, second, third = parts_of(reading(silent, heard, silent))
    assert first.startswith(silent[: -2 * PACKET])
    assert looks_like_ts(second)
    assert [int.from_bytes(second[at + 1 : at + 3], "big") & 0x1FFF for at in (0, PACKET)] == [
        0,
        0x1000,  # the PMT of libav's muxer
    ]
    assert looks_like_ts(third)


@pytest.mark.parametrize("size", [1, 100, 188, 1316, 65536])
def test_parts_do_not_depend_on_how_the_bytes_come(silent: bytes, heard: bytes, size: int) -> None:
    expected = parts_of(reading(silent, heard))
    assert parts_of(reading(silent, heard, size=size)) == expected


def test_a_track_gained_or_changed_in_mid_stream_is_read(
    silent: bytes, heard: bytes, hevc: bytes
) -> None:
    frames = list(ts_frames(reading(silent, heard, hevc), Pass(begin=None)))
    counts = dict.fromkeys(("h264", "hevc", "aac"), 0)
    for frame in frames:
        counts[frame.codec] += 1
    assert counts["h264"] == 50
    assert counts["hevc"] == 25
    assert counts["aac"] > 80
    assert len({frame.config for frame in frames if frame.codec == "h264"}) == 2


def test_bytes_that_are_lost_are_no_new_tracks(heard: bytes) -> None:
    broken = heard[: 20 * PACKET + 77] + heard[31 * PACKET + 5 :]
    assert len(parts_of(reading(broken))) == 1


@settings(max_examples=60)
@given(data=st.data())
def test_flipped_bytes_never_escape(data: st.DataObject, silent: bytes, heard: bytes) -> None:
    """Tables are held together by their CRC: a flip there is not taken for other tracks."""
    stream = bytearray(silent[: 40 * PACKET] + heard[: 40 * PACKET])
    for _ in range(data.draw(st.integers(1, 40))):
        at = data.draw(st.integers(0, len(stream) - 1))
        stream[at] ^= data.draw(st.integers(1, 255))
    assert 1 <= len(parts_of(reading(bytes(stream)))) <= 4


@given(st.binary(max_size=2000))
def test_anything_may_come(noise: bytes) -> None:
    watch = Watch()
    seen, _ = watch.look(noise)
    assert 0 <= seen <= len(noise)
    parts_of(reading(noise, size=99))


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=183), st.integers(0, 0x1FFF), st.integers(0, 255))
def test_any_table_may_come(body: bytes, pid: int, flags: int) -> None:
    """With right framing, and a PAT that names every PID in turn."""
    from streaming.ingest.programme import _crc

    table = bytes((2, 0xB0, min(len(body) + 9, 255))) + bytes((0, 1, 0xC1, 0, 0)) + body
    table += _crc(table).to_bytes(4, "big")
    header = bytes((0x47, 0x40 | pid >> 8, pid & 255, 0x10 | flags & 0x2F, 0))
    packet = (header + table).ljust(PACKET, b"\xff")[:PACKET]
    association = bytes((0, 0xB0, 13, 0, 1, 0xC1, 0, 0, 0, 1, 0xE0 | pid >> 8, pid & 255))
    association += _crc(association).to_bytes(4, "big")
    first = (b"\x47\x40\0\x10\0" + association).ljust(PACKET, b"\xff")
    assert parts_of(reading(first, packet, first, packet))
