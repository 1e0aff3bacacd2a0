"""What WebRTC viewers see: the picture on air in the order in which it is shown."""

import math

from streaming.feed import Feed
from streaming.ladder import Ladder
from streaming.packet import Packet
from streaming.rung import Rung

HEIGHTS = (720, 480)  # lines: the next one when the machine does not keep up
FRAME_RATE = 30.0  # per second, at most
SPARE = 1  # less than any rendition: WebRTC shows nothing without it
DELAYED = 0.001  # seconds from decoding to presentation
TELLING = 250  # frames in order that show that a delay means nothing
SQUEEZED = 0.001  # seconds between frames that come too late for their own times


class Straight:
    """Fills a feed's `webrtc`: the very same packets, or what the ladder makes of B-frames.

    That is settled at each keyframe. One that is shown later than it is decoded announces B-frames;
    when none come for `TELLING` frames, the next group of pictures passes untouched. Without room
    for a job nothing comes, and `feed.out_of_order` says so. Times in the ring always increase, and
    each change begins with a keyframe.
    """

    def __init__(self, feed: Feed, ladder: Ladder, name: str) -> None:
        self._feed = feed
        self._ladder = ladder
        self._rung = Rung(
            ladder,
            name,
            heights=HEIGHTS,
            frame_rate=FRAME_RATE,
            on_packet=self._append,
            on_lost=lambda: None,
            spare=SPARE,
        )
        self._encoding = False  # this group of pictures is the ladder's
        self._config = b""
        self._reordered = False  # B-frames have been seen with this configuration
        self._in_order = 0  # frames in a row, with this configuration
        self._newest = -math.inf  # the latest time of presentation in this group
        self._last = -math.inf  # time of decoding of the last frame in the ring
        self._keyed = False  # a frame that needs those before it may follow

    def put(self, packet: Packet) -> None:
        """Take a frame of what is on air."""
        if packet.key:
            self._settle(packet)
        if packet.pts < self._newest:
            self._reordered, self._in_order = True, 0
        self._newest = max(self._newest, packet.pts)
        self._in_order += 1
        if not self._encoding:
            self._pass(packet)
        elif self._rung.put(packet, "h264"):
            self._feed.out_of_order = False
        elif packet.key:
            self._feed.out_of_order = not self._ladder.coming

    def want_key(self) -> bool:
        """Ask the ladder for a keyframe; False when what comes is as the studio sent it."""
        if self._encoding:
            self._rung.want_key()
        return self._encoding

    def close(self) -> None:
        """The channel closes."""
        self._rung.end()

    def _settle(self, key: Packet) -> None:
        """Decide what becomes of the group of pictures that begins here."""
        if key.config != self._config:
            self._config, self._reordered, self._in_order = key.config, False, 0
        delayed = key.pts - key.dts > DELAYED and self._in_order < TELLING
        self._newest = -math.inf
        if self._encoding and not (delayed or self._reordered):
            self._rung.end()  # what it has not given yet is older than what follows
            self._feed.out_of_order = False
        self._encoding = delayed or self._reordered

    def _pass(self, packet: Packet) -> None:
        if packet.pts < self._newest:
            self._keyed = False  # unannounced B-frames: the next group is the ladder's
        elif packet.dts > self._last:
            self._append(packet)
        else:
            dts = self._last + SQUEEZED
            pts = max(dts, packet.pts)
            self._append(Packet(packet.data, dts, pts, packet.key, packet.config))

    def _append(self, packet: Packet) -> None:
        self._keyed = (self._keyed or packet.key) and packet.dts > self._last
        if self._keyed:
            self._last = packet.dts
            self._feed.webrtc.append(packet)
