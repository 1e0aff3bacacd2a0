"""Shares of a bounded queue: how much of it newcomers, others and those present may hold.

Tokens are free: without shares, an outsider with some hundred of them fills a queue, and the people
beside them are refused. With shares, what an outsider can fill is never all of it.
"""

from collections import Counter

from engagement.fold import Reason, Refused
from engagement.origin import SETTLED_AFTER_S, Origin, Trust, trust

LEVELS = (Trust.NEW, Trust.SETTLED, Trust.PRESENT)  # each holds its own share and those before it
OF_ALL = {Trust.NEW: 0.5, Trust.SETTLED: 0.75, Trust.PRESENT: 1.0}
OF_NETWORK = {Trust.NEW: 0.25, Trust.SETTLED: 0.5}  # from one network, where that is known
WAIT_S = 60.0  # until a moderator may have read some

FULL = Refused(Reason.CAPACITY, wait=WAIT_S)


class Shares:
    """Use of a queue of `size` by trust and network; `table`: the queue is that table's.

    New devices hold at most half, and a quarter from one network: two networks of fresh tokens are
    needed to refuse other newcomers, and none refuses anybody else. New and settled devices
    together hold at most three quarters, and half from one network: an attacker who waits five
    minutes still leaves a quarter to those who have shown a code, and to the crew. A venue is one
    network, so that its half is large: 1,000 of 2,000 questions may wait from there without a code.
    """

    def __init__(self, size: int, table: str = "") -> None:
        self._size = size
        self._table = table
        self._held: Counter[Trust] = Counter()
        self._networks: Counter[tuple[Trust, str]] = Counter()

    def count(self, origin: Origin | None, at: float, step: int = +1) -> None:
        """Count an item that was made at `at`; `step` -1: it was read, hidden, or erased."""
        for level in LEVELS[LEVELS.index(trust(origin, at, self._table)) :]:
            self._held[level] += step
            if origin and origin.network and level in OF_NETWORK:
                self._networks[level, origin.network] += step
                if not self._networks[level, origin.network]:
                    del self._networks[level, origin.network]

    def refusal(self, origin: Origin | None, at: float, full: Refused = FULL) -> Refused | None:
        """The refusal of one more item, with the wait; `full` is the answer of a full queue."""
        level = trust(origin, at, self._table)
        network = origin.network if origin else ""
        if self._is_full(Trust.PRESENT, ""):
            return full
        if level is Trust.PRESENT:
            return None
        if self._is_full(Trust.SETTLED, network):
            return Refused(Reason.UNVERIFIED_QUOTA, wait=WAIT_S)
        if level is Trust.NEW and self._is_full(Trust.NEW, network):
            return Refused(Reason.NEWCOMER_QUOTA, wait=_settling(origin, at))
        return None

    def _is_full(self, level: Trust, network: str) -> bool:
        """True if a level, with those before it, holds its whole share, in all or of a network."""
        if self._held[level] >= self._size * OF_ALL[level]:
            return True
        return network != "" and self._networks[level, network] >= self._size * OF_NETWORK[level]


def _settling(origin: Origin | None, at: float) -> float:
    """The seconds until a device is no longer new."""
    left = origin.settled_at - at if origin else 0.0
    return min(max(1.0, left), SETTLED_AFTER_S)
