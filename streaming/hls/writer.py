"""One rendition's segments and parts, announced to its live window."""

import hashlib
from collections.abc import Callable, Sequence

from streaming.hls import fmp4
from streaming.hls.steps import Open
from streaming.hls.window import (
    InitAdded,
    PartAdded,
    SegmentClosed,
    SegmentOpened,
    Stopped,
    WindowEvent,
)


class Writer:
    """Numbers a rendition's parts, and measures them: a part reaches back to where the last ended.

    The time 0 of the media is `origin`; parts are at most `part_target` seconds long.
    """

    def __init__(
        self, emit: Callable[[WindowEvent], None], origin: float, part_target: float
    ) -> None:
        self._emit = emit
        self._origin = origin
        self._part_target = part_target
        self._init = ""
        self._msn = 0
        self._start = self._part_start = 0.0
        self._part_index = 0
        self._sequence = 0

    def init(self, data: bytes, codecs: str, width: int = 0, height: int = 0) -> None:
        """Announce the initialisation section of the segments that follow; 0 × 0: no picture."""
        self._init = hashlib.sha256(data).hexdigest()[:16]
        self._emit(
            InitAdded(self._init, data, codecs, width, height, self._origin, self._part_target)
        )

    def open(self, step: Open) -> None:
        """Begin a segment."""
        self._msn, self._start = step.msn, step.start
        self._part_start, self._part_index = step.start, 0
        self._emit(SegmentOpened(step.msn, step.name, step.shown, self._init, step.discontinuity))

    def part(self, until: float, runs: Sequence[fmp4.Run], *, independent: bool) -> None:
        """Add a part, unless it would be empty: then the next one reaches back to here."""
        if not runs:
            return
        self._sequence += 1
        data = fmp4.fragment(self._sequence, runs)
        duration = until - self._part_start
        self._emit(PartAdded(self._msn, self._part_index, duration, independent, data))
        self._part_start = until
        self._part_index += 1

    def close(self, until: float) -> None:
        """End the segment."""
        self._emit(SegmentClosed(self._msn, until - self._start))

    def stop(self) -> None:
        """Say that nothing follows the last segment, for now."""
        self._emit(Stopped())
