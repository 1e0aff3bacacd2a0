"""A transcript holds the newest revision of each cue, in the order of time."""

from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Cue
from captions.written.transcript import Transcript


def cue(number: int, revision: int = 0, start: float | None = None) -> Cue:
    begins = float(number * 10) if start is None else start
    return Cue(f"plateau-{number}", revision, begins, begins + 5.0, (f"{number}.{revision}",))


def test_a_higher_revision_replaces_a_cue_and_a_lower_one_does_not() -> None:
    transcript = Transcript()
    assert transcript.apply(cue(1, 1))
    assert not transcript.apply(cue(1, 0))
    assert not transcript.apply(cue(1, 1))
    assert transcript.apply(cue(1, 2))
    assert transcript.between(0, 100) == [cue(1, 2)]
    assert transcript.version == 2


def test_a_correction_may_move_a_cue() -> None:
    transcript = Transcript()
    transcript.apply(cue(1))
    transcript.apply(cue(2))
    transcript.apply(cue(1, 1, start=30.0))
    assert [each.id for each in transcript.between(0, 100)] == ["plateau-2", "plateau-1"]


def test_between_has_what_shows_at_some_time_within() -> None:
    transcript = Transcript()
    for number in range(5):
        transcript.apply(cue(number))
    assert [each.start for each in transcript.between(14.9, 30.0)] == [10.0, 20.0]
    assert [each.start for each in transcript.between(15.0, 30.1)] == [20.0, 30.0]
    assert transcript.between(5.0, 10.0) == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=60))
def test_the_order_of_arrival_does_not_matter(arrivals: list[tuple[int, int]]) -> None:
    transcript, backwards = Transcript(), Transcript()
    for number, revision in arrivals:
        transcript.apply(cue(number, revision))
    for number, revision in reversed(arrivals):
        backwards.apply(cue(number, revision))
    newest = dict(sorted(arrivals))
    expected = [cue(number, revision) for number, revision in newest.items()]
    assert transcript.between(0, 1000) == backwards.between(0, 1000) == expected
