"""The API of voting codes: what is printed and given to people who may vote, one card each.

- `GET /api/v1/voting-codes?count=200&first=1` → `{"items": [{"number", "code", "address"}]}`, 3,000
  codes in all (operator, admin). Whoever opens the `address` has the code in that browser. A code
  is good for one ballot in each round of each poll with `codes` (tv/pages/api_polls.py). Nothing
  tells which codes were used. They stay the same for an event: print only as many as people.
- `GET /api/v1/voting-codes.csv`, `GET /api/v1/voting-codes.pdf` with the same parameters: a list,
  and cards to cut out, 300 at most. 422 `bad-count`.
"""

from functools import partial
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.auth import RUNNERS, identity
from tv.openapi import asks
from tv.pages.html import origin
from tv.problems import Problem
from tv.reports.files import as_csv
from tv.reports.tables import Column, Table
from tv.settings import Settings
from tv.tasks import in_thread
from tv.voting_codes import MOST, VotingCodes
from tv.writing import attached, json

PRINTED = 300  # cards in one file
ASKED = {"count": f"codes, {MOST} at most", "first": "number of the first one"}


class Card(NamedTuple):
    number: int
    code: str
    address: str


def routes(codes: VotingCodes, settings: Settings) -> list[BaseRoute]:
    def cards(request: Request, most: int) -> list[Card]:
        """The codes that are asked for. Raises Problem."""
        identity(request).must_be(*RUNNERS)
        count = _number(request, "count", min(200, most), most)
        first = _number(request, "first", 1, MOST)
        if first + count - 1 > MOST:
            raise _bad_count(MOST)
        here = origin(request, settings)
        return [
            Card(number, code, f"{here}/rejoindre/{code}")
            for number, code in enumerate(codes.first(MOST)[first - 1 :][:count], first)
        ]

    @asks(**ASKED)
    async def as_json(request: Request) -> Response:
        return json({"items": [card._asdict() for card in cards(request, MOST)]})

    @asks(**ASKED)
    async def as_list(request: Request) -> Response:
        columns = (Column("number", "n°"), Column("code", "code"), Column("address", "adresse"))
        found = Table("codes", "Codes de vote", columns, [*cards(request, MOST)])
        return attached(as_csv(found), "text/csv; charset=utf-8; header=present", "codes.csv")

    @asks(**ASKED)
    async def as_cards(request: Request) -> Response:
        printed = partial(_printed, cards(request, PRINTED), settings.event.name)
        return attached(await in_thread(printed), "application/pdf", "codes.pdf")

    path = "/api/v1/voting-codes"
    return [
        Route(path, as_json, methods=["GET"]),
        Route(f"{path}.csv", as_list, methods=["GET"]),
        Route(f"{path}.pdf", as_cards, methods=["GET"]),
    ]


def _printed(cards: list[Card], event: str) -> bytes:
    # The drawing code takes a while to load, and most servers print nothing.
    from tv.reports.cards import as_cards

    return as_cards(cards, event)


def _number(request: Request, name: str, otherwise: int, most: int) -> int:
    """A number from 1 on that an address asks for. Raises Problem."""
    said = request.query_params.get(name, str(otherwise))
    if not (said.isascii() and said.isdigit() and len(said) < 6 and 1 <= int(said) <= most):
        raise _bad_count(most)
    return int(said)


def _bad_count(most: int) -> Problem:
    return Problem(
        422,
        "bad-count",
        "Nombre de codes",
        f"Demandez de 1 à {most} codes\u00a0; l’événement en a {MOST} en tout.",
    )
