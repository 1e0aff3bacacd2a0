"""Captions laid out for those who come later, kept for as long as the cues stay the same."""

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from captions.cues import Cue
from captions.written.finished import finished
from captions.written.spoken import announced

KEPT = 8  # layouts; a day's is some ten megabytes


@dataclass(frozen=True)
class LaidOut:
    """Captions laid out to be read again; in `shown`, who speaks is announced."""

    cues: Sequence[Cue]
    shown: Sequence[Cue]


class LaidOuts:
    """The newest layouts. A day's words take seconds: one does it for all who ask."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[list[Cue], LaidOut]] = {}  # the last made goes last
        self._busy = asyncio.Lock()

    async def of(self, key: Hashable, cues: list[Cue]) -> LaidOut:
        """`cues` laid out, when they are others than `key` had last time."""
        known = self._known.get(key)
        if known is None or known[0] != cues:
            async with self._busy:
                known = self._known.pop(key, None)
                if known is None or known[0] != cues:
                    known = cues, await asyncio.to_thread(_laid_out, cues)
                self._known[key] = known
                if len(self._known) > KEPT:
                    del self._known[next(iter(self._known))]
        return known[1]


def _laid_out(cues: Sequence[Cue]) -> LaidOut:
    anew = finished(cues)
    return LaidOut(anew, list(announced(anew)))
