"""All that the audience and the crew have done, folded into what pages show."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field

from msgspec.structs import replace

from engagement.changes import START, Changes
from engagement.fold import Accepted, Item, Outcome, Reason, Refused
from engagement.polls import AnyPollEvent, Ballot, BallotCast, Poll, PollCreated, Polls
from engagement.questions import (
    AnyQuestionEvent,
    Question,
    QuestionAsked,
    QuestionMerged,
    QuestionRestored,
    Questions,
    SupportGiven,
    SupportTakenBack,
)
from engagement.talks import DIRECT, AnyTalkEvent, Talk, TalkEnded, Talks

AnyEvent = AnyTalkEvent | AnyQuestionEvent | AnyPollEvent

REMEMBERED = 65_536  # events whose repetition is recognised by their id alone

ALL_TALKS = ("talks", "", "")


@dataclass
class Mine:
    """What one participant did in one talk."""

    version: str = ""
    questions: list[str] = field(default_factory=list)
    supports: dict[str, None] = field(default_factory=dict)  # in the order of their giving
    ballots: dict[str, Ballot] = field(default_factory=dict)


NOTHING = Mine()


class Audience:
    """The fold. Applying the same events in the same order gives the same everywhere.

    `touched` names the views that the last event changed: ("talks", "", ""), ("talk", talk, "") and
    ("me", talk, participant).
    """

    def __init__(self, default_talks: tuple[Talk, ...] = (DIRECT,)) -> None:
        self.position = ""
        self.talks = Talks(default_talks)
        self.questions = Questions()
        self.polls = Polls()
        self.touched: set[tuple[str, str, str]] = set()
        self._all_talks: Changes[Talk] = Changes()
        self._by_talk: defaultdict[str, Changes[Item]] = defaultdict(Changes)
        self._mine: defaultdict[tuple[str, str], Mine] = defaultdict(Mine)
        self._seen: OrderedDict[str, tuple[AnyEvent, Outcome]] = OrderedDict()
        for talk in default_talks:
            self._show(START, talk)

    def changes(self, talk: str) -> Changes[Item] | None:
        """The talk, its questions and its polls, in the order of their last change."""
        return self._by_talk.get(talk)

    def talk_changes(self) -> Changes[Talk]:
        """All talks, in the order of their last change."""
        return self._all_talks

    def mine(self, talk: str, participant: str) -> Mine:
        """What `participant` did in `talk`."""
        return self._mine.get((talk, participant), NOTHING)

    def supports(self, talk: str, participant: str) -> list[str]:
        """What `participant` supports in `talk`; a merged question counts for its target."""
        given = self.mine(talk, participant).supports
        now = (self.questions.by_id[name].merged_into or name for name in given)
        supported_by = self.questions.supported_by
        return [name for name in dict.fromkeys(now) if supported_by(name, participant)]

    def apply(self, position: str, event: AnyEvent) -> Outcome:
        """Fold one event in; say what became of it. An event seen before changes nothing."""
        self.position = position
        self.touched = set()
        # What is made has an id of its own, which its fold recognises for ever.
        if isinstance(event, QuestionAsked | PollCreated):
            return self._create(position, event)
        if known := self._seen.get(event.id):
            before, outcome = known
            same = replace(event, at=before.at) == before
            return outcome if same else Refused(Reason.KEY_REUSED)
        outcome = self._apply(position, event)
        self._seen[event.id] = event, outcome
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return outcome

    def _create(self, position: str, event: QuestionAsked | PollCreated) -> Outcome:
        talk = self.talks.by_id.get(event.talk)
        if talk is None:
            return Refused(Reason.UNKNOWN_TALK)
        if isinstance(event, PollCreated):
            return self._poll(position, event)
        if event.question not in self.questions.by_id and not talk.takes_questions:
            return Refused(Reason.TALK_CLOSED, talk)
        return self._question(position, event)

    def _apply(self, position: str, event: AnyEvent) -> Outcome:
        if isinstance(event, AnyTalkEvent):
            return self._talk(position, event)
        if isinstance(event, AnyQuestionEvent):
            return self._question(position, event)
        return self._poll(position, event)

    def _talk(self, position: str, event: AnyTalkEvent) -> Outcome:
        outcome = self.talks.apply(position, event)
        if isinstance(outcome, Accepted):
            self._show(position, self.talks.by_id[event.talk])
            if isinstance(event, TalkEnded):
                self._end(position, event)
        return outcome

    def _end(self, position: str, event: TalkEnded) -> None:
        self.questions.end_answer(position, event.talk, event.at)
        for poll in self.polls.open_in(event.talk):
            self._show(position, self.polls.close(position, poll, event.at))
        self._show_questions(position)

    def _question(self, position: str, event: AnyQuestionEvent) -> Outcome:
        outcome = self.questions.apply(position, event)
        self._show_questions(position)
        if isinstance(outcome, Refused):
            return outcome
        question = self.questions.by_id[event.question]
        match event:
            case SupportGiven(by=by):
                self._mine_of(position, question.talk, by).supports[question.id] = None
            case SupportTakenBack(by=by):
                self._mine_of(position, question.talk, by).supports.pop(question.id, None)
            case QuestionMerged(into=moved) | QuestionRestored(question=moved):
                for by in self.questions.supporters(moved):
                    self._mine_of(position, question.talk, by)
        return outcome

    def _poll(self, position: str, event: AnyPollEvent) -> Outcome:
        outcome = self.polls.apply(position, event)
        if isinstance(outcome, Refused):
            return outcome
        poll = self.polls.by_id[event.poll]
        if poll.version == position:
            self._show(position, poll)
        if isinstance(event, BallotCast):
            assert isinstance(outcome.item, Ballot)
            self._mine_of(position, poll.talk, event.by).ballots[poll.id] = outcome.item
        return outcome

    def _show_questions(self, position: str) -> None:
        for question in self.questions.touched:
            self._show(position, question)
            mine = self._mine_of(position, question.talk, question.by)
            if question.id not in mine.questions:
                mine.questions.append(question.id)
        self.questions.touched = []

    def _mine_of(self, position: str, talk: str, participant: str) -> Mine:
        """What a participant did in a talk, about to change."""
        mine = self._mine[talk, participant]
        mine.version = position
        self.touched.add(("me", talk, participant))
        return mine

    def _show(self, position: str, item: Talk | Question | Poll) -> None:
        match item:
            case Talk():
                talk, key = item.id, f"talk:{item.id}"
                self._all_talks.put(position, item.id, item)
                self.touched.add(ALL_TALKS)
            case Question():
                talk, key = item.talk, f"question:{item.id}"
            case Poll():
                talk, key = item.talk, f"poll:{item.id}"
        self._by_talk[talk].put(position, key, item)
        self.touched.add(("talk", talk, ""))
