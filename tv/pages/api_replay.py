"""The API of a talk's replay: what there is to play, to jump to, to read and to search.

- `GET /api/v1/talks/{id}/replay` → `{"id", "talk", "title", "speakers", "channel", "state",
  "reviewed", "start", "end", "duration", "complete", "playlist", "captions", "thumbnails",
  "transcript", "search", "reactions", "film", "chapters", "questions", "polls", "syntheses",
  "version"}`. `complete` is false for the few seconds that the end of the talk takes to be
  recorded. `captions` are addresses by format. A chapter is `{"kind", "id", "title", "start",
  "end", "at"}`; `questions` are those that were answered, `polls` those that everybody may see,
  `syntheses` those that were told in it, each once.
- `GET …/replay/reactions` → `{"id", "seconds": [{"at", "applause", "heart", "idea", "smile"}]}`:
  each second in which anybody reacted.
- `GET …/replay/transcript.json` → as in tv/recorded/transcripts.py.
- `GET …/replay/search?q=` → `{"items": [sentence + "found"], "total"}`: the sentences that hold
  what is asked for (captions/written/search.py says how), 200 at most; `found` numbers their words.

`start` and `end` are broadcast times, `at` counts seconds from the beginning of the replay. 404
`unknown-replay`: there is none, or none for who asks; 404 `no-recording`; 503 `not-recorded-yet`;
422 `query-too-long`.
"""

import asyncio
from math import floor
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from captions.written import search
from engagement.talks import Talk
from tv import poll_items
from tv.auth import identity
from tv.follower import Follower
from tv.labs.syntheses import synthesis_item
from tv.openapi import asks
from tv.pages.captions_api import FORMATS
from tv.problems import Problem
from tv.question_items import question_item
from tv.recorded.chapters import chapters
from tv.recorded.replays import Replay, Replays
from tv.recorded.transcripts import Transcribed, transcribe
from tv.writing import json

TRANSCRIPTS_KEPT = 8  # a day's is some ten megabytes


def routes(follower: Follower, replays: Replays) -> list[BaseRoute]:
    kept: dict[str, tuple[object, Transcribed]] = {}

    async def find(request: Request) -> tuple[Talk, Replay]:
        talk = replays.find(request.path_params["talk"], identity(request))
        return talk, await replays.show(talk)

    async def transcribed(talk: Talk, replay: Replay) -> Transcribed:
        version = replay.version, follower.transcripts[talk.channel].version
        known = kept.pop(talk.id, None)
        if known is None or known[0] != version:
            # A day's words take a while: others are served meanwhile.
            made = await asyncio.to_thread(transcribe, replays.cues(replay), replay.timeline)
            known = version, made
        kept[talk.id] = known
        if len(kept) > TRANSCRIPTS_KEPT:
            del kept[next(iter(kept))]
        return known[1]

    async def one(request: Request) -> Response:
        talk, replay = await find(request)
        return json(_rendered(follower, talk, replay))

    async def transcript(request: Request) -> Response:
        talk, replay = await find(request)
        return json(
            {
                "id": talk.id,
                "talk": talk.id,
                "reviewed": talk.reviewed,
                "start": replay.start,
                "duration": replay.timeline.duration,
                **(await transcribed(talk, replay)).rendered,
            }
        )

    @asks(q="words to find")
    async def look(request: Request) -> Response:
        talk, replay = await find(request)
        query = request.query_params.get("q", "")
        if len(query) > search.LONGEST:
            raise Problem(
                422,
                "query-too-long",
                "Recherche trop longue",
                f"Cherchez quelques mots\u00a0: {search.LONGEST} caractères au plus.",
            )
        return json((await transcribed(talk, replay)).search(query))

    async def reactions(request: Request) -> Response:
        talk, replay = await find(request)
        found = follower.audience.reactions.between(talk.id, floor(replay.start), replay.end)
        seconds = [
            poll_items.second_item(second) | {"at": replay.timeline.at(second.at)}
            for second in found
        ]
        return json({"id": talk.id, "seconds": seconds})

    return [
        Route("/api/v1/talks/{talk}/replay", one, methods=["GET"]),
        Route("/api/v1/talks/{talk}/replay/reactions", reactions, methods=["GET"]),
        Route("/api/v1/talks/{talk}/replay/transcript.json", transcript, methods=["GET"]),
        Route("/api/v1/talks/{talk}/replay/search", look, methods=["GET"]),
    ]


def _rendered(follower: Follower, talk: Talk, replay: Replay) -> dict[str, Any]:
    files = f"/{talk.channel}/replay/{talk.id}"
    ours = f"/api/v1/talks/{talk.id}"
    found = chapters(talk, follower.audience.in_talk(talk.id), replay.start, replay.end)
    by_id = follower.audience.questions.by_id, follower.audience.polls.by_id
    syntheses = follower.audience.syntheses
    return {
        "id": talk.id,
        "talk": talk.id,
        "title": talk.title,
        "speakers": list(talk.speakers),
        "channel": talk.channel,
        "state": talk.state,
        "reviewed": talk.reviewed,
        "start": replay.start,
        "end": replay.end,
        "duration": replay.timeline.duration,
        "complete": replay.complete,
        "playlist": f"{files}/index.m3u8",
        "captions": {format: f"{files}/captions.{format}" for format in FORMATS},
        "thumbnails": f"{files}/thumbnails.vtt",
        "transcript": f"{ours}/replay/transcript.json",
        "search": f"{ours}/replay/search",
        "reactions": f"{ours}/replay/reactions",
        "film": f"{ours}/film",
        "chapters": [
            msgspec.to_builtins(each) | {"at": replay.timeline.at(each.start)} for each in found
        ],
        "questions": [
            question_item(by_id[0][each.id]) for each in found if each.kind == "question"
        ],
        "polls": [
            poll_items.poll_item(by_id[1][each.id], crew=False)
            for each in found
            if each.kind == "poll"
        ],
        "syntheses": [
            synthesis_item(syntheses.by_id[name], False)
            for name in dict.fromkeys(each.id for each in found if each.kind == "synthesis")
        ],
        "version": talk.version,
    }
