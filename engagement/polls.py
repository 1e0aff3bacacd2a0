"""Polls: one question to the whole audience, one ballot each, in rounds that never mix."""

from collections import Counter
from typing import Literal

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Item, Outcome, Reason, Refused, outdated

PollState = Literal["draft", "open", "closed", "published"]
Kind = Literal["single"]
Visibility = Literal["live", "closed", "published"]


class Option(msgspec.Struct, frozen=True):
    id: str
    text: str


class PollCreated(Event, frozen=True):
    """A poll is drafted. Its id follows from the event's, so that a retry is no copy."""

    poll: str
    talk: str
    kind: Kind
    prompt: str
    options: tuple[Option, ...]
    visibility: Visibility = "closed"


class PollEvent(Event, frozen=True):
    poll: str


class PollOpened(PollEvent, frozen=True):
    """Ballots are taken."""


class PollClosed(PollEvent, frozen=True):
    """Ballots come too late."""


class PollPublished(PollEvent, frozen=True):
    """The results go to screens."""


class PollReopened(PollEvent, frozen=True):
    """A new round begins, with no ballots; those of the last one are kept apart."""


class BallotCast(PollEvent, frozen=True):
    """A participant votes, or votes anew: the last ballot of a round counts."""

    round: int
    choices: tuple[str, ...]


AnyPollEvent = PollCreated | PollOpened | PollClosed | PollPublished | PollReopened | BallotCast


class Poll(Item, frozen=True, kw_only=True):
    """`counts` are the votes of this round, in the order of `options`.

    `shown` are the rounds before this one whose results the audience has seen.
    """

    talk: str
    kind: Kind
    prompt: str
    options: tuple[Option, ...]
    by: str
    visibility: Visibility = "closed"
    state: PollState = "draft"
    round: int = 1
    counts: tuple[int, ...] = ()
    ballots: int = 0
    opened_at: float | None = None
    closed_at: float | None = None
    shown: tuple[int, ...] = ()

    @property
    def public(self) -> bool:
        """Whether the audience sees that it exists."""
        return self.state != "draft"

    def round_public(self, round: int) -> bool:
        """Whether the audience sees the results of a round."""
        return round in self.shown or (round == self.round and self.results_public)

    @property
    def results_public(self) -> bool:
        """Whether the audience sees the results of the current round."""
        return (
            self.state == "published"
            or (self.visibility != "published" and self.state == "closed")
            or (self.visibility == "live" and self.state == "open")
        )


class Ballot(Item, frozen=True, kw_only=True):
    """What a participant chose; `id` is the poll's."""

    round: int
    choices: tuple[str, ...]


class Results(msgspec.Struct, frozen=True):
    """The votes of one round, in the order of the poll's options."""

    round: int
    counts: tuple[int, ...]
    ballots: int


class Polls:
    """All polls by id, and the ballots of each round."""

    def __init__(self) -> None:
        self.by_id: dict[str, Poll] = {}
        self._ballots: dict[tuple[str, int], dict[str, tuple[str, ...]]] = {}

    def results(self, poll: str, round: int | None = None) -> Results | None:
        """The votes of a round (the current one, if none is named)."""
        current = self.by_id[poll]
        round = round or current.round
        if not 1 <= round <= current.round:
            return None
        ballots = self._ballots.get((poll, round), {})
        votes = Counter(choice for choices in ballots.values() for choice in choices)
        return Results(round, tuple(votes[option.id] for option in current.options), len(ballots))

    def open_in(self, talk: str) -> list[Poll]:
        return [poll for poll in self.by_id.values() if poll.talk == talk and poll.state == "open"]

    def close(self, position: str, poll: Poll, at: float) -> Poll:
        return self._put(position, replace(poll, state="closed", closed_at=at))

    def apply(self, position: str, event: AnyPollEvent) -> Outcome:
        if isinstance(event, PollCreated):
            return self._create(position, event)
        poll = self.by_id.get(event.poll)
        if poll is None:
            return Refused(Reason.UNKNOWN_POLL)
        if outdated(event, poll):
            return Refused(Reason.CHANGED, poll)
        match event, poll.state:
            case BallotCast(), _:
                return self._vote(position, poll, event)
            case PollOpened(at=at), "draft":
                return Accepted(self._put(position, replace(poll, state="open", opened_at=at)))
            case PollClosed(at=at), "open":
                return Accepted(self.close(position, poll, at))
            case PollPublished(), "closed":
                return Accepted(self._put(position, replace(poll, state="published")))
            case PollReopened(at=at), "closed" | "published":
                reopened = replace(
                    poll,
                    state="open",
                    round=poll.round + 1,
                    shown=(*poll.shown, poll.round) if poll.results_public else poll.shown,
                    counts=(0,) * len(poll.options),
                    ballots=0,
                    opened_at=at,
                    closed_at=None,
                )
                return Accepted(self._put(position, reopened))
        return Refused(Reason.WRONG_STATE, poll)

    def _create(self, position: str, event: PollCreated) -> Outcome:
        if known := self.by_id.get(event.poll):
            same = (known.talk, known.kind, known.prompt, known.options, known.by)
            if same == (event.talk, event.kind, event.prompt, event.options, event.by):
                return Accepted(known)
            return Refused(Reason.KEY_REUSED, known)
        drafted = Poll(
            id=event.poll,
            talk=event.talk,
            kind=event.kind,
            prompt=event.prompt,
            options=event.options,
            by=event.by,
            visibility=event.visibility,
            counts=(0,) * len(event.options),
        )
        return Accepted(self._put(position, drafted))

    def _vote(self, position: str, poll: Poll, event: BallotCast) -> Outcome:
        if poll.state != "open":
            return Refused(Reason.POLL_NOT_OPEN, poll)
        if event.round != poll.round:
            return Refused(Reason.WRONG_ROUND, poll)
        if len(event.choices) != 1:
            return Refused(Reason.ONE_CHOICE, poll)
        if not {option.id for option in poll.options}.issuperset(event.choices):
            return Refused(Reason.UNKNOWN_OPTION, poll)
        ballots = self._ballots.setdefault((poll.id, poll.round), {})
        before = ballots.get(event.by, ())
        ballots[event.by] = event.choices  # a second ballot replaces the first
        counts = tuple(
            votes + (option.id in event.choices) - (option.id in before)
            for votes, option in zip(poll.counts, poll.options, strict=True)
        )
        self._put(position, replace(poll, counts=counts, ballots=len(ballots)))
        return Accepted(
            Ballot(id=poll.id, version=position, round=event.round, choices=event.choices)
        )

    def _put(self, position: str, poll: Poll) -> Poll:
        poll = replace(poll, version=position)
        self.by_id[poll.id] = poll
        return poll
