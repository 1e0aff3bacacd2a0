"""What people type, as words: corrections, and a captioner's lines in place of the machine's."""

from collections.abc import Sequence

from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.written.breaks import units
from captions.written.layout import Layout
from captions.written.spoken import timed

SPOKEN = 15.0  # characters in a second, for words of which nobody knows when they began
FASTEST = 30.0  # and for those that come at once, many together


def during(text: str, heard: Cue) -> tuple[Word, ...]:
    """A text's words in the place of what was heard; as many as these have their times."""
    read = units("–" if piece == "-" else piece for piece in text.split())
    words = timed(replace(heard, lines=(" ".join(read),)))
    return tuple(replace(word, probability=1.0) for word in words)


class Typist:
    """A channel's captions as a person types them: text as it comes, cues out.

    What is typed was heard by `at`, a time on the broadcast clock that whoever drives this gives,
    and never before the end of what stands already: `after`, then what was typed last.
    """

    def __init__(self, channel: str, after: float) -> None:
        self.after = after
        self._layout = Layout(channel)
        self._speaker = ""

    def open(self, text: str, at: float) -> tuple[Word, ...]:
        """Words that may still change."""
        return self._words(text, at)

    def write(self, text: str, at: float, now: float, *, ended: bool) -> list[Cue]:
        """Words that stand, written `now`; return the cues that are new or changed.

        `ended`: the line is complete.
        """
        words = self._words(text, at)
        if words:
            self.after = words[-1].end
        return self._layout.add(words, ended=ended, at=now, speaker=self._speaker)

    def speaks(self, speaker: str) -> None:
        """Who says what follows, "" when nobody knows."""
        self._speaker = speaker

    def _words(self, text: str, at: float) -> tuple[Word, ...]:
        if not text.strip():
            return ()
        start = max(self.after, at - len(text) / SPOKEN)
        end = max(at, start + len(text) / FASTEST)
        return _rounded(during(text, Cue("", 0, start, end, ())))


def _rounded(words: Sequence[Word]) -> tuple[Word, ...]:
    return tuple(
        replace(word, start=round(word.start, 3), end=round(word.end, 3)) for word in words
    )
