"""The API of films: a talk as one MP4 with its chapters and subtitles, and clips of it.

- `GET /api/v1/talks/{id}/film` → `{"state", "progress", "size", "url", "detail"}`. `state` is
  `none`, `waiting`, `making` (with `progress`, of 1), `ready` (with `size` in bytes and `url`) or
  `failed` (with `detail`, in French). A film is of the talk as it is: when its marks, its captions
  or its chapters change afterwards, it is `none` again.
- `POST /api/v1/talks/{id}/film` → the same, 202, or 200 when it is ready. Asked again it is the
  same film. 429 `queue-full` with Retry-After while too many wait.
- `GET /api/v1/talks/{id}/film.mp4` → the film, by ranges too. 404 `no-film` unless it is ready.
- `GET /api/v1/talks/{id}/clips` → `{"items": [clip]}`; a clip is what a film is, with `id`, `start`
  and `end`, seconds of the broadcast clock, and stands like a film for what was said as it is.
- `POST /api/v1/talks/{id}/clips` `{"start", "end"}` → clip, like a film; times as in `:trim`. 422
  `wrong-clip` unless it lies between the marks and has 30 minutes at most.
- `GET /api/v1/talks/{id}/clips/{clip}` → how far one is; `…/{clip}.mp4` → the clip itself.

Films are for whoever may see the replay (404 `unknown-replay` for others), clips for moderator,
operator and admin.
"""

import re
from datetime import datetime
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from engagement.talks import Talk
from tv.auth import MODERATORS, identity
from tv.follower import Follower
from tv.items import Rendered
from tv.openapi import takes
from tv.problems import Problem, read_json
from tv.recorded.films import Order, Orders, Progress, QueueFull, Shelf, clip, stands, whole_film
from tv.recorded.replays import Replays, absent
from tv.schedule.by_hand import seconds
from tv.writing import json

LONGEST_CLIP = 30 * 60.0  # seconds
RETRY = 10  # seconds
KEPT = 64  # orders in memory: a digest of a day's captions takes some milliseconds
CLIP = re.compile(r"[0-9a-f]{24}")
NAME = 80  # characters of a title in a file's name


class Span(msgspec.Struct, frozen=True):
    """The body of `POST …/clips`."""

    start: float | datetime
    end: float | datetime


def routes(follower: Follower, replays: Replays, orders: Orders, shelf: Shelf) -> list[BaseRoute]:
    disk = replays.recordings.in_thread
    kept: dict[Talk, tuple[tuple[int, str], Order]] = {}  # and what was said when it was made

    def find(request: Request) -> tuple[Talk, Order]:
        talk = replays.find(request.path_params["talk"], identity(request))
        said = follower.transcripts[talk.channel].version, follower.audience.position
        if talk not in kept or kept[talk][0] != said:
            if (order := whole_film(talk, follower)) is None:
                raise absent()
            kept[talk] = said, order
            if len(kept) > KEPT:
                del kept[next(iter(kept))]
        return talk, kept[talk][1]

    def for_crew(request: Request) -> Talk:
        talk = request.path_params["talk"]
        identity(request).must_be(*MODERATORS, talk=talk)
        return replays.find(talk, identity(request))

    async def rendered(order: Order, url: str) -> Rendered:
        if (size := await disk(partial(shelf.size, order.name))) is not None:
            return _rendered("ready", 1.0, size=size, url=url)
        progress = await orders.look(order.key)
        return _rendered("none") if progress is None else _of(progress)

    async def ask(talk: Talk, order: Order, url: str) -> Rendered:
        known = await rendered(order, url)
        if known["state"] not in ("none", "failed"):
            return known
        try:
            await replays.show(talk)
        except Problem as problem:
            if problem.status != 503:  # what is being recorded yet is waited for
                raise
        try:
            return _of(await orders.ask(order))
        except QueueFull as error:
            raise Problem(
                429,
                "queue-full",
                "Trop de demandes",
                "D’autres vidéos sont en préparation. Réessayez dans quelques instants.",
                retry_after=RETRY,
            ) from error

    async def one(request: Request) -> Response:
        talk, order = find(request)
        return json(await rendered(order, _film_url(talk)))

    async def make(request: Request) -> Response:
        talk, order = find(request)
        film = await ask(talk, order, _film_url(talk))
        return json(film, 200 if film["state"] == "ready" else 202)

    async def download(request: Request) -> Response:
        talk, order = find(request)
        return await sent(request, talk, order, talk.title)

    async def clips(request: Request) -> Response:
        talk = for_crew(request)
        made = await disk(shelf.orders)
        return json(
            {
                "items": [
                    _clip(order) | await rendered(order, _clip_url(order))
                    for order in made
                    if order.kind == "clip" and order.talk == talk.id
                    if stands(order, talk, follower)
                ]
            }
        )

    @takes(Span)
    async def make_clip(request: Request) -> Response:
        talk = for_crew(request)
        said = await read_json(request, Span)
        order = clip(talk, _time(said.start, "start"), _time(said.end, "end"), follower)
        if order is None or order.end - order.start > LONGEST_CLIP:
            raise Problem(
                422,
                "wrong-clip",
                "Extrait refusé",
                "Un extrait va d’un instant à un autre, entre les repères du replay, et dure "
                f"{LONGEST_CLIP / 60:.0f}\u202fminutes au plus.",
            )
        made = _clip(order) | await ask(talk, order, _clip_url(order))
        return json(made, 200 if made["state"] == "ready" else 202)

    async def one_clip(request: Request) -> Response:
        talk, name = for_crew(request), request.path_params["clip"]
        url = f"/api/v1/talks/{talk.id}/clips/{name}.mp4"
        order = await made_clip(talk, name)
        if order is not None:
            return json(_clip(order) | await rendered(order, url))
        if CLIP.fullmatch(name) and (progress := await orders.look(f"clip-{name}")) is not None:
            return json({"id": name} | _of(progress))
        raise _no_film()

    async def made_clip(talk: Talk, name: str) -> Order | None:
        for order in await disk(shelf.orders):
            if order.key == f"clip-{name}" and stands(order, talk, follower):
                return order
        return None

    async def download_clip(request: Request) -> Response:
        talk = for_crew(request)
        if (order := await made_clip(talk, request.path_params["clip"])) is None:
            raise _no_film()
        return await sent(request, talk, order, f"{talk.title} – extrait")

    async def sent(request: Request, talk: Talk, order: Order, title: str) -> Response:
        try:
            stat = await disk(shelf.path(order.name).stat)
        except OSError as error:
            raise _no_film() from error
        public = talk.state == "replay" and order.kind == "film"
        headers = {
            "cache-control": "public, no-cache" if public else "private, no-store",
            "etag": f'"{order.name}"',
        }
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return FileResponse(
            shelf.path(order.name),
            headers=headers,
            media_type="video/mp4",
            filename=file_name(title),
            stat_result=stat,
        )

    talk = "/api/v1/talks/{talk}"
    return [
        Route(f"{talk}/film", one, methods=["GET"]),
        Route(f"{talk}/film", make, methods=["POST"]),
        Route(f"{talk}/film.mp4", download, methods=["GET"]),
        Route(f"{talk}/clips", clips, methods=["GET"]),
        Route(f"{talk}/clips", make_clip, methods=["POST"]),
        Route(f"{talk}/clips/{{clip}}.mp4", download_clip, methods=["GET"]),
        Route(f"{talk}/clips/{{clip}}", one_clip, methods=["GET"]),
    ]


def file_name(title: str) -> str:
    """A name that every system takes for a file."""
    kept = "".join(
        each if each.isprintable() and each not in '/\\:*?"<>|' else " " for each in title
    )
    return f"{' '.join(kept.split())[:NAME].strip(' .') or 'film'}.mp4"


def _time(time: float | datetime, field: str) -> float:
    found = seconds(time, field)
    assert found is not None
    return found


def _film_url(talk: Talk) -> str:
    return f"/api/v1/talks/{talk.id}/film.mp4"


def _clip_url(order: Order) -> str:
    return f"/api/v1/talks/{order.talk}/clips/{_clip_id(order)}.mp4"


def _clip(order: Order) -> Rendered:
    return {"id": _clip_id(order), "start": order.start, "end": order.end}


def _clip_id(order: Order) -> str:
    """The same whatever is said in it: who asked for it finds it."""
    return order.key.removeprefix("clip-")


def _of(progress: Progress) -> Rendered:
    return _rendered(progress.state, progress.share, detail=progress.detail or None)


def _rendered(
    state: str,
    progress: float = 0.0,
    size: int | None = None,
    url: str | None = None,
    detail: str | None = None,
) -> Rendered:
    return {
        "state": state,
        "progress": round(progress, 3),
        "size": size,
        "url": url,
        "detail": detail,
    }


def _no_film() -> Problem:
    return Problem(
        404, "no-film", "Vidéo absente", "Cette vidéo n’est pas prête. Demandez-la d’abord."
    )
