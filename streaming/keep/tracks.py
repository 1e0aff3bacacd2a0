"""What Matroska must know of a track before its first frame, learnt from that frame."""

import logging
import struct
from collections.abc import Callable
from typing import Any

import av
import av.error

from streaming.decoders import picture_decoder
from streaming.h264 import annexb_units, join_units
from streaming.keep.matroska import Track
from streaming.packet import Packet
from streaming.sound import sound_decoder

logger = logging.getLogger(__name__)

# Matroska's names of codecs by libav's (Matroska codec specifications).
PICTURES = {
    "h264": "V_MPEG4/ISO/AVC",
    "hevc": "V_MPEGH/ISO/HEVC",
    "av1": "V_AV1",
    "vp8": "V_VP8",
    "vp9": "V_VP9",
    "mpeg4": "V_MPEG4/ISO/ASP",
    "mpeg2video": "V_MPEG2",
    "mpeg1video": "V_MPEG1",
    "mjpeg": "V_MJPEG",
}
SOUNDS = {
    "aac": "A_AAC",
    "opus": "A_OPUS",
    "mp3": "A_MPEG/L3",
    "mp2": "A_MPEG/L2",
    "ac3": "A_AC3",
    "eac3": "A_EAC3",
    "vorbis": "A_VORBIS",
    "flac": "A_FLAC",
    "pcm_u8": "A_PCM/INT/LIT",
    "pcm_s16le": "A_PCM/INT/LIT",
    "pcm_s24le": "A_PCM/INT/LIT",
    "pcm_s32le": "A_PCM/INT/LIT",
    "pcm_s16be": "A_PCM/INT/BIG",
    "pcm_s24be": "A_PCM/INT/BIG",
    "pcm_f32le": "A_PCM/FLOAT/IEEE",
}
OPUS_DELAY = 312  # samples at 48 kHz: what encoders put before the sound (RFC 7845, 4.2)
OPUS_PREROLL = 80_000_000  # nanoseconds (RFC 7845, 4.6)

VPS, SPS, PPS = 32, 33, 34  # nal_unit_type, ITU-T H.265 table 7-1
SETS = 64  # of each, at most (7.4.3.3.1: there are no more PPS than that)


def describe(codec: str, packet: Packet) -> Track | None:
    """The track that begins with `packet`, a keyframe; None when Matroska has no name for it."""
    if codec in PICTURES:
        width, height, depth, chroma = _look(codec, packet)
        private = packet.config
        if codec == "hevc" and private[:1] != b"\1":
            private = _hevc_record(packet, depth, chroma)
        return Track("picture", PICTURES[codec], private, width, height)
    if codec not in SOUNDS:
        return None
    if codec == "opus":
        # Whether a packet is mono or stereo is in its first byte (RFC 6716, 3.1).
        channels = 2 if int.from_bytes(packet.data[:1], "big") & 4 else 1
        head = struct.pack("<8sBBHIhB", b"OpusHead", 1, channels, OPUS_DELAY, 48_000, 0, 0)
        delay = OPUS_DELAY * 1_000_000_000 // 48_000
        return Track("sound", SOUNDS[codec], head, 0, 0, 48_000, channels, delay, OPUS_PREROLL)
    rate, channels = _listen(codec, packet)
    if codec.startswith("pcm"):  # its configuration is our own: see streaming/sound.py
        bits = int("".join(filter(str.isdecimal, codec)))
        return Track("sound", SOUNDS[codec], rate=rate, channels=channels, bits=bits)
    return Track("sound", SOUNDS[codec], packet.config, rate=rate, channels=channels)


def framing(codec: str, config: bytes) -> Callable[[bytes], bytes]:
    """How frames of this codec are written: as they are, but for HEVC with start codes."""
    if codec == "hevc" and config[:1] != b"\1":
        return lambda data: join_units(annexb_units(data))
    return lambda data: data


def _look(codec: str, packet: Packet) -> tuple[int, int, int, int]:
    """Width, height, bit depth and chroma format of a picture, as its decoder sees it."""
    for frame in _decode(codec, packet):
        parts = frame.format.components
        chroma = 0
        if len(parts) > 2:
            wide, high = parts[1].width < parts[0].width, parts[1].height < parts[0].height
            chroma = 1 if high else 2 if wide else 3
        return frame.width, frame.height, parts[0].bits, chroma
    return 0, 0, 8, 1  # players find out by themselves


def _listen(codec: str, packet: Packet) -> tuple[int, int]:
    """Sample rate and channels."""
    for frame in _decode(codec, packet):
        return frame.sample_rate, frame.layout.nb_channels
    return 48_000, 2


def _decode(codec: str, packet: Packet) -> list[Any]:
    try:
        opened = picture_decoder if codec in PICTURES else sound_decoder
        context = opened(codec, packet.config)
        context.thread_count = 1
        return [*context.decode(av.Packet(packet.data)), *context.decode(None)]
    except (av.error.FFmpegError, ValueError) as error:
        logger.debug("the first frame of %s cannot be decoded: %s", codec, error)
        return []


def _hevc_record(packet: Packet, depth: int, chroma: int) -> bytes:
    """An HEVCDecoderConfigurationRecord (ISO 14496-15, 8.3.3.1) of what has start codes.

    Nothing when there is no sound SPS in it; sets that it cannot hold are left out.
    """
    units: dict[int, list[bytes]] = {VPS: [], SPS: [], PPS: []}
    for unit in annexb_units(packet.config + packet.data):
        kind = unit[0] >> 1 & 63 if unit else -1
        known = units.get(kind, [])
        if len(unit) < 1 << 16 and len(known) < SETS and unit not in known:
            known.append(unit)
    sps = units[SPS][0].replace(b"\0\0\3", b"\0\0") if units[SPS] else b""
    if len(sps) < 15:
        return b""
    layers, nested = (sps[2] >> 1 & 7) + 1, sps[2] & 1
    record = bytearray((1,)) + sps[3:15]  # profile, compatibility, constraints, level
    record += bytes((0xF0, 0, 0xFC, 0xFC | chroma, 0xF8 | depth - 8, 0xF8 | depth - 8, 0, 0))
    record += bytes((layers << 3 | nested << 2 | 3, len(units)))
    for kind, each in units.items():
        record += struct.pack(">BH", 0x80 | kind, len(each))
        for unit in each:
            record += struct.pack(">H", len(unit)) + unit
    return bytes(record)
