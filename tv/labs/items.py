"""What pages and the API say of world cafés: sessions and calls, how far laboratories are, tables.

`type` of a session is its `engagement.cafe.session.Kind`; its `tables` say how many there are in
each laboratory, by slug. Lengths are in seconds.
"""

from typing import Any

from engagement.cafe.cafes import Cafes
from engagement.cafe.session import Cafe, Progress, Table, lab_of
from tv.labs.pictograms import path
from tv.problems import rfc3339
from tv.settings import Lab

Rendered = dict[str, Any]


def lab_item(slug: str, lab: Lab) -> Rendered:
    """A laboratory of the settings; `drawing` is its pictogram as the path of an SVG, 24 wide."""
    return {
        "id": slug,
        "name": lab.name,
        "step": lab.step,
        "colour": lab.colour,
        "pictogram": lab.pictogram,
        "drawing": path(lab.pictogram),
    }


def cafe_item(cafe: Cafe) -> Rendered:
    plan = cafe.plan
    return {
        "kind": "cafe",
        "id": cafe.id,
        "type": plan.kind,
        "state": cafe.state,
        "title": plan.title,
        "prompts": list(plan.prompts),
        "tables": dict(plan.tables),
        "rounds": plan.rounds,
        "round_seconds": plan.round_seconds,
        "moving_seconds": plan.moving_seconds,
        "seats": plan.seats,
        "dots": plan.dots,
        "private": plan.private,
        "opened_at": rfc3339(cafe.opened_at),
        "closed_at": rfc3339(cafe.closed_at),
        "version": cafe.version,
    }


def progress_item(progress: Progress) -> Rendered:
    return {
        "kind": "progress",
        "id": progress.id,
        "cafe": progress.cafe,
        "step": progress.step,
        "round": progress.round,
        "since": rfc3339(progress.since),
        "ends_at": rfc3339(progress.ends_at),
        "left": progress.left,
        "version": progress.version,
    }


def table_item(table: Table) -> Rendered:
    return {
        "kind": "table",
        "id": table.id,
        "cafe": table.cafe,
        "lab": table.lab,
        "number": table.number,
        "seated": table.seated,
        "kiosk_seated": table.kiosk_seated,
        "hosts": list(table.hosts),
        "revealed": table.revealed,
        "version": table.version,
    }


def own_seat(cafes: Cafes, participant: str) -> Rendered:
    """Where a participant sat last, in `me:cafe`: `table`, "" for nowhere, and `seat`, with the
    session and the round, or null."""
    seat = cafes.seat(participant)
    if seat is None:
        return {"table": "", "seat": None}
    lab = lab_of(seat.table)
    return {
        "table": seat.table,
        "seat": {"cafe": seat.cafe, "lab": lab, "table": seat.table, "round": seat.round},
    }
