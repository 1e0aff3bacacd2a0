"""A day as it goes: when each talk is to be expected, once those before it run late."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, tzinfo

from engagement.talks import Talk
from tv.schedule import times

Expected = tuple[float, float | None]  # from when to when, on the broadcast clock


def days_of(talks: Iterable[Talk], zone: tzinfo) -> list[date]:
    """The days that have talks, in their order."""
    found = (day_of(talk, zone) for talk in talks)
    return sorted({day for day in found if day is not None})


def day_of(talk: Talk, zone: tzinfo) -> date | None:
    """The day of a talk, as it is planned; None for one without an hour."""
    return None if talk.planned_start is None else times.local(talk.planned_start, zone).date()


def forecast(talks: Iterable[Talk], now: float, zone: tzinfo) -> dict[str, Expected]:
    """When to expect the talks of today that have not ended, by their ids.

    In each room, a talk that runs over pushes those after it, as far as the breaks between them
    do not make up for it; what has no room pushes nothing. What goes by its hours keeps to them.
    """
    today = times.local(now, zone).date()
    rooms: defaultdict[str, list[Talk]] = defaultdict(list)
    expected: dict[str, Expected] = {}
    for talk in talks:
        if talk.state not in ("scheduled", "live") or day_of(talk, zone) != today:
            continue
        if not by_its_hours(talk):
            rooms[talk.channel or talk.room or talk.id].append(talk)
        elif now < (talk.planned_end or talk.planned_start or 0.0):
            expected[talk.id] = talk.planned_start or 0.0, talk.planned_end
    for of_room in rooms.values():
        free = 0.0  # from when on the room is
        for talk in sorted(of_room, key=lambda talk: (talk.planned_start or 0.0, talk.id)):
            start, end = _expected(talk, free, now)
            expected[talk.id] = start, end
            free = max(free, start if end is None else end)
    return expected


def by_its_hours(talk: Talk) -> bool:
    """Whether it takes place in a laboratory, where nobody tells us when it begins."""
    return bool(talk.lab) and talk.state == "scheduled"


def _expected(talk: Talk, free: float, now: float) -> Expected:
    start, end = talk.planned_start or 0.0, talk.planned_end
    if talk.state == "live":
        return talk.started_at or start, None if end is None else max(end, now)
    begins = max(start, free)
    if talk.kind == "break":
        return begins, end if end is None else max(end, begins)
    begins = max(begins, now)
    return begins, None if end is None else begins + (end - start)
