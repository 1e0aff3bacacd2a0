"""The page to type a code on, and where each code leads.

- `GET /rejoindre`: a field for the code, places to enter without one, and this page's own code to
  pass on. With `?code=…`, what the field sends.
- `GET /rejoindre/{code}` → 303 to the talk, the laboratory, the table or the event of that code;
  404 and the field again for a code that leads nowhere: whoever tries many waits for each. A talk
  is on its channel, in its laboratory or in its replay; one that is nowhere is in the programme. A
  voting code leads to the event, and a cookie says it to ballots that ask for one.

The code of a laboratory or a table makes the browser of one of the audience a participant who has
proved to be there (tv/pages/api_participants.py). Crew, tablets and screens stay what they are.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import lab_of
from engagement.talks import Talk
from tv.auth import Passes, Role, identity
from tv.cookies import PARTICIPANT_COOKIE, set_cookie
from tv.follower import Follower
from tv.joining import Place
from tv.labs.items import lab_item
from tv.labs.places import number_of
from tv.pages.api_join import Door
from tv.pages.api_participants import arrived
from tv.pages.html import Pages, origin
from tv.pages.labs import HERE
from tv.pages.watch import ON_SITE
from tv.passes import PARTICIPANT_LIFETIME
from tv.problems import Problem
from tv.schedule.shown import place_of, replay_of, seen_at
from tv.settings import Settings
from tv.voting_codes import COOKIE, COOKIE_LIFETIME, VotingCodes


def routes(
    pages: Pages,
    settings: Settings,
    follower: Follower,
    passes: Passes,
    door: Door,
    codes: VotingCodes,
) -> list[BaseRoute]:
    labs = [lab_item(slug, lab) for slug, lab in settings.labs.items()]
    talks = follower.audience.talks.by_id

    async def ask(request: Request) -> Response:
        typed = request.query_params.get("code", "").strip()
        return await lead(request, typed) if typed else await field(request)

    async def go(request: Request) -> Response:
        return await lead(request, request.path_params["code"])

    async def lead(request: Request, typed: str) -> Response:
        if codes.digest_of(typed) is not None:
            answer = RedirectResponse(f"/?{ON_SITE}", 303, {"cache-control": "no-store"})
            answer.set_cookie(COOKIE, typed, max_age=COOKIE_LIFETIME, samesite="lax")
            return answer
        try:
            place = await door.place(request, typed)
        except Problem as problem:
            return await field(request, problem)
        response = RedirectResponse(address(place), 303, {"cache-control": "no-store"})
        if place.kind in ("lab", "table") and identity(request).role is Role.VIEWER:
            prove(request, response, place)
        return response

    def prove(request: Request, response: Response, shown: Place) -> None:
        who = identity(request)
        lab, table, place = arrived(shown, who.lab, who.table, who.place)
        _, token = passes.welcome(who.name, who.participant, lab, table, who.joined, place)
        set_cookie(request, response, PARTICIPANT_COOKIE, token, PARTICIPANT_LIFETIME)

    async def field(request: Request, problem: Problem | None = None) -> Response:
        status, trouble = (problem.status, problem.detail) if problem else (200, "")
        here = origin(request, settings)
        return pages.page(
            "join.html",
            status=status,
            reader=request,
            trouble=trouble,
            labs=labs,
            host=here.partition("://")[2],
            code=await pages.codes.of(f"{here}/rejoindre"),
        )

    def address(place: Place) -> str:
        match place.kind:
            case "table":
                number = number_of(place.name)
                return f"/labo/{lab_of(place.name)}/table/{number}{HERE}"
            case "lab":
                return f"/labo/{place.name}{HERE}"
            case "talk":
                return where(talks[place.name])
            case "event":
                return f"/?{ON_SITE}"

    def where(talk: Talk) -> str:
        if replay := replay_of(talk):
            return replay
        if seen := seen_at(talk):
            return f"{seen}&{ON_SITE}" if talk.channel else f"{seen}{HERE}"
        return f"/programme{place_of(talk, settings.event.zone)}"

    return [
        Route("/rejoindre", ask, methods=["GET"]),
        Route("/rejoindre/{code}", go, methods=["GET"]),
    ]
