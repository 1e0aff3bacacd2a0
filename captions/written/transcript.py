"""All cues of a channel, as they stand now: the newest revision of each, in the order of time."""

from bisect import bisect_left, insort

from captions.cues import Cue

LONGEST = 30.0  # seconds: no cue is shown longer, so that a look back need not go further


class Transcript:
    """A fold over cues. `version` counts what changed it."""

    def __init__(self) -> None:
        self.version = 0
        self._by_id: dict[str, Cue] = {}
        self._order: list[tuple[float, str]] = []  # (start, id)

    def apply(self, cue: Cue) -> bool:
        """Take a cue or a new revision of one; return whether it changed anything.

        Of two revisions the higher stands, whichever comes first.
        """
        known = self._by_id.get(cue.id)
        if known is not None:
            if known.revision >= cue.revision:
                return False
            self._order.pop(bisect_left(self._order, (known.start, known.id)))
        self._by_id[cue.id] = cue
        insort(self._order, (cue.start, cue.id))
        self.version += 1
        return True

    def between(self, start: float, end: float) -> list[Cue]:
        """The cues that show at some time within [start, end)."""
        first = bisect_left(self._order, (start - LONGEST, ""))
        last = bisect_left(self._order, (end, ""))
        cues = (self._by_id[name] for _, name in self._order[first:last])
        return [cue for cue in cues if cue.end > start]

    def newest(self) -> Cue | None:
        """The cue that begins last."""
        return self._by_id[self._order[-1][1]] if self._order else None

    def __len__(self) -> int:
        return len(self._by_id)
