"""Reactions: counted by second, whoever tells them and in whatever order."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from engagement.reactions import KINDS, RECENT, Counts, Reactions, ReactionsCounted, Second


def told(*seconds: Second, talk: str = "direct") -> ReactionsCounted:
    return ReactionsCounted(id="e", at=0.0, by="", talk=talk, seconds=seconds)


def test_processes_add_up_second_by_second() -> None:
    reactions = Reactions()
    reactions.apply("1-0", told(Second(100, Counts(applause=3)), Second(101, Counts(heart=1))))
    reactions.apply("2-0", told(Second(100, Counts(applause=2, idea=1))))
    direct = reactions.by_talk["direct"]
    assert direct.total == Counts(applause=5, heart=1, idea=1)
    assert direct.recent == (
        Second(100, Counts(applause=5, idea=1)),
        Second(101, Counts(heart=1)),
    )
    assert (direct.version, direct.views) == ("2-0", (("reactions", "direct", ""),))


def test_reaction_to_what_is_long_over_counts_there_and_is_not_recent() -> None:
    reactions = Reactions()
    reactions.apply("1-0", told(Second(500, Counts(smile=1))))
    reactions.apply("2-0", told(Second(100, Counts(smile=1))))
    assert [second.at for second in reactions.by_talk["direct"].recent] == [500]
    assert reactions.between("direct", 0, 200) == [Second(100, Counts(smile=1))]
    assert reactions.between("direct", 100, 500)[-1].at == 100
    assert reactions.between("another", 0, 200) == []


TOLD = st.lists(
    st.dictionaries(
        st.integers(0, 40), st.builds(Counts, *(st.integers(0, 3) for _ in KINDS)), max_size=4
    ),
    max_size=8,
)


@given(TOLD, st.integers(0, 8))
def test_nothing_is_lost_and_what_was_saved_goes_on(batches: list[Any], cut: int) -> None:
    reactions, again = Reactions(), Reactions()
    expected: Counter[tuple[int, str]] = Counter()
    for number, batch in enumerate(batches):
        event = told(*(Second(at, counts) for at, counts in batch.items()))
        for at, counts in batch.items():
            for kind in KINDS:
                expected[at, kind] += getattr(counts, kind)
        for fold in (reactions, again):
            fold.apply(f"{number}-1", event)
        if number == cut:
            again.restore(msgpack.decode(msgpack.encode(again.saved()), type=Reactions.saves))
    assert again.saved() == reactions.saved()
    found = reactions.between("direct", 0, 100)
    assert +Counter({(s.at, kind): getattr(s.counts, kind) for s in found for kind in KINDS}) == (
        +expected
    )
    if batches:
        recent = [second.at for second in reactions.by_talk["direct"].recent]
        assert recent == [s.at for s in found if s.at > found[-1].at - RECENT]
