"""What studios send us: RTMP and what is in it, MPEG-TS, streamids, WHIP's offers and packets."""

import contextlib
import functools
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import av.logging

from streaming import aac, h264, sps
from streaming.clock import Clock
from streaming.errors import SourceLost, UnsupportedMedia
from streaming.ingest import Malformed, amf, flv, pictures
from streaming.ingest.chunks import Chunks
from streaming.ingest.conversation import Conversation, Goodbye, Refusal
from streaming.ingest.demux import Pass, ts_frames
from streaming.ingest.intake import Intake
from streaming.ingest.programme import programmes
from streaming.ingest.rtmp import STRANGER_LIMIT, STUDIO_LIMIT
from streaming.ingest.srt import streamid
from streaming.ingest.whip import offer
from streaming.ingest.whip.tracks import RATE, PictureTrack, SoundTrack
from streaming.webrtc import rtcp, rtp, sdp
from tests.fuzz.engine import Target
from tests.streaming.ingest.films import Recorder, make_film
from tests.streaming.ingest.publishers import HANDSHAKE, as_obs, tags_of
from tests.streaming.webrtc import offers


def publish(data: bytes, piece: int = 1 << 16) -> Recorder:
    """Take in what a publisher says after its handshake, until it is sent away."""
    now = itertools.count(1000.0, 0.001)
    source = Recorder(now=lambda: next(now))
    conversation = Conversation(lambda app, key: source, lambda: None, lambda: 0.0)
    chunks = Chunks(STRANGER_LIMIT)
    with contextlib.suppress(Malformed, Refusal, Goodbye):
        for at in range(0, len(data), piece):
            chunks.push(data[at : at + piece])
            while (message := chunks.next()) is not None:
                conversation.take(message)
                if conversation.source is not None:
                    chunks.limit = STUDIO_LIMIT
            assert chunks._held <= chunks.limit
    return source


def check(source: Recorder) -> None:
    """What came through is what everybody after us may rely on."""
    for packet in source.pictures:
        assert h264.nal_units(packet.data)
        assert h264.parameter_sets(packet.config)
        assert packet.pts >= packet.dts
    times = [packet.dts for packet in source.pictures]
    assert all(after > before for before, after in itertools.pairwise(times))


@functools.cache
def film(name: str) -> Path:
    """Half a second of a small picture and a tone."""
    av.logging.set_level(av.logging.PANIC)
    return make_film(Path(tempfile.mkdtemp()) / name, 0.5, size=(64, 36), sound_rate=48_000)


def _said_by_obs() -> list[bytes]:
    return [as_obs(film("short.mp4"))[HANDSHAKE:]]


def _commands() -> list[bytes]:
    return [
        amf.encode(
            "connect", 1.0, {"app": "live", "tcUrl": "rtmp://host/live", "objectEncoding": 3.0}
        ),
        amf.encode("publish", 5.0, None, "key", "live"),
        amf.encode("onMetaData", {"framerate": 25.0, "list": [1.0, True, None, "x"]}),
        b"\x02\0\x07connect\0\x3f\xf0\0\0\0\0\0\0\x11\x0a\x0b\x01\x07app\x06\x09live\x01",  # AMF3
    ]


def _read_tag(data: bytes) -> None:
    """As a picture, as a sound and as several of them."""
    for reads in (
        flv.read_picture,
        flv.read_sound,
        lambda data: list(flv.split_aggregate(data, 9)),
    ):
        with contextlib.suppress(Malformed, UnsupportedMedia):
            reads(data)


def _tags() -> Iterator[bytes]:
    tags = tags_of(film("short.mp4"))
    yield from (body[:2000] for _, _, body in tags[:6])
    yield b"\x90hvc1" + bytes(30)  # Enhanced RTMP
    yield b"\x96\0hvc1\0\0\0\x08" + bytes(20)  # several tracks
    sizes = ((kind, len(body).to_bytes(3, "big"), body) for kind, _, body in tags[2:4])
    yield b"".join(
        bytes((kind,)) + size + bytes(7) + body + (11 + len(body)).to_bytes(4, "big")
        for kind, size, body in sizes
    )


def _read_bitstream(data: bytes) -> None:
    """As it may stand in a record, between start codes, and by itself."""
    with contextlib.suppress(UnsupportedMedia):
        h264.parameter_sets(data)
    with contextlib.suppress(UnsupportedMedia):
        h264.normal_data(data, data[0] % 4 + 1 if data else 4)
    with contextlib.suppress(UnsupportedMedia):
        sps.parse_sps(data)
    with contextlib.suppress(UnsupportedMedia):
        aac.parse_config(data)
    made, _, _ = h264.to_avcc(data)
    h264.is_key(made)
    h264.recovers(made)
    for codec in pictures.ENCODABLE:
        pictures.is_key(codec, data, data[:30])


def _bitstreams() -> Iterator[bytes]:
    record, *tags = (body[5:] for kind, _, body in tags_of(film("short.mp4")) if kind == 9)
    yield record
    units, _ = h264.parameter_sets(record)
    yield from units
    yield b"\0\0\0\1" + b"\0\0\0\1".join((*units, tags[0][4:]))
    yield tags[0]
    yield b"\x12\x08\x56\xe5\x00"  # AAC


def _read_stream(data: bytes) -> None:
    """Its parts, whatever the pieces in which it comes."""
    piece = data[0] + 1 if data else 1
    rest = iter(data[at : at + piece * 10] for at in range(1, len(data), piece * 10))
    for part in programmes(lambda _: next(rest, b"")):
        part.stream_types()
        while part.read(4096):
            pass


def _streams() -> Iterator[bytes]:
    made = film("short.ts").read_bytes()
    yield b"\xff" + made[: 188 * 20]
    yield b"\x05" + made[: 188 * 8]


def _demux(data: bytes) -> None:
    rest = iter((data,))
    for _ in ts_frames(lambda _: next(rest, b""), Pass(begin=None)):
        pass


def _read_packets(data: bytes) -> None:
    """Each with a byte for its length; those of an odd length come as retransmissions."""
    now = 1000.0
    source = Recorder(Clock(monotonic=lambda: now).now)
    intake = Intake(source, RATE)
    sound = SoundTrack(intake)
    picture = PictureTrack(intake, sound.line, 0.4)
    at = 0
    while at < len(data):
        size = data[at]
        some, at = data[at + 1 : at + 1 + size], at + 1 + size
        now += size / 1000
        said = rtcp.read(some)
        assert all(len(numbers) <= rtcp.LOST_LIMIT for numbers in said.lost.values())
        if (packet := rtp.read(some)) is None:
            continue
        sound.receive(packet, now)
        (picture.receive_again if size & 1 else picture.receive)(packet, now)
        picture.wants_key(now)
        reports = [report for track in (sound, picture) if (report := track.reception(now))]
        rtcp.receiver_report(1, "x", reports)
    check(source)


def _packets() -> Iterator[bytes]:
    units = next(_units())
    payloads = rtp.h264_payloads(units, 200)
    packets = [
        b"\x80"
        + bytes((96 | 0x80 * (index + 1 == len(payloads)),))
        + index.to_bytes(2, "big")
        + bytes(4)
        + b"\0\0\0\1"
        + payload
        for index, payload in enumerate(payloads[:8])
    ]
    yield b"".join(bytes((len(packet),)) + packet for packet in packets)
    for said in (
        rtcp.missing(1, 1, [3, 4, 20]),
        rtcp.picture_lost(1, 1),
        rtcp.receiver_report(1, "x", [rtcp.Reception(1, 7, 3, 70_000, 12, 34, 56)]),
    ):
        yield bytes((len(said),)) + said


def _units() -> Iterator[list[bytes]]:
    bodies = [body[5:] for kind, _, body in tags_of(film("short.mp4")) if kind == 9]
    first, second = h264.parameter_sets(bodies[0])
    yield [*first, *second, *map(bytes, h264.nal_units(bodies[1]))]


def _offers() -> Iterable[bytes]:
    sending = (offers.CHROME, offers.GSTREAMER, offers.PION, offers.LIBDATACHANNEL)
    return (each.replace("recvonly", "sendonly").encode() for each in sending)


def _read_offer(data: bytes) -> None:
    read = offer.read_offer(data.decode(errors="replace"))
    assert set(read.codecs) <= {"video", "audio"}
    assert read.remote_name


TARGETS = (
    Target("rtmp", lambda data: check(publish(data)), _said_by_obs),
    Target("amf", amf.decode, _commands, (Malformed,)),
    Target("flv", _read_tag, _tags),
    Target("bitstream", _read_bitstream, _bitstreams),
    Target("mpeg-ts", _read_stream, _streams),
    Target("demuxer", _demux, _streams, (UnsupportedMedia, SourceLost)),
    Target(
        "streamid",
        streamid.read,
        lambda: [b"publish:plateau:key", b"#!::r=plateau/backup,m=publish,u=key,t=stream"],
        (streamid.Rejected,),
    ),
    Target("whip-offer", _read_offer, _offers, (sdp.Refusal,)),
    Target("rtp", _read_packets, _packets, (UnsupportedMedia,)),
)
