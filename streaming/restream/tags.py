"""Packets as RTMP messages: FLV tag bodies, cut into chunks (FLV 10.1, E.4; RTMP 1.0, 5.3)."""

from streaming import aac, h264
from streaming.errors import UnsupportedMedia
from streaming.ingest import amf, chunks
from streaming.ingest.amf import Value
from streaming.packet import Packet

CHUNK_SIZE = 4096  # bytes, as OBS has it
CONTROL_CHANNEL, COMMAND_CHANNEL, MEDIA_CHANNEL = 2, 3, 4  # chunk streams, as librtmp numbers them

_AVC_KEY, _AVC, _AAC = b"\x17", b"\x27", b"\xaf"  # tag headers: codec, kind of frame, stereo
_CONFIGURATION, _FRAME = b"\0", b"\1"
_LONGEST_SHIFT = 0x7FFFFF  # milliseconds: a composition time has 24 bits


def message(channel: int, kind: int, stream: int, body: bytes, time: int = 0) -> bytes:
    """Cut a message into chunks; `time` is in milliseconds and wraps at 32 bits."""
    time &= 0xFFFFFFFF
    extended = time.to_bytes(4, "big") if time >= chunks.EXTENDED else b""
    header = bytes((channel,)) + min(time, chunks.EXTENDED).to_bytes(3, "big")
    header += len(body).to_bytes(3, "big") + bytes((kind,)) + stream.to_bytes(4, "little")
    pieces = [body[at : at + CHUNK_SIZE] for at in range(0, len(body), CHUNK_SIZE)]
    return header + extended + (bytes((0xC0 | channel,)) + extended).join(pieces)


class Tagger:
    """Writes one channel's packets for one connection, whose time begins at 0.

    A new configuration is told before the first frame that needs it: what receivers show goes on
    when a slate of another size follows a studio.
    """

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._origin: float | None = None
        self._configs: dict[str, bytes] = {}

    def write(self, codec: str, packet: Packet) -> bytes:
        """The messages of an H.264 or AAC packet. The first ever is at time 0."""
        if self._origin is None:
            self._origin = packet.dts
        time = max(0, round((packet.dts - self._origin) * 1000))
        told = b""
        if self._configs.get(codec) != packet.config:
            self._configs[codec] = packet.config
            told = self._data(time) + self._configuration(codec, packet.config, time)
        if codec == "aac":
            return told + self._tag(chunks.SOUND, time, _AAC + _FRAME + packet.data)
        shift = max(0, min(_LONGEST_SHIFT, round((packet.pts - packet.dts) * 1000)))
        head = (_AVC_KEY if packet.key else _AVC) + _FRAME + shift.to_bytes(3, "big")
        return told + self._tag(chunks.VIDEO, time, head + packet.data)

    def _configuration(self, codec: str, config: bytes, time: int) -> bytes:
        if codec == "aac":
            return self._tag(chunks.SOUND, time, _AAC + _CONFIGURATION + config)
        return self._tag(chunks.VIDEO, time, _AVC_KEY + _CONFIGURATION + bytes(3) + config)

    def _data(self, time: int) -> bytes:
        pairs = amf.encode(_describe(self._configs))
        # As an ECMA array, which every receiver reads; the encoder here writes plain objects.
        array = bytes((amf.Type.ECMA_ARRAY,)) + bytes(4) + pairs[1:]
        body = amf.encode("@setDataFrame", "onMetaData") + array
        return message(MEDIA_CHANNEL, chunks.DATA, self._stream, body, time)

    def _tag(self, kind: int, time: int, body: bytes) -> bytes:
        return message(MEDIA_CHANNEL, kind, self._stream, body, time)


def _describe(configs: dict[str, bytes]) -> dict[str, Value]:
    """What onMetaData says of the tracks known so far."""
    values: dict[str, Value] = {"encoder": "Fabrique TV"}
    try:
        if record := configs.get("h264"):
            info = h264.parse_sps(h264.parameter_sets(record)[0][0])
            values |= {"width": float(info.width), "height": float(info.height)}
        if config := configs.get("aac"):
            sound = aac.parse_config(config)
            values |= {"audiosamplerate": float(sound.sample_rate), "audiosamplesize": 16.0}
            values["stereo"] = sound.channels > 1
    except UnsupportedMedia:
        pass  # receivers read the configurations themselves
    return values | {"videocodecid": 7.0, "audiocodecid": 10.0}
