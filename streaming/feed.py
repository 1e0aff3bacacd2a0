"""What a channel has on air now: its picture and its sound, once per codec, for every reader."""

from streaming.packet import Packet
from streaming.ring import Ring


class Feed:
    """A channel's rings, about ten seconds each.

    A reader that lags further goes on at the newest keyframe.
    """

    def __init__(self) -> None:
        self.video: Ring[Packet] = Ring(size=600, entry=lambda packet: packet.key)
        self.opus: Ring[Packet] = Ring(size=512)
        self.aac: Ring[Packet] = Ring(size=512)

    def close(self) -> None:
        for ring in (self.video, self.opus, self.aac):
            ring.close()
