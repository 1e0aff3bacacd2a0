"""The captions of a talk, to read, to subtitle a film with, or to compute on.

`GET /api/v1/talks/{id}/captions.{vtt,srt,txt,json}`: each cue in its newest revision, up to now if
the talk goes on, between the marks of its replay once there can be one. VTT and SRT are laid out
anew in two lines, TXT in paragraphs by speaker and pause; JSON has the cues as they stand, with the
identifiers and revisions by which they are corrected, and the time of every word. Times count from
the start of the talk or of those marks, or from the first cue when it has none; in JSON they are
broadcast times, beside the `origin`. With `?from=` and `?to=`, broadcast times both, only the cues
of which anything shows between them. tv/captioning/access.py says who reads which cues: once a talk
is over, those who may see its replay (404 `unknown-replay` for others). `direct`, before it is
started, has all that its channel said: for everybody where no talk is planned, else for the crew.
404 `unknown-talk`, `unknown-format`; 400 `invalid-range`.
"""

import asyncio
import math
from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from captions.cues import Cue
from captions.written import exports
from engagement.talks import Talk
from tv import items
from tv.auth import identity
from tv.captioning.access import CaptionAccess, sees_unpublished
from tv.follower import Follower
from tv.openapi import asks
from tv.problems import Problem
from tv.recorded.laid_out import LaidOuts
from tv.recorded.replays import absent, may_see
from tv.writing import attached, talk_of

FOREVER = 1e11  # seconds: later than any broadcast

Written = Callable[[Talk, float, list[Cue]], str]


def routes(follower: Follower, access: CaptionAccess, laid_out: LaidOuts) -> list[BaseRoute]:
    @asks(**{"from": "seconds on the broadcast clock", "to": "the same"})
    async def captions(request: Request) -> Response:
        talk, who = talk_of(request, follower.audience.talks), identity(request)
        if talk.state == "ended" and not may_see(talk, who):
            raise absent()
        known = FORMATS.get(request.path_params["format"])
        if known is None:
            raise Problem(
                404,
                "unknown-format",
                "Format inconnu",
                f"Formats des sous-titres\u00a0: {', '.join(FORMATS)}.",
            )
        media_type, write = known
        cues = access.of_talk(talk, who)
        start, end = _moment(request, "from", 0.0), _moment(request, "to", FOREVER)
        origin = (talk.marks or (talk.started_at,))[0] or (cues[0].start if cues else 0.0)
        if request.path_params["format"] != "json":
            key = talk.id, sees_unpublished(talk, who)
            cues = list((await laid_out.of(key, cues)).cues)
        cues = [cue for cue in cues if cue.start < end and cue.end > start]
        name = f"{talk.id}.{request.path_params['format']}"
        # Hours of cues take most of a second, and anybody may ask for them.
        written = await asyncio.to_thread(write, talk, origin, cues)
        return attached(written, media_type, name, "no-cache")

    return [Route("/api/v1/talks/{talk}/captions.{format}", captions, methods=["GET"])]


def _moment(request: Request, name: str, otherwise: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    try:
        moment = float(text)
    except ValueError:
        moment = math.nan
    if not math.isfinite(moment):
        raise Problem(
            400,
            "invalid-range",
            "Demande illisible",
            f"{name} doit être un nombre de secondes sur l’horloge de diffusion.",
        )
    return moment


def _vtt(talk: Talk, origin: float, cues: list[Cue]) -> str:
    return exports.vtt(cues, origin)


def _srt(talk: Talk, origin: float, cues: list[Cue]) -> str:
    return exports.srt(cues, origin)


def _txt(talk: Talk, origin: float, cues: list[Cue]) -> str:
    return exports.text(cues)


def _json(talk: Talk, origin: float, cues: list[Cue]) -> str:
    body = {
        "talk": talk.id,
        "channel": talk.channel,
        "reviewed": talk.reviewed,
        "origin": origin,
        "items": [items.cue_item(cue) | {"words": exports.words(cue)} for cue in cues],
    }
    return msgspec.json.encode(body).decode()


FORMATS: dict[str, tuple[str, Written]] = {
    "vtt": ("text/vtt", _vtt),
    "srt": ("application/x-subrip", _srt),
    "txt": ("text/plain", _txt),
    "json": ("application/json", _json),
}
