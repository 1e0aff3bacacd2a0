"""The API of sendings: « Envoyer au labo », what the set sends to the tables.

- `GET /api/v1/sendings?lab=` → `{"items": [sending]}`, the newest first: what is on the tables, or
  on those of one laboratory.
- `POST /api/v1/sendings` `{"type", "labs": [], …}` → 201 sending, on the tables of `labs`, of all
  for none (moderator, operator, admin). `type`: `quote` (`text`, 500 characters, and `talk`, with
  `start` and `end` if one likes), `clip` (`talk`, `start`, `end`: half an hour at most; `text`),
  `message` (`text`, 280 characters), or `question`, `poll` and `synthesis` with `shows`, the id of
  one that everybody may see: it shows as it is now, and goes with it. `start` and `end` are on the
  broadcast clock. 422 `bad-sending`, `unknown-lab`, `unknown-reference`; 404 `unknown-talk`; 409
  `wrong-state`, `too-many-sendings` (200).
- `DELETE /api/v1/sendings/{id}` → 204 (the same): it is on no table any more.

Sendings are as in `tv/labs/syntheses.py`; writes as in tv/writing.py.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.syntheses.events import SendingTakenBack, SentToLab
from engagement.syntheses.synthesis import SendingKind
from tv import items
from tv.auth import MODERATORS, identity
from tv.follower import Follower
from tv.openapi import asks, takes
from tv.pages.api_syntheses import known_labs
from tv.problems import Problem, clean, read_json
from tv.settings import Lab
from tv.writing import Writer, absent, json, nothing

QUOTE = 500  # characters
MESSAGE = 280
CLIP = 1_800.0  # seconds

REFERRING: tuple[SendingKind, ...] = ("question", "poll", "synthesis")

Name = Annotated[str, msgspec.Meta(max_length=80)]
Moment = Annotated[float, msgspec.Meta(ge=0.0, lt=1e11)]


class New(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a sending."""

    type: SendingKind
    labs: list[Name] = []
    text: str = ""
    talk: Name = ""
    shows: Name = ""
    start: Moment | None = None
    end: Moment | None = None


def routes(follower: Follower, writer: Writer, labs: Mapping[str, Lab]) -> list[BaseRoute]:
    desk = Desk(follower, writer, labs)
    return [
        Route("/api/v1/sendings", desk.every, methods=["GET"]),
        Route("/api/v1/sendings", desk.send, methods=["POST"]),
        Route("/api/v1/sendings/{sending}", desk.take_back, methods=["DELETE"]),
    ]


class Desk:
    """Answers requests about sendings."""

    def __init__(self, follower: Follower, writer: Writer, labs: Mapping[str, Lab]) -> None:
        self._sendings = follower.audience.sendings
        self._writer = writer
        self._labs = labs

    @asks(lab="what that laboratory got")
    async def every(self, request: Request) -> Response:
        lab, crew = request.query_params.get("lab", ""), identity(request).crew("")
        found = [
            sending
            for sending in self._sendings.by_id.values()
            if items.seen(sending, crew) and (not lab or lab in (sending.labs or (lab,)))
        ]
        return json({"items": [items.item(sending, crew) for sending in reversed(found)]})

    @takes(New)
    async def send(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        said = await read_json(request, New)
        _check(said)
        about_talk = said.type in ("quote", "clip")
        act = self._writer.act(request, who.signature)
        event = SentToLab(
            **act,
            sending=f"sent_{act['id']}",
            kind=said.type,
            labs=known_labs(said.labs, self._labs),
            text=clean(
                said.text,
                "Texte",
                MESSAGE if said.type == "message" else QUOTE,
                least=1 if said.type in ("quote", "message") else 0,
            ),
            talk=said.talk if about_talk else "",
            shows=said.shows if said.type in REFERRING else "",
            start=said.start if about_talk else None,
            end=said.end if about_talk else None,
        )
        sent = await self._writer.write(event, who)
        location = f"/api/v1/sendings/{sent.id}"
        return json(items.item(sent, crew=True), 201, location=location)

    async def take_back(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        sending = self._sendings.find(request.path_params["sending"], gone=True)
        if sending is None:
            raise absent("sending")
        act = self._writer.act(request, who.signature)
        await self._writer.remove(sending, SendingTakenBack(**act, sending=sending.id), who)
        return nothing()


def _check(said: New) -> None:
    """Raises Problem unless there is what a sending of its kind needs."""
    if (said.type in REFERRING) != bool(said.shows):
        raise _bad(
            "« shows » nomme la question, le sondage ou la synthèse à montrer, et elle seule."
        )
    if said.type in ("quote", "clip") and not said.talk:
        raise _bad("«\u00a0talk\u00a0» nomme l’intervention d’où vient l’extrait.")
    if said.type == "clip" and (said.start is None or said.end is None):
        raise _bad("Un extrait a un début et une fin.")
    if said.start is not None and said.end is not None and not 0 < said.end - said.start <= CLIP:
        raise _bad("La fin vient après le début, une demi-heure plus tard au plus.")


def _bad(detail: str) -> Problem:
    return Problem(422, "bad-sending", "Envoi à revoir", detail)
