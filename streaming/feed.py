"""What a channel has on air now: its picture and its sound, once per codec, for every reader."""

import math
from collections.abc import Callable

from streaming.packet import Packet
from streaming.ring import Ring

# Seconds that a reader may trail behind: what the rings hold at 60 frames a second, less the
# longest group of pictures, with whose keyframe it begins.
LONGEST_DELAY = 9.0


class Feed:
    """A channel's rings, about twelve seconds each.

    A reader that lags further goes on at the newest keyframe. `webrtc` is the picture in the order
    in which it is shown, as WebRTC needs it: the very same packets, or what the ladder made of
    them. `out_of_order` says that there is none now: the picture on air has B-frames, and the
    ladder no room. `want_key` asks for a keyframe in `webrtc`: who fills it may do so, soon. `due`
    is when the part of the HLS stream that is being made ends, by the frames' times.
    """

    def __init__(self) -> None:
        self.video: Ring[Packet] = Ring(size=720, entry=lambda packet: packet.key)
        self.webrtc: Ring[Packet] = Ring(size=720, entry=lambda packet: packet.key)
        self.out_of_order = False
        self.due = -math.inf
        self.opus: Ring[Packet] = Ring(size=640)
        self.aac: Ring[Packet] = Ring(size=640)
        self.want_key: Callable[[], None] = lambda: None

    def close(self) -> None:
        for ring in (self.video, self.webrtc, self.opus, self.aac):
            ring.close()
