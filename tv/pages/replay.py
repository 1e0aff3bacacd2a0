"""The pages of what is over: the replays that are on line, and each of them to watch again."""

from datetime import tzinfo
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.talks import Talk
from tv.follower import Follower
from tv.labs.items import lab_item
from tv.pages.html import Pages
from tv.pages.ideas import open_calls
from tv.problems import Problem
from tv.schedule.shown import clock, named
from tv.schedule.times import local
from tv.settings import Settings


def routes(pages: Pages, settings: Settings, follower: Follower) -> list[BaseRoute]:
    talks, zone = follower.audience.talks, settings.event.zone
    labs = {slug: lab_item(slug, lab) for slug, lab in settings.labs.items()}

    async def shelf(request: Request) -> Response:
        found = [talk for talk in talks.by_id.values() if talk.state == "replay" and talk.marks]
        found.sort(key=lambda talk: talk.marks or (0.0, 0.0), reverse=True)
        days = groupby(found, key=lambda talk: local(_start(talk), zone).date())
        return pages.page(
            "replays.html",
            reader=request,
            days=[(day, [_card(talk, pages, zone) for talk in of_day]) for day, of_day in days],
            labs=labs,
            named=named,
            calls=[call.plan.prompt(1) for call in open_calls(follower)],
            rehearsal=follower.audience.happening.now.phase == "rehearsal",
        )

    async def replay(request: Request) -> Response:
        """Whether there is anything to see is what the API tells its script."""
        wanted = request.path_params["talk"]
        talk = talks.by_id.get(wanted)
        if talk is None:
            return pages.page("no_replay.html", status=404, reader=request)
        if talk.removed:
            raise Problem(
                410,
                "talk-gone",
                "Cette intervention a été retirée",
                "L’organisateur l’a retirée du programme. Les autres replays restent en ligne.",
            )
        known = {
            "channel": talk.channel,
            "name": pages.channels.get(talk.channel, talk.channel),
            "talk": talk.id,
        }
        return pages.page(
            "replay.html",
            "replay.ts",
            known,
            reader=request,
            title=talk.title or "Replay",
            poster=_poster(talk),
        )

    return [Route("/revoir", shelf), Route("/revoir/{talk}", replay)]


def _card(talk: Talk, pages: Pages, zone: tzinfo) -> dict[str, object]:
    start, end = talk.marks or (0.0, 0.0)
    return {
        "id": talk.id,
        "lab": talk.lab,
        "hour": clock(start, zone),
        "title": talk.title or "Le direct",
        "speakers": ", ".join(talk.speakers),
        "channel": pages.channels.get(talk.channel, talk.channel),
        "poster": _poster(talk),
        "length": spoken(end - start),
        "reviewed": talk.reviewed,
    }


def _start(talk: Talk) -> float:
    return talk.marks[0] if talk.marks else 0.0


def _poster(talk: Talk) -> str:
    return f"/{talk.channel}/replay/{talk.id}/poster.jpg"


def spoken(seconds: float) -> str:
    """« 42 min », « 1 h 05 »: a length as one says it."""
    minutes = max(1, round(seconds / 60))
    hours, rest = divmod(minutes, 60)
    return f"{hours}\u00a0h\u00a0{rest:02}" if hours else f"{minutes}\u00a0min"
