"""The fold of polls: what stands, whose ballots count, and for what."""

from collections.abc import Collection, Sequence
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.bursts import Bursts, SavedBursts
from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.origin import Origin, Trust, trust
from engagement.polls import arrivals
from engagement.polls.arrivals import Arrivals
from engagement.polls.events import (
    AnswerApproved,
    AnswerEvent,
    AnyPollEvent,
    BallotCast,
    BurstCounted,
    BurstSetAside,
    MoreTimeAsked,
    PollClosed,
    PollCreated,
    PollReopened,
    WordHidden,
)
from engagement.polls.lifecycle import closed, decide, drafted, made_by, opened
from engagement.polls.poll import GRACE, Answer, AnswerState, Ballot, Poll, Results
from engagement.polls.shape import unfit, unfit_ballot
from engagement.polls.tally import LabCounts, recounted, recounted_lab
from engagement.polls.words import TOLD, Cloud, Word, same

HIDDEN = 500  # words that may be hidden in a poll

_Round = tuple[str, int]  # a poll's id, and the number of its round


class Saved(msgspec.Struct, frozen=True):
    """`past` are the results of rounds that are over, by poll; `ballots` those of each round, by
    participant; `more_time` who asked for it in this round, by poll; `arrivals` those of rounds."""

    polls: tuple[Poll, ...]
    past: dict[str, tuple[Results, ...]]
    ballots: tuple[tuple[str, int, dict[str, Ballot]], ...]
    answers: tuple[Answer, ...]
    more_time: dict[str, tuple[str, ...]]
    arrivals: tuple[tuple[str, int, arrivals.Saved], ...]
    bursts: SavedBursts


class Polls(Fold):
    """All polls by id, and the ballots of each round."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyPollEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self) -> None:
        super().__init__()
        self.by_id: dict[str, Poll] = {}
        self.answers: dict[str, Answer] = {}
        self._past: dict[str, tuple[Results, ...]] = {}
        self._ballots: dict[_Round, dict[str, Ballot]] = {}
        self._clouds: dict[_Round, Cloud] = {}
        self._answered: dict[tuple[str, int, str], str] = {}  # round and participant -> answer
        self._more_time: dict[str, dict[str, None]] = {}  # in the order of asking
        self._arrivals: dict[_Round, Arrivals] = {}
        self._bursts = Bursts()

    def results(self, poll: str, round: int | None = None) -> Results | None:
        """The votes of a round (the current one, if none is named)."""
        current = self.by_id[poll]
        if round is None or round == current.round:
            return Results(current.round, current.counts, current.ballots, current.labs)
        return next((past for past in self._past.get(poll, ()) if past.round == round), None)

    def words(self, poll: str, round: int, most: int) -> tuple[Word, ...]:
        """The words that were given most in a round."""
        cloud = self._clouds.get((poll, round))
        return cloud.top(most, self.by_id[poll].hidden) if cloud else ()

    def answers_to(self, poll: str, round: int) -> list[Answer]:
        """What was written in a round, in the order of writing."""
        every = self.answers.values()
        return [answer for answer in every if (answer.poll, answer.round) == (poll, round)]

    def ballot(self, poll: str, round: int, participant: str) -> Ballot | None:
        """The ballot that a participant has in a round."""
        return self._ballots.get((poll, round), {}).get(participant)

    def ballots_of(self, talk: str, participant: str) -> dict[str, Ballot]:
        """The last ballot that a participant cast in each poll of a talk, by poll."""
        found: dict[str, Ballot] = {}
        for poll in self.by_id.values():
            if poll.talk != talk:
                continue
            for round in range(poll.round, 0, -1):
                if ballot := self.ballot(poll.id, round, participant):
                    found[poll.id] = ballot
                    break
        return found

    def more_time_of(self, talk: str, participant: str) -> list[str]:
        """The polls of a talk in which a participant has asked for more time, in this round."""
        return [
            poll
            for poll, asked in self._more_time.items()
            if participant in asked and self.by_id[poll].talk == talk
        ]

    def counts_in_open(self, participant: str) -> bool:
        """True if the participant has a ballot in an open poll."""
        return any(
            poll.state == "open" and self.ballot(poll.id, poll.round, participant) is not None
            for poll in self.by_id.values()
        )

    def end_talk(self, position: str, talk: str, at: float) -> None:
        """Close those that are open: the talk ends."""
        for poll in list(self.by_id.values()):
            if poll.talk == talk and poll.state == "open":
                self._put(position, closed(poll, at))

    def apply(self, position: str, event: AnyPollEvent) -> Outcome:
        if isinstance(event, PollCreated):
            return self._create(position, event)
        poll = self.by_id.get(event.poll)
        if poll is None or poll.gone:
            return Refused(Reason.UNKNOWN_POLL)
        if outdated(event, poll):
            return Refused(Reason.CHANGED, poll)
        match event:
            case BallotCast():
                return self._vote(position, poll, event)
            case MoreTimeAsked():
                return self._give_time(position, poll, event)
            case AnswerEvent():
                return self._judge(position, poll, event)
            case WordHidden():
                return self._hide(position, poll, event)
            case BurstSetAside() | BurstCounted():
                return self._count_burst(position, poll, event)
            case PollReopened() if poll.state in ("closed", "published"):
                return Accepted(self._reopen(position, poll, event))
        decided = decide(poll, event)
        if isinstance(decided, Reason):
            return Refused(decided, poll)
        return Accepted(self._put(position, decided))

    def standing(self, event: AnyPollEvent) -> Item | None:
        poll = self.by_id.get(event.poll)
        if poll is None:
            return None
        match event:
            case BallotCast(round=round, by=by):
                return self.ballot(poll.id, round, by)
            case AnswerEvent(answer=answer):
                return self.answers.get(answer)
        return poll

    def items(self) -> Collection[Item]:
        return [*self.by_id.values(), *self.answers.values()]

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        for of, ballots in self._ballots.items():
            ballot = ballots.pop(participant, None)
            if ballot is None:
                continue
            ballots[stand_in] = replace(ballot, texts=())
            arrived = self._arrivals[of]
            counts = arrived.counts(participant)
            arrived.rename(participant, stand_in)
            if cloud := self._clouds.get(of):
                if counts:
                    cloud.replace(ballot.texts, ())
                poll = self.by_id[of[0]]
                self._put(position, replace(poll, words=self.words(poll.id, poll.round, TOLD)))
            if answer := self._answered.pop((*of, participant), None):
                self._answered[*of, stand_in] = answer
                blank = replace(self.answers[answer], by=stand_in, text="", state="erased")
                self._put_answer(position, blank)
        for asked in self._more_time.values():
            if participant in asked:
                del asked[participant]
                asked[stand_in] = None

    def due(self, now: float) -> Sequence[Event]:
        """Polls whose time is over are to be closed, once late ballots have come in."""
        return [
            PollClosed(
                id=f"close-{poll.id}-{poll.round}-{poll.closes_at:.3f}",
                at=poll.closes_at + GRACE,
                by="clerk",
                poll=poll.id,
                due=True,
            )
            for poll in self.by_id.values()
            if poll.state == "open" and poll.closes_at is not None and now >= poll.closes_at + GRACE
        ]

    def saved(self) -> Saved:
        return Saved(
            tuple(self.by_id.values()),
            dict(self._past),
            tuple((*of, dict(ballots)) for of, ballots in self._ballots.items()),
            tuple(self.answers.values()),
            {poll: tuple(asked) for poll, asked in self._more_time.items()},
            tuple((*of, arrived.saved()) for of, arrived in self._arrivals.items()),
            self._bursts.saved(),
        )

    def restore(self, saved: Saved) -> None:
        self.by_id = {poll.id: poll for poll in saved.polls}
        self.answers = {answer.id: answer for answer in saved.answers}
        self._past = dict(saved.past)
        self._ballots = {(poll, round): dict(cast) for poll, round, cast in saved.ballots}
        self._more_time = {poll: dict.fromkeys(by) for poll, by in saved.more_time.items()}
        self._answered = {
            (answer.poll, answer.round, answer.by): answer.id for answer in saved.answers
        }
        self._arrivals = {(poll, round): Arrivals(each) for poll, round, each in saved.arrivals}
        self._bursts.restore(saved.bursts)
        self._clouds = {}
        for of, ballots in self._ballots.items():
            if self.by_id[of[0]].kind == "words":
                cloud = self._clouds[of] = Cloud()
                for by, ballot in ballots.items():
                    if self._arrivals[of].counts(by):
                        cloud.replace((), ballot.texts)

    def _create(self, position: str, event: PollCreated) -> Outcome:
        if known := self.by_id.get(event.poll):
            if known.gone:
                return Refused(Reason.UNKNOWN_POLL)
            return Accepted(known) if made_by(known, event) else Refused(Reason.KEY_REUSED, known)
        if wrong := unfit(event.kind, event.options, event.max_choices):
            return Refused(wrong)
        return Accepted(self._put(position, drafted(event)))

    def _vote(self, position: str, poll: Poll, event: BallotCast) -> Outcome:
        if not poll.takes(event.at, event.by in self._more_time.get(poll.id, ())):
            return Refused(Reason.POLL_NOT_OPEN, poll)
        if event.round != poll.round:
            return Refused(Reason.WRONG_ROUND, poll)
        choices, options = event.choices, poll.options
        if wrong := unfit_ballot(poll.kind, options, poll.max_choices, choices, event.texts):
            return Refused(wrong, poll)
        of = poll.id, poll.round
        arrived = self._arrivals.get(of) or self._arrivals.setdefault(of, Arrivals())
        if poll.codes and not arrived.use(event.code, event.by):
            return Refused(Reason.CODE_USED if event.code else Reason.CODE_REQUIRED, poll)
        ballots = self._ballots.setdefault(of, {})
        before = ballots.get(event.by)
        ballots[event.by] = ballot = Ballot(  # a second ballot replaces the first
            id=poll.id,
            version=position,
            round=event.round,
            choices=choices,
            texts=event.texts,
            lab=event.lab,
        )
        if before is None and event.origin and not poll.codes:
            poll = self._watch(poll, event, event.origin, arrived)
        if poll.kind == "text":
            self._answer(position, poll, event)
        counts, labs = poll.counts, poll.labs
        if arrived.counts(event.by):
            counts, labs = self._recounted(poll, ballot, before)
        cast, words = len(ballots) - arrived.aside(), self.words(*of, TOLD)
        self._keep(
            replace(poll, version=position, counts=counts, ballots=cast, words=words, labs=labs)
        )
        self.theirs.append((poll.talk, event.by))
        return Accepted(ballot)

    def _watch(self, poll: Poll, event: BallotCast, origin: Origin, arrived: Arrivals) -> Poll:
        """Note a first ballot, if its device is new; return the poll with its bursts."""
        if trust(origin, event.at) is not Trust.NEW:
            return poll
        burst = self._bursts.of(f"{poll.id} {poll.round}", origin, event.at)
        arrived.note(event.by, origin.network, burst)
        return replace(poll, bursts=arrived.bursts())

    def _count_burst(
        self, position: str, poll: Poll, event: BurstSetAside | BurstCounted
    ) -> Outcome:
        """Have the ballots of a burst count, or not: until results are published."""
        if event.round != poll.round:
            return Refused(Reason.WRONG_ROUND, poll)
        if poll.state not in ("open", "closed"):
            return Refused(Reason.WRONG_STATE, poll)
        of = poll.id, poll.round
        arrived, ballots = self._arrivals.get(of), self._ballots.get(of, {})
        if arrived is None or not arrived.knows(event.network):
            return Refused(Reason.UNKNOWN_BURST, poll)
        aside = isinstance(event, BurstSetAside)
        for by in arrived.set_aside(event.network, aside):
            added, removed = (None, ballots[by]) if aside else (ballots[by], None)
            counts, labs = self._recounted(poll, added, removed)
            poll = replace(poll, counts=counts, labs=labs)
        cast, words = len(ballots) - arrived.aside(), self.words(*of, TOLD)
        counted = replace(poll, bursts=arrived.bursts(), ballots=cast, words=words)
        return Accepted(self._put(position, counted))

    def _recounted(
        self, poll: Poll, added: Ballot | None, removed: Ballot | None
    ) -> tuple[tuple[int, ...], tuple[LabCounts, ...]]:
        """The counts with one ballot in the place of another, of all and by lab; words follow."""
        options, labs = poll.options, poll.labs
        more, less = added.choices if added else (), removed.choices if removed else ()
        if poll.kind == "words":
            cloud = self._clouds.setdefault((poll.id, poll.round), Cloud())
            cloud.replace(removed.texts if removed else (), added.texts if added else ())
        if poll.compare_by == "lab":
            if removed:
                labs = recounted_lab(poll.kind, options, labs, removed.lab, removed=less)
            if added:
                labs = recounted_lab(poll.kind, options, labs, added.lab, added=more)
        return recounted(poll.kind, options, poll.counts, more, less), labs

    def _answer(self, position: str, poll: Poll, event: BallotCast) -> None:
        """What somebody wrote anew is read anew."""
        of = poll.id, poll.round, event.by
        known = self.answers.get(self._answered.get(of, ""))
        answer = Answer(
            id=known.id if known else f"a_{event.id}",
            poll=poll.id,
            talk=poll.talk,
            round=poll.round,
            text=event.texts[0] if event.texts else "",
            by=event.by,
            at=event.at,
            once_shown=known.once_shown if known else False,
        )
        self._answered[of] = answer.id
        self._put_answer(position, answer)

    def _judge(self, position: str, poll: Poll, event: AnswerEvent) -> Outcome:
        answer = self.answers.get(event.answer)
        if answer is None or answer.poll != poll.id:
            return Refused(Reason.UNKNOWN_ANSWER)
        state: AnswerState = "approved" if isinstance(event, AnswerApproved) else "rejected"
        if answer.state in ("erased", state):
            return Refused(Reason.WRONG_STATE, answer)
        once_shown = answer.once_shown or state == "approved"
        judged = replace(answer, state=state, once_shown=once_shown)
        return Accepted(self._put_answer(position, judged))

    def _hide(self, position: str, poll: Poll, event: WordHidden) -> Outcome:
        word = same(event.word)
        hidden = tuple(other for other in poll.hidden if other != word)
        if event.hidden:
            hidden = (*hidden, word)
        if len(hidden) > HIDDEN:
            return Refused(Reason.TOO_MANY_HIDDEN, poll)
        self.by_id[poll.id] = poll = replace(poll, hidden=hidden)
        words = self.words(poll.id, poll.round, TOLD)
        return Accepted(self._put(position, replace(poll, words=words)))

    def _give_time(self, position: str, poll: Poll, event: MoreTimeAsked) -> Outcome:
        if not poll.takes(event.at, more_time=True):
            return Refused(Reason.POLL_NOT_OPEN, poll)
        asked = self._more_time.setdefault(poll.id, {})
        if event.by not in asked:
            asked[event.by] = None
            poll = self._put(position, replace(poll, more_time=len(asked)))
            self.theirs.append((poll.talk, event.by))
        return Accepted(poll)

    def _reopen(self, position: str, poll: Poll, event: PollReopened) -> Poll:
        over = Results(poll.round, poll.counts, poll.ballots, poll.labs)
        self._past[poll.id] = (*self._past.get(poll.id, ()), over)
        for by in self._more_time.pop(poll.id, ()):
            self.theirs.append((poll.talk, by))
        empty = replace(
            opened(poll, event),
            round=poll.round + 1,
            shown=(*poll.shown, poll.round) if poll.results_public else poll.shown,
            counts=(0,) * len(poll.options),
            ballots=0,
            labs=(),
            words=(),
            bursts=(),
            more_time=0,
        )
        return self._put(position, empty)

    def _put(self, position: str, poll: Poll) -> Poll:
        return self._keep(replace(poll, version=position))

    def _keep(self, poll: Poll) -> Poll:
        self.by_id[poll.id] = poll
        self.touched.append(poll)
        return poll

    def _put_answer(self, position: str, answer: Answer) -> Answer:
        answer = replace(answer, version=position)
        self.answers[answer.id] = answer
        self.touched.append(answer)
        return answer
