"""What the captions of one run are worth: errors, delays, repetitions."""

import difflib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import takewhile
from typing import Any

import jiwer
import numpy as np

from benchmarks._captions_systems import Run
from captions.hearing.agreement import key
from captions.hearing.filters import LONGEST_LOOP
from tests.captions.speech import plain


@dataclass(frozen=True)
class Figures:
    """One row: errors in per cent of what was said, delays in seconds after the word.

    Of several runs, the mean; of memory and repetitions, the most.
    """

    system: str
    sound: str
    seconds: float
    word_errors: float
    word_errors_least: float  # of the runs
    word_errors_most: float
    character_errors: float
    substituted: float
    deleted: float
    inserted: float
    times_running: int  # the most often that a phrase comes in a row
    cores: float
    rss_mb: float
    commit_median: float | None = None
    commit_p95: float | None = None
    partial_median: float | None = None
    partial_p95: float | None = None
    refused: float = 0


def figures(system: str, name: str, run: Run, reference: str, offline: Run) -> Figures:
    """Judge `run` by the reference's words and by the times the offline transcript gives them."""
    expected, heard = plain(reference), plain(" ".join(text for text, _, _ in run.words))
    errors = jiwer.process_words(expected, heard)
    waits: dict[str, float | None] = {}
    if run is not offline:
        commits, partials = delays(run, offline)
        waits = {**_spread("commit", commits), **_spread("partial", partials)}
    return Figures(
        system=system,
        sound=name,
        seconds=round(run.seconds, 1),
        word_errors=(wrong := round(100 * errors.wer, 2)),
        word_errors_least=wrong,
        word_errors_most=wrong,
        character_errors=round(100 * float(jiwer.cer(expected, heard)), 2),
        substituted=errors.substitutions,
        deleted=errors.deletions,
        inserted=errors.insertions,
        times_running=times_running(heard.split()),
        cores=round(run.cpu_seconds / run.seconds, 3),
        rss_mb=round(run.rss_mb),
        refused=run.refused,
        **waits,  # type: ignore[arg-type]
    )


def together(runs: Sequence[Figures]) -> Figures:
    """One row of several runs of the same system on the same words."""
    found: dict[str, Any] = {}
    for field in fields(Figures):
        values = [getattr(run, field.name) for run in runs]
        if field.name == "word_errors_least":
            found[field.name] = min(values)
        elif field.name in ("word_errors_most", "times_running", "rss_mb"):
            found[field.name] = max(values)
        elif all(isinstance(value, (int, float)) for value in values):
            found[field.name] = round(statistics.fmean(values), 3)
        else:
            found[field.name] = values[0]
    return Figures(**found)


def delays(run: Run, offline: Run) -> tuple[list[float], list[float]]:
    """How long after its end each word that both transcripts have was settled, and first seen."""
    settled = [key(text) for text, _, _ in run.words]
    seen = [at for _, at, _ in run.words]
    for guess in run.guesses:
        for place, text in enumerate(guess.words, start=guess.settled):
            if place < len(settled) and key(text) == settled[place]:
                seen[place] = min(seen[place], guess.at)
    said = [key(text) for text, _, _ in offline.words]
    matcher = difflib.SequenceMatcher(None, said, settled, autojunk=False)
    pairs = [
        (offline.words[block.a + index][2], block.b + index)
        for block in matcher.get_matching_blocks()
        for index in range(block.size)
    ]
    return (
        [run.words[place][1] - end for end, place in pairs],
        [seen[place] - end for end, place in pairs],
    )


def times_running(words: Sequence[str]) -> int:
    """The most often that a phrase of up to 20 words comes without a word between."""
    most = min(1, len(words))
    for length in range(1, LONGEST_LOOP + 1):
        for first in range(len(words) - length):
            phrase = words[first : first + length]
            following = range(first, len(words), length)
            row = takewhile(lambda at: words[at : at + length] == phrase, following)  # noqa: B023
            most = max(most, sum(1 for _ in row))
    return most


def _spread(name: str, seconds: Sequence[float]) -> dict[str, Any]:
    if not seconds:
        return {}
    return {
        f"{name}_median": round(statistics.median(seconds), 2),
        f"{name}_p95": round(float(np.percentile(seconds, 95)), 2),
    }
