"""The API of what one takes home, as files.

- `GET /api/v1/talks/{id}/report.pdf`: a report to hand to its speaker: only what the audience saw,
  and what people wrote about the talk (the crew of that talk).
- `GET /api/v1/talks/{id}/tables.json|xlsx`, `GET /api/v1/talks/{id}/tables/{name}.csv` (the crew of
  that talk): the talk's facts, questions, polls, words, answers, ratings, reactions by minute, and
  the log of moderation, as the tables of tv/reports/tables.py; for moderator, operator, admin.
- `GET /api/v1/tables.json|xlsx`, `GET /api/v1/tables/{name}.csv`: the same of all talks, and the
  wall (moderator, operator, admin, with a pass for all talks).

404 `unknown-talk`, `unknown-table`.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv import settings
from tv.auth import CREW, MODERATORS, identity
from tv.follower import Follower
from tv.problems import Problem
from tv.reports import tables
from tv.reports.files import as_csv, as_xlsx
from tv.reports.pdf import as_pdf
from tv.reports.report import report_of
from tv.reports.tables import Table
from tv.tasks import in_thread
from tv.writing import attached, json, talk_of

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8; header=present"


def routes(follower: Follower, event: settings.Event) -> list[BaseRoute]:
    def tables_of(request: Request) -> tuple[str, list[Table]]:
        """What the tables are of, for the file's name, and the tables. Raises Problem."""
        audience = follower.audience
        if "talk" in request.path_params:
            talk = talk_of(request, follower.audience.talks)
            identity(request).must_be(*MODERATORS, talk=talk.id)
            found = tables.tables(audience, [talk], event.zone)
            return talk.id, [*found, tables.log(audience, [talk], event.zone)]
        identity(request).must_be(*MODERATORS)
        talks = audience.talks.listed()
        found = tables.tables(audience, talks, event.zone)
        wall = tables.posts(audience, event.zone)
        return event.slug, [*found, wall, tables.log(audience, talks, event.zone)]

    async def report(request: Request) -> Response:
        talk = talk_of(request, follower.audience.talks)
        identity(request).must_be(*CREW, talk=talk.id)
        found = report_of(follower.audience, talk, event.name, event.zone)
        return attached(await in_thread(partial(as_pdf, found)), PDF, f"{talk.id}.pdf")

    async def as_json(request: Request) -> Response:
        _, found = tables_of(request)
        return json({table.name: table.records() for table in found})

    async def workbook(request: Request) -> Response:
        name, found = tables_of(request)
        return attached(await in_thread(partial(as_xlsx, found)), XLSX, f"{name}.xlsx")

    async def one(request: Request) -> Response:
        of, found = tables_of(request)
        wanted = request.path_params["name"]
        table = next((each for each in found if each.name == wanted), None)
        if table is None:
            raise Problem(
                404,
                "unknown-table",
                "Introuvable",
                f"Les tables sont\u202f: {', '.join(each.name for each in found)}.",
            )
        return attached(await in_thread(partial(as_csv, table)), CSV, f"{of}-{table.name}.csv")

    return [
        Route("/api/v1/talks/{talk}/report.pdf", report, methods=["GET"]),
        *(
            route
            for at in ("/api/v1/talks/{talk}", "/api/v1")
            for route in (
                Route(f"{at}/tables.json", as_json, methods=["GET"]),
                Route(f"{at}/tables.xlsx", workbook, methods=["GET"]),
                Route(at + "/tables/{name}.csv", one, methods=["GET"]),
            )
        ),
    ]
