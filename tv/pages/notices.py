"""What the public has a right to know: rules, privacy, accessibility, a plan, an easy version.

- `GET /charte`: how what people write is moderated, with figures as they are now.
- `GET /confidentialite`: what is kept of whoever reads it; `POST /confidentialite/effacer` has them
  forgotten, as `DELETE /api/v1/participants/me` does, and comes back (303).
- `GET /accessibilite`: the statement that the law asks for, with all criteria.
- `GET /facile`: how to take part, in words that are easy to read (FALC).
- `GET /plan`: every public page.
- `GET /.well-known/security.txt`: where to report a weakness (RFC 9116): `[organiser] contact`, an
  e-mail address or an https address; 404 without.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from engagement.questions import Counts
from tv.auth import identity
from tv.follower import Follower
from tv.pages.api_privacy import forget_who_asks
from tv.pages.html import Pages
from tv.pages.own import own
from tv.pages.rgaa import STATES, grid
from tv.passes import PARTICIPANT_LIFETIME
from tv.problems import Problem
from tv.schedule.shown import named
from tv.settings import Settings
from tv.webrtc.ice_servers import hosts
from tv.writing import Writer

PRIVACY = "/confidentialite"
SECURITY_LASTS = timedelta(
    days=90
)  # after which readers ask again; a year at most (RFC 9116, 2.5.5)


def routes(pages: Pages, settings: Settings, follower: Follower, writer: Writer) -> list[BaseRoute]:
    desk = Desk(pages, settings, follower, writer)
    return [
        Route("/charte", desk.charter, methods=["GET"]),
        Route(PRIVACY, desk.privacy, methods=["GET"]),
        Route(f"{PRIVACY}/effacer", desk.erase, methods=["POST"]),
        Route("/accessibilite", desk.accessibility, methods=["GET"]),
        Route("/facile", desk.easy, methods=["GET"]),
        Route("/plan", desk.plan, methods=["GET"]),
        Route("/.well-known/security.txt", desk.security, methods=["GET"]),
    ]


class Desk:
    """Serves the pages."""

    def __init__(
        self, pages: Pages, settings: Settings, follower: Follower, writer: Writer
    ) -> None:
        self._pages = pages
        self._settings = settings
        self._audience = follower.audience
        self._writer = writer
        self._organiser = settings.organiser

    async def charter(self, request: Request) -> Response:
        audience = self._audience
        return self._page(
            request,
            "charter.html",
            questions=counted([audience.questions.counts(talk) for talk in audience.talks.by_id]),
            posts=audience.posts.states,
            alerts=audience.alerts.counts(),
            wall=audience.posts.wall,
        )

    async def privacy(self, request: Request) -> Response:
        who, settings = identity(request), self._settings
        erased = "efface" in request.query_params and not who.participant
        page = self._page(
            request,
            "privacy.html",
            script="privacy.ts",
            privacy=settings.privacy,
            recording=settings.recording,
            films=settings.films,
            kept_apart=any(
                each.primary.keep or each.backup.keep for each in settings.channels.values()
            ),
            hashtag=settings.wall.hashtag,
            restreams=[each.title or name for name, each in settings.restreams.items()],
            relays=hosts(settings.webrtc.ice_servers.values()),
            cookie_days=round(PARTICIPANT_LIFETIME / 86_400),
            participant=who.participant,
            own=own(self._audience, settings.labs, who) if who.participant else [],
            erased=erased,
        )
        if who.participant:  # what they wrote stands in it
            page.headers["cache-control"] = "no-store"
        return page

    async def erase(self, request: Request) -> Response:
        answer = RedirectResponse(f"{PRIVACY}?efface#effacer", 303, {"cache-control": "no-store"})
        await forget_who_asks(request, answer, self._writer, self._audience)
        return answer

    async def accessibility(self, request: Request) -> Response:
        found = grid()
        checked_on = date.fromisoformat(found.checked_on)
        return self._page(
            request,
            "accessibility.html",
            grid=found,
            states=STATES,
            checked_on=checked_on,
            named=named,
        )

    async def easy(self, request: Request) -> Response:
        return self._page(request, "easy.html", labs=self._settings.labs)

    async def plan(self, request: Request) -> Response:
        return self._page(request, "plan.html", labs=self._settings.labs)

    async def security(self, request: Request) -> Response:
        contact = self._organiser.contact
        if "@" in contact and "://" not in contact:
            contact = f"mailto:{contact}"
        if not contact.startswith(("mailto:", "https://")):
            raise Problem(
                404,
                "no-contact",
                "Aucun contact",
                "Cette installation ne dit pas à qui signaler une faille.",
            )
        until = datetime.now(UTC) + SECURITY_LASTS
        lines = [
            f"Contact: {contact}",
            f"Expires: {until:%Y-%m-%dT00:00:00Z}",
            "Preferred-Languages: fr, en",
        ]
        if public := self._settings.server.public_url.rstrip("/"):
            lines.append(f"Canonical: {public}/.well-known/security.txt")
        text = "".join(f"{line}\n" for line in lines)
        headers = {"cache-control": "public, max-age=86400"}
        return PlainTextResponse(text, headers=headers)

    def _page(self, request: Request, template: str, script: str = "", **values: Any) -> Response:
        return self._pages.page(
            template, script, reader=request, organiser=self._organiser, **values
        )


def counted(every: list[Counts]) -> Counts:
    """What became of the questions of all talks."""
    names = [name for name in Counts.__dataclass_fields__ if name != "talk"]
    return Counts("", **{name: sum(getattr(each, name) for each in every) for name in names})
