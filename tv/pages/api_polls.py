"""The API of polls: drafted, opened and closed by the crew, voted by the audience.

- `GET /api/v1/talks/{id}/polls` → `{"items": [poll]}`, drafts for the crew only.
- `POST /api/v1/polls` `{"talk", "type": "single", "prompt", "options": ["…", {"text": "…"}],
  "visibility": "closed|live|published"}` → 201 poll, a draft (presenter, moderator, operator,
  admin). `visibility`: from when the audience sees results. 422 `bad-options` and the like.
- `POST /api/v1/polls/{id}:open|close|publish|reopen` → poll (the same roles); `reopen` begins a
  new round without ballots.
- `GET /api/v1/polls/{id}` → poll.
- `PUT /api/v1/polls/{id}/ballot` `{"choices": [option id], "round"}` → `{"id", "round", "choices",
  "version"}` (participants). The last ballot of a round counts. 409 `poll-not-open`, `wrong-round`;
  422 `one-choice`, `unknown-option`. `GET` → the same, of this round; 404 `no-ballot`.
- `GET /api/v1/polls/{id}/results?round=1` → `{"id", "round", "counts": [{"option", "votes"}],
  "ballots", "version"}`; 403 `results-hidden`, 404 `unknown-round`.

Polls are as in `items.poll_item`; writes as in tv/writing.py. 404 `unknown-poll` also for drafts.
"""

import re
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.polls import (
    Ballot,
    BallotCast,
    Option,
    Poll,
    PollClosed,
    PollCreated,
    PollOpened,
    PollPublished,
    PollReopened,
)
from tv import items
from tv.auth import Identity, Role, identity
from tv.follower import Follower
from tv.problems import Problem, clean, read_json
from tv.writing import Writer, absent, json

PROMPT = 300  # characters
OPTION = 120
OPTIONS = 20  # per poll
AT_MOST = msgspec.Meta(max_length=OPTIONS)

ROUND = re.compile("[1-9][0-9]{0,4}")

POLLSTERS = (Role.PRESENTER, Role.MODERATOR, Role.OPERATOR, Role.ADMIN)

ACTS: dict[str, type[PollOpened | PollClosed | PollPublished | PollReopened]] = {
    "open": PollOpened,
    "close": PollClosed,
    "publish": PollPublished,
    "reopen": PollReopened,
}


class Text(msgspec.Struct, frozen=True):
    text: str


class Draft(msgspec.Struct, frozen=True):
    """The body of a new poll; options are texts, or objects with a `text`."""

    talk: str
    prompt: str
    options: list[str | Text]
    type: str = "single"
    visibility: Literal["live", "closed", "published"] = "closed"


class Vote(msgspec.Struct, frozen=True):
    """The body of a ballot: option ids. Without a round, it is for the current one."""

    choices: Annotated[list[Annotated[str, msgspec.Meta(max_length=OPTION)]], AT_MOST]
    round: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    desk = Desk(follower, writer)
    return [
        Route(
            "/api/v1/polls/{poll}/ballot", desk.vote, methods=["PUT"]
        ),  # first: it comes in storms
        Route("/api/v1/polls", desk.create, methods=["POST"]),
        Route("/api/v1/talks/{talk}/polls", desk.of_talk, methods=["GET"]),
        Route("/api/v1/polls/{poll}:{verb}", desk.act, methods=["POST"]),
        Route("/api/v1/polls/{poll}/ballot", desk.ballot, methods=["GET"]),
        Route("/api/v1/polls/{poll}/results", desk.results, methods=["GET"]),
        Route("/api/v1/polls/{poll}", desk.one, methods=["GET"]),
    ]


class Desk:
    """Answers requests about polls."""

    def __init__(self, follower: Follower, writer: Writer) -> None:
        self._audience = follower.audience
        self._polls = follower.audience.polls
        self._writer = writer

    async def of_talk(self, request: Request) -> Response:
        talk = request.path_params["talk"]
        if talk not in self._audience.talks.by_id:
            raise absent("talk")
        crew = identity(request).crew(talk)
        found = [
            items.poll_item(poll, crew)
            for poll in self._polls.by_id.values()
            if poll.talk == talk and items.seen(poll, crew)
        ]
        return json({"items": found})

    async def one(self, request: Request) -> Response:
        poll, who = self._find(request)
        return json(items.poll_item(poll, who.crew(poll.talk)))

    async def create(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*POLLSTERS)
        said = await read_json(request, Draft)
        who.must_be(*POLLSTERS, talk=said.talk)
        if said.type != "single":
            raise Problem(
                422,
                "unknown-poll-type",
                "Type de sondage inconnu",
                "Seul le type « single » (un seul choix) est proposé.",
            )
        act = self._writer.act(request, who.signature)
        event = PollCreated(
            **act,
            poll=f"poll_{act['id']}",
            talk=said.talk,
            kind="single",
            prompt=clean(said.prompt, "Énoncé", PROMPT),
            options=_options(said.options),
            visibility=said.visibility,
        )
        created = await self._writer.write(event, who)
        location = f"/api/v1/polls/{created.id}"
        return json(items.item(created, crew=True), 201, location=location)

    async def act(self, request: Request) -> Response:
        poll, who = self._find(request)
        if (type := ACTS.get(request.path_params["verb"])) is None:
            raise Problem(404, "unknown-act", "Introuvable", "Cette action n’existe pas.")
        who.must_be(*POLLSTERS, talk=poll.talk)
        event = type(**self._writer.act(request, who.signature), poll=poll.id)
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def vote(self, request: Request) -> Response:
        poll, who = self._find(request)
        by = self._writer.tap(who)
        said = await read_json(request, Vote, limit=4096)
        event = BallotCast(
            **self._writer.act(request, by),
            poll=poll.id,
            round=said.round or poll.round,
            choices=tuple(said.choices),
        )
        ballot = await self._writer.write(event, who)
        assert isinstance(ballot, Ballot)
        return json(items.ballot_item(ballot))

    async def ballot(self, request: Request) -> Response:
        """What one has voted."""
        poll, who = self._find(request)
        ballot = self._audience.mine(poll.talk, who.must_take_part()).ballots.get(poll.id)
        if ballot is None or ballot.round != poll.round:
            raise Problem(404, "no-ballot", "Aucun vote", "Vous n’avez pas voté à ce tour.")
        return json(items.ballot_item(ballot))

    async def results(self, request: Request) -> Response:
        """`?round=` an earlier one; the current one by default."""
        poll, who = self._find(request)
        asked = request.query_params.get("round", str(poll.round))
        results = self._polls.results(poll.id, int(asked)) if ROUND.fullmatch(asked) else None
        if results is None:
            raise Problem(404, "unknown-round", "Introuvable", "Ce tour n’existe pas.")
        if not (who.crew(poll.talk) or poll.round_public(results.round)):
            raise Problem(
                403,
                "results-hidden",
                "Résultats masqués",
                "Les résultats seront visibles à la clôture."
                if poll.visibility == "closed"
                else "Les résultats seront visibles quand la régie les affichera.",
                state=poll.state,
            )
        return json(
            {
                "id": poll.id,
                "round": results.round,
                "counts": items.counts(poll, results.counts),
                "ballots": results.ballots,
                "version": poll.version,
            }
        )

    def _find(self, request: Request) -> tuple[Poll, Identity]:
        who = identity(request)
        poll = self._polls.by_id.get(request.path_params["poll"])
        if poll is None or not items.seen(poll, who.crew(poll.talk)):
            raise absent("poll")
        return poll, who


def _options(given: list[str | Text]) -> tuple[Option, ...]:
    texts = [
        clean(option if isinstance(option, str) else option.text, "Réponse proposée", OPTION)
        for option in given
    ]
    if not 2 <= len(texts) <= OPTIONS or len(set(texts)) != len(texts):
        raise Problem(
            422,
            "bad-options",
            "Réponses à revoir",
            f"Proposez de 2 à {OPTIONS} réponses, toutes différentes.",
        )
    return tuple(Option(f"o{number}", text) for number, text in enumerate(texts, 1))
