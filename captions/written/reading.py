"""How long a cue must stay to be read.

The table of the « Charte relative à la qualité du sous-titrage » (CSA, 2011): 12 characters in one
second, 20 in two, 36 in three, 60 in four, give or take a fifth.
"""

from itertools import pairwise

from captions.cues import Cue

TABLE = ((0.0, 0), (1.0, 12), (2.0, 20), (3.0, 36), (4.0, 60))  # (seconds, characters)
SPEED = 15.0  # characters per second, beyond the table
TOLERANCE = 0.2  # a fifth


def seconds(characters: int) -> float:
    """How long the charter wants so many characters to stay."""
    for (before, fewer), (after, more) in pairwise(TABLE):
        if characters <= more:
            return before + (after - before) * (characters - fewer) / (more - fewer)
    return characters / SPEED


def least(characters: int) -> float:
    """How long they stay at least, with the charter's tolerance."""
    return seconds(characters) * (1 - TOLERANCE)


def characters(cue: Cue) -> int:
    return sum(map(len, cue.lines))


def too_fast(cue: Cue) -> bool:
    """Whether a cue goes before it can be read."""
    return cue.end - cue.start < least(characters(cue)) - 0.001
