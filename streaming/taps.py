"""Who gets encoded frames over the link: watch, edges, those who keep a slot or send the air on.

A tap never waits and never grows. A follower that leaves more than `MARK` bytes unread loses all
frames until it has read them and the next keyframe comes; nobody else notices.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from functools import lru_cache

import av
import av.error

from streaming.continuity import Channel
from streaming.failover import Slot
from streaming.link import Follow, Frame, Link, SourceLeft, frame
from streaming.packet import Packet
from streaming.ring import Ring

logger = logging.getLogger(__name__)

MARK = 8 * 1024 * 1024  # bytes a follower may leave unread: some seconds of a rich picture
LOOK = 0.9  # seconds between two keyframes of a slot that watch gets: it looks once a second
GATHER = 0.4  # seconds for which watch's frames are gathered: to send costs more than they do


class Taps:
    """All who follow packets: "watch", "source", "air" and "webrtc" of `Follow`."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}
        self._taps: dict[tuple[str, str], list[_Tap]] = {}  # by channel and slot
        self._watchers: list[_Tap] = []

    @property
    def followers(self) -> int:
        """How many follow slots now."""
        return len(self._watchers) + sum(map(len, self._taps.values()))

    def hook(self, channel: Channel) -> None:
        """Offer what `channel` receives and shows to those who follow it."""

        def packet(slot: Slot, codec: str, packet: Packet) -> None:
            for watcher in self._watchers:
                watcher.look(channel.name, slot, codec, packet)
            for tap in self._taps.get((channel.name, slot), ()):
                tap.put(codec, packet)

        def left(slot: Slot) -> None:
            for tap in (*self._watchers, *self._taps.get((channel.name, slot), ())):
                tap.leave(channel.name, slot)

        self._channels[channel.name] = channel
        channel.on_packet, channel.on_left = packet, left

    async def serve(self, peer: Link, follow: Follow) -> None:
        """Give `peer` what it follows, until cancelled."""
        if follow.what in ("air", "webrtc"):
            feed = self._channels[follow.channel].feed
            rings = (
                {"h264": feed.webrtc, "opus": feed.opus}
                if follow.what == "webrtc"
                else {"h264": feed.video, "aac": feed.aac}
            )
            await _serve_air(peer, follow.channel, rings)
            return
        place = (follow.channel, follow.slot)
        taps = self._watchers if follow.what == "watch" else self._taps.setdefault(place, [])
        tap = _Tap(peer, follow.channel, follow.slot)
        taps.append(tap)
        try:
            await asyncio.Event().wait()
        finally:
            taps.remove(tap)


async def _serve_air(peer: Link, name: str, rings: Mapping[str, Ring[Packet]]) -> None:
    tap = _Tap(peer, name, "")
    # Not from the newest keyframe: its sound is not in reach any more, the next one's is.
    async with asyncio.TaskGroup() as group:
        for codec, ring in rings.items():
            group.create_task(_pour(ring, codec, tap))


async def _pour(ring: Ring[Packet], codec: str, tap: "_Tap") -> None:
    async for packet in ring.follow(live=True):
        if tap.keyed or is_picture(codec):  # on air, both begin together
            tap.put(codec, packet)


class _Tap:
    """One follower of one slot, or, as watch, of all of them."""

    def __init__(self, peer: Link, channel: str, slot: str) -> None:
        self.keyed = False  # whether a picture that needs those before it may follow
        self._peer = peer
        self._channel = channel
        self._slot = slot
        self._lagging = False
        self._lost = 0  # frames
        self._looked: dict[tuple[str, str], float] = {}  # when the last keyframe was sent
        self._gathered: list[Frame] = []  # sent in a moment

    def put(self, codec: str, packet: Packet) -> None:
        """Send the frame, if the follower reads and can decode it."""
        if self._lags():
            self.keyed = False
            return
        if is_picture(codec):
            self.keyed = self.keyed or packet.key
            if not self.keyed:
                return
        self._peer.send(Frame(self._channel, self._slot, codec, packet))

    def look(self, channel: str, slot: str, codec: str, packet: Packet) -> None:
        """Send sound, and a keyframe about once a second."""
        if not packet.key:
            return
        if is_picture(codec):
            last = self._looked.get((channel, slot), -math.inf)
            if abs(packet.dts - last) < LOOK:
                return
            self._looked[channel, slot] = packet.dts
        if self._lags():
            return
        if not self._gathered:
            asyncio.get_running_loop().call_later(GATHER, self._flush)
        self._gathered.append(Frame(channel, slot, codec, packet))

    def leave(self, channel: str, slot: str) -> None:
        self.keyed = False
        self._looked.pop((channel, slot), None)
        self._flush()
        self._peer.send(SourceLeft(channel, slot))

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._peer.send_frame(b"".join(map(frame, gathered)))

    def _lags(self) -> bool:
        unread = self._peer.unread
        if unread > (MARK // 2 if self._lagging else MARK):
            self._lost += 1
            if not self._lagging:
                logger.warning("a follower reads too slowly: frames are left out")
            self._lagging = True
        elif self._lagging:
            logger.warning("a follower reads again; %d frames were left out", self._lost)
            self._lagging, self._lost = False, 0
        return self._lagging


@lru_cache(maxsize=64)
def is_picture(codec: str) -> bool:
    """Whether libav's `codec` makes pictures."""
    try:
        return bool(av.Codec(codec, "r").type == "video")
    except (av.error.FFmpegError, ValueError):
        return False
