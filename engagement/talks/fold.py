"""All talks, and what becomes of them."""

from collections.abc import Collection
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.talks import going, planning
from engagement.talks.events import (
    AnyTalkEvent,
    ScheduleImported,
    Step,
    TalkCancelled,
    TalkCreated,
    TalkEdited,
    TalkRecorded,
    TalkRemoved,
    TalkRestored,
)
from engagement.talks.talk import DIRECT, Schedule, Talk

MOST = 5_000  # talks of one event, with those that were removed


class Saved(msgspec.Struct, frozen=True):
    talks: tuple[Talk, ...]
    schedule: Schedule = Schedule(id="schedule")


class Talks(Fold):
    """All talks by id. Those that were removed are among them: somebody may have asked there."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyTalkEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self, talks: tuple[Talk, ...] = (DIRECT,), most: int = MOST) -> None:
        super().__init__()
        self.by_id: dict[str, Talk] = {talk.id: talk for talk in talks}
        self.schedule = Schedule(id="schedule")
        self._most = most

    def find(self, id: str) -> Talk | None:
        """One that there is."""
        talk = self.by_id.get(id)
        return None if talk is None or talk.removed else talk

    def listed(self) -> list[Talk]:
        """The talks that there are, those without an hour last."""
        there = [talk for talk in self.by_id.values() if not talk.removed]
        return sorted(there, key=_hour)

    def live_on(self, channel: str) -> Talk | None:
        """The talk that is live on a channel, if one is."""
        return going.live_on(channel, self.by_id.values())

    def said_on(self, channel: str, at: float) -> Talk | None:
        """The talk that was live on a channel at a time, if one was."""
        for talk in self.by_id.values():
            if talk.channel != channel or talk.started_at is None:
                continue
            if talk.started_at <= at <= (at if talk.ended_at is None else talk.ended_at):
                return talk
        return None

    def apply(self, position: str, event: AnyTalkEvent) -> Outcome:
        match event:
            case ScheduleImported():
                return self._import(position, event)
            case TalkCreated():
                return self._create(position, event)
        talk = self.by_id.get(event.talk)
        if talk is None:
            return Refused(Reason.UNKNOWN_TALK)
        if outdated(event, talk):
            return Refused(Reason.CHANGED, talk)
        decided = self._decide(talk, event)
        if isinstance(decided, Reason):
            return Refused(decided, talk)
        planned = isinstance(event, TalkEdited | TalkRemoved | TalkRestored | TalkCancelled)
        return Accepted(self._put(position, decided, planned=planned))

    def standing(self, event: AnyTalkEvent) -> Item | None:
        match event:
            case ScheduleImported():
                return self.schedule
            case TalkCreated(plan=plan):
                return self.by_id.get(plan.talk)
        return self.by_id.get(event.talk)

    def items(self) -> Collection[Item]:
        return self.by_id.values()

    def saved(self) -> Saved:
        return Saved(tuple(self.by_id.values()), self.schedule)

    def restore(self, saved: Saved) -> None:
        self.by_id = {talk.id: talk for talk in saved.talks}
        self.schedule = saved.schedule

    def end_rehearsal(self, planned: Collection[Talk], schedule: Schedule) -> None:
        """Keep what was planned meanwhile: in a rehearsal, the schedule is no trial."""
        self.by_id = planning.after_rehearsal(planned, self.by_id)
        self.schedule = schedule

    def _import(self, position: str, event: ScheduleImported) -> Outcome:
        if outdated(event, self.schedule):
            return Refused(Reason.CHANGED, self.schedule)
        changes = planning.difference(self.by_id, event)
        new = sum(change.after.id not in self.by_id for change in changes)
        if len(self.by_id) + new > self._most:
            return Refused(Reason.TOO_MANY_TALKS)
        for change in changes:
            self._put(position, change.after, planned=True)
        self.schedule = replace(
            self.schedule, version=position, about=event.about, imported_at=event.at
        )
        return Accepted(self.schedule)

    def _create(self, position: str, event: TalkCreated) -> Outcome:
        known = self.by_id.get(event.plan.talk)
        if known is not None and not known.removed:
            return Refused(Reason.TALK_EXISTS, known)
        if known is None and len(self.by_id) >= self._most:
            return Refused(Reason.TOO_MANY_TALKS)
        made = planning.made(event.plan, event.edit)
        if isinstance(made, Reason):
            return Refused(made)
        return Accepted(self._put(position, made, planned=True))

    def _decide(self, talk: Talk, event: AnyTalkEvent) -> Talk | Reason:
        if talk.removed and not isinstance(event, TalkRestored):
            return Reason.UNKNOWN_TALK
        match event:
            case TalkEdited(edit=edit, at=at):
                return planning.edited(talk, edit, at)
            case TalkRemoved() if not talk.begun and not talk.standing:
                return replace(talk, removed=True)
            case TalkRestored() if talk.removed or talk.state == "cancelled":
                return replace(talk, removed=False, state="scheduled", by_schedule=False)
            case TalkCancelled() if talk.state == "scheduled":
                return replace(talk, state="cancelled")
            case TalkRecorded(recorded=recorded) if talk.state in ("scheduled", "live", "ended"):
                return replace(talk, recorded=recorded)
        if isinstance(event, Step):
            return going.gone_on(talk, event, self.by_id.values())
        return Reason.WRONG_STATE

    def _put(self, position: str, talk: Talk, *, planned: bool) -> Talk:
        talk = replace(talk, version=position)
        self.by_id[talk.id] = talk
        self.touched.append(talk)
        if planned:
            self.schedule = replace(self.schedule, version=position)
        return talk


def _hour(talk: Talk) -> tuple[bool, float, str]:
    start = talk.planned_start if talk.started_at is None else talk.started_at
    return start is None, start or 0.0, talk.id
