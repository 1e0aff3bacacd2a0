"""The schedule as it stands, as a file for other tools."""

import msgspec

from engagement.talks import Talk, Talks
from tv.schedule import frab_json, icalendar
from tv.settings import Event


def planned(talks: Talks) -> list[Talk]:
    """The talks in the order of their hours; one that stands without a schedule only where there
    is none."""
    listed = talks.listed()
    return [talk for talk in listed if not talk.standing] or listed


def as_json(talks: Talks, event: Event, *, crew: bool) -> bytes:
    """frab's JSON, with what the last file said of the whole; for the crew, or for all."""
    about = msgspec.json.decode(talks.schedule.about) if talks.schedule.about else {}
    return frab_json.write(planned(talks), about, event.zone, event.name, crew=crew)


def as_ical(talks: Talks, event: Event, now: float, *, crew: bool) -> bytes:
    """iCalendar, made at `now`; for the crew, or for all."""
    return icalendar.write(planned(talks), event.name, now, crew=crew)
