"""The times of a channel whose words anybody may read."""

from dataclasses import dataclass, field
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.happening import REHEARSALS, Happening, Happenings, PhaseSet
from engagement.talks import DIRECT, Talk
from engagement.talks.public import Span, merged, overlap, public_spans, without

NOW = Happening(id="event")
TRIAL = Happening(id="event", phase="rehearsal", since=50.0)


def talk(state: str, start: float | None = None, end: float | None = None, **more: object) -> Talk:
    fields = {"state": state, "started_at": start, "ended_at": end, **more}
    return Talk(**{"id": "t", "channel": "plateau", "title": "", **fields})  # type: ignore[arg-type]


PLANNED = talk("scheduled", id="planned")


@dataclass
class Case:
    talks: list[Talk]
    open: list[Span]
    now: Happening = NOW
    rehearsals: list[Span] = field(default_factory=list)


CASES = {
    "nothing planned": Case([DIRECT], [(-inf, inf)]),
    "a removed talk is as if it had not been": Case(
        [talk("scheduled", removed=True)], [(-inf, inf)]
    ),
    "nothing planned, in a rehearsal": Case([DIRECT], [(-inf, 50.0)], TRIAL),
    "nothing planned, after a rehearsal": Case(
        [DIRECT], [(-inf, 50.0), (60.0, inf)], rehearsals=[(50.0, 60.0)]
    ),
    "planned": Case([DIRECT, PLANNED], []),
    "planned in another room": Case([DIRECT, talk("scheduled", channel="")], []),
    "cancelled": Case([DIRECT, talk("cancelled")], []),
    "live": Case([PLANNED, talk("live", 10.0)], [(10.0, inf)]),
    "live on another channel": Case([talk("live", 10.0, channel="salon")], []),
    "live, not to be recorded": Case([talk("live", 10.0, recorded=False)], [(10.0, inf)]),
    "live in a rehearsal": Case([talk("live", 55.0)], [(55.0, inf)], TRIAL),
    "live before and after a rehearsal": Case(
        [talk("live", 10.0)], [(10.0, 50.0), (60.0, inf)], rehearsals=[(50.0, 60.0)]
    ),
    "the standing talk, live again": Case([talk("live", 30.0, standing=True)], [(30.0, inf)]),
    "the standing talk, ended": Case([talk("ended", 10.0, 20.0, standing=True)], []),
    "ended": Case([talk("ended", 10.0, 20.0)], []),
    "ended, then another is live": Case(
        [talk("ended", 10.0, 20.0), talk("live", 20.0, id="2")], [(20.0, inf)]
    ),
    "published": Case([talk("replay", 10.0, 20.0)], [(10.0, 20.0)]),
    "published between its marks": Case(
        [talk("replay", 10.0, 20.0, trim_start=12.0, trim_end=18.0)], [(12.0, 18.0)]
    ),
    "published, then not to be recorded": Case([talk("replay", 10.0, 20.0, recorded=False)], []),
    "two published in a row": Case(
        [talk("replay", 10.0, 20.0), talk("replay", 20.0, 30.0, id="2")], [(10.0, 30.0)]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_live_or_published_is_open(name: str) -> None:
    case = CASES[name]
    assert list(public_spans("plateau", case.talks, case.now, case.rehearsals)) == case.open


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=6)


@given(SPANS, SPANS, st.integers(0, 20), st.integers(0, 20))
def test_spans_have_the_moments_that_they_should(
    some: list[Span], others: list[Span], start: int, end: int
) -> None:
    def has(spans: list[Span] | tuple[Span, ...], at: float) -> bool:
        return any(first <= at < last for first, last in spans)

    joined = merged(some)
    assert all(before[1] < after[0] for before, after in pairwise(joined))
    for moment in range(20):
        assert has(joined, moment) == has(some, moment)
        left = has(some, moment) and not has(others, moment)
        assert has(without(joined, others), moment) == left
        assert has(overlap(joined, start, end), moment) == (
            has(some, moment) and start <= moment < end
        )


def test_rehearsals_are_remembered_over_a_restart_and_none_is_forgotten() -> None:
    known = Happenings()
    for number in range(REHEARSALS + 20):
        for phase, at in (("rehearsal", 10.0 * number), ("open", 10.0 * number + 5.0)):
            known.apply(f"{at:.0f}-0", PhaseSet(id=f"e{at}", at=at, by="crew", phase=phase))  # type: ignore[arg-type]
    again = Happenings()
    again.restore(known.saved())
    assert again.rehearsals == known.rehearsals
    assert len(again.rehearsals) == REHEARSALS
    assert again.rehearsals[0] == (0.0, 205.0)
    assert again.rehearsals[-1] == (10.0 * (REHEARSALS + 19), 10.0 * (REHEARSALS + 19) + 5.0)
