"""Who keeps trying stream keys waits; who has the right one never does (decisions/0013)."""

from collections.abc import Callable

from streaming.peers import network_of

PATIENCE = 10  # wrong keys from one address before the next ones wait
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # seconds; each wrong key doubles the wait
FORGOTTEN = 600.0  # seconds without a wrong key
ADDRESSES = 1024  # the one that erred longest ago is forgotten first


class WrongKeys:
    """Counts wrong keys by address. `now` is any clock in seconds that does not step back.

    Ask it about wrong keys only: a venue has one address, so that a guest's mistakes must not keep
    the stage off air. What it holds is bounded by `ADDRESSES`.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: dict[str, tuple[int, float]] = {}  # (how many, the last one when)

    def note(self, address: str) -> float:
        """A wrong key has come from `address`; return how many seconds its no is to wait."""
        now, network = self._now(), network_of(address)
        count, last = self._seen.pop(network, (0, now))
        count = 1 if now - last > FORGOTTEN else count + 1
        self._seen[network] = count, now
        if len(self._seen) > ADDRESSES:
            del self._seen[next(iter(self._seen))]
        if count <= PATIENCE:
            return 0.0
        return float(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(count - PATIENCE - 1, 16)))
