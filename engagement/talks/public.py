"""The times of a channel whose words anybody may read: one rule for every address (pure).

Anybody may read what is live and what is published. The words of a talk that has ended, of a break
and of a rehearsal belong to the crew. Whatever is on air this minute is heard by everybody anyway:
tv/captioning/access.py adds that minute for the addresses that follow the live picture.
"""

from collections.abc import Collection, Iterable
from math import inf

from engagement.happening import Happening
from engagement.talks.talk import Talk

Span = tuple[float, float]  # from a time to a later one, on the broadcast clock


def public_spans(
    channel: str, talks: Collection[Talk], now: Happening, rehearsals: Collection[Span] = ()
) -> tuple[Span, ...]:
    """The public times of a channel, in order and apart; a live talk's time has no end yet.

    `now` is the phase of the event; `rehearsals` are those that are over. An event for which nobody
    planned or started a talk is live all the time, but for its rehearsals.
    """
    published = [
        talk.marks
        for talk in talks
        if talk.channel == channel and talk.state == "replay" and talk.marks
    ]
    live = [
        (talk.started_at, inf)
        for talk in talks
        if talk.channel == channel and talk.state == "live" and talk.started_at is not None
    ]
    if without_talks(talks):
        live = [(-inf, now.since or -inf) if now.phase == "rehearsal" else (-inf, inf)]
    return merged([*published, *without(live, rehearsals)])


def without_talks(talks: Collection[Talk]) -> bool:
    """True if no talk is planned and the standing talk has not begun."""
    return not any(talk.begun or not (talk.standing or talk.removed) for talk in talks)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same times as spans in order, none of which meets another."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The parts of `spans` that are in none of `others`."""
    left = list(spans)
    for start, end in others:
        left = [
            part
            for first, last in left
            for part in ((first, min(last, start)), (max(first, end), last))
            if part[0] < part[1]
        ]
    return left


def overlap(spans: Iterable[Span], start: float, end: float) -> list[Span]:
    """The parts of `spans` between two times."""
    cut = ((max(first, start), min(last, end)) for first, last in spans)
    return [span for span in cut if span[0] < span[1]]
