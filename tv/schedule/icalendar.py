"""iCalendar (RFC 5545), read and written: what calendars understand."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from engagement.talks import Talk
from tv.schedule import times
from tv.schedule.errors import Unreadable
from tv.schedule.understanding import Understanding

KEPT = 40  # properties of a talk that we do not know, and write as they came
LINE = 75  # octets of a line (3.1)
REMINDED = 10  # minutes before a talk
AGAIN = "PT15M"  # how often a calendar that follows ours may look again (RFC 7986, 5.7)

_PROPERTY = re.compile(
    r"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*)"
    r"(?:,(?:\"[^\"]*\"|[^\";:,]*))*)*):(?P<value>.*)",
    re.DOTALL,
)
_PARAMETER = re.compile(r";([A-Za-z0-9-]+)=(\"[^\"]*\"|[^\";:]*)")
_DURATION = re.compile(r"\+?P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_NAMES = {
    "UID": "guid",
    "SUMMARY": "title",
    "LOCATION": "room",
    "DESCRIPTION": "abstract",
    "STATUS": "status",
    "URL": "url",
}
_NOT_KEPT = (
    frozenset((*_NAMES, "DTSTART", "DTEND", "DURATION", "DTSTAMP", "CATEGORIES"))
    | {"SEQUENCE", "LAST-MODIFIED", "CREATED", "RRULE", "RECURRENCE-ID"}
    | {"ATTENDEE", "ORGANIZER", "CONTACT"}  # people's addresses
)
# What is everybody's of what we do not know: meetings' addresses and notes are for the crew.
_PUBLIC = frozenset(("GEO", "CLASS", "TRANSP", "PRIORITY", "COLOR"))


@dataclass
class Property:
    name: str
    value: str
    line: str
    parameters: dict[str, str] = field(default_factory=dict)


def read(text: str, into: Understanding) -> dict[str, Any]:
    """Understand each VEVENT of a file. Raises Unreadable."""
    talk: list[Property] | None = None
    inner = number = 0  # what stands within an event, such as alarms; how many events there were
    name = ""
    for line in _unfolded(text):
        if (said := _property(line)) is None:
            continue
        what = said.value.strip().upper()
        if said.name == "BEGIN" and talk is None:
            talk = [] if what == "VEVENT" else None
        elif said.name == "BEGIN":
            inner += 1
        elif said.name == "END" and inner:
            inner -= 1
        elif said.name == "END" and talk is not None:
            number += 1
            into.add(_said(talk, into.zone), f"Rendez-vous {number}")
            _remark(talk, into, f"Rendez-vous {number}")
            talk = None
        elif talk is not None:
            if not inner:
                talk.append(said)
        elif said.name == "X-WR-TIMEZONE":
            into.zone = times.zone_named(said.value.strip()) or into.zone
        elif said.name == "X-WR-CALNAME":
            name = _unescaped(said.value)
    if not number:
        raise Unreadable("Ce calendrier iCal ne contient aucun rendez-vous (VEVENT).")
    return {"conference": {"title": name}} if name else {}


def write(
    talks: Iterable[Talk],
    name: str,
    now: float,
    page: Callable[[Talk], str] | None = None,
    *,
    crew: bool = False,
) -> bytes:
    """The talks that have their hour, as a calendar named `name`, made at `now`.

    For people who want to be reminded, `page` says where they read about each talk: it leads
    there, and rings some minutes before it begins. Only the `crew` gets all that a file said.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Fabrique TV//Programme//FR",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    if page:
        lines += [f"REFRESH-INTERVAL;VALUE=DURATION:{AGAIN}", f"X-PUBLISHED-TTL:{AGAIN}"]
    for talk in talks:
        if talk.planned_start is not None:
            lines += _written(talk, now, page, crew)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _said(properties: list[Property], zone: tzinfo) -> dict[str, Any]:
    """An event, under the names of frab."""
    said: dict[str, Any] = {}
    kept: list[str] = []
    speakers: list[str] = []
    for each in properties:
        if field := _NAMES.get(each.name):
            said[field] = _unescaped(each.value)
        elif each.name == "CATEGORIES":
            said["track"] = _unescaped(re.split(r"(?<!\\),", each.value)[0])
            said["type"] = said["track"]
        elif each.name == "ATTENDEE" and each.parameters.get("CN"):
            speakers.append(each.parameters["CN"])
        elif each.name not in _NOT_KEPT and len(kept) < KEPT:
            kept.append(each.line)
    start = _moment(_of(properties, "DTSTART"), zone)
    if start is not None:
        said["date"] = start.isoformat()
        end = _moment(_of(properties, "DTEND"), zone)
        lasts = _length(_of(properties, "DURATION"))
        if end is not None and end > start:
            said["end"] = end.isoformat()
        elif lasts:
            said["duration"] = times.as_clock(lasts)
    if again := _of(properties, "RECURRENCE-ID"):
        said["guid"] = f"{said.get('guid', '')} {again.value.strip()}"
    return said | {"persons": speakers} | ({"ical": kept} if kept else {})


def _remark(properties: list[Property], into: Understanding, where: str) -> None:
    if _of(properties, "RRULE"):
        into.note(where, "il se répète\u202f; seule la première fois est retenue.")
    start = _of(properties, "DTSTART")
    if start and start.parameters.get("VALUE", "").upper() == "DATE":
        into.note(where, "il dure la journée\u202f; sans horaire.")
    zone = start.parameters.get("TZID", "") if start else ""
    if zone and times.zone_named(zone) is None:
        into.note(
            where, f"le fuseau «\u00a0{zone[:40]}\u00a0» est inconnu\u202f; celui d’ici sert."
        )


def _written(talk: Talk, now: float, page: Callable[[Talk], str] | None, crew: bool) -> list[str]:
    start = talk.planned_start or 0.0
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_escaped(talk.guid or talk.id)}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(start)}",
        f"DTEND:{_utc(talk.planned_end or start)}",
        f"SUMMARY:{_escaped(talk.title)}",
    ]
    description = "\n\n".join(filter(None, (", ".join(talk.speakers), talk.abstract)))
    for name, value in (
        ("LOCATION", talk.room),
        ("DESCRIPTION", description),
        ("CATEGORIES", talk.track),
    ):
        if value:
            lines.append(f"{name}:{_escaped(value)}")
    if talk.state == "cancelled":
        lines.append("STATUS:CANCELLED")
    extra: dict[str, Any] = msgspec.json.decode(talk.extra) if talk.extra else {}
    url = extra.get("url")
    if page:
        lines.append(f"URL:{page(talk)}")
    elif isinstance(url, str) and url and url.isprintable():
        lines.append(f"URL:{url}")
    kept = extra.get("ical")
    lines += [line for line in kept if _whole(line, crew)] if isinstance(kept, list) else []
    if page and talk.state == "scheduled":
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:-PT{REMINDED}M"]
        lines += [f"DESCRIPTION:{_escaped(talk.title)}", "END:VALARM"]
    return [*lines, "END:VEVENT"]


def _whole(said: Any, crew: bool) -> bool:
    """Whether it is one content line that they may see, and neither begins nor ends anything."""
    known = _property(said) if isinstance(said, str) and said.isprintable() else None
    if known is None or known.name in ("BEGIN", "END", *_NOT_KEPT):
        return False
    return crew or known.name in _PUBLIC


def _unfolded(text: str) -> Iterator[str]:
    """Content lines, those that were folded put together again (3.1)."""
    whole: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        if line[:1] in (" ", "\t"):
            whole.append(line[1:])
            continue
        if whole:
            yield "".join(whole)
        whole = [line]
    yield "".join(whole)


def _property(line: str) -> Property | None:
    """The property of a content line; None for a line that is none (3.1)."""
    found = _PROPERTY.fullmatch(line)
    if found is None:
        return None
    parameters = {
        name.upper(): value.strip('"') for name, value in _PARAMETER.findall(found["parameters"])
    }
    return Property(found["name"].upper(), found["value"], line, parameters)


def _of(properties: list[Property], name: str) -> Property | None:
    return next((each for each in properties if each.name == name), None)


def _moment(said: Property | None, zone: tzinfo) -> datetime | None:
    """A DATE-TIME (3.3.5): in UTC, in the zone that it names, or in ours."""
    if said is None:
        return None
    value = said.value.strip()
    try:
        at = datetime.strptime(value.rstrip("Zz"), "%Y%m%dT%H%M%S")
    except ValueError:
        return None
    own = times.zone_named("UTC" if value[-1:] in "Zz" else said.parameters.get("TZID", ""))
    moment = times.seconds(at, own or zone)
    return None if moment is None else times.as_utc(moment)


def _length(said: Property | None) -> float:
    """A DURATION in seconds (3.3.6); 0.0 for none."""
    found = _DURATION.fullmatch(said.value.strip().upper()) if said else None
    if found is None:
        return 0.0
    weeks, days, hours, minutes, seconds = (float((part or "0")[:9]) for part in found.groups())
    return (weeks * 7 + days) * 86_400 + hours * 3600 + minutes * 60 + seconds


def _utc(at: float) -> str:
    return f"{times.as_utc(at):%Y%m%dT%H%M%SZ}"


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def _escaped(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> str:
    """A content line in pieces of 75 octets, none of which splits a character (3.1)."""
    pieces: list[str] = []
    piece, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > LINE:
            pieces.append(piece)
            piece, size = " ", 1
        piece += character
        size += width
    return "\r\n".join((*pieces, piece))
