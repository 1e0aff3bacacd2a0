"""One stream's way through the ladder: a job after another, stepping down when it must."""

import math
from collections.abc import Callable, Sequence

from streaming.ladder import Failure, Job, Ladder, NoRoom
from streaming.packet import Packet

REST = 30.0  # seconds before a stream that could not be encoded is tried again
LASTING = 300.0  # seconds that a job went well after which its next rest is a short one again
BROKEN = 3  # times that a stream may turn out unreadable, without one picture, until we believe it


class Rung:
    """Has a stream encoded, by a job after another, each from a keyframe on.

    When the machine does not keep up, the next job has the next of `heights`; after the last one,
    and when the stream cannot be read, there is a rest, which is twice as long each time, up to
    `longest_rest`. `failure` tells why, until pictures come. For `spare` and `rendition` see
    `Ladder.begin`.
    """

    def __init__(
        self,
        ladder: Ladder,
        name: str,
        *,
        heights: Sequence[int],
        frame_rate: float,
        on_packet: Callable[[Packet], None],
        on_lost: Callable[[], None],
        spare: int = 0,
        rendition: bool = False,
        longest_rest: float = REST,
    ) -> None:
        self.failure: Failure | None = None  # for good, as far as can be known
        self._ladder = ladder
        self._name = name
        self._heights = heights
        self._frame_rate = frame_rate
        self._on_packet = on_packet
        self._on_lost = on_lost
        self._spare = spare
        self._rendition = rendition
        self._longest_rest = longest_rest
        self._job: Job | None = None
        self._codec = ""
        self._step = 0
        self._broken = 0
        self._rest = REST
        self._began_at = self._resting_until = -math.inf

    @property
    def busy(self) -> bool:
        return self._job is not None

    def put(self, packet: Packet, codec: str) -> bool:
        """Have a frame encoded; a keyframe begins a job if none is under way. False: it is not."""
        if codec != self._codec:
            self.end()
            self._codec = codec
        if self._job is None and packet.key:
            self._begin()
        if self._job is not None:
            self._job.put(packet)
        return self._job is not None

    def want_key(self) -> None:
        """Let the next frame be a keyframe; the first one of a job is one anyway."""
        if self._job is not None:
            self._job.want_key()

    def end(self) -> None:
        """Encode no more, for now."""
        if self._job is not None:
            self._job.end()
            self._job = None

    def _begin(self) -> None:
        now = self._ladder.monotonic()
        if now < self._resting_until:
            return
        try:
            self._job = self._ladder.begin(
                self._name,
                self._codec,
                height=self._heights[self._step],
                frame_rate=self._frame_rate,
                on_packet=self._take,
                on_failed=self._fail,
                spare=self._spare,
                rendition=self._rendition,
            )
            self._began_at = now
        except NoRoom:
            return

    def _take(self, packet: Packet) -> None:
        self._broken, self.failure = 0, None
        self._on_packet(packet)

    def _fail(self, failure: Failure) -> None:
        self._job = None
        if failure.why == "unreadable":
            self._broken += 1
        elif failure.why == "slow":
            self._step += 1
        if self._broken >= BROKEN or self._step >= len(self._heights):
            self.failure = failure
            self._broken = 0
            self._step = min(self._step, len(self._heights) - 1)
            now = self._ladder.monotonic()
            if now - self._began_at > LASTING:
                self._rest = REST
            self._resting_until = now + self._rest
            self._rest = min(2 * self._rest, self._longest_rest)
        self._on_lost()
