"""Counting ballots one by one, without looking at the others; and comparing labs."""

from collections.abc import Iterable, Sequence

import msgspec

from engagement.crowds import tellable
from engagement.polls.events import Kind, Option


class LabCounts(msgspec.Struct, frozen=True):
    """The votes of one lab's participants; "" are those who have none."""

    lab: str
    counts: tuple[int, ...]
    ballots: int


def recounted(
    kind: Kind,
    options: Sequence[Option],
    counts: Sequence[int],
    added: Sequence[str],
    removed: Sequence[str],
) -> tuple[int, ...]:
    """Votes by option with one ballot's choices in place of another's.

    In a ranking of n options the first gets n - 1 points, the last none (J.-C. de Borda, 1781).
    """
    votes = {option.id: count for option, count in zip(options, counts, strict=True)}
    for choices, sign in ((added, 1), (removed, -1)):
        for rank, choice in enumerate(choices, 1):
            votes[choice] += sign * (len(options) - rank if kind == "ranking" else 1)
    return tuple(votes.values())


def recounted_lab(
    kind: Kind,
    options: Sequence[Option],
    labs: Iterable[LabCounts],
    lab: str,
    added: Sequence[str] | None = None,
    removed: Sequence[str] | None = None,
) -> tuple[LabCounts, ...]:
    """The counts of all labs, with a ballot more or less in one of them (None: no ballot)."""
    every = {each.lab: each for each in labs}
    before = every.get(lab) or LabCounts(lab, (0,) * len(options), 0)
    ballots = before.ballots + (added is not None) - (removed is not None)
    counts = recounted(kind, options, before.counts, added or (), removed or ())
    every[lab] = LabCounts(lab, counts, ballots)
    return tuple(every[name] for name in sorted(every) if every[name].ballots)


def compared(labs: Iterable[LabCounts]) -> list[tuple[str, LabCounts | None]]:
    """The labs that may be shown side by side, None for those that may not."""
    every = sorted(labs, key=lambda each: each.lab)
    shown = tellable({each.lab: each.ballots for each in every})
    return [(each.lab, each if each.lab in shown else None) for each in every]
