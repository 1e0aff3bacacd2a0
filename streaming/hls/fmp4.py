"""Fragmented MP4 (ISO 14496-12, CMAF): initialisation sections and fragments of encoded frames."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from streaming import aac, h264

VIDEO_TRACK, VIDEO_TIMESCALE = 1, 90_000
SOUND_TRACK = 2  # its timescale is the sample rate

_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_DEFAULT_BASE_IS_MOOF = 0x020000
_DATA_OFFSET, _DURATION, _SIZE, _FLAGS, _COMPOSITION = 0x1, 0x100, 0x200, 0x400, 0x800
_SYNC, _DEPENDENT = 0x02000000, 0x01010000  # sample_flags, 8.8.3.1


@dataclass(frozen=True, slots=True)
class Sample:
    """One frame of a run; times are in the track's timescale."""

    data: bytes
    duration: int
    key: bool = True
    composition: int = 0  # pts − dts


@dataclass(frozen=True, slots=True)
class Run:
    """What a fragment holds of one track, from `start` (its tfdt) on."""

    track: int
    start: int
    samples: Sequence[Sample]


def init_section(video_config: bytes | None, sound_config: bytes, delay: int = 0) -> bytes:
    """The initialisation section of muxed H.264 and AAC; without a `video_config`, of AAC alone.

    `delay`, in the picture's time scale, is taken off all its times (an edit list, ISO 14496-12,
    8.6.6): the first picture of a stream with B-frames is then shown at the time of its `tfdt`.
    """
    tracks = [_sound_track(sound_config)]
    extends = [_full_box(b"trex", 0, 0, _u32(SOUND_TRACK, 1, 0, 0, 0))]
    if video_config is not None:
        tracks.insert(0, _video_track(video_config, delay))
        extends.insert(0, _full_box(b"trex", 0, 0, _u32(VIDEO_TRACK, 1, 0, 0, 0)))
    return _box(b"ftyp", b"iso6", _u32(0), b"iso6cmfccmf2mp41") + _box(
        b"moov",
        _full_box(
            b"mvhd",
            0,
            0,
            _u32(0, 0, 1000, 0, 0x10000),
            struct.pack(">H", 0x100),
            bytes(10),
            _UNITY_MATRIX,
            bytes(24),
            _u32(SOUND_TRACK + 1),
        ),
        *tracks,
        _box(b"mvex", *extends),
    )


def fragment(sequence: int, runs: Sequence[Run]) -> bytes:
    """One `moof` and its `mdat`: a part. Parts put one after the other are a segment."""
    heads = [_traf_size(run) for run in runs]
    moof_size = 8 + 16 + sum(heads)
    offset = moof_size + 8
    out = [
        struct.pack(">I4s", moof_size, b"moof"),
        struct.pack(">I4sII", 16, b"mfhd", 0, sequence & 0xFFFFFFFF),
    ]
    for run, size in zip(runs, heads, strict=True):
        out.append(_traf(run, size, offset))
        offset += sum(len(sample.data) for sample in run.samples)
    out.append(struct.pack(">I4s", offset - moof_size, b"mdat"))
    for run in runs:
        out += [sample.data for sample in run.samples]
    return b"".join(out)


def pictures(data: bytes) -> int:
    """How many pictures are in a fragment made by `fragment`."""
    if data[4:8] != b"moof":
        return 0
    (end,) = struct.unpack_from(">I", data)
    at = 8 + 16  # after mfhd
    while at < end:
        size, _, _, _, _, track = struct.unpack_from(">6I", data, at)
        if track == VIDEO_TRACK:
            (count,) = struct.unpack_from(">I", data, at + 8 + 16 + 20 + 12)
            return int(count)
        at += size
    return 0


def _traf_size(run: Run) -> int:
    per_sample = 16 if run.track == VIDEO_TRACK else 8
    return 8 + 16 + 20 + 20 + per_sample * len(run.samples)


def _traf(run: Run, size: int, data_offset: int) -> bytes:
    flags = _DATA_OFFSET | _DURATION | _SIZE
    if run.track == VIDEO_TRACK:
        flags |= _FLAGS | _COMPOSITION
        entries = b"".join(
            struct.pack(
                ">IIIi",
                sample.duration,
                len(sample.data),
                _SYNC if sample.key else _DEPENDENT,
                sample.composition,
            )
            for sample in run.samples
        )
    else:
        entries = b"".join(
            struct.pack(">II", sample.duration, len(sample.data)) for sample in run.samples
        )
    return b"".join(
        (
            struct.pack(">I4s", size, b"traf"),
            struct.pack(">I4sII", 16, b"tfhd", _DEFAULT_BASE_IS_MOOF, run.track),
            struct.pack(">I4sIQ", 20, b"tfdt", 1 << 24, run.start),
            # Version 1: composition offsets are signed.
            struct.pack(
                ">I4sIII",
                20 + len(entries),
                b"trun",
                1 << 24 | flags,
                len(run.samples),
                data_offset,
            ),
            entries,
        )
    )


def _video_track(config: bytes, delay: int) -> bytes:
    info = h264.parse_sps(h264.parameter_sets(config)[0][0])
    entry = _box(
        b"avc1",
        bytes(6),
        struct.pack(">H", 1),
        bytes(16),
        struct.pack(">HHIII", info.width, info.height, 0x480000, 0x480000, 0),
        struct.pack(">H", 1),
        bytes(32),
        struct.pack(">Hh", 24, -1),
        _box(b"avcC", config),
    )
    return _track(
        VIDEO_TRACK,
        VIDEO_TIMESCALE,
        b"vide",
        _full_box(b"vmhd", 0, 1, bytes(8)),
        entry,
        size=(info.width, info.height),
        edits=_box(b"edts", _full_box(b"elst", 0, 0, _u32(1, 0, delay, 0x10000))) if delay else b"",
    )


def _sound_track(config: bytes) -> bytes:
    info = aac.parse_config(config)
    decoder_specific = _descriptor(5, config)
    decoder = _descriptor(4, b"\x40\x15", bytes(3), _u32(0, 0), decoder_specific)
    stream = _descriptor(3, struct.pack(">HB", SOUND_TRACK, 0), decoder, _descriptor(6, b"\2"))
    entry = _box(
        b"mp4a",
        bytes(6),
        struct.pack(">H", 1),
        bytes(8),
        struct.pack(">HHHH", info.channels, 16, 0, 0),
        _u32(info.sample_rate << 16),
        _full_box(b"esds", 0, 0, stream),
    )
    smhd = _full_box(b"smhd", 0, 0, bytes(4))
    return _track(SOUND_TRACK, info.sample_rate, b"soun", smhd, entry)


def _track(
    number: int,
    timescale: int,
    handler: bytes,
    media_header: bytes,
    entry: bytes,
    size: tuple[int, int] = (0, 0),
    edits: bytes = b"",
) -> bytes:
    volume = 0x100 if handler == b"soun" else 0
    tables = _box(
        b"stbl",
        _full_box(b"stsd", 0, 0, _u32(1), entry),
        _full_box(b"stts", 0, 0, _u32(0)),
        _full_box(b"stsc", 0, 0, _u32(0)),
        _full_box(b"stsz", 0, 0, _u32(0, 0)),
        _full_box(b"stco", 0, 0, _u32(0)),
    )
    own_data = _box(b"dinf", _full_box(b"dref", 0, 0, _u32(1), _full_box(b"url ", 0, 1)))
    undetermined = struct.pack(">HH", 0x55C4, 0)  # the language "und"
    return _box(
        b"trak",
        _full_box(
            b"tkhd",
            0,
            7,
            _u32(0, 0, number, 0, 0),
            bytes(8),
            struct.pack(">HHHH", 0, 0, volume, 0),
            _UNITY_MATRIX,
            _u32(size[0] << 16, size[1] << 16),
        ),
        edits,
        _box(
            b"mdia",
            _full_box(b"mdhd", 0, 0, _u32(0, 0, timescale, 0), undetermined),
            _full_box(b"hdlr", 0, 0, _u32(0), handler, bytes(12), b"\0"),
            _box(b"minf", media_header, own_data, tables),
        ),
    )


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return _box(kind, _u32(version << 24 | flags), *content)


def _descriptor(tag: int, *content: bytes) -> bytes:
    """An MPEG-4 descriptor (ISO 14496-1, 8.3.3) of less than 128 bytes."""
    body = b"".join(content)
    return bytes((tag, len(body))) + body


def _u32(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)
