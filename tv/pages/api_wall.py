"""The API of the wall: posts written by the audience or seen elsewhere, read and shown by the crew.

- `GET /api/v1/wall` → the wall, with `counts` of posts by state. `PATCH` `{"open", "moderation":
  "before"|"after"}` → wall (moderator, operator, admin). Moderated `after`, what is written here is
  approved at once; pictures, other networks' posts and doubtful words never are.
- `GET /api/v1/wall/posts?state=a,b&sort=recent|support|best` → `{"items": [post]}`: what shows and
  one's own; all for the crew. `best`: those that show and are pinned, else the most supported.
- `POST /api/v1/wall/posts` `{"text", "picture", "alt"}` → 201 post, pending (participants). 409
  `wall-closed`; 429 `too-many`: 4 at once, then one every 30 s, and 5 that wait. With `"author"`
  and `"network"`, and `"address"` if one likes: a post seen elsewhere, typed in by a moderator,
  approved by that (nothing is fetched).
- `POST /api/v1/wall/pictures`, a JPEG, PNG, WebP or GIF of 15 MB at most as body → 201 `{"id",
  "url", "width", "height"}`: its `id` is the `picture` of a post. It goes when no post
  has it within the hour. 409 `wall-full`, 413, 415 `no-picture`, 503 `pictures-busy` and
  `pictures-not-kept` (the disk is full).
- `GET /api/v1/wall/posts/{id}` → post. `PUT|DELETE …/support` → post (participants; shown ones).
- `POST …/{id}:withdraw` → post (its author). `:approve`: it shows 10 s later; `:show`: now;
  `:reject` `{"reason"}`, `:hide` (off every screen at once), `:retire`, `:restore`, `:pin|unpin`,
  `:accept_support` (counts the support that was set aside) → post (moderator, operator, admin).

Posts are as in `tv/wall/items.py`, with `mine` and `supported`, and for the crew what
`devices.sender_item` has; writes as in tv/writing.py. 404 `unknown-post` also for what whoever asks
may not see.
"""

from typing import get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.wall.post import (
    Moderation,
    Post,
    PostApproved,
    PostBrought,
    PostHidden,
    PostPinned,
    PostRejected,
    PostRestored,
    PostRetired,
    PostShown,
    PostState,
    PostSupportAccepted,
    PostSupported,
    PostUnpinned,
    PostUnsupported,
    PostWithdrawn,
    PostWritten,
    Wall,
    WallSet,
)
from engagement.wording import flags
from tv.auth import MODERATORS, Identity, identity
from tv.devices import sender_item
from tv.filters import chosen, sorting
from tv.follower import Follower
from tv.openapi import asks, some, takes
from tv.problems import Problem, clean, read_json
from tv.wall.items import Rendered, post_item, wall_item
from tv.wall.pictures import Pictures
from tv.wall.receiving import must_be_here, receive
from tv.writing import Writer, absent, json, unknown_act

TEXT = 280  # characters
FROM_ELSEWHERE = 500
AUTHOR = 60
NETWORK = 30
ADDRESS = 300
ALT = 200
REASON = 200
BEST = 12  # posts at most

Act = (
    PostApproved
    | PostShown
    | PostHidden
    | PostRetired
    | PostRestored
    | PostPinned
    | PostUnpinned
    | PostSupportAccepted
)

ACTS: dict[str, type[Act]] = {
    "approve": PostApproved,
    "show": PostShown,
    "hide": PostHidden,
    "retire": PostRetired,
    "restore": PostRestored,
    "pin": PostPinned,
    "unpin": PostUnpinned,
    "accept_support": PostSupportAccepted,
}

STATES = frozenset(get_args(PostState))
SORTS = ("recent", "support", "best")


class Said(msgspec.Struct, frozen=True):
    """The body of a new post."""

    text: str = ""
    picture: str = ""
    alt: str = ""
    author: str = ""
    network: str = ""
    address: str = ""


class Change(msgspec.Struct, frozen=True):
    """The body of a change of the wall."""

    open: bool | msgspec.UnsetType = msgspec.UNSET
    moderation: Moderation | msgspec.UnsetType = msgspec.UNSET


class Rejection(msgspec.Struct, frozen=True):
    """The body of `:reject`: a reason that the author sees."""

    reason: str = ""


def routes(follower: Follower, writer: Writer, pictures: Pictures) -> list[BaseRoute]:
    desk = Desk(follower, writer, pictures)
    post = "/api/v1/wall/posts/{post}"
    return [
        Route("/api/v1/wall", desk.wall, methods=["GET"]),
        Route("/api/v1/wall", desk.change, methods=["PATCH"]),
        Route("/api/v1/wall/posts", desk.every, methods=["GET"]),
        Route("/api/v1/wall/posts", desk.write, methods=["POST"]),
        Route("/api/v1/wall/pictures", desk.add_picture, methods=["POST"]),
        Route(f"{post}:reject", desk.reject, methods=["POST"]),
        Route(f"{post}:withdraw", desk.withdraw, methods=["POST"]),
        Route(f"{post}:{{verb}}", desk.act, methods=["POST"]),
        Route(f"{post}/support", desk.support, methods=["PUT", "DELETE"]),
        Route(post, desk.one, methods=["GET"]),
    ]


class Desk:
    """Answers requests about the wall."""

    def __init__(self, follower: Follower, writer: Writer, pictures: Pictures) -> None:
        self._posts = follower.audience.posts
        self._writer = writer
        self._pictures = pictures

    async def wall(self, request: Request) -> Response:
        return json(self._wall(self._posts.wall))

    @takes(Change)
    async def change(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        said = await read_json(request, Change)
        now = self._posts.wall
        event = WallSet(
            **self._writer.act(request, who.signature),
            open=now.open if said.open is msgspec.UNSET else said.open,
            moderation=now.moderation if said.moderation is msgspec.UNSET else said.moderation,
        )
        changed = await self._writer.write(event, who)
        assert isinstance(changed, Wall)
        return json(self._wall(changed))

    @asks(state=some(STATES), sort=SORTS)
    async def every(self, request: Request) -> Response:
        who = identity(request)
        asked = request.query_params
        states, sort = chosen(asked, "state", STATES), sorting(asked, SORTS)
        if sort == "best":
            found = self._posts.best(BEST)
        else:
            found = [post for post in self._posts.by_id.values() if _visible(post, who)]
            found.reverse()  # the newest first
        if sort == "support":
            found.sort(key=lambda post: -post.support)
        kept = [post for post in found if post.state in states]
        return json({"items": [self._rendered(post, who) for post in kept]})

    async def one(self, request: Request) -> Response:
        post, who = self._find(request)
        return json(self._rendered(post, who))

    @takes(Said)
    async def write(self, request: Request) -> Response:
        who = identity(request)
        by = who.must_take_part()
        said = await read_json(request, Said)
        event = await (
            self._brought(request, said, who)
            if said.network
            else self._written(request, said, who, by)
        )
        written = await self._writer.write(event, who)
        assert isinstance(written, Post)
        location = f"/api/v1/wall/posts/{written.id}"
        return json(self._rendered(written, who), 201, location=location)

    async def add_picture(self, request: Request) -> Response:
        return await receive(request, self._writer, self._pictures)

    async def act(self, request: Request) -> Response:
        post, who = self._find(request)
        if (type := ACTS.get(request.path_params["verb"])) is None:
            raise unknown_act()
        who.must_be(*MODERATORS)
        event = type(**self._writer.act(request, who.signature), post=post.id)
        return await self._done(event, who)

    @takes(Rejection)
    async def reject(self, request: Request) -> Response:
        post, who = self._find(request)
        who.must_be(*MODERATORS)
        said = await read_json(request, Rejection)
        event = PostRejected(
            **self._writer.act(request, who.signature),
            post=post.id,
            reason=clean(said.reason, "Motif", REASON, least=0),
        )
        return await self._done(event, who)

    async def withdraw(self, request: Request) -> Response:
        post, who = self._find(request)
        act = self._writer.act(request, who.must_take_part())
        return await self._done(PostWithdrawn(**act, post=post.id), who)

    async def support(self, request: Request) -> Response:
        post, who = self._find(request)
        type = PostSupported if request.method == "PUT" else PostUnsupported
        act = self._writer.act(request, who.must_take_part())
        return await self._done(type(**act, post=post.id), who)

    async def _done(
        self,
        event: Act | PostRejected | PostWithdrawn | PostSupported | PostUnsupported,
        who: Identity,
    ) -> Response:
        done = await self._writer.write(event, who)
        assert isinstance(done, Post)
        return json(self._rendered(done, who))

    async def _written(self, request: Request, said: Said, who: Identity, by: str) -> PostWritten:
        await must_be_here(self._pictures, said.picture)
        act = self._writer.act(request, by)
        text = clean(said.text, "Message", TEXT, least=0 if said.picture else 1)
        return PostWritten(
            **act,
            post=f"w_{act['id']}",
            text=text,
            doubtful=bool(flags(text)),
            author=who.name,
            badge=who.badge,
            picture=said.picture,
            alt=clean(said.alt, "Description de l’image", ALT, least=0) if said.picture else "",
        )

    async def _brought(self, request: Request, said: Said, who: Identity) -> PostBrought:
        who.must_be(*MODERATORS)
        act = self._writer.act(request, who.signature)
        return PostBrought(
            **act,
            post=f"w_{act['id']}",
            text=clean(said.text, "Message", FROM_ELSEWHERE),
            author=clean(said.author, "Auteur", AUTHOR),
            network=clean(said.network, "Réseau", NETWORK),
            address=_checked(clean(said.address, "Adresse", ADDRESS, least=0)),
            vouched=True,
        )

    def _find(self, request: Request) -> tuple[Post, Identity]:
        who = identity(request)
        post = self._posts.by_id.get(request.path_params["post"])
        if post is None or not _visible(post, who):
            raise absent("post")
        return post, who

    def _rendered(self, post: Post, who: Identity) -> Rendered:
        mine = _mine(post, who)
        rendered = post_item(post, crew=mine or who.crew(""))
        if who.crew(""):
            rendered |= sender_item(post)
        rendered["mine"] = mine
        rendered["supported"] = bool(who.by) and self._posts.supported_by(post.id, who.by)
        return rendered

    def _wall(self, wall: Wall) -> Rendered:
        counts = {state: self._posts.states[state] for state in sorted(STATES)}
        return wall_item(wall) | {"counts": counts | {"received": sum(counts.values())}}


def _checked(address: str) -> str:
    if address and not address.startswith(("https://", "http://")):
        raise Problem(
            422, "bad-address", "Adresse refusée", "L’adresse commence par «\u00a0https://\u00a0»."
        )
    return address


def _mine(post: Post, who: Identity) -> bool:
    return bool(who.by) and post.by == who.by and not post.network


def _visible(post: Post, who: Identity) -> bool:
    return post.public or _mine(post, who) or who.crew("")
