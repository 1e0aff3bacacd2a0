"""How good captions are, by what was written: how late, how fast to read, how much was mended."""

from collections.abc import Iterable, Sequence

import msgspec

from captions.cues import Cue
from captions.wording.edited import Edited
from captions.written.reading import characters, too_fast


class Spread(msgspec.Struct, frozen=True):
    """The middle of some figures, and what one in twenty of them exceeds."""

    p50: float
    p95: float


class Speed(msgspec.Struct, frozen=True):
    """Characters a second, and the share of cues that go before they can be read (the charter)."""

    p50: float
    p95: float
    fast: float


class Written(msgspec.Struct, frozen=True):
    """What is said of some cues. Lags are seconds from a word's end until it could be shown."""

    cues: int
    words: int
    lag: Spread | None
    reading_speed: Speed | None
    edits: int  # what people did to them
    hidden: int  # cues


def written(captions: Iterable[Edited]) -> Written:
    """Figures of cues, as they were heard and as they stand."""
    every = list(captions)
    shown = [each.shown for each in every if not each.shown.hidden]
    lags = [
        word.settled - word.end
        for each in every
        for word in each.heard.words
        if word.settled and word.probability < 1.0  # what a person types is not late
    ]
    return Written(
        len(every),
        sum(len(cue.words) for cue in shown),
        _spread(lags),
        _speed(shown),
        sum(version.how == "edit" for each in every for version in each.history),
        len(every) - len(shown),
    )


def _speed(cues: Sequence[Cue]) -> Speed | None:
    speeds = [characters(cue) / (cue.end - cue.start) for cue in cues if cue.end > cue.start]
    if (spread := _spread(speeds)) is None:
        return None
    return Speed(spread.p50, spread.p95, round(sum(map(too_fast, cues)) / len(cues), 3))


def _spread(figures: Sequence[float]) -> Spread | None:
    """By nearest rank: each is a figure that there was."""
    if not figures:
        return None
    ranked = sorted(figures)
    return Spread(*(round(ranked[int((len(ranked) - 1) * share)], 3) for share in (0.5, 0.95)))
