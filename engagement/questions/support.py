"""Who supports which question, through merges and their undoing; and what support is set aside.

Support that came in a burst of new devices (engagement/bursts.py) is set aside for a moderator, who
counts it with one tap; nobody is refused.
"""

from collections import defaultdict

import msgspec

from engagement.bursts import Aside, SavedAside
from engagement.origin import Origin


class Saved(msgspec.Struct, frozen=True):
    """`given` are the questions that each participant supports, by talk and participant."""

    given: tuple[tuple[str, str, tuple[str, ...]], ...]
    aside: SavedAside


class Support:
    """Supporters by question; those of a merged question count for its target too."""

    def __init__(self) -> None:
        self._aside = Aside()
        self._begin()

    def _begin(self) -> None:
        # Talk and participant -> the questions that they support, in the order of their giving.
        self._given: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._counted: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._merged: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def given(self, talk: str, participant: str) -> list[str]:
        """What a participant supports in a talk, as it was given, set aside or not."""
        return list(self._given.get((talk, participant), ()))

    def of(self, question: str) -> set[str]:
        """Who supports it, by itself or by a question merged into it."""
        return set().union(*(self._counted.get(each, ()) for each in self._all(question)))

    def aside(self, question: str) -> set[str]:
        """Whose support is set aside, and not counted by another of those merged."""
        aside = set().union(*(self._aside.of(each) for each in self._all(question)))
        return aside - self.of(question)

    def counts(self, question: str) -> tuple[int, int]:
        """How many support it, and how many's support is set aside.

        Every tap asks: they are gone through only where something was merged.
        """
        if not self._merged.get(question):
            return len(self._counted.get(question, ())), len(self._aside.of(question))
        return len(self.of(question)), len(self.aside(question))

    def by(self, question: str, participant: str) -> bool:
        """Whether a participant supports it, counted or not."""
        return any(
            participant in self._counted.get(each, ()) or participant in self._aside.of(each)
            for each in self._all(question)
        )

    def give(
        self, talk: str, question: str, participant: str, at: float, origin: Origin | None
    ) -> None:
        """Count support, or set it aside."""
        if question in self._given[talk, participant]:
            return
        self._given[talk, participant][question] = None
        if not self._aside.watch(question, participant, origin, at):
            self._counted[question][participant] = None

    def take_back(self, talk: str, question: str, participant: str) -> None:
        """Theirs may have come with a question merged into this one."""
        for each in self._all(question):
            self._given[talk, participant].pop(each, None)
            self._counted[each].pop(participant, None)
            self._aside.drop(each, participant)

    def accept(self, question: str) -> None:
        """Count what was set aside, and all that is to come."""
        for each in self._all(question):
            self._counted[each] |= dict.fromkeys(self._aside.count(each))

    def merge(self, question: str, into: str) -> list[str]:
        """Have it count for `into`; return what was merged into it, and now is into that one."""
        followers = self._merged.pop(question, {})
        self._merged[into] |= {question: None} | followers
        return list(followers)

    def put_merged(self, question: str, into: str) -> None:
        """The same, for one that is known to be merged and has no followers."""
        self._merged[into][question] = None

    def part(self, question: str, target: str) -> None:
        """Undo a merge."""
        self._merged[target].pop(question, None)

    def rename(self, participant: str, name: str) -> None:
        for (talk, by), given in list(self._given.items()):
            if by == participant:
                self._given[talk, name] = self._given.pop((talk, by))
                for question in given:
                    if participant in self._counted[question]:
                        del self._counted[question][participant]
                        self._counted[question][name] = None
        self._aside.rename(participant, name)

    def saved(self) -> Saved:
        given = ((*of, tuple(names)) for of, names in self._given.items() if names)
        return Saved(tuple(given), self._aside.saved())

    def restore(self, saved: Saved) -> None:
        """Be what was saved, with nothing merged yet."""
        self._begin()
        self._aside.restore(saved.aside)
        for talk, by, given in saved.given:
            self._given[talk, by] = dict.fromkeys(given)
            for question in given:
                if by not in self._aside.of(question):
                    self._counted[question][by] = None

    def _all(self, question: str) -> tuple[str, ...]:
        return (question, *self._merged.get(question, ()))
