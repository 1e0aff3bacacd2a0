"""A line on the command line that grows to 100 %, rewritten in place on a terminal."""

import sys
from types import TracebackType
from typing import TextIO


class Progress:
    """Shows `title` and how far it is, from the first call to the end of the `with` body."""

    def __init__(self, title: str, stream: TextIO | None = None, *, every: int = 25) -> None:
        """`every` is in per cent: a line each time where `stream` is no terminal; 0 for none."""
        self._title = title
        self._stream = stream or sys.stdout
        self._rewritten = self._stream.isatty()
        self._step = 1 if self._rewritten else every
        self._shown = -1
        self._width = 0

    def __enter__(self) -> "Progress":
        return self

    def __call__(self, share: float, detail: str = "") -> None:
        percent = min(100, int(share * 100))
        if not self._step or percent == self._shown:
            return
        if percent // self._step == self._shown // self._step and percent != 100:
            return
        self._shown = percent
        line = f"{self._title} : {percent:3d} %{detail}"
        start, end = ("\r", "") if self._rewritten else ("", "\n")
        print(start + line.ljust(self._width), end=end, file=self._stream, flush=True)
        self._width = len(line)

    def bytes(self, done: int, total: int) -> None:
        self(done / total if total else 1.0)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown >= 0 and self._rewritten:
            print(file=self._stream)
