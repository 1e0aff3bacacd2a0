"""Who may watch by WebRTC now: places in all and for each channel, and how often one may ask.

A venue has one address, and all of an audience may sit behind it: an address alone says nothing of
how many people ask. So an address may ask at once as often as there are places in the house, since
no audience can use more; then again and again, but slower than all addresses together. Whoever
floods us from one address is refused before our loop is busy with it, and leaves room for the rest.
Who is refused watches by HLS meanwhile.

An offer holds a place before its connection is there, for 8 s if nobody connects. So an address may
have half of the places with such offers. Viewers who have a picture are not counted.
"""

import time
from collections.abc import Callable, Mapping

from engagement.limits import Limit
from streaming.webrtc.sdp import Refusal
from tv.settings import Settings

PEAK = 200  # offers at once, at least: when media starts again all of its viewers come back
EVERY = 0.05  # seconds: an offer costs our loop some 5 ms
EVERY_OF_ONE = 0.2  # seconds, of one address
JOINING = 4  # offers of one address that wait for their connection, at least
SOON = 1.0  # seconds: a connection takes less
COME_BACK = 30.0  # seconds: who watches stays for minutes


class TooManyViewers(Refusal):
    code = "too-many-viewers"
    status = 503
    retry_after = COME_BACK


class TooManyOffers(Refusal):
    code = "too-many-offers"
    status = 429


class Busy(Refusal):
    code = "busy"
    status = 503


class Admission:
    """`total` places in all; `channels` have so many of them each, where they are named."""

    def __init__(
        self,
        total: int,
        channels: Mapping[str, int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        peak = max(PEAK, total)
        self._total = total
        self._share = max(JOINING, total // 2)
        self._channels = channels
        self._now = now
        self._all = Limit(2 * peak, EVERY)
        self._each = Limit(peak, EVERY_OF_ONE)

    def ask(self, channel: str, who: str, there: Mapping[str, int], joining: int = 0) -> None:
        """Let an offer from `who` in. Raises Refusal.

        `there` is how many each channel has, `joining` how many offers of theirs have no connection
        yet.
        """
        most = self._channels.get(channel, self._total)
        if sum(there.values()) >= self._total or there.get(channel, 0) >= most:
            raise TooManyViewers(
                "Trop de spectateurs en direct immédiat. "
                "Regardez par HLS\u00a0: la page le fait d’elle-même."
            )
        if joining >= self._share:
            raise _later(Busy("Trop de connexions en cours depuis cette adresse."), SOON)
        now = self._now()
        if wait := self._each.take(who, now):
            raise _later(TooManyOffers("Trop de demandes depuis cette adresse."), wait)
        if wait := self._all.take("", now):
            raise _later(Busy("Trop de demandes à la fois. Réessayez dans une seconde."), wait)


def admission(settings: Settings) -> Admission:
    """As the settings have it."""
    channels = {
        name: each.viewers for name, each in settings.channels.items() if each.viewers is not None
    }
    return Admission(settings.webrtc.viewers, channels)


def _later(refusal: Refusal, wait: float) -> Refusal:
    refusal.retry_after = wait
    return refusal
