"""The API of the comparison: a café's laboratories side by side.

- `GET /api/v1/cafes/{cafe}/comparison` → `{"cafe", "title", "items": [{"lab", "name", "step",
  "colour", "pictogram", "drawing", "tables", "people", "ideas", "dots", "syntheses", "shared",
  "top"}],
  "totals"}` (anybody; the crew alone while it is a draft). `people` sat at the laboratory's tables
  or had an idea there; `top` are the five ideas with most dots, `{"id", "text", "lab", "table",
  "round", "dots"}`. Where fewer than five people took part, or gave dots, these are null, and those
  of another laboratory too if it alone would tell. A call has `totals` alone.

404 `unknown-cafe`.
"""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv import items
from tv.auth import identity
from tv.follower import Follower
from tv.labs.comparison import compared, comparison_item
from tv.settings import Lab
from tv.writing import absent, json


def routes(follower: Follower, labs: Mapping[str, Lab]) -> list[BaseRoute]:
    async def comparison(request: Request) -> Response:
        audience = follower.audience
        cafe = audience.cafes.by_id.get(request.path_params["cafe"])
        if cafe is None or not items.seen(cafe, identity(request).crew("")):
            raise absent("cafe")
        return json(comparison_item(cafe, compared(audience, cafe), labs))

    return [Route("/api/v1/cafes/{cafe}/comparison", comparison, methods=["GET"])]
