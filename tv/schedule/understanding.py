"""One talk as a file has it, understood: whatever the format, under the names that frab gives."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

import msgspec

from engagement.talks.plan import (
    ABSTRACT,
    EXTRA,
    LANGUAGE,
    LONGEST_PLAN,
    NAME,
    SPEAKERS,
    TALKS,
    TITLE,
    Kind,
    Plan,
    id_of,
)
from tv.problems import clean
from tv.schedule import times
from tv.schedule.places import Places, folded

NOTES = 50  # that a reading keeps; the rest is counted
GUID = 255  # characters

# What a plan holds itself; all else that a file says is kept for the export.
OURS = frozenset(
    ("guid", "date", "start", "end", "duration", "room", "title", "track", "language", "lab")
) | {"abstract", "do_not_record"}

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("break", re.compile(r"\b(break|pause|lunch|dejeuner|cafe|coffee|repas|diner|cocktail)\b")),
    ("restitution", re.compile(r"\b(restitution|synthese|wrap-up)\b")),
    ("conference", re.compile(r"\b(conference|keynote|pleniere|plenary|table-ronde|panel)\b")),
)
_BREAK = re.compile(r"(pause|dejeuner|lunch|coffee-break)\b")  # how such a title begins
_YES = ("true", "1", "yes", "y", "oui", "o", "x", "vrai")
_SAID_IN = ("fr", "fr-FR", "name", "public_name", "title", "en")  # of a text in several languages


class Understanding:
    """Makes plans of what a file says; `notes` tell, in French, what it could not make of it."""

    def __init__(self, zone: tzinfo, places: Places) -> None:
        self.zone = zone
        self.places = places
        self.plans: dict[str, Plan] = {}
        self._notes: list[str] = []
        self._more = 0  # notes that are not kept
        self._unnamed: Counter[str] = Counter()

    @property
    def notes(self) -> tuple[str, ...]:
        if not self._more:
            return tuple(self._notes)
        s = "s" * (self._more > 1)
        return (*self._notes, f"… et {self._more} autre{s} remarque{s}.")

    def note(self, where: str, what: str) -> None:
        if len(self._notes) < NOTES:
            self._notes.append(f"{where}\u00a0: {what}")
        else:
            self._more += 1

    def add(self, said: Any, where: str, day: str = "") -> None:
        """Understand one talk. `where` says, in French, where it stands; `day` is its default."""
        if not isinstance(said, Mapping):
            self.note(where, "ce n’est pas une intervention\u202f; laissée de côté.")
            return
        title = plain(said.get("title"), TITLE)
        if not title:
            self.note(where, "il n’y a pas de titre\u202f; laissée de côté.")
            return
        if len(self.plans) >= TALKS:
            self.note(where, f"au-delà de {TALKS} interventions\u202f; laissée de côté.")
            return
        guid = self._guid(said, title, where)
        self.plans[guid] = self._plan(said, guid, title, f"{where} («\u00a0{title}\u00a0»)", day)

    def _plan(self, said: Mapping[str, Any], guid: str, title: str, where: str, day: str) -> Plan:
        start, end = self._span(said, where, day)
        room = plain(said.get("room"), NAME)
        track = plain(said.get("track"), NAME)
        kind = kind_of(plain(said.get("type"), NAME))
        if kind is None:
            kind = "break" if _BREAK.match(folded(title)) else "intervention"
        lab = plain(said.get("lab"), NAME)
        return Plan(
            talk=id_of(guid),
            guid=guid,
            title=title,
            kind=kind,
            planned_start=start,
            planned_end=end,
            room=room,
            channel=self.places.channel(room),
            lab=self.places.lab(lab, room, track),
            speakers=speakers_of(said.get("persons")),
            abstract=plain(said.get("abstract"), ABSTRACT, lines=True)
            or plain(said.get("description"), ABSTRACT, lines=True),
            language=plain(said.get("language"), LANGUAGE),
            track=track,
            recorded=not _yes(said.get("do_not_record")),
            cancelled=folded(plain(said.get("status"), NAME)).startswith(("cancel", "annul")),
            extra=self._extra(said, where),
        )

    def _guid(self, said: Mapping[str, Any], title: str, where: str) -> str:
        """The file's own name of a talk; where it has none, one that its next issue has too."""
        named = (plain(said.get(name), GUID) for name in ("guid", "code", "id"))
        guid = next(filter(None, named), "")
        if not guid:
            self._unnamed[title] += 1
            number = self._unnamed[title]
            digest = hashlib.sha256(f"{folded(title)} {number}".encode()).hexdigest()
            guid = f"sans-guid-{digest[:16]}"
        if guid in self.plans:
            self.note(where, f"l’identifiant «\u00a0{guid[:60]}\u00a0» a déjà servi.")
            again = 2
            while f"{guid}-{again}" in self.plans:
                again += 1
            guid = f"{guid}-{again}"
        return guid

    def _span(
        self, said: Mapping[str, Any], where: str, day: str
    ) -> tuple[float | None, float | None]:
        date, hour = plain(said.get("date"), NAME), plain(said.get("start"), NAME)
        day = date if times.day_of(date) else day
        bare = times.clock_of(hour) is not None and times.is_midnight(date)
        start = times.moment(date, self.zone) if date and not bare else None
        if start is None and hour:
            start = times.moment(hour, self.zone, day)
        if start is None:
            if date or hour:
                self.note(where, "l’horaire n’a pas été compris\u202f; sans horaire.")
            return None, None
        end = times.moment(plain(said.get("end"), NAME), self.zone, day)
        lasts = times.length(plain(said.get("duration"), NAME)) if end is None else end - start
        if lasts is None or not 0 < lasts <= LONGEST_PLAN:
            if said.get("duration") or said.get("end"):
                self.note(where, "la durée n’a pas été comprise\u202f; sans heure de fin.")
            return start, None
        return start, start + lasts

    def _extra(self, said: Mapping[str, Any], where: str) -> str:
        rest = {name: value for name, value in said.items() if name not in OURS}
        if not rest:
            return ""
        written = msgspec.json.encode(rest, order="deterministic").decode()
        if len(written) > EXTRA:
            self.note(where, "trop de renseignements annexes\u202f; ils ne seront pas exportés.")
            return ""
        return written


def plain(said: Any, most: int, *, lines: bool = False) -> str:
    """A text as it may be shown, whatever was sent in its place: at most `most` characters.

    Of a text in several languages, the French one. `lines`: it may have several.
    """
    for _ in range(3):
        if not isinstance(said, Mapping):
            break
        said = next((said[name] for name in _SAID_IN if said.get(name)), None)
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return ""
    text = unicodedata.normalize("NFC", str(said)[: 4 * most])
    shown = "".join(map(_shown, re.sub(r"\r\n?", "\n", text)))
    parts = shown.split("\n") if lines else [shown]
    cleaned = (clean(part, "", most=10 * most, least=0) for part in parts)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(cleaned)).strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def speakers_of(said: Any) -> tuple[str, ...]:
    """The names of those who speak, each once."""
    if isinstance(said, str):
        said = re.split(r"[;\n]|,(?!\s*(?:Jr|PhD)\b)", said)
    if not isinstance(said, list):
        return ()
    names = (
        plain(each.get("public_name") or each.get("name") or each.get("full_public_name"), NAME)
        if isinstance(each, Mapping)
        else plain(each, NAME)
        for each in said[: 4 * SPEAKERS]
    )
    return tuple(dict.fromkeys(filter(None, names)))[:SPEAKERS]


def kind_of(said: str) -> Kind | None:
    """The kind of talk that a word means; None when it means none."""
    words = folded(said)
    return next((kind for kind, pattern in _KINDS if pattern.search(words)), None)


def _yes(said: Any) -> bool:
    return said is True or (isinstance(said, str | int) and str(said).strip().lower() in _YES)


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn"):
        return character
    return " "
