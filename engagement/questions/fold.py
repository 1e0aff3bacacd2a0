"""All questions: who may ask and how much, which comes next, who looks at which, and the log."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.changes import order
from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.limits import Limit
from engagement.questions import support
from engagement.questions.alike import Alike
from engagement.questions.events import (
    AnyQuestionEvent,
    QuestionAnswered,
    QuestionAsked,
    QuestionFromRoom,
    QuestionMerged,
    QuestionQueued,
    QuestionRestored,
    QuestionTaken,
    QuestionUnqueued,
    ReadingBegun,
    ReadingEnded,
    SupportAccepted,
    SupportGiven,
    SupportTakenBack,
)
from engagement.questions.log import Log, Logged
from engagement.questions.places import Places
from engagement.questions.question import Counts, Question, blank, counted, decide
from engagement.questions.quoting import requoted
from engagement.questions.reading import Reading, read
from engagement.questions.support import Support
from engagement.wording import flags

BURST = 8  # questions that a participant may ask at once
EVERY = 10.0  # seconds until one more
PENDING_EACH = 10  # questions of one participant that may wait for a moderator, per talk
ASKED_EACH = 60  # questions of one participant, per talk
QUEUED = 50  # questions that may stand in a talk's queue
ANSWER = 900.0  # seconds after which an answer is over: somebody forgot to say so


class Saved(msgspec.Struct, frozen=True):
    questions: tuple[Question, ...]
    readings: tuple[Reading, ...]
    support: support.Saved
    limit: dict[str, float]
    log: dict[str, tuple[Logged, ...]]


class Questions(Fold):
    """All questions by id, in the order in which they came."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyQuestionEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self) -> None:
        super().__init__()
        self._limit = Limit(BURST, EVERY)
        self._support = Support()
        self.log = Log()
        self._begin()

    def _begin(self) -> None:
        self.by_id: dict[str, Question] = {}
        self.readings: dict[str, Reading] = {}
        self._asked: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._places: defaultdict[str, Places] = defaultdict(Places)  # by talk
        self._live: dict[str, str] = {}  # talk -> the question on air
        self._queues: defaultdict[str, list[str]] = defaultdict(list)  # by talk
        self._quoting: defaultdict[str, dict[str, None]] = defaultdict(dict)  # cue -> questions
        self.alike = Alike(self.by_id)

    def standing(self, event: AnyQuestionEvent) -> Item | None:
        if isinstance(event, ReadingBegun | ReadingEnded):
            return self.readings.get(event.question)
        return self.by_id.get(event.question)

    def items(self) -> Collection[Item]:
        return (*self.by_id.values(), *self.readings.values())

    def asked_by(self, talk: str, participant: str) -> list[Question]:
        """A participant's questions in a talk, the oldest first."""
        return [self.by_id[name] for name in self._asked.get((talk, participant), ())]

    def supports(self, talk: str, participant: str) -> list[str]:
        """What a participant supports in a talk; a merged question counts for its target."""
        given = self._support.given(talk, participant)
        return list(dict.fromkeys(self.by_id[name].merged_into or name for name in given))

    def live(self, talk: str) -> Question | None:
        """The question that the presenter is answering."""
        return self.by_id.get(self._live.get(talk, ""))

    def queue(self, talk: str) -> list[Question]:
        """What is to come on air next, in its order."""
        return [self.by_id[name] for name in self._queues.get(talk, ())]

    def supporters(self, question: str) -> set[str]:
        """Who supports it: its own supporters and those of the questions merged into it."""
        return self._support.of(question)

    def supported_by(self, question: str, participant: str) -> bool:
        return self._support.by(question, participant)

    def counts(self, talk: str) -> Counts:
        """How many questions a talk got, and what became of them."""
        places = self._places.get(talk)
        return counted(talk, places.states if places else {})

    def due(self, now: float) -> Sequence[Event]:
        """The answers that go on for longer than answers do."""
        return [
            QuestionAnswered(
                id=f"over-{live.id}-{live.taken_at:.3f}",
                at=live.taken_at + ANSWER,
                by="clerk",
                question=live.id,
                taken_at=live.taken_at,
            )
            for live in map(self.by_id.__getitem__, sorted(self._live.values()))
            if live.taken_at is not None and live.taken_at + ANSWER <= now
        ]

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        for talk in [talk for talk, by in self._asked if by == participant]:
            names = list(self._asked[talk, participant])
            self.log.blank(talk, names)
            for name in names:
                self._forget(position, self.by_id[name], stand_in)
            if participant != stand_in:
                del self._asked[talk, participant]
        self._support.rename(participant, stand_in)
        self._limit.forget(participant)

    def _forget(self, position: str, question: Question, stand_in: str) -> None:
        blanked = self._put(position, blank(question, stand_in))
        if blanked.state != question.state:
            at = order(position)[0] / 1000
            self.log.add(question.talk, Logged(at, "withdrawn", question.id, detail="erased"))

    def saved(self) -> Saved:
        return Saved(
            tuple(self.by_id.values()),
            tuple(self.readings.values()),
            self._support.saved(),
            self._limit.saved(),
            self.log.saved(),
        )

    def restore(self, saved: Saved) -> None:
        self._begin()
        self._limit.restore(saved.limit)
        self._support.restore(saved.support)
        self.log.restore(saved.log)
        self.readings = {reading.id: reading for reading in saved.readings}
        for question in saved.questions:
            self._keep(question)
            if question.merged_into:
                self._support.put_merged(question.id, question.merged_into)
        for question in sorted(saved.questions, key=lambda question: question.place):
            if question.place:
                self._queues[question.talk].append(question.id)

    def quoting(self, cue: str) -> list[Question]:
        """The questions that quote a cue."""
        return [self.by_id[name] for name in self._quoting.get(cue, ())]

    def requote(self, position: str, question: Question, words: Callable[[str], str]) -> None:
        """Have a quote say what its cues say now, or nothing if they are hidden.

        The version stays: nobody's act is stale because a caption was corrected.
        """
        assert question.anchor is not None
        said = [words(cue) for cue in question.anchor.cues]
        text = " ".join(filter(None, said))
        quote = requoted(question.anchor.quote, text) if text else ""
        if quote is None and not all(said):  # what is hidden must go with what is not known again
            quote = text[: len(question.anchor.quote)]
        if quote == question.anchor.quote:
            quote = None
        if quote != question.quote:
            read_anew = replace(question, quote=quote, quote_version=position)
            self.by_id[question.id] = read_anew
            self.touched.append(read_anew)
            self.theirs.append((question.talk, question.by))

    def apply(self, position: str, event: AnyQuestionEvent) -> Outcome:
        if isinstance(event, QuestionAsked):
            return self._ask(position, event)
        if isinstance(event, QuestionFromRoom):
            return self._ask_from_room(position, event)
        question = self.by_id.get(event.question)
        if question is None:
            return Refused(Reason.UNKNOWN_QUESTION)
        if isinstance(event, ReadingBegun | ReadingEnded):
            seen = read(position, self.readings.get(question.id), question.talk, event)
            if isinstance(seen, Accepted) and isinstance(seen.item, Reading):
                self.readings[question.id] = seen.item
                self.touched.append(seen.item)
            return seen
        if outdated(event, question):
            return Refused(Reason.CHANGED, question)
        outcome = self._act(position, question, event)
        if isinstance(outcome, Accepted):
            self.log.note(question.talk, event)
        return outcome

    def _act(self, position: str, question: Question, event: AnyQuestionEvent) -> Outcome:
        match event:
            case SupportGiven() | SupportTakenBack() | SupportAccepted():
                return self._support_it(position, question, event)
            case QuestionMerged(into=into):
                return self._merge(position, question, into)
            case QuestionQueued(place=place):
                return self._queue(position, question, place)
            case QuestionUnqueued():
                if not question.place:
                    return Refused(Reason.WRONG_STATE, question)
                self._line_up(position, question, None)
                return Accepted(self.by_id[question.id])
        decided = decide(question, event)
        if isinstance(decided, Reason):
            return Refused(decided, question)
        if isinstance(event, QuestionTaken):
            live = self.live(question.talk)
            if live and event.moment < (live.taken_at or 0.0):
                return Refused(Reason.WRONG_STATE, live)  # who pressed did not know of it
            self.end_answer(position, question.talk, event.moment)
        if isinstance(event, QuestionRestored) and question.merged_into:
            return self._unmerge(position, decided, question.merged_into)
        return Accepted(self._put(position, decided))

    def end_answer(self, position: str, talk: str, at: float) -> None:
        """Close the answer under way, if any: the next question is taken, or the talk ends."""
        if live := self.live(talk):
            self._put(position, live.closed(at))
            self.log.add(talk, Logged(at, "answered", live.id))

    def _ask(self, position: str, event: QuestionAsked) -> Outcome:
        if known := self.by_id.get(event.question):
            return _again(known, event, known.anchor == event.anchor)
        mine = self.asked_by(event.talk, event.by)
        waiting = sum(question.state == "pending" for question in mine)
        if waiting >= PENDING_EACH or len(mine) >= ASKED_EACH:
            return Refused(Reason.TOO_MANY, wait=60.0)
        places = self._places[event.talk]
        if full := places.refusal(event.origin, event.at, pending=not event.published):
            return full
        if wait := self._limit.take(event.by, event.at):
            return Refused(Reason.TOO_MANY, wait=wait)
        asked = Question(
            id=event.question,
            talk=event.talk,
            body=event.body,
            by=event.by,
            asked_at=event.at,
            author=event.author,
            table=event.table,
            badge=event.badge,
            anchor=event.anchor,
            state="approved" if event.published else "pending",
            flags=flags(event.body),
            origin=event.origin,
        )
        self.log.note(event.talk, event)
        return Accepted(self._put(position, asked))

    def _ask_from_room(self, position: str, event: QuestionFromRoom) -> Outcome:
        if known := self.by_id.get(event.question):
            return _again(known, event, True)
        if full := self._places[event.talk].refusal(event.origin, event.at, pending=False):
            return full
        self.end_answer(position, event.talk, event.at)
        asked = Question(
            id=event.question,
            talk=event.talk,
            body=event.body,
            by=event.by,
            asked_at=event.at,
            author=event.author,
            state="live",
            taken_at=event.at,
            from_room=True,
        )
        self.log.note(event.talk, event)
        return Accepted(self._put(position, asked))

    def _support_it(
        self,
        position: str,
        question: Question,
        event: SupportGiven | SupportTakenBack | SupportAccepted,
    ) -> Outcome:
        if question.state not in ("approved", "live"):
            return Refused(Reason.WRONG_STATE, question)
        match event:
            case SupportAccepted():
                self._support.accept(question.id)
                return Accepted(self._put(position, question))
            case SupportGiven(by=by, at=at, origin=origin):
                self._support.give(question.talk, question.id, by, at, origin)
            case SupportTakenBack(by=by):
                self._support.take_back(question.talk, question.id, by)
        self.theirs.append((question.talk, event.by))
        return Accepted(self._put(position, question))

    def _merge(self, position: str, question: Question, into: str) -> Outcome:
        target = self.by_id.get(into)
        if target is None:
            return Refused(Reason.UNKNOWN_QUESTION)
        if question.state not in ("pending", "approved"):
            return Refused(Reason.WRONG_STATE, question)
        if target.state not in ("pending", "approved", "live"):
            return Refused(Reason.WRONG_STATE, target)
        if target.id == question.id or target.talk != question.talk:
            return Refused(Reason.WRONG_MERGE, question)
        # No chains: what was merged into this one goes along.
        for other in self._support.merge(question.id, into):
            self._put(position, replace(self.by_id[other], merged_into=into))
        self._put(position, replace(question, state="merged", merged_into=into))
        self._put(position, self.by_id[into])
        self._tell_supporters(into)
        return Accepted(self.by_id[question.id])

    def _unmerge(self, position: str, restored: Question, target: str) -> Outcome:
        self._support.part(restored.id, target)
        self._put(position, self.by_id[target])
        self._tell_supporters(restored.id)
        return Accepted(self._put(position, restored))

    def _tell_supporters(self, question: str) -> None:
        talk = self.by_id[question].talk
        told = self._support.of(question) | self._support.aside(question)
        self.theirs += [(talk, by) for by in sorted(told)]

    def _queue(self, position: str, question: Question, place: int | None) -> Outcome:
        if question.state != "approved":
            return Refused(Reason.WRONG_STATE, question)
        if not question.place and len(self._queues[question.talk]) >= QUEUED:
            return Refused(Reason.QUEUE_FULL, question)
        self._line_up(position, question, place or QUEUED)
        return Accepted(self.by_id[question.id])

    def _line_up(self, position: str, question: Question, place: int | None) -> None:
        """Put a question in the queue, elsewhere in it, or out of it; the others close up."""
        queue = [name for name in self._queues[question.talk] if name != question.id]
        if place is not None:
            queue.insert(max(0, place - 1), question.id)
        self._queues[question.talk] = queue
        for name in dict.fromkeys((question.id, *queue)):
            standing = queue.index(name) + 1 if name in queue else 0
            if name == question.id or standing != self.by_id[name].place:
                self._put(position, replace(self.by_id[name], place=standing))

    def _put(self, position: str, question: Question) -> Question:
        if question.place and question.state != "approved":
            self._line_up(position, question, None)
            question = replace(question, place=0)
        support, aside = self._support.counts(question.id)
        question = replace(
            question,
            version=position,
            support=support,
            aside=aside,
            shown=question.shown or question.public,
        )
        self._keep(question)
        self.touched.append(question)
        self.theirs.append((question.talk, question.by))
        return question

    def _keep(self, question: Question) -> None:
        before = self.by_id.get(question.id)
        self.by_id[question.id] = question
        if before is None or before.by != question.by:
            self._asked[question.talk, question.by].append(question.id)
        if before is None or before.body != question.body:
            self.alike.reword(question.id)
        for cue in before.anchor.cues if before and before.anchor else ():
            self._quoting[cue].pop(question.id, None)
        for cue in question.anchor.cues if question.anchor and question.anchor.quote else ():
            self._quoting[cue][question.id] = None
        self._places[question.talk].put(before, question)
        if question.state == "live":
            self._live[question.talk] = question.id
        elif self._live.get(question.talk) == question.id:
            del self._live[question.talk]


def _again(known: Question, event: QuestionAsked | QuestionFromRoom, same: bool) -> Outcome:
    """A retry gets what the first try made; the same id for something else is refused."""
    first = known.original or known.body
    same = same and (known.talk, first, known.by) == (event.talk, event.body, event.by)
    return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
