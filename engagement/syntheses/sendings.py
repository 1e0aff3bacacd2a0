"""What the set sends to laboratories, as a fold: each sending follows what it shows."""

from collections import defaultdict
from collections.abc import Collection
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.polls import Poll, Polls
from engagement.questions import Question, Questions
from engagement.syntheses.events import AnySendingEvent, SendingTakenBack, SentToLab
from engagement.syntheses.syntheses import Syntheses
from engagement.syntheses.synthesis import Sending, SendingKind, Synthesis
from engagement.talks import Talks

STANDING = 200  # sendings that were not taken back

Shown = Question | Poll | Synthesis


class Saved(msgspec.Struct, frozen=True):
    """Sendings in the order in which they were sent."""

    sendings: tuple[Sending, ...]


class Sendings(Fold):
    """All sendings by id: what is shown to the laboratories is that as it is now, and goes with
    it."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnySendingEvent)
    heeds: ClassVar[Collection[type[Item]]] = get_args(Shown)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(
        self, talks: Talks, questions: Questions, polls: Polls, syntheses: Syntheses
    ) -> None:
        super().__init__()
        self._talks, self._questions = talks, questions
        self._polls, self._syntheses = polls, syntheses
        self.by_id: dict[str, Sending] = {}
        self._showing: defaultdict[str, dict[str, None]] = defaultdict(dict)  # by what they show

    def find(self, sending: str, *, gone: bool = False) -> Sending | None:
        """One that stands; or, with `gone`, did."""
        found = self.by_id.get(sending)
        return None if found is None or (found.taken_back and not gone) else found

    def standing(self, event: AnySendingEvent) -> Item | None:
        return self.find(event.sending, gone=isinstance(event, SendingTakenBack))

    def items(self) -> Collection[Item]:
        return self.by_id.values()

    def apply(self, position: str, event: AnySendingEvent) -> Outcome:
        match event:
            case SentToLab():
                return self._send(position, event)
            case SendingTakenBack():
                return self._take_back(position, event)

    def heed(self, position: str, at: float, item: Shown) -> None:
        for name in self._showing.get(item.id, ()):
            self._put(position, replace(self.by_id[name], shown=item))

    def saved(self) -> Saved:
        return Saved(tuple(self.by_id.values()))

    def restore(self, saved: Saved) -> None:
        self.by_id = {sending.id: sending for sending in saved.sendings}
        self._showing.clear()
        for sending in saved.sendings:
            self._note(sending)

    def _send(self, position: str, event: SentToLab) -> Outcome:
        if known := self.by_id.get(event.sending):
            if known.taken_back:
                return Refused(Reason.UNKNOWN_SENDING)
            same = _said(known) == _said(event)
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        if sum(not sending.taken_back for sending in self.by_id.values()) >= STANDING:
            return Refused(Reason.TOO_MANY_SENDINGS)
        if event.talk and self._talks.find(event.talk) is None:
            return Refused(Reason.UNKNOWN_TALK)
        shown = self._shown(event.kind, event.shows) if event.shows else None
        if event.shows and (shown is None or shown.gone):
            return Refused(Reason.UNKNOWN_REFERENCE)
        if shown is not None and not shown.public:
            return Refused(Reason.WRONG_STATE, shown)  # all tables would see it
        sent = Sending(
            id=event.sending,
            kind=event.kind,
            labs=event.labs,
            by=event.by,
            sent_at=event.at,
            text=event.text,
            talk=event.talk,
            shows=event.shows,
            shown=shown,
            start=event.start,
            end=event.end,
        )
        return Accepted(self._put(position, sent))

    def _take_back(self, position: str, event: SendingTakenBack) -> Outcome:
        sending = self.find(event.sending)
        if sending is None:
            return Refused(Reason.UNKNOWN_SENDING)
        if outdated(event, sending):
            return Refused(Reason.CHANGED, sending)
        return Accepted(self._put(position, replace(sending, taken_back=True, shown=None)))

    def _shown(self, kind: SendingKind, name: str) -> Shown | None:
        match kind:
            case "question":
                return self._questions.by_id.get(name)
            case "poll":
                return self._polls.by_id.get(name)
            case "synthesis":
                return self._syntheses.by_id.get(name)
        return None

    def _put(self, position: str, sending: Sending) -> Sending:
        self.by_id[sending.id] = sending = replace(sending, version=position)
        self._note(sending)
        self.touched.append(sending)
        return sending

    def _note(self, sending: Sending) -> None:
        if sending.taken_back:
            self._showing[sending.shows].pop(sending.id, None)
        elif sending.shows:
            self._showing[sending.shows][sending.id] = None


def _said(sending: Sending | SentToLab) -> tuple[object, ...]:
    """What was sent, to whom."""
    return (
        *(sending.kind, sending.labs, sending.text, sending.talk),
        *(sending.shows, sending.start, sending.end),
    )
