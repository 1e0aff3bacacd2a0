"""What the moderators are told of an alert, and who raised it of theirs; its words in French."""

from collections.abc import Callable
from typing import Any

import msgspec

from engagement.alerts import Alert, Counts, Grounds, Raised, ThingKind
from engagement.fold import Item
from tv.problems import rfc3339

Rendered = dict[str, Any]
Render = Callable[[Item, bool], Rendered]

# What people read in the place of the words for programs.
THINGS: dict[ThingKind, str] = {
    "question": "question",
    "post": "message du mur",
    "idea": "idée",
    "synthesis": "synthèse",
    "comment": "commentaire",
}

GROUNDS: dict[Grounds, str] = {
    "offensive": "propos déplacés",
    "personal": "met en cause une personne",
    "private": "donnée personnelle",
    "illegal": "contenu illicite",
    "advertising": "publicité",
    "other": "autre raison",
}


def alert_item(alert: Alert, render: Render) -> Rendered:
    """`shows` is the thing as it is now, said by `render`; `showing`: everybody sees it. `people`
    reported it, for those `grounds`, the most frequent first; `notes` are what the last wrote."""
    return {
        "kind": "alert",
        "id": alert.id,
        "state": alert.state,
        "about": alert.kind,
        "shows": render(alert.shown, True),
        "showing": alert.shown.public,
        "people": alert.people,
        "grounds": [{"grounds": each, "people": people} for each, people in alert.grounds],
        "notes": list(alert.notes),
        "raised_at": rfc3339(alert.raised_at),
        "settled_at": rfc3339(alert.settled_at),
        "settled_by": alert.settled_by,
        "version": alert.version,
    }


def own_alert_item(alert: Alert, raised: Raised) -> Rendered:
    """For whoever raised it: what they said, and what became of it."""
    return {
        "kind": "alert",
        "id": alert.id,
        "state": alert.state,
        "about": alert.kind,
        "grounds": raised.grounds,
        "note": raised.note,
        "raised_at": rfc3339(raised.at),
        "settled_at": rfc3339(alert.settled_at),
        "version": alert.version,
    }


def counts_item(counts: Counts) -> Rendered:
    """What became of what was reported: all but `received` add up to it."""
    return msgspec.structs.asdict(counts)
