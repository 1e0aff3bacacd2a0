"""The API of « Signaler »: what people report to the moderators, and what becomes of it.

- `POST /api/v1/alerts` `{"about": "question"|"post"|"idea"|"synthesis"|"comment", "id",
  "grounds": "offensive"|"personal"|"private"|"illegal"|"advertising"|"other", "note"}` → 201 what
  they said of it (participants): once for each thing; said again, the last counts. 422
  `unknown-reference` for what does not show; 429 `too-many`: 6 at once, then one every 30 s.
- `GET /api/v1/alerts?state=open,kept,removed` → `{"items": [alert], "counts"}`, the oldest first
  (moderator, operator, admin); for others, `{"items": []}` of their own.
- `POST /api/v1/alerts/{id}:keep` → alert: the thing stays. `:remove` → alert: it is taken from
  everywhere; the author of a question is told the grounds (the same). 409 `wrong-state` when that
  was done already, or for a question that is on air: release it first.

Alerts are as in tv/alert_items.py, their `id` as `question.q_1`; writes as in tv/writing.py. 404
`unknown-alert`.
"""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.alerts import (
    ALERTS,
    Alert,
    AlertKept,
    AlertRaised,
    AlertState,
    Grounds,
    Raised,
    ThingKind,
)
from engagement.audience import AnyEvent
from engagement.ideas.events import IdeaHidden
from engagement.questions import QuestionRejected
from engagement.syntheses.events import CommentRejected, SynthesisHidden
from engagement.syntheses.synthesis import Synthesis
from engagement.wall.post import PostHidden
from tv import items
from tv.alert_items import counts_item, own_alert_item
from tv.auth import MODERATORS, Identity, identity
from tv.filters import chosen
from tv.follower import Follower
from tv.labs.on_wall import OnWall
from tv.openapi import asks, some, takes
from tv.problems import clean, read_json
from tv.settings import Lab
from tv.views import sees_all
from tv.writing import Writer, absent, json, unknown_act

NOTE = 200  # characters
NAME = 60

STATES = frozenset(get_args(AlertState))


class Reported(msgspec.Struct, frozen=True):
    """The body of a report."""

    about: ThingKind
    id: str
    grounds: Grounds
    note: str = ""


def routes(follower: Follower, writer: Writer, labs: Mapping[str, Lab]) -> list[BaseRoute]:
    desk = Desk(follower, writer, labs)
    return [
        Route("/api/v1/alerts", desk.every, methods=["GET"]),
        Route("/api/v1/alerts", desk.report, methods=["POST"]),
        Route("/api/v1/alerts/{alert}:{verb}", desk.act, methods=["POST"]),
    ]


class Desk:
    """Answers requests about alerts."""

    def __init__(self, follower: Follower, writer: Writer, labs: Mapping[str, Lab]) -> None:
        self._alerts = follower.audience.alerts
        self._writer = writer
        self._wall = OnWall(follower.audience.posts, writer, labs)

    @asks(state=some(STATES))
    async def every(self, request: Request) -> Response:
        who = identity(request)
        if not sees_all(who, ALERTS):
            own = self._alerts.raised_by(who.by) if who.by else []
            return json({"items": [own_alert_item(*each) for each in own]})
        states = chosen(request.query_params, "state", STATES)
        found = [
            items.item(alert, crew=True)
            for alert in self._alerts.by_id.values()
            if alert.state in states
        ]
        return json({"items": found, "counts": counts_item(self._alerts.counts())})

    @takes(Reported)
    async def report(self, request: Request) -> Response:
        who = identity(request)
        by = who.must_take_part()
        said = await read_json(request, Reported)
        event = AlertRaised(
            **self._writer.act(request, by),
            kind=said.about,
            thing=said.id[:NAME],
            grounds=said.grounds,
            note=clean(said.note, "Précision", NOTE, least=0),
        )
        alert = await self._writer.write(event, who)
        assert isinstance(alert, Alert)
        # What they said, not what is kept of them: of the many who report one thing, not all is.
        told = Raised(event.grounds, event.at, event.note)
        return json(own_alert_item(alert, told), 201)

    async def act(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        alert = self._alerts.by_id.get(request.path_params["alert"])
        if alert is None:
            raise absent("alert")
        about = self._writer.act(request, who.signature)
        match request.path_params["verb"]:
            case "keep":
                kept = AlertKept(**about, alert=alert.id, name=who.name[:NAME])
                await self._writer.write(kept, who)
            case "remove":
                removal = _removal(alert, about, who)
                removed = await self._writer.write(removal, who)
                if isinstance(removed, Synthesis):
                    await self._wall.hide(removed, removal, who)
            case _:
                raise unknown_act()
        return json(items.item(self._alerts.by_id[alert.id], crew=True))


def _removal(alert: Alert, about: dict[str, Any], who: Identity) -> AnyEvent:
    """What takes its thing from everywhere: its alert follows. `If-Match` is about the thing."""
    grounds, _ = alert.grounds[0]
    match alert.kind:
        case "question":
            return QuestionRejected(
                **about, question=alert.thing, name=who.name[:NAME], reason=grounds
            )
        case "post":
            return PostHidden(**about, post=alert.thing)
        case "idea":
            return IdeaHidden(**about, idea=alert.thing)
        case "synthesis":
            return SynthesisHidden(**about, synthesis=alert.thing)
        case "comment":
            return CommentRejected(**about, comment=alert.thing)
