"""A schedule's file, whichever of the formats we read it is in, as plans of talks."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import msgspec

from engagement.talks.plan import Plan
from tv.schedule import frab_json, frab_xml, icalendar, table
from tv.schedule.errors import Unreadable
from tv.schedule.places import Places
from tv.schedule.understanding import Understanding

LIMIT = 5_000_000  # bytes of a file
SOURCE = 40  # characters of the name that a schedule is brought in under
ABOUT = 65_536  # bytes of JSON that a file may say of the whole


@dataclass(frozen=True)
class Reading:
    """What a file says. `about` is a JSON object of what it says of the whole, for the export;
    `notes` tell, in French, what was left out, and why."""

    plans: tuple[Plan, ...]
    about: str
    notes: tuple[str, ...]


def read(data: bytes, zone: tzinfo, places: Places) -> Reading:
    """Read frab's JSON or XML, iCalendar or CSV, told apart by how they begin.

    Hours that name no time zone are those of `zone`. Takes seconds of computing, at worst. Raises
    Unreadable, also for a file without a single talk: it would cancel all there are.
    """
    if len(data) > LIMIT:
        raise Unreadable(f"Ce fichier dépasse {LIMIT // 1_000_000}\u202fMo.")
    into = Understanding(zone, places)
    start = data[:400].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if start.startswith(b"<"):
        about = frab_xml.read(data, into)
    elif start.startswith((b"{", b"[")):
        about = frab_json.read(_text(data), into)
    elif start[:15].upper() == b"BEGIN:VCALENDAR":
        about = icalendar.read(_text(data), into)
    else:
        about = table.read(_text(data), into)
    if not into.plans:
        raise Unreadable("Ce fichier ne contient aucune intervention.")
    return Reading(tuple(into.plans.values()), _kept(about, into), into.notes)


def _kept(about: dict[str, Any], into: Understanding) -> str:
    written = msgspec.json.encode(about).decode() if about else ""
    if len(written) > ABOUT:
        into.note("Fichier", "trop de renseignements généraux\u202f; ils ne seront pas exportés.")
        return ""
    return written


def _text(data: bytes) -> str:
    """A file's text, in the encodings that spreadsheets write."""
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            pass
    return data.decode("cp1252", "replace")
