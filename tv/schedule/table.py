"""A schedule in a table (CSV), as a spreadsheet saves it: one talk a line, under headings."""

import csv
import io
from typing import Any

from tv.schedule.errors import Unreadable
from tv.schedule.places import folded
from tv.schedule.understanding import Understanding

COLUMNS = 100
ROWS = 10_000

# The names that frab gives, and the headings that mean them, without case and accents.
_HEADINGS = {
    "guid": "guid uid id identifiant code ref reference",
    "title": "titre title intitule nom summary intervention",
    "day": "jour day",
    "date": "date",
    "start": "debut heure-de-debut heure horaire start start-time begin de",
    "end": "fin heure-de-fin end end-time a",
    "duration": "duree duration",
    "room": "salle room lieu location plateau scene stage",
    "persons": "intervenants intervenant intervenante orateurs speakers speaker avec persons",
    "abstract": "resume abstract description presentation",
    "language": "langue language",
    "track": "parcours track theme thematique",
    "type": "type genre kind nature",
    "lab": "labo lab laboratoire",
    "do_not_record": "ne-pas-enregistrer do-not-record sans-enregistrement",
    "status": "statut status etat state",
}
_FIELDS = {heading: name for name, headings in _HEADINGS.items() for heading in headings.split()}


def read(text: str, into: Understanding) -> dict[str, Any]:
    """Understand a file. Raises Unreadable."""
    file = io.StringIO(text, newline="")  # a cell may have lines of its own
    lines = csv.reader(file, delimiter=_delimiter(text), strict=False)
    try:
        headings = next((line for line in lines if any(map(str.strip, line))), [])
        fields = [
            (_FIELDS.get(folded(heading), ""), heading.strip()) for heading in headings[:COLUMNS]
        ]
        if all(name != "title" for name, _ in fields):
            raise Unreadable(
                "Ce fichier n’est ni un programme frab, ni un calendrier iCal, ni un tableau CSV "
                "qui a une colonne «\u00a0titre\u00a0» (et, par exemple, date, début, fin, salle, "
                "intervenants)."
            )
        for row in lines:
            if lines.line_num > ROWS:
                raise Unreadable(f"Ce tableau a plus de {ROWS} lignes.")
            if any(map(str.strip, row)):
                into.add(_said(fields, row), f"Ligne {lines.line_num}")
    except csv.Error as error:
        raise Unreadable(f"Ligne {lines.line_num}\u00a0: ce n’est pas du CSV.") from error
    return {}


def _said(fields: list[tuple[str, str]], row: list[str]) -> dict[str, Any]:
    """A line, under the names of frab; what has none is in `columns`, under its heading."""
    said: dict[str, Any] = {}
    columns: dict[str, str] = {}
    for (name, heading), value in zip(fields, map(str.strip, row), strict=False):
        if value and name:
            said.setdefault(name, value)
        elif value and heading:
            columns.setdefault(heading, value)
    if day := said.pop("day", ""):
        said.setdefault("date", day)
    return said | ({"columns": columns} if columns else {})


def _delimiter(text: str) -> str:
    """What parts the headings: the one of the usual three that is there most often."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max((";", "\t", ","), key=first.count)
