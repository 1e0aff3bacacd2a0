"""A poll, its results, and what one participant gave it."""

from typing import Literal

import msgspec

from engagement.fold import Item, View
from engagement.polls.arrivals import Burst
from engagement.polls.events import Comparison, Kind, Option, Visibility
from engagement.polls.tally import LabCounts
from engagement.polls.words import Word

PollState = Literal["draft", "open", "closed", "published"]
AnswerState = Literal["pending", "approved", "rejected", "erased"]

GRACE = 2.0  # seconds after its time is over in which ballots still come in from slow networks
MORE_TIME = 60.0  # seconds after the end for who asked


class Poll(Item, frozen=True, kw_only=True):
    """`counts` are the votes of this round, in the order of `options`: points in a ranking.

    `labs` are the same by lab, in a poll that compares them; `words` the ones given most. `shown`
    are the rounds before this one whose results the audience has seen, `more_time` counts who asked
    for it in this round. `hidden` words are not shown. `bursts` are ballots of this round that came
    together; `counts`, `ballots`, `labs` and `words` leave out those set aside. `codes`: a ballot
    needs a voting code.
    """

    talk: str
    kind: Kind
    prompt: str
    options: tuple[Option, ...]
    by: str
    visibility: Visibility = "closed"
    max_choices: int = 1
    duration: float = 0.0
    compare_by: Comparison = "none"
    codes: bool = False
    state: PollState = "draft"
    round: int = 1
    counts: tuple[int, ...] = ()
    ballots: int = 0
    labs: tuple[LabCounts, ...] = ()
    words: tuple[Word, ...] = ()
    hidden: tuple[str, ...] = ()
    bursts: tuple[Burst, ...] = ()
    more_time: int = 0
    opened_at: float | None = None
    closes_at: float | None = None
    closed_at: float | None = None
    shown: tuple[int, ...] = ()
    edited: bool = False
    deleted: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (("talk", self.talk, ""),)

    @property
    def public(self) -> bool:
        return self.state != "draft"

    @property
    def gone(self) -> bool:
        return self.deleted

    @property
    def results_public(self) -> bool:
        """Whether the audience sees the results of the current round."""
        return (
            self.state == "published"
            or (self.visibility != "published" and self.state == "closed")
            or (self.visibility == "live" and self.state == "open")
        )

    def round_public(self, round: int) -> bool:
        """Whether the audience sees the results of a round."""
        return round in self.shown or (round == self.round and self.results_public)

    def takes(self, at: float, more_time: bool) -> bool:
        """Whether a ballot that came at `at` counts, from who asked for more time or did not."""
        if self.state not in ("open", "closed"):
            return False
        end = self.closes_at if self.state == "open" else self.closed_at
        if end is None:
            return self.state == "open"
        ran_out = self.closes_at is not None and end >= self.closes_at
        return at <= end + max(GRACE if ran_out else 0.0, MORE_TIME if more_time else 0.0)


class Ballot(Item, frozen=True, kw_only=True):
    """What a participant chose or wrote; `id` is the poll's."""

    round: int
    choices: tuple[str, ...]
    texts: tuple[str, ...] = ()
    lab: str = ""


class Answer(Item, frozen=True, kw_only=True):
    """What `by` wrote in an open poll, to be read by a moderator first."""

    poll: str
    talk: str
    round: int
    text: str
    by: str
    at: float
    state: AnswerState = "pending"
    once_shown: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (("talk", self.talk, ""),)

    @property
    def public(self) -> bool:
        return self.state == "approved"

    @property
    def was_public(self) -> bool:
        return self.once_shown


class Results(msgspec.Struct, frozen=True):
    """The votes of one round, in the order of the poll's options, and by lab."""

    round: int
    counts: tuple[int, ...]
    ballots: int
    labs: tuple[LabCounts, ...] = ()
