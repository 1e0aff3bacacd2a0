"""Which segments of a live window are still to be recorded. No I/O."""

from collections.abc import Callable

from streaming.hls.window import Segment, Window


class Recorder:
    """Goes through a window's segments once, in order, as they close.

    Those that must not be recorded are passed over: `refused(start, end)` is asked once about each.
    What waits is what the window holds, so that a disk which is slow or full for less than a minute
    costs nothing.
    """

    def __init__(self, window: Window, refused: Callable[[float, float], bool]) -> None:
        self._window = window
        self._refused = refused
        self._last: Segment | None = None  # that was dealt with
        self.missing = 0.0  # seconds that left the window before they were written

    def next(self) -> Segment | None:
        """The oldest closed segment that is still to be written."""
        for segment in self._window.segments:
            if segment.duration is None:
                return None
            if self._last is not None and segment.opened.start <= self._last.opened.start:
                continue
            if segment.gap or self._refused(segment.opened.start, segment.end):
                self.done(segment)
                continue
            return segment
        return None

    def done(self, segment: Segment) -> None:
        """It is written, or need not be."""
        last, self._last = self._last, segment
        if last is not None and segment.opened.msn > last.opened.msn + 1:
            self.missing += max(0.0, segment.opened.start - last.end)
