"""Who may publish by SRT: asked before the connection stands, by the streamid."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection

from streaming.ingest.srt import streamid
from streaming.ingest.srt.streamid import Reject, Rejected
from streaming.ingest.wrong_keys import WrongKeys
from tv.studios.stream_keys import Place, StreamKeys

logger = logging.getLogger(__name__)

PUBLISHERS = 32  # callers at a time
TURNED_AWAY = 2.0  # seconds for which a place that media refused is refused at the door
REASONS = {  # as the metrics call them
    Reject.BAD_REQUEST: "malformed",
    Reject.BAD_MODE: "player",
    Reject.FORBIDDEN: "wrong_key",
    Reject.CONFLICT: "taken",
    Reject.OVERLOAD: "crowd",
}


class Door:
    """Who may come in. Asked by a thread of libsrt's, for each caller in turn."""

    def __init__(
        self,
        keys: StreamKeys,
        channels: Collection[str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inside = 0  # callers
        self._keys = keys
        self._channels = frozenset(channels)
        self._now = now
        self._wrong_keys = WrongKeys(now)
        self._closed: dict[Place, float] = {}  # until when
        self._complained_at = float("-inf")
        self._unsaid = 0
        self._refused: Counter[Reject] = Counter()

    def admit(self, address: str, asked: bytes) -> int:
        """0, or the code that the caller is told."""
        try:
            place = self.place_of(asked)
            if self._now() < self._closed.get(place, 0.0):
                raise Rejected(Reject.CONFLICT)
            if self.inside >= PUBLISHERS:
                raise Rejected(Reject.OVERLOAD)
        except Rejected as error:
            self._refused[error.code] += 1
            self._complain(address, str(error))
            # In libsrt's thread nobody may wait: more wrong keys are told to come back later.
            if error.code == Reject.FORBIDDEN and self._wrong_keys.note(address) > 0:
                return Reject.OVERLOAD
            return error.code
        return 0

    def refused(self) -> dict[str, int]:
        """How many callers were sent away since this was last asked, by reason."""
        counts, self._refused = self._refused, Counter()
        told: Counter[str] = Counter()
        for code, count in counts.items():
            told[REASONS[code]] += count
        return dict(told)

    def place_of(self, asked: bytes) -> Place:
        """The place that a streamid opens. Raises Rejected."""
        wish = streamid.read(asked)
        for key in wish.keys:
            place = self._keys.place(key, "srt")
            if (
                place is not None
                and wish.channel in ("", place[0])
                and wish.slot in ("", place[1])
                and place[0] in self._channels
            ):
                return place
        raise Rejected(Reject.FORBIDDEN)

    def close(self, place: Place) -> None:
        """Media has refused this place: its next callers are not worth a demuxer for a moment."""
        self._closed[place] = self._now() + TURNED_AWAY

    def _complain(self, address: str, reason: str) -> None:
        """Log who is sent away and why, once a second however many come."""
        now = self._now()
        if now - self._complained_at < 1.0:
            self._unsaid += 1
            return
        unsaid, self._unsaid, self._complained_at = self._unsaid, 0, now
        more = f" ({unsaid} others were not logged)" if unsaid else ""
        logger.warning("srt: %s is sent away: %s%s", address, reason, more)
