"""What a journal says once participants are forgotten: the same events, with nothing of theirs."""

from collections import defaultdict, deque
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from engagement.fold import Event, Making
from engagement.happening import ParticipantErased, digest_of


class Forgetting:
    """Goes through a journal, event by event in its order, and says what stands in place of each.

    Folding what it returns gives what folding the journal itself gives after the erasures: in the
    place of who was erased is their stand-in from their first act on, and blank is what they wrote,
    and what others wrote about the things that they made. An act that came after the erasure has no
    effect, and goes to the same stand-in. In journals of older versions, where erasures have no
    digest, it is somebody's own.
    """

    def __init__(self, erasures: Iterable[ParticipantErased]) -> None:
        self._stand_ins: defaultdict[str, deque[str]] = defaultdict(deque)
        self._made: set[str] = set()
        self._met: set[str] = set()
        self._over: dict[str, str] = {}  # digest of who was erased so far -> their stand-in
        erasures = list(erasures)
        self._named = any(each.participant != each.stand_in for each in erasures)
        known = {erasure.id: erasure for erasure in reversed(erasures)}
        for erasure in reversed(known.values()):
            if erasure.participant != erasure.stand_in:
                self._stand_ins[erasure.participant].append(erasure.stand_in)

    def __bool__(self) -> bool:
        """Whether there is anything to forget: a retry of what is done names somebody again."""
        return self._named

    def read(self, event: Event) -> Event:
        """What stands in place of the next event."""
        if isinstance(event, ParticipantErased):
            return self._erased(event)
        theirs = event.by in self._stand_ins
        if (late := self._stand_in_of_late(event.by)) is not None:
            blank = {name: _blank(event, name) for name in event.personal}
            return replace(event, by=late, **blank)
        if isinstance(event, Making) and event.makes:
            made = getattr(event, event.makes)
            self._made.add(made) if theirs else self._made.discard(made)
        if event.personal and (theirs or self._is_about_theirs(event)):
            event = replace(event, **{name: _blank(event, name) for name in event.personal})
        return self._renamed(event)

    def _erased(self, event: ParticipantErased) -> ParticipantErased:
        names = self._stand_ins.get(event.participant)
        if names and event.id not in self._met:
            self._met.add(event.id)
            names.popleft()
            if not names:
                del self._stand_ins[event.participant]
        by = event.stand_in if event.by == event.participant else event.by
        if event.digest:
            self._over.setdefault(event.digest, event.stand_in)
        return replace(event, by=by, participant=event.stand_in)

    def _stand_in_of_late(self, by: str) -> str | None:
        """The stand-in for an act that arrived after its author's erasure, or None."""
        return self._over.get(digest_of(by)) if self._over else None

    def _is_about_theirs(self, event: Event) -> bool:
        if not self._made:
            return False
        return any(getattr(event, name) in self._made for name in _texts(type(event)))

    def _renamed(self, event: Event) -> Event:
        changed: dict[str, Any] = {}
        for name in _texts(type(event)):
            if (names := self._stand_ins.get(getattr(event, name))) is not None:
                changed[name] = names[0]
        return replace(event, **changed) if changed else event


@cache
def _texts(type: type[Event]) -> tuple[str, ...]:
    """The fields that hold a text, and so may hold a participant's id or that of a thing."""
    return tuple(each.name for each in msgspec.structs.fields(type) if each.type is str)


def _blank(event: Event, name: str) -> Any:
    """What a field holds that says nothing."""
    for each in msgspec.structs.fields(type(event)):
        if each.name == name:
            if each.default is not msgspec.NODEFAULT:
                return each.default
            if each.default_factory is not msgspec.NODEFAULT:
                return each.default_factory()
    return type(getattr(event, name))()
