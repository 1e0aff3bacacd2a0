"""The API of comments: what people say about a shared synthesis, read before it shows.

- `GET /api/v1/syntheses/{id}/comments` → `{"items": [comment]}`, the oldest first: those that show
  and one's own; all for the crew. 404 `unknown-synthesis`.
- `POST` `{"text"}` → 201 comment, 500 characters, pending (participants). 409 `wrong-state` when it
  is not shared any more; 429 `too-many`: 4 at once, then one every 30 s, 5 that wait for a
  moderator, 500 about one synthesis.
- `POST /api/v1/comments/{id}:approve|reject` → comment (moderator, operator, admin); `:withdraw`
  (its author).

Comments are as in tv/labs/syntheses.py, with `mine`, and for the crew what `devices.sender_item`
has; writes as in tv/writing.py. 404
`unknown-comment` also for what whoever asks may not see.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.syntheses.events import (
    AnyCommentEvent,
    CommentApproved,
    CommentRejected,
    CommentWithdrawn,
    CommentWritten,
)
from engagement.syntheses.synthesis import Comment
from tv.auth import MODERATORS, Identity, identity
from tv.devices import sender_item
from tv.follower import Follower
from tv.labs.syntheses import Rendered, comment_item
from tv.openapi import takes
from tv.pages.api_syntheses import found_synthesis
from tv.problems import clean, read_json
from tv.writing import Writer, absent, json, unknown_act

TEXT = 500  # characters

JUDGED: dict[str, type[CommentApproved | CommentRejected]] = {
    "approve": CommentApproved,
    "reject": CommentRejected,
}


class Said(msgspec.Struct, frozen=True):
    """The body of a comment."""

    text: str


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    desk = Desk(follower, writer)
    about = "/api/v1/syntheses/{synthesis}/comments"
    return [
        Route(about, desk.every, methods=["GET"]),
        Route(about, desk.write, methods=["POST"]),
        Route("/api/v1/comments/{comment}:{verb}", desk.act, methods=["POST"]),
    ]


class Desk:
    """Answers requests about comments."""

    def __init__(self, follower: Follower, writer: Writer) -> None:
        self._syntheses = follower.audience.syntheses
        self._comments = follower.audience.comments
        self._writer = writer

    async def every(self, request: Request) -> Response:
        synthesis, who = found_synthesis(request, self._syntheses)
        about = self._comments.about(synthesis.id)
        return json({"items": [_rendered(each, who) for each in about if _visible(each, who)]})

    @takes(Said)
    async def write(self, request: Request) -> Response:
        synthesis, who = found_synthesis(request, self._syntheses)
        act = self._writer.act(request, who.must_take_part())
        said = await read_json(request, Said)
        event = CommentWritten(
            **act,
            comment=f"comment_{act['id']}",
            synthesis=synthesis.id,
            text=clean(said.text, "Commentaire", TEXT),
            author=who.name,
            badge=who.badge,
        )
        return json(await self._write(event, who), 201)

    async def act(self, request: Request) -> Response:
        who, verb = identity(request), request.path_params["verb"]
        comment = self._comments.by_id.get(request.path_params["comment"])
        if comment is None or not _visible(comment, who):
            raise absent("comment")
        if verb == "withdraw":
            act = self._writer.act(request, who.must_take_part())
            return json(await self._write(CommentWithdrawn(**act, comment=comment.id), who))
        if (judged := JUDGED.get(verb)) is None:
            raise unknown_act()
        who.must_be(*MODERATORS)
        act = self._writer.act(request, who.signature)
        return json(await self._write(judged(**act, comment=comment.id), who))

    async def _write(self, event: AnyCommentEvent, who: Identity) -> Rendered:
        written = await self._writer.write(event, who)
        assert isinstance(written, Comment)
        return _rendered(written, who)


def _rendered(comment: Comment, who: Identity) -> Rendered:
    mine = _mine(comment, who)
    rendered = comment_item(comment, crew=mine or who.crew("")) | {"mine": mine}
    return rendered | sender_item(comment) if who.crew("") else rendered


def _mine(comment: Comment, who: Identity) -> bool:
    return bool(who.by) and comment.by == who.by


def _visible(comment: Comment, who: Identity) -> bool:
    return comment.public or _mine(comment, who) or who.crew("")
