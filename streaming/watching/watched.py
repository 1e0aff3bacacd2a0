"""One slot as watch knows it: what waits to be decoded, and what has been seen and heard."""

from collections import deque

from streaming.link import Frame, Observed
from streaming.packet import Packet
from streaming.taps import is_picture
from streaming.watching.loudness import Heard, Loudness
from streaming.watching.picture import Pictures, Seen

SOUNDS = 512  # packets that may wait: ten seconds; then the oldest are not heard
QUIET = 3.0  # seconds of the source's time without sound after which there is none


class Watched:
    """One publisher in a slot. `put` and `observed` are the loop's, `work` is a thread's.

    A picture that has not been looked at when the next one comes is left out.
    """

    def __init__(self, channel: str, slot: str) -> None:
        self.channel = channel
        self.slot = slot
        self._picture: Frame | None = None
        self._sounds: deque[Frame] = deque(maxlen=SOUNDS)
        self._pictures = Pictures()
        self._loudness = Loudness()
        self._seen: Seen | None = None
        self._heard: Heard | None = None
        self._heard_at: float | None = None  # when the packet heard last begins
        self._began: float | None = None
        self._newest = 0.0
        self._black_since: float | None = None
        self._frozen_since: float | None = None
        self._seen_at = 0.0

    def put(self, frame: Frame) -> None:
        if is_picture(frame.codec):
            self._picture = frame
        else:
            self._sounds.append(frame)
        if self._began is None:
            self._began = frame.packet.pts
        self._newest = max(self._newest, frame.packet.pts)

    def work(self) -> None:
        """Decode what waits."""
        picture, self._picture = self._picture, None
        if picture is not None:
            self._look(picture.codec, picture.packet)
        for _ in range(len(self._sounds)):
            sound = self._sounds.popleft()
            self._hear(sound.codec, sound.packet)

    def observed(self) -> Observed:
        heard, silent_since = self._heard, None
        if heard is not None and self._heard_at is not None:
            silent_since = heard.silent_since
            if self._newest - self._heard_at > QUIET:  # it was there, and no longer comes
                heard, silent_since = None, silent_since or self._heard_at
        elif self._began is not None and self._newest - self._began > QUIET:
            silent_since = self._began
        seen = self._seen
        return Observed(
            self.channel,
            self.slot,
            loudness=None if heard is None else round(heard.loudness, 1),
            black_since=self._black_since,
            frozen_since=self._frozen_since,
            silent_since=silent_since,
            movement=None if seen is None or seen.movement is None else round(seen.movement, 2),
            width=seen.width if seen else 0,
            height=seen.height if seen else 0,
        )

    def _look(self, codec: str, packet: Packet) -> None:
        before, seen = self._seen_at, self._pictures.look(codec, packet)
        self._seen, self._seen_at = seen, packet.pts
        if seen is None or not seen.black:
            self._black_since = None
        elif self._black_since is None:
            self._black_since = packet.pts
        if seen is None or not seen.still:
            self._frozen_since = None
        elif self._frozen_since is None:
            self._frozen_since = before

    def _hear(self, codec: str, packet: Packet) -> None:
        try:
            heard = self._loudness.hear(codec, packet)
        except ValueError:
            return  # a codec that nobody decodes
        if heard is not None:
            self._heard, self._heard_at = heard, packet.pts
