"""Ratings: what the audience thought of a talk, from one star to five, and in a word."""

from collections.abc import Collection
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, View, outdated

STARS = 5


class TalkRated(Event, frozen=True):
    """A participant rates a talk, or rates it anew: the last rating counts. `stars` from 1 to 5."""

    personal: ClassVar[tuple[str, ...]] = ("word",)

    talk: str
    stars: int
    word: str = ""


class RatingShown(Event, frozen=True):
    """The crew shows everybody how a talk was rated, or shows it no more. Words are not shown."""

    talk: str
    shown: bool = True


AnyRatingEvent = TalkRated | RatingShown


class Rating(Item, frozen=True, kw_only=True):
    """How a talk, whose id it has, was rated: how many gave one star, two …

    `shown`: everybody may see it; `was_public`: they could at some time.
    """

    counts: tuple[int, ...] = (0,) * STARS
    shown: bool = False
    once_shown: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (("talk", self.id, ""),)

    @property
    def public(self) -> bool:
        return self.shown

    @property
    def was_public(self) -> bool:
        return self.once_shown

    @property
    def ratings(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """Stars; None while nobody rated."""
        given = sum(stars * number for stars, number in enumerate(self.counts, 1))
        return given / self.ratings if self.ratings else None


class Given(Item, frozen=True, kw_only=True):
    """What one participant gave; `id` is the talk's."""

    at: float
    stars: int
    word: str = ""


class Saved(msgspec.Struct, frozen=True):
    """`given` by talk and participant."""

    talks: tuple[Rating, ...]
    given: dict[str, dict[str, Given]]


class Ratings(Fold):
    """The fold of ratings: one each and talk."""

    events: ClassVar[Collection[type[Event]]] = (TalkRated, RatingShown)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self) -> None:
        super().__init__()
        self.by_talk: dict[str, Rating] = {}
        self._given: dict[str, dict[str, Given]] = {}

    def given(self, talk: str, participant: str) -> Given | None:
        """What a participant gave a talk."""
        return self._given.get(talk, {}).get(participant)

    def words(self, talk: str) -> list[Given]:
        """The ratings that came with a word, the newest first."""
        found = [given for given in self._given.get(talk, {}).values() if given.word]
        return sorted(found, key=lambda given: -given.at)

    def apply(self, position: str, event: AnyRatingEvent) -> Outcome:
        rating = self.by_talk.get(event.talk) or Rating(id=event.talk)
        if isinstance(event, RatingShown):
            if outdated(event, rating):
                return Refused(Reason.CHANGED, rating)
            once = rating.once_shown or event.shown
            return Accepted(
                self._put(replace(rating, version=position, shown=event.shown, once_shown=once))
            )
        if not 1 <= event.stars <= STARS:
            return Refused(Reason.UNKNOWN_OPTION)
        given = Given(
            id=event.talk, version=position, at=event.at, stars=event.stars, word=event.word
        )
        everybody = self._given.setdefault(event.talk, {})
        before = everybody.get(event.by)
        if before and outdated(event, before):
            return Refused(Reason.CHANGED, before)
        everybody[event.by] = given  # a second rating replaces the first
        counts = list(rating.counts)
        counts[given.stars - 1] += 1
        if before:
            counts[before.stars - 1] -= 1
        self._put(replace(rating, version=position, counts=tuple(counts)))
        self.theirs.append((event.talk, event.by))
        return Accepted(given)

    def standing(self, event: AnyRatingEvent) -> Item | None:
        if isinstance(event, TalkRated):
            return self.given(event.talk, event.by)
        return self.by_talk.get(event.talk)

    def items(self) -> Collection[Item]:
        return self.by_talk.values()

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        for everybody in self._given.values():
            if given := everybody.pop(participant, None):
                everybody[stand_in] = replace(given, word="")

    def saved(self) -> Saved:
        return Saved(
            tuple(self.by_talk.values()),
            {talk: dict(everybody) for talk, everybody in self._given.items()},
        )

    def restore(self, saved: Saved) -> None:
        self.by_talk = {rating.id: rating for rating in saved.talks}
        self._given = {talk: dict(everybody) for talk, everybody in saved.given.items()}

    def _put(self, rating: Rating) -> Rating:
        self.by_talk[rating.id] = rating
        self.touched.append(rating)
        return rating
