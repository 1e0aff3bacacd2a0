"""The quality of a channel's captions, for the crew.

`GET /api/v1/channels/{slug}/captions/quality` → figures of the last hour; with `?talk=ID` of that
talk, on whose channel it must have been. Times are in seconds:
- `state` of the captions now, and its `reason`, as in the channel's item;
- `lag` {"p50", "p95"}: from a word's end until it could be shown; `reading_speed` {"p50", "p95",
  "fast"}: characters a second, and the share of cues that go before they can be read; both null
  before any; `cues`, `words`; `edits`: what people did to cues, `hidden` cues;
- `since` the captions process started, null when it does not say: `refused` transcripts by reason,
  `dropped` cues that the store did not take, seconds `paused`;
- `second_pass`: seconds `heard` again, `waiting` and `left` for want of time; `cues` and `words`
  that it changed; null when it does not run.

Moderator, operator and admin. 404 `unknown-channel`, `unknown-talk`.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from captions.quality import written
from tv.airing import Airing
from tv.auth import MODERATORS, identity
from tv.captioning.quality import Board, First
from tv.follower import Follower
from tv.openapi import asks
from tv.problems import Problem, rfc3339
from tv.upstream import Upstream
from tv.writing import absent, json

RECENT = 3600.0  # seconds


def routes(upstream: Upstream, follower: Follower, airing: Airing, board: Board) -> list[BaseRoute]:
    def span(channel: str, talk_id: str | None) -> tuple[float, float]:
        """The times that are asked about. Raises Problem."""
        now = upstream.now()
        if talk_id is None:
            return now - RECENT, now
        talk = follower.audience.talks.by_id.get(talk_id)
        if talk is None or talk.channel != channel:
            raise absent("talk")
        return talk.marks or (talk.started_at or now, talk.ended_at or now)

    @asks(talk="during that talk; the last hour, if none is named")
    async def quality(request: Request) -> Response:
        channel, talk = request.path_params["channel"], request.query_params.get("talk")
        identity(request).must_be(*MODERATORS, talk=talk or "")
        if (item := airing.item(channel, crew=True)) is None:
            raise Problem(
                404,
                "unknown-channel",
                "Canal inconnu",
                f"Canal inconnu\u00a0: «\u00a0{channel[:40]}\u00a0».",
            )
        start, end = span(channel, talk)
        cues = follower.transcripts[channel].between(start, end)
        found = (follower.captions.find(cue.id) for cue in cues)
        figures = written(each for _, each in filter(None, found))
        first, second = await board.told(channel)
        told = first or First(0.0)
        return json(
            {
                "id": channel,
                "state": item["captions"],
                "reason": item.get("captions_reason", ""),
                **msgspec.to_builtins(figures),
                "since": rfc3339(first.since) if first else None,
                "refused": told.refused,
                "dropped": told.dropped,
                "paused": told.paused,
                "second_pass": msgspec.to_builtins(second),
            }
        )

    path = "/api/v1/channels/{channel}/captions/quality"
    return [Route(path, quality, methods=["GET"])]
