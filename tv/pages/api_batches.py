"""The API of moderation in bulk: reject many things that wait to be read, and undo that.

- `POST /api/v1/talks/{id}/questions:reject` `{"questions": [id, …], "reason": ""}` → `{"rejected",
  "left", "ids"}`: `ids` are those that it rejected, 2,000 at most. What changed meanwhile, is of
  another talk or does not exist is `left` as it is. Authors see the reason: name nobody in it.
- `POST /api/v1/talks/{id}/questions:restore` `{"questions": [id, …]}` → `{"restored", "left",
  "ids"}`: the undo. Those that are rejected, and never showed, wait to be read again.
- The same at `/api/v1/wall/posts:reject|restore` `{"posts"}`,
  `/api/v1/contributions:reject|restore` `{"ideas"}` and `/api/v1/comments:reject|restore`
  `{"comments"}` (whose authors see no reason).

For moderator, operator and admin. Each is one act of the journal, and one message to pages; with
`If-Match`, things that have another version are left too. Writes are as in tv/writing.py.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.batches import MOST, Batch, ReadKind, ThingsRejected, ThingsRestored
from tv.auth import MODERATORS, identity
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import clean, read_json
from tv.writing import Writer, json, talk_of

REASON = 200  # characters
NAME = 60
BODY = 128 * 1024  # bytes: so many ids are more than other bodies may be

Id = Annotated[str, msgspec.Meta(max_length=60)]
Ids = Annotated[list[Id], msgspec.Meta(max_length=MOST)]


class ManyQuestions(msgspec.Struct, frozen=True):
    questions: Ids
    reason: str = ""


class ManyPosts(msgspec.Struct, frozen=True):
    posts: Ids
    reason: str = ""


class ManyIdeas(msgspec.Struct, frozen=True):
    ideas: Ids
    reason: str = ""


class ManyComments(msgspec.Struct, frozen=True):
    comments: Ids


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    desk = Desk(follower, writer)
    return [
        Route(f"{path}:{verb}", endpoint, methods=["POST"])
        for path, endpoint in (
            ("/api/v1/talks/{talk}/questions", desk.questions),
            ("/api/v1/wall/posts", desk.posts),
            ("/api/v1/contributions", desk.ideas),
            ("/api/v1/comments", desk.comments),
        )
        for verb in ("reject", "restore")
    ]


class Desk:
    """Answers moderators who act on many things at once."""

    def __init__(self, follower: Follower, writer: Writer) -> None:
        self._talks = follower.audience.talks
        self._writer = writer

    @takes(ManyQuestions)
    async def questions(self, request: Request) -> Response:
        talk = talk_of(request, self._talks)
        identity(request).must_be(*MODERATORS, talk=talk.id)
        said = await read_json(request, ManyQuestions, BODY)
        return await self._act(request, "question", said.questions, said.reason, talk.id)

    @takes(ManyPosts)
    async def posts(self, request: Request) -> Response:
        identity(request).must_be(*MODERATORS)
        said = await read_json(request, ManyPosts, BODY)
        return await self._act(request, "post", said.posts, said.reason)

    @takes(ManyIdeas)
    async def ideas(self, request: Request) -> Response:
        identity(request).must_be(*MODERATORS)
        said = await read_json(request, ManyIdeas, BODY)
        return await self._act(request, "idea", said.ideas, said.reason)

    @takes(ManyComments)
    async def comments(self, request: Request) -> Response:
        identity(request).must_be(*MODERATORS)
        said = await read_json(request, ManyComments, BODY)
        return await self._act(request, "comment", said.comments)

    async def _act(
        self,
        request: Request,
        kind: ReadKind,
        ids: Sequence[str],
        reason: str = "",
        talk: str = "",
    ) -> Response:
        who = identity(request)
        things = tuple(dict.fromkeys(ids))
        about = self._writer.act(request, who.signature)
        about |= {"kind": kind, "things": things, "talk": talk, "name": who.name[:NAME]}
        rejects = request.url.path.endswith(":reject")
        event = (
            ThingsRejected(**about, reason=clean(reason, "Motif", REASON, least=0))
            if rejects
            else ThingsRestored(**about)
        )
        batch = await self._writer.write(event, who)
        assert isinstance(batch, Batch)
        done = len(batch.done)
        return json(
            {
                "rejected" if rejects else "restored": done,
                "left": len(things) - done,
                "ids": list(batch.done),
            }
        )
