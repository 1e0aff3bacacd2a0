"""Reactions: how many of each kind, in each second of a talk. Nobody knows whose."""

from collections.abc import Collection
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Fold, Item, Outcome, View

RECENT = 10  # seconds that pages are told of
KEPT = 12 * 3600  # seconds in which anybody reacted to a talk; of more, the oldest are forgotten


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many of each kind: « Bravo », « J’aime », « Bonne idée », « Ça fait sourire »."""

    applause: int = 0
    heart: int = 0
    idea: int = 0
    smile: int = 0

    def plus(self, other: "Counts") -> "Counts":
        return Counts(
            self.applause + other.applause,
            self.heart + other.heart,
            self.idea + other.idea,
            self.smile + other.smile,
        )


KINDS = Counts.__struct_fields__


class Second(msgspec.Struct, frozen=True):
    """The reactions to the pictures of one second; `at` is its broadcast time, rounded down."""

    at: int
    counts: Counts


class ReactionsCounted(Event, frozen=True):
    """What a web process counted since it last told; it is by nobody. No second is there twice."""

    talk: str
    seconds: tuple[Second, ...]


class Reaction(Item, frozen=True, kw_only=True):
    """How the audience reacts to a talk, whose id it has; `recent` are the newest seconds in which
    anybody did, in order."""

    total: Counts = Counts()
    recent: tuple[Second, ...] = ()

    @property
    def views(self) -> tuple[View, ...]:
        return (("reactions", self.id, ""),)


class Saved(msgspec.Struct, frozen=True):
    """`seconds` are those of each talk."""

    talks: tuple[Reaction, ...]
    seconds: dict[str, dict[int, Counts]]


class Reactions(Fold):
    """The fold of reactions, by talk and second."""

    events: ClassVar[Collection[type[Event]]] = (ReactionsCounted,)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self) -> None:
        super().__init__()
        self.by_talk: dict[str, Reaction] = {}
        self._seconds: dict[str, dict[int, Counts]] = {}

    def between(self, talk: str, start: float, end: float) -> list[Second]:
        """The seconds from `start` to `end` in which anybody reacted, in order."""
        seconds = self._seconds.get(talk, {})
        return [Second(at, seconds[at]) for at in sorted(seconds) if start <= at < end]

    def apply(self, position: str, event: ReactionsCounted) -> Outcome:
        seconds = self._seconds.setdefault(event.talk, {})
        known = self.by_talk.get(event.talk) or Reaction(id=event.talk)
        total = known.total
        for second in event.seconds:
            before = seconds.get(second.at)
            seconds[second.at] = before.plus(second.counts) if before else second.counts
            total = total.plus(second.counts)
        for _ in range(len(seconds) - KEPT):
            del seconds[min(seconds)]
        # Those who went back in the talk react to what is long over: it counts, but is not recent.
        told = {second.at for second in (*known.recent, *event.seconds)}
        recent = sorted(at for at in told if at > max(told) - RECENT and at in seconds)
        reaction = replace(
            known,
            version=position,
            total=total,
            recent=tuple(Second(at, seconds[at]) for at in recent),
        )
        self.by_talk[event.talk] = reaction
        self.touched.append(reaction)
        return Accepted(reaction)

    def standing(self, event: ReactionsCounted) -> Item | None:
        return self.by_talk.get(event.talk)

    def items(self) -> Collection[Item]:
        return self.by_talk.values()

    def saved(self) -> Saved:
        seconds = {talk: dict(counts) for talk, counts in self._seconds.items()}
        return Saved(tuple(self.by_talk.values()), seconds)

    def restore(self, saved: Saved) -> None:
        self.by_talk = {reaction.id: reaction for reaction in saved.talks}
        self._seconds = {talk: dict(counts) for talk, counts in saved.seconds.items()}
