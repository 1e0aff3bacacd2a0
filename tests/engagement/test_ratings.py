"""Ratings: one each and talk, the last one counts, words are for the crew."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from engagement.ratings import Rating, Ratings, RatingShown, TalkRated


def rate(ratings: Ratings, by: str, stars: int, word: str = "", at: float = 1.0) -> Any:
    event = TalkRated(id=f"{by}{at}", at=at, by=by, talk="direct", stars=stars, word=word)
    return ratings.apply(f"{at:.0f}-0", event)


def test_second_rating_replaces_the_first() -> None:
    ratings = Ratings()
    rate(ratings, "ann", 2, "trop long")
    rate(ratings, "bob", 4)
    rate(ratings, "ann", 5, "très clair", at=2.0)
    rating = ratings.by_talk["direct"]
    assert (rating.counts, rating.ratings, rating.mean) == ((0, 0, 0, 1, 1), 2, 4.5)
    assert [given.word for given in ratings.words("direct")] == ["très clair"]
    assert ratings.theirs[-1] == ("direct", "ann")


def test_audience_sees_it_while_the_crew_shows_it_and_is_told_when_it_goes() -> None:
    ratings = Ratings()
    rate(ratings, "ann", 5)
    assert not ratings.by_talk["direct"].public
    for shown in (True, False):
        ratings.apply("9-0", RatingShown(id="s", at=9.0, by="crew", talk="direct", shown=shown))
        assert ratings.by_talk["direct"].public == shown
    assert ratings.by_talk["direct"].was_public
    assert Rating(id="another").mean is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 5), st.text(max_size=3))))
def test_stars_of_the_erased_stay_and_their_words_go(given: list[tuple[str, int, str]]) -> None:
    ratings = Ratings()
    for number, (by, stars, word) in enumerate(given):
        rate(ratings, by, stars, word, at=float(number))
    last = {by: stars for by, stars, _ in given}
    ratings.erase("99-0", "a", "gone_1")
    votes = Counter(last.values())
    if given:
        assert ratings.by_talk["direct"].counts == tuple(votes[stars] for stars in range(1, 6))
    assert ratings.given("direct", "a") is None
    if "a" in last:
        kept = ratings.given("direct", "gone_1")
        assert kept is not None
        assert (kept.stars, kept.word) == (last["a"], "")
    again = Ratings()
    again.restore(msgpack.decode(msgpack.encode(ratings.saved()), type=Ratings.saves))
    assert again.saved() == ratings.saved()
