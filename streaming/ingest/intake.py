"""The one door for frames of any publisher: what we carry, in one writing, on the clock.

H.264 that browsers play passes untouched; pictures that they do not play go to the ladder; sound
that the desk decodes passes. Anything else is refused, or left out, with a sentence in French that
says what to change. Keyframe intervals and B-frames show in the packets: they are others' to judge.
"""

import logging

from streaming import aac, h264
from streaming.errors import UnsupportedMedia
from streaming.ingest import Source, advice, pictures
from streaming.packet import Packet
from streaming.sound import CODECS

logger = logging.getLogger(__name__)

LONGEST_DELAY = 10.0  # seconds from decoding to presentation; more is a mistake
PATIENCE = 5.0  # seconds until a source without any keyframe is told so
AAC_TYPES = frozenset({1, 2, 4, aac.SBR, aac.PS})  # Main, LC, LTP, HE and HE v2
SETS = 32  # parameter sets of one kind that are kept


class Intake:
    """Hands one publisher's frames to its source. Timestamps count `rate` per second."""

    def __init__(self, source: Source, rate: int, bits: int | None = None) -> None:
        self._source = source
        self._rate = rate
        self._picture_track = source.timeline.track(rate, bits)
        self._sound_track = source.timeline.track(rate, bits)
        self._record = b""  # the configuration as the publisher wrote it
        self._sps: list[bytes] = []  # the newest parameter sets
        self._pps: list[bytes] = []
        self._config = b""  # what the frames go with: it changes at a keyframe alone
        self._next_config = b""
        self._length_size = 4
        self._reorders = True
        self._why = ""  # this H.264 has to be encoded again
        self._foreign = ("", b"")  # another codec, with its configuration
        self._first_dts: float | None = None
        self._keyed = False
        self._unreadable = 0
        self._codec: str | None = None
        self._sound_config = b""
        self._newest = float("-inf")
        self._advice: dict[str, str] = {}

    @property
    def ahead(self) -> float:
        """Seconds by which the newest frame lies in the future: the publisher hurries."""
        timeline = self._source.timeline
        return self._newest - timeline.delay - timeline.now()

    def configure_picture(self, codec: str, record: bytes) -> None:
        """Take a codec's configuration record. Raises UnsupportedMedia, in French."""
        _require_usable(codec)
        if codec != "h264":
            self._foreign = codec, record
            return
        if record == self._record:
            return
        try:
            self._learn(*h264.parameter_sets(record))
            self._length_size = h264.length_size(record)
        except UnsupportedMedia as error:
            raise UnsupportedMedia(advice.UNREADABLE_CONFIGURATION) from error
        self._record = record

    def picture(self, codec: str, data: bytes, timestamp: int, delay: int = 0) -> None:
        """Hand over one access unit, shown `delay` after `timestamp`: AVCC, if it is H.264.

        H.264 that comes before its configuration, or is broken, is left out. Raises
        UnsupportedMedia, in French.
        """
        _require_usable(codec)
        if not 0 <= delay <= LONGEST_DELAY * self._rate:
            delay = 0
        if codec == "h264":
            self._take_h264(data, timestamp, delay)
        elif data:
            config = self._foreign[1] if self._foreign[0] == codec else b""
            key = pictures.is_key(codec, data, config)
            packet = self._place(data, timestamp, delay, key, config)
            self._source.reencode(packet, codec, advice.encoded(codec))

    def configure_sound(self, codec: str, config: bytes = b"") -> None:
        """Take a sound codec's configuration. One that we do not carry is left out, and told."""
        carried = codec in CODECS
        if codec == "aac":
            try:
                carried = aac.parse_config(config).object_type in AAC_TYPES
            except UnsupportedMedia:
                carried = False
        self._codec = codec if carried else None
        self._sound_config = b"" if codec == "opus" else config  # Opus packets explain themselves
        unreadable = advice.UNREADABLE_SOUND if codec == "aac" else advice.sound_left_out(codec)
        self._tell("sound", None if carried else unreadable)

    def sound(self, codec: str, data: bytes, timestamp: int) -> None:
        """Hand over one packet of sound."""
        if (
            codec != self._codec
            and codec != "aac"
            and (codec in CODECS or "sound" not in self._advice)
        ):
            self.configure_sound(codec)
        if codec != self._codec or not data:
            return
        dts = self._sound_track.stamp(timestamp)
        self._newest = max(self._newest, dts)
        self._source.sound(Packet(data, dts, dts, True, self._sound_config), codec)

    def _take_h264(self, data: bytes, timestamp: int, delay: int) -> None:
        try:
            data, sps, pps, key = h264.normal_data(data, self._length_size)
            if sps or pps:
                self._learn(sps, pps)
            if key and self._next_config:
                self._adopt(self._next_config)
        except UnsupportedMedia as error:
            self._count_unreadable(error)
            return
        if not data or not self._config:
            return
        if not self._reorders:
            # Some encoders delay every picture alike: without B-frames it means nothing.
            timestamp, delay = timestamp + delay, 0
        packet = self._place(data, timestamp, delay, key, self._config)
        if self._why:
            self._source.reencode(packet, "h264", self._why)
        else:
            self._source.video(packet)

    def _place(self, data: bytes, timestamp: int, delay: int, key: bool, config: bytes) -> Packet:
        dts, pts = self._picture_track.place(timestamp, delay)
        self._newest = max(self._newest, dts)
        self._watch_keys(dts, key)
        return Packet(data, dts, pts, key, config)

    def _learn(self, sps: list[bytes], pps: list[bytes]) -> None:
        """Take parameter sets, from wherever they come, and in whichever order."""
        if all(unit in self._sps for unit in sps) and all(unit in self._pps for unit in pps):
            return
        if sps:
            h264.parse_sps(sps[0])
            self._sps, self._pps = sps, pps or self._pps
        else:  # one more, or another one of the same number
            numbers = {h264.pps_number(unit) for unit in pps}
            kept = [unit for unit in self._pps if h264.pps_number(unit) not in numbers]
            self._pps = [*kept, *pps][-SETS:]
        if self._sps and self._pps:
            self._next_config = h264.make_config(self._sps, self._pps)
            if not self._config:
                self._adopt(self._next_config)

    def _adopt(self, config: bytes) -> None:
        info = h264.parse_sps(h264.parameter_sets(config)[0][0])
        self._config, self._next_config = config, b""
        self._why = (
            "" if info.chroma_format == 1 and info.bit_depth == 8 else advice.NOT_420_ENCODED
        )
        self._reorders = info.may_reorder
        self._tell("interlaced", advice.INTERLACED if info.interlaced else None)

    def _watch_keys(self, dts: float, key: bool) -> None:
        if self._keyed:
            return
        if self._first_dts is None:
            self._first_dts = dts
        if key:
            self._keyed = True
            self._tell("keys", None)
        elif dts - self._first_dts > PATIENCE:
            self._tell("keys", advice.NO_KEYFRAMES)

    def _count_unreadable(self, error: UnsupportedMedia) -> None:
        self._unreadable += 1
        if self._unreadable == 1:
            logger.warning("a picture that cannot be read is left out: %s", error)
        self._tell("unreadable", advice.UNREADABLE_PICTURES)

    def _tell(self, topic: str, sentence: str | None) -> None:
        if self._advice.get(topic) == sentence:
            return
        if sentence is None:
            del self._advice[topic]
        else:
            self._advice[topic] = sentence
        self._source.advise(list(self._advice.values()))


def _require_usable(codec: str) -> None:
    if not pictures.is_picture(codec):
        raise UnsupportedMedia(advice.not_h264(codec))
