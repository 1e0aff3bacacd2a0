"""The API of ratings: one tap, from one star to five, and a word if one likes.

- `PUT /api/v1/talks/{id}/rating` `{"stars": 1…5, "word": ""}` → `{"id", "stars", "word", "at",
  "version"}` (participants, from the talk's start on). The last rating of a participant counts. 409
  `talk-not-started`. `GET` → the same; 404 `no-rating`.
- `GET /api/v1/talks/{id}/ratings` → `{"id", "ratings", "counts": [{"stars", "ratings"}], "mean",
  "shown", "version"}`; for the crew also `words`: `[{"stars", "word", "at"}]`, the newest first,
  1,000 at most. 403 `results-hidden` for the audience while they are not shown.
- `POST /api/v1/talks/{id}/ratings:show|hide` → rating (presenter, moderator, operator, admin, once
  the talk is over; words are never shown). 409 `talk-not-over`.

The crew's pages have it as an item of the talk, `poll_items.rating_item`; writes as in
tv/writing.py.
"""

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.ratings import STARS, Given, Rating, RatingShown, TalkRated
from tv import poll_items
from tv.auth import CREW, identity
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import Problem, clean, read_json
from tv.writing import Writer, json, talk_of, unknown_act

WORD = 140  # characters
WORDS = 1_000  # in one answer


class Rated(msgspec.Struct, frozen=True):
    """The body of a rating."""

    stars: Annotated[int, msgspec.Meta(ge=1, le=STARS)]
    word: str = ""


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    audience = follower.audience

    @takes(Rated)
    async def rate(request: Request) -> Response:
        talk, who = talk_of(request, audience.talks), identity(request)
        by = who.must_take_part()
        said = await read_json(request, Rated, limit=4096)
        if talk.started_at is None:
            raise Problem(
                409,
                "talk-not-started",
                "Pas encore commencée",
                "On peut donner son avis dès que l’intervention a commencé.",
            )
        event = TalkRated(
            **writer.act(request, by),
            talk=talk.id,
            stars=said.stars,
            word=clean(said.word, "Un mot", WORD, least=0),
        )
        given = await writer.write(event, who)
        assert isinstance(given, Given)
        return json(poll_items.given_item(given))

    async def own(request: Request) -> Response:
        """What one gave."""
        talk, who = talk_of(request, audience.talks), identity(request)
        given = audience.ratings.given(talk.id, who.must_take_part())
        if given is None:
            raise Problem(
                404, "no-rating", "Aucun avis", "Vous n’avez pas donné d’avis sur l’intervention."
            )
        return json(poll_items.given_item(given))

    async def of_talk(request: Request) -> Response:
        talk, who = talk_of(request, audience.talks), identity(request)
        rating = audience.ratings.by_talk.get(talk.id) or Rating(id=talk.id)
        rendered = poll_items.rating_item(rating)
        if who.crew(talk.id):
            words = audience.ratings.words(talk.id)[:WORDS]
            rendered["words"] = [poll_items.remark_item(given) for given in words]
        elif not rating.public:
            raise Problem(
                403, "results-hidden", "Avis non affichés", "Les avis ne sont pas affichés."
            )
        return json(rendered)

    async def show(request: Request) -> Response:
        talk, who = talk_of(request, audience.talks), identity(request)
        if (verb := request.path_params["verb"]) not in ("show", "hide"):
            raise unknown_act()
        who.must_be(*CREW, talk=talk.id)
        if verb == "show" and talk.state not in ("ended", "replay"):
            raise Problem(
                409,
                "talk-not-over",
                "Trop tôt",
                "Les avis s’affichent quand l’intervention est terminée.",
            )
        event = RatingShown(
            **writer.act(request, who.signature), talk=talk.id, shown=verb == "show"
        )
        rating = await writer.write(event, who)
        assert isinstance(rating, Rating)
        return json(poll_items.rating_item(rating))

    return [
        Route("/api/v1/talks/{talk}/rating", rate, methods=["PUT"]),
        Route("/api/v1/talks/{talk}/rating", own, methods=["GET"]),
        Route("/api/v1/talks/{talk}/ratings", of_talk, methods=["GET"]),
        Route("/api/v1/talks/{talk}/ratings:{verb}", show, methods=["POST"]),
    ]
