"""frab's JSON, the format in which conferences exchange schedules, read and written.

Described by https://github.com/voc/schedule (validator/json/schema.json).
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from itertools import groupby
from typing import Any
from zlib import crc32

import msgspec

from engagement.talks import Talk
from engagement.talks.plan import NAME, Kind
from tv.schedule import times
from tv.schedule.errors import Unreadable
from tv.schedule.places import folded
from tv.schedule.understanding import Understanding, kind_of, plain, speakers_of

NO_ROOM = "Salle à préciser"  # where there is none: frab has no place for that
KINDS: dict[Kind, str] = {
    "conference": "Conférence",
    "intervention": "Intervention",
    "restitution": "Restitution",
    "break": "Pause",
}
_MADE = frozenset(("days", "daysCount", "start", "end", "rooms"))  # of what there is now

# What is everybody's of what a file says: of the whole, its conference, rooms, talks and speakers.
# The rest is its organisers': what they asked speakers, how these are reached, notes.
_OF_WHOLE = frozenset(("version", "base_url", "url", "generator", "$schema"))
_OF_CONFERENCE = frozenset(
    ("acronym", "title", "description", "timeslot_duration", "time_zone_name")
) | {"url", "logo", "colors", "keywords", "tracks"}
_OF_ROOM = frozenset(("name", "guid", "slug", "description", "capacity"))
_OF_TALK = frozenset(
    ("id", "code", "slug", "url", "logo", "subtitle", "description", "links", "attachments")
) | {"recording_license", "feedback_url", "origin_url", "video_download_url", "type", "persons"}
_OF_PERSON = frozenset(("id", "code", "name", "public_name", "biography", "avatar", "url"))


def read(text: str, into: Understanding) -> dict[str, Any]:
    """Understand a file; return what it says of the whole. Raises Unreadable."""
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable("Ce fichier n’est pas du JSON, ou il est incomplet.") from error
    schedule = document.get("schedule", document) if isinstance(document, dict) else None
    conference = schedule.get("conference") if isinstance(schedule, dict) else None
    if not isinstance(schedule, dict) or not isinstance(conference, dict):
        raise Unreadable(
            "Ce JSON n’est pas un programme frab\u00a0: il y manque «\u00a0schedule\u00a0»."
        )
    days = conference.get("days")
    if not isinstance(days, list):
        raise Unreadable(
            "Ce JSON n’est pas un programme frab\u00a0: il y manque «\u00a0days\u00a0»."
        )
    understand(conference, days, into)
    kept = {name: value for name, value in schedule.items() if name != "conference"}
    about = {name: value for name, value in conference.items() if name != "days"}
    return kept | {"conference": about}


def understand(conference: Mapping[str, Any], days: Iterable[Any], into: Understanding) -> None:
    """Understand the talks of each day, in each of its rooms."""
    if zone := times.zone_named(str(conference.get("time_zone_name") or "")):
        into.zone = zone
    for number, day in enumerate(days, 1):
        rooms = day.get("rooms") if isinstance(day, Mapping) else None
        if not isinstance(rooms, Mapping):
            into.note(f"Jour {number}", "il n’y a pas de salles\u202f; laissé de côté.")
            continue
        date = str(day.get("date") or "")
        for room, talks in rooms.items():
            for place, talk in enumerate(talks if isinstance(talks, list) else (), 1):
                if isinstance(talk, Mapping):
                    named = talk.get("room") or room
                    talk = {**talk, "room": "" if named == NO_ROOM else named}
                into.add(talk, f"Jour {number}, {room[:60] or NO_ROOM}, nº\u00a0{place}", date)


def write(
    talks: Iterable[Talk], about: Mapping[str, Any], zone: tzinfo, name: str, *, crew: bool = False
) -> bytes:
    """The talks that have their hour, but those that will not take place, as a frab file.

    `about` is what the last file said of the whole; `name` is the event's. Only the `crew` gets
    all that a file said: answers of speakers, columns with telephone numbers, fees.
    """
    shown = [talk for talk in talks if talk.planned_start and talk.state != "cancelled"]
    shown.sort(key=lambda talk: (talk.planned_start, talk.room, talk.id))
    days = [
        _day(number, date, list(of_day), zone, crew)
        for number, (date, of_day) in enumerate(groupby(shown, lambda talk: _date(talk, zone)), 1)
    ]
    said = about.get("conference")
    rooms = said.get("rooms") if isinstance(said, Mapping) else None
    if not crew:
        about, said = _of(about, _OF_WHOLE), _of(said, _OF_CONFERENCE)
        rooms = _each(rooms, _OF_ROOM)
    conference: dict[str, Any] = {"acronym": folded(name), "title": name} | {
        "timeslot_duration": "00:05",
        "time_zone_name": str(zone),
    }
    if isinstance(said, Mapping):
        conference |= {key: value for key, value in said.items() if key not in _MADE}
    conference |= {
        "start": days[0]["date"] if days else "",
        "end": days[-1]["date"] if days else "",
        "daysCount": len(days),
        "rooms": _rooms(shown, rooms),
        "days": days,
    }
    whole = {"version": "1.0"} | dict(about) | {"conference": conference}
    return msgspec.json.format(msgspec.json.encode({"schedule": whole}), indent=1)


def _day(number: int, date: str, talks: list[Talk], zone: tzinfo, crew: bool) -> dict[str, Any]:
    rooms: dict[str, list[dict[str, Any]]] = {}
    for talk in talks:
        rooms.setdefault(talk.room or NO_ROOM, []).append(_written(talk, zone, crew))
    starts = [talk.planned_start or 0.0 for talk in talks]
    ends = [talk.planned_end or talk.planned_start or 0.0 for talk in talks]
    return {
        "index": number,
        "date": date,
        "day_start": times.local(min(starts), zone).isoformat(),
        "day_end": times.local(max(ends), zone).isoformat(),
        "rooms": rooms,
    }


def _written(talk: Talk, zone: tzinfo, crew: bool) -> dict[str, Any]:
    extra: dict[str, Any] = msgspec.json.decode(talk.extra) if talk.extra else {}
    extra.pop("ical", None)
    if not crew:
        extra = _of(extra, _OF_TALK) | {"persons": _each(extra.get("persons"), _OF_PERSON)}
    start = times.local(talk.planned_start or 0.0, zone)
    lasts = (talk.planned_end or 0.0) - (talk.planned_start or 0.0) if talk.planned_end else 0.0
    said_kind, persons = plain(extra.pop("type", ""), NAME), extra.pop("persons", [])
    if speakers_of(persons) != talk.speakers:
        persons = [
            {"id": _number(speaker), "name": speaker, "public_name": speaker}
            for speaker in talk.speakers
        ]
    return {
        "id": _number(talk.guid),
        "slug": folded(talk.title) or talk.id,
        "url": "",
        "subtitle": "",
        "description": "",
        "links": [],
        "attachments": [],
        **extra,
        "guid": talk.guid,
        "date": start.isoformat(),
        "start": f"{start:%H:%M}",
        "duration": times.as_clock(lasts),
        "room": talk.room or NO_ROOM,
        "title": talk.title,
        "track": talk.track or None,
        "type": said_kind if _means(said_kind, talk.kind) else KINDS[talk.kind],
        "language": talk.language,
        "abstract": talk.abstract,
        "do_not_record": not talk.recorded,
        "persons": persons,
    }


def _rooms(talks: Iterable[Talk], said: Any) -> list[dict[str, Any]]:
    """What the file said of rooms, and those that it did not name."""
    rooms = [room for room in said if _is(room)] if isinstance(said, list) else []
    known = {room.get("name") for room in rooms}
    used = dict.fromkeys(talk.room or NO_ROOM for talk in talks)
    return rooms + [{"name": room} for room in used if room not in known]


def _of(said: Any, names: frozenset[str]) -> dict[str, Any]:
    """What something says under these names."""
    return {name: said[name] for name in said if name in names} if _is(said) else {}


def _each(said: Any, names: frozenset[str]) -> list[dict[str, Any]]:
    """The same of each in a list."""
    return [_of(each, names) for each in said if _is(each)] if isinstance(said, list) else []


def _date(talk: Talk, zone: tzinfo) -> str:
    return times.local(talk.planned_start or 0.0, zone).date().isoformat()


def _means(said: str, kind: Kind) -> bool:
    return bool(said) and (kind_of(said) or "intervention") == kind


def _number(name: str) -> int:
    """A number for what schedules number, the same each time."""
    return crc32(name.encode()) | 1


def _is(said: Any) -> bool:
    return isinstance(said, Mapping)
