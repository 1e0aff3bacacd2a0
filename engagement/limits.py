"""How often one may act: so many at once, then one every so many seconds."""

APART = 5.0  # seconds, more than the times of acts by two processes differ


class Limit:
    """Counts acts per key by the generic cell rate algorithm (ITU-T I.371, annex A).

    One number per key: the time at which the key has its whole `burst` again. Keys that have it
    are forgotten.
    """

    def __init__(self, burst: int, every: float) -> None:
        self._slack = (burst - 1) * every
        self._every = every
        self._whole_at: dict[str, float] = {}
        self._prune_at = 1_000

    def wait(self, key: str, at: float) -> float:
        """The seconds until one more act would count; 0.0 if it would now."""
        wait = self._whole(key, at) - at - self._slack
        return wait if wait > 1e-9 else 0.0

    def take(self, key: str, at: float) -> float:
        """Count one act at `at` and return 0.0; or count nothing and return the seconds to wait."""
        if wait := self.wait(key, at):
            return wait
        self._whole_at[key] = self._whole(key, at) + self._every
        if len(self._whole_at) > self._prune_at:
            self._prune(at)
        return 0.0

    def forget(self, key: str) -> None:
        """Count nothing for a key."""
        self._whole_at.pop(key, None)

    def saved(self) -> dict[str, float]:
        """When each key has its whole burst again."""
        return dict(self._whole_at)

    def restore(self, saved: dict[str, float]) -> None:
        self._whole_at = dict(saved)

    def _whole(self, key: str, at: float) -> float:
        whole = self._whole_at.get(key, at)
        # Later than any acts can make it: they were counted before the clock was put back.
        return at if whole - at > self._slack + self._every + APART else max(at, whole)

    def _prune(self, at: float) -> None:
        self._whole_at = {key: whole for key, whole in self._whole_at.items() if whole > at}
        # Twice what is left: the cost of pruning stays a constant per act.
        self._prune_at = max(1_000, 2 * len(self._whole_at))
