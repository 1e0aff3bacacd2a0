"""A difference between the schedule and a file, told before it is applied."""

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from engagement.talks.planning import Change
from tv.problems import rfc3339
from tv.schedule import times
from tv.schedule.frab_json import KINDS

_VERBS = {
    "added": "Ajoutée",
    "changed": "Modifiée",
    "cancelled": "Annulée",
    "restored": "Rétablie",
}
_FIELDS = {
    "title": "titre",
    "kind": "type",
    "planned_start": "début",
    "planned_end": "fin",
    "room": "salle",
    "channel": "canal",
    "lab": "laboratoire",
    "speakers": "intervenants",
    "abstract": "résumé",
    "language": "langue",
    "track": "parcours",
    "recorded": "enregistrement",
    "state": "état",
}
_TIMES = ("planned_start", "planned_end")


def counted(changes: Sequence[Change]) -> dict[str, int]:
    """How many talks each kind of change concerns."""
    numbers = Counter(change.kind for change in changes)
    return {kind: numbers[kind] for kind in ("added", "changed", "cancelled", "restored")}


def as_items(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Changes as the API says them; fields by the names that it gives them."""
    return [
        {
            "change": change.kind,
            "talk": change.after.id,
            "title": change.after.title,
            "fields": {
                "type" if name == "kind" else name: {
                    "before": _plain(name, getattr(change.before, name)),
                    "after": _plain(name, getattr(change.after, name)),
                }
                for name in change.fields
            },
        }
        for change in changes
    ]


def as_lines(changes: Sequence[Change], zone: tzinfo) -> list[str]:
    """Changes in French, one a line; hours as clocks of `zone` say them."""
    lines = []
    for change in changes:
        talk = change.after
        at = f" – {_said('planned_start', talk.planned_start, zone)}" if talk.planned_start else ""
        line = f"{_VERBS[change.kind]}\u00a0: {talk.title}{at}"
        if change.kind == "changed":
            line += "".join(
                f"\n    {_FIELDS[name]}\u00a0: {_said(name, getattr(change.before, name), zone)} → "
                f"{_said(name, getattr(talk, name), zone)}"
                for name in change.fields
            )
        lines.append(line)
    return lines


def _plain(name: str, value: Any) -> Any:
    if name in _TIMES:
        return rfc3339(value)
    return list(value) if isinstance(value, tuple) else value


def _said(name: str, value: Any, zone: tzinfo) -> str:
    if name in _TIMES and value is not None:
        return f"{times.local(value, zone):%d/%m/%Y %H:%M}"
    if name == "kind":
        return KINDS[value].lower()
    if isinstance(value, bool):
        return "oui" if value else "non"
    text = ", ".join(value) if isinstance(value, tuple) else str(value or "–")
    return text if len(text) <= 60 else text[:59] + "…"
