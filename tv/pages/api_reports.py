"""The API of what one takes home, as files.

- `GET /api/v1/talks/{id}/report.pdf`: a report to hand to its speaker: only what the audience saw,
  and what people wrote about the talk (the crew of that talk).
- `GET /api/v1/talks/{id}/tables.json|xlsx`, `GET /api/v1/talks/{id}/tables/{name}.csv` (the crew of
  that talk): the talk's facts, questions, polls, words, answers, ratings, reactions by minute, and
  the log of moderation, as the tables of tv/reports/tables.py; for moderator, operator, admin.
- `GET /api/v1/tables.json|xlsx`, `GET /api/v1/tables/{name}.csv`: the same of all talks, the wall,
  what was reported, and what the laboratories made: figures, ideas, syntheses with their versions,
  comments, as the tables of tv/reports/labs.py (moderator, operator, admin, with a pass for all
  talks).
- `GET /api/v1/cafes/{id}/tables.json|xlsx`, `GET /api/v1/cafes/{id}/tables/{name}.csv`: the latter
  of one session. `?lab=labo-1`: of one laboratory (the same).
- `GET /api/v1/booklet.pdf?lab=labo-1&cafe=`: the shared syntheses by laboratory, with the ideas
  that they come from, and the ideas with most dots, to print (the same, and hosts for theirs).

404 `unknown-talk`, `unknown-cafe`, `unknown-table`; 422 `unknown-lab`.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import lab_of
from tv import items
from tv.auth import CREW, MODERATORS, Role, identity
from tv.follower import Follower
from tv.labs.places import check_lab
from tv.openapi import asks
from tv.problems import Problem
from tv.reports import tables
from tv.reports.booklet import Booklet, booklet_of
from tv.reports.files import as_csv, as_xlsx
from tv.reports.labs import lab_tables
from tv.reports.report import Report, report_of
from tv.reports.tables import Table
from tv.settings import Settings
from tv.tasks import in_thread
from tv.wall.pictures import Pictures
from tv.writing import absent, attached, json, talk_of

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8; header=present"


def routes(follower: Follower, settings: Settings, pictures: Pictures) -> list[BaseRoute]:
    event, labs = settings.event, settings.labs

    def asked_lab(request: Request) -> str:
        """The laboratory that is asked for, "" for all. Raises Problem."""
        lab = request.query_params.get("lab", "")
        if lab:
            check_lab(lab, labs)
        return lab

    def cafe_of(cafe: str) -> str:
        found = follower.audience.cafes.by_id.get(cafe)
        if found is None or not items.seen(found, crew=True):
            raise absent("cafe")
        return cafe

    def tables_of(request: Request) -> tuple[str, list[Table]]:
        """What the tables are of, for the file's name, and the tables. Raises Problem."""
        audience = follower.audience
        if "talk" in request.path_params:
            talk = talk_of(request, follower.audience.talks)
            identity(request).must_be(*MODERATORS, talk=talk.id)
            found = tables.tables(audience, [talk], event.zone)
            return talk.id, [*found, tables.log(audience, [talk], event.zone)]
        identity(request).must_be(*MODERATORS)
        lab = asked_lab(request)
        if "cafe" in request.path_params:
            cafe = cafe_of(request.path_params["cafe"])
            return cafe, lab_tables(audience, labs, event.zone, cafe, lab)
        talks = audience.talks.listed()
        found = tables.tables(audience, talks, event.zone)
        found += [tables.posts(audience, event.zone), tables.alerts(audience, event.zone)]
        found += [tables.log(audience, talks, event.zone)]
        return event.slug, [*found, *lab_tables(audience, labs, event.zone, lab=lab)]

    async def report(request: Request) -> Response:
        talk = talk_of(request, follower.audience.talks)
        identity(request).must_be(*CREW, talk=talk.id)
        found = report_of(follower.audience, talk, event.name, event.zone)
        return attached(await in_thread(partial(_report, found)), PDF, f"{talk.id}.pdf")

    @asks(lab="of a laboratory", cafe="of a session")
    async def booklet(request: Request) -> Response:
        who, lab = identity(request), asked_lab(request)
        if who.role is Role.HOST and who.station:
            own = lab_of(who.station) or who.station
            if (lab := lab or own) != own:
                raise Problem(
                    403,
                    "other-lab",
                    "Accès refusé",
                    "Votre laissez-passer vaut pour un autre laboratoire.",
                )
        else:
            who.must_be(Role.HOST, *MODERATORS)
        cafe = request.query_params.get("cafe", "")
        cafe = cafe and cafe_of(cafe)
        found = booklet_of(follower.audience, labs, event, pictures.path, lab, cafe)
        name = f"cahier-{lab or event.slug}.pdf"
        return attached(await in_thread(partial(_booklet, found)), PDF, name)

    @asks(lab="of a laboratory")
    async def as_json(request: Request) -> Response:
        _, found = tables_of(request)
        return json({table.name: table.records() for table in found})

    @asks(lab="of a laboratory")
    async def workbook(request: Request) -> Response:
        name, found = tables_of(request)
        return attached(await in_thread(partial(as_xlsx, found)), XLSX, f"{name}.xlsx")

    @asks(lab="of a laboratory")
    async def one(request: Request) -> Response:
        of, found = tables_of(request)
        wanted = request.path_params["name"]
        table = next((each for each in found if each.name == wanted), None)
        if table is None:
            raise Problem(
                404,
                "unknown-table",
                "Introuvable",
                f"Les tables sont\u00a0: {', '.join(each.name for each in found)}.",
            )
        return attached(await in_thread(partial(as_csv, table)), CSV, f"{of}-{table.name}.csv")

    return [
        Route("/api/v1/talks/{talk}/report.pdf", report, methods=["GET"]),
        Route("/api/v1/booklet.pdf", booklet, methods=["GET"]),
        *(
            route
            for at in ("/api/v1/talks/{talk}", "/api/v1/cafes/{cafe}", "/api/v1")
            for route in (
                Route(f"{at}/tables.json", as_json, methods=["GET"]),
                Route(f"{at}/tables.xlsx", workbook, methods=["GET"]),
                Route(at + "/tables/{name}.csv", one, methods=["GET"]),
            )
        ),
    ]


# What prints is loaded by who asks for it first: it is a third of what a web process would load.
def _report(found: Report) -> bytes:
    from tv.reports import pdf

    return pdf.as_pdf(found)


def _booklet(found: Booklet) -> bytes:
    from tv.reports import booklet_pdf

    return booklet_pdf.as_pdf(found)
