"""The one door for frames of any publisher: what we carry, in one writing, on the clock.

H.264 that browsers play and AAC or Opus pass untouched; anything else is refused, or left out, with
a sentence in French that says what to change. Keyframe intervals and B-frames are `Health`'s to
judge: they show in the packets.
"""

import logging
from typing import Literal, cast

from streaming import aac, h264
from streaming.errors import UnsupportedMedia
from streaming.h264 import SpsInfo
from streaming.ingest import Source, advice
from streaming.packet import Packet

logger = logging.getLogger(__name__)

LONGEST_DELAY = 10.0  # seconds from decoding to presentation; more is a mistake
PATIENCE = 5.0  # seconds until a source without any keyframe is told so
AAC_TYPES = frozenset({1, 2, 4, aac.SBR, aac.PS})  # Main, LC, LTP, HE and HE v2


class Intake:
    """Hands one publisher's frames to its source. Timestamps count `rate` per second."""

    def __init__(self, source: Source, rate: int, bits: int | None = None) -> None:
        self._source = source
        self._rate = rate
        self._picture_track = source.timeline.track(rate, bits)
        self._sound_track = source.timeline.track(rate, bits)
        self._record = b""  # the configuration as the publisher wrote it
        self._config = b""  # and as we do
        self._parameter_sets: set[bytes] = set()
        self._length_size = 4
        self._reorders = True
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
        _require_h264(codec)
        if record == self._record:
            return
        try:
            self._adopt(*h264.parameter_sets(record))
            self._length_size = h264.length_size(record)
        except _Unplayable:
            raise
        except UnsupportedMedia as error:
            raise UnsupportedMedia(advice.UNREADABLE_CONFIGURATION) from error
        self._record = record

    def picture(self, codec: str, data: bytes, timestamp: int, delay: int = 0) -> None:
        """Hand over one access unit, as AVCC, shown `delay` after `timestamp`.

        One that comes before its configuration, or is broken, is left out. Raises UnsupportedMedia.
        """
        _require_h264(codec)
        if not self._config:
            return
        try:
            data, sps, pps = h264.normal_data(data, self._length_size)
            if not self._parameter_sets.issuperset(sps + pps):
                known_sps, known_pps = h264.parameter_sets(self._config)
                self._adopt(sps or known_sps, pps or known_pps)
            key = h264.is_key(data)
        except _Unplayable:
            raise
        except UnsupportedMedia as error:
            self._count_unreadable(error)
            return
        if not data:
            return
        if not 0 <= delay <= LONGEST_DELAY * self._rate:
            delay = 0
        if not self._reorders:
            # Some encoders delay every picture alike: without B-frames it means nothing.
            timestamp, delay = timestamp + delay, 0
        dts = self._picture_track.stamp(timestamp)
        self._newest = max(self._newest, dts)
        self._watch_keys(dts, key)
        self._source.video(Packet(data, dts, dts + delay / self._rate, key, self._config))

    def configure_sound(self, codec: str, config: bytes = b"") -> None:
        """Take a sound codec's configuration. One that we do not carry is left out, and told."""
        self._codec, self._sound_config = None, config
        if codec == "aac":
            try:
                carried = aac.parse_config(config).object_type in AAC_TYPES
            except UnsupportedMedia:
                carried = False
        else:
            carried = codec == "opus"
            self._sound_config = b""  # Opus packets explain themselves
        self._codec = codec if carried else None
        unreadable = advice.UNREADABLE_SOUND if codec == "aac" else advice.sound_left_out(codec)
        self._tell("sound", None if carried else unreadable)

    def sound(self, codec: str, data: bytes, timestamp: int) -> None:
        """Hand over one packet of sound."""
        if codec not in ("aac", "opus"):
            if "sound" not in self._advice:
                self.configure_sound(codec)
            return
        if codec == "opus" and self._codec != "opus":
            self.configure_sound(codec)
        if codec != self._codec or not data:
            return
        dts = self._sound_track.stamp(timestamp)
        self._newest = max(self._newest, dts)
        packet = Packet(data, dts, dts, True, self._sound_config)
        self._source.sound(packet, cast(Literal["aac", "opus"], codec))

    def _adopt(self, sps: list[bytes], pps: list[bytes]) -> None:
        info = h264.parse_sps(sps[0])
        _require_playable(info)
        self._config = h264.make_config(sps, pps)
        self._parameter_sets = {*sps, *pps}
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


class _Unplayable(UnsupportedMedia):
    """A well-formed H.264 that browsers do not play."""


def _require_h264(codec: str) -> None:
    if codec != "h264":
        raise UnsupportedMedia(advice.not_h264(codec))


def _require_playable(info: SpsInfo) -> None:
    if info.chroma_format != 1 or info.bit_depth != 8:
        raise _Unplayable(advice.NOT_420)
