"""How talks change with what is planned: by a file, or by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import UNSET
from msgspec.structs import asdict, replace

from engagement.fold import Reason
from engagement.talks.events import ScheduleImported
from engagement.talks.plan import LONGEST_PLAN, Edit, Plan
from engagement.talks.talk import Slot, Talk

NOTICE = 86_400.0  # seconds before its hour from which a talk that is moved is called so

_OF_PLAN = tuple(name for name in Plan.__struct_fields__ if name not in ("talk", "cancelled"))
_OF_LIFE = ("state", "started_at", "ended_at", "trim_start", "trim_end", "reviewed", "resumed")
_SHOWN = (*(name for name in _OF_PLAN if name not in ("guid", "extra")), "state")


@dataclass(frozen=True)
class Change:
    """What an import makes of one talk; `before` is None for one that is new.

    `fields` are the names of what differs, but for what is kept for the export alone.
    """

    kind: Literal["added", "changed", "cancelled", "restored"]
    before: Talk | None
    after: Talk

    @property
    def fields(self) -> tuple[str, ...]:
        if self.before is None:
            return ()
        before, after = self.before, self.after
        return tuple(name for name in _SHOWN if getattr(before, name) != getattr(after, name))


def difference(talks: Mapping[str, Talk], event: ScheduleImported) -> list[Change]:
    """What an import changes, in the file's order, and then what the file no longer has.

    Talks that are on, or were, keep their channel, where their picture is. Nothing but the crew
    allows the recording of what was not to be recorded.
    """
    changes: list[Change] = []
    named: set[str] = set()
    for plan in event.plans:
        before = talks.get(plan.talk)
        named.add(plan.talk)
        if before is None or before.removed:
            changes.append(Change("added", None, _new(plan, event, before)))
        elif not before.standing:
            after = _planned(before, plan, event)
            if after != before:
                changes.append(Change(_kind(before, after), before, after))
    for talk in talks.values():
        vanished = talk.source == event.source and talk.id not in named and not talk.removed
        if vanished and talk.state == "scheduled" and not talk.standing:
            cancelled = replace(talk, state="cancelled", by_schedule=True)
            changes.append(Change("cancelled", talk, cancelled))
    return changes


def made(plan: Plan, edit: Edit) -> Talk | Reason:
    """A talk planned by hand."""
    return edited(Talk(id=plan.talk, **_fields(plan)), edit, 0.0)


def edited(talk: Talk, edit: Edit, at: float) -> Talk | Reason:
    """A talk that the crew changes at a time, or why it cannot."""
    given: dict[str, Any] = {
        name: value for name, value in asdict(edit).items() if value is not UNSET
    }
    after = replace(talk, **given)
    if talk.begun and after.channel != talk.channel:
        return Reason.WRONG_STATE  # its picture is on the channel that it had
    if not _in_order(after):
        return Reason.WRONG_TIMES
    return _noticed(talk, after, at)


def after_rehearsal(planned: Iterable[Talk], before: Mapping[str, Talk]) -> dict[str, Talk]:
    """The talks as they are planned now, and as they were before the rehearsal in all else."""
    return {talk.id: _lived(talk, before.get(talk.id)) for talk in planned}


def _lived(talk: Talk, before: Talk | None) -> Talk:
    of = before or Talk(id=talk.id, channel=talk.channel, title=talk.title)
    life = {name: getattr(of, name) for name in _OF_LIFE}
    if not of.begun:
        life["state"] = "cancelled" if talk.state == "cancelled" else "scheduled"
    return replace(talk, **life)


def _new(plan: Plan, event: ScheduleImported, removed: Talk | None) -> Talk:
    fields = _fields(plan)
    if removed is not None:
        fields["recorded"] = removed.recorded and plan.recorded
    talk = Talk(id=plan.talk, source=event.source, **fields)
    return replace(talk, state="cancelled", by_schedule=True) if plan.cancelled else talk


def _planned(talk: Talk, plan: Plan, event: ScheduleImported) -> Talk:
    fields = _fields(plan)
    fields["recorded"] = talk.recorded and plan.recorded
    if talk.begun:
        fields["channel"] = talk.channel
    after = replace(talk, source=event.source, **fields)
    if plan.cancelled and talk.state == "scheduled":
        after = replace(after, state="cancelled", by_schedule=True)
    elif not plan.cancelled and talk.state == "cancelled" and talk.by_schedule:
        after = replace(after, state="scheduled", by_schedule=False)
    return _noticed(talk, after, event.at)


def _fields(plan: Plan) -> dict[str, Any]:
    """What a talk has of its plan, as it stands there."""
    return {name: getattr(plan, name) for name in _OF_PLAN}


def _kind(before: Talk, after: Talk) -> Literal["changed", "cancelled", "restored"]:
    if before.state == after.state:
        return "changed"
    return "cancelled" if after.state == "cancelled" else "restored"


def _noticed(before: Talk, after: Talk, at: float) -> Talk:
    """The talk with where it was to be, when it is moved so late that people may know of it."""
    was, now = Slot(before.planned_start, before.room), Slot(after.planned_start, after.room)
    if was == now or before.begun:
        return after
    first = before.moved or was
    if first == now:
        return replace(after, moved=None)
    soon = was.start is not None and at > was.start - NOTICE
    return replace(after, moved=first) if soon or before.moved else after


def _in_order(talk: Talk) -> bool:
    start, end = talk.planned_start, talk.planned_end
    if start is None or end is None:
        return end is None
    return 0 < end - start <= LONGEST_PLAN
