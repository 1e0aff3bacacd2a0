"""The API of ideas: cards of tables, and answers to calls.

- `GET /api/v1/contributions?table=&cafe=&lab=&step=&theme=&state=a,b&sort=recent|support&limit=&
  after=` → `{"items": [idea], "next"}`: what shows and one's own, for the crew all, for a table's
  hosts what is not noted privately. `table`: made there or carried there; `step` as in the settings
  of labs; `theme`: in a group of that name, whatever its case and accents; `sort=support` within a
  `cafe` or a `table`; `aside=dots`: those with dots set aside (moderator, operator, admin);
  `limit`: 100, 500 at most. `next` is the `after` for the page that follows, null when there is
  none; where few fit, a page may have fewer although more follow.
- `POST /api/v1/contributions` `{"cafe", "table", "round", "text", "picture", "alt"}` → 201 idea
  (participants). `table` is "" in answer to a call, which is pending until a moderator reads it, as
  are pictures and doubtful words at a table, and what comes from a device that has not proved to be
  in the laboratory (api_participants.py): these show once it has, and sits there. `round`: the one
  in which it was written, if that is over by now. At a table where notes are private it is noted
  until they are revealed. 409 `cafe-closed`, `table-ideas-full` (300 made there that show or may
  yet; 3,000 answers), `own-ideas-full` (30 by one person there); 429 `too-many`: 10 at once, then
  one every 3 s; at a table 60, then one every 0.3 s, of those who have shown its code, and as many
  of others.
- `POST /api/v1/contributions/pictures` as `POST /api/v1/wall/pictures`.
- `GET /api/v1/contributions/{id}` → idea. `PUT …/dots` `{"dots": 0 to 3}` → idea (participants; it
  has those in the place of what they gave it before): 409 `too-many-dots` beyond the session's.
- `POST …/{id}:carry` `{"table"}` → idea (participants who have proved to be in the laboratory of
  the table; 403 `code-required`): it lies on that table too, from the round under way there on. 100
  at a table: 409 `table-ideas-full`.
- `POST …/{id}:withdraw` → idea (its author). `:approve`, `:reject` `{"reason"}` (pending ones),
  `:hide`, `:restore` → idea (moderator, operator, admin, hosts of the table where it was made).
  `:accept_dots` (counts the dots that were set aside) → idea (moderator, operator, admin).

Ideas are as in tv/labs/ideas.py, with `mine`, and `given`: how many dots whoever asks gave it; for
the crew with what `devices.sender_item` has, and not for hosts: cards of a table have no author.
Writes are as in tv/writing.py. 404 `unknown-idea` also for what whoever asks may not see.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import lab_of
from engagement.ideas.events import (
    IdeaApproved,
    IdeaCarried,
    IdeaDotsAccepted,
    IdeaDotted,
    IdeaHidden,
    IdeaMade,
    IdeaRejected,
    IdeaRestored,
    IdeaWithdrawn,
)
from engagement.ideas.fold import DOTS
from engagement.ideas.idea import Idea
from engagement.wording import flags
from tv.auth import MODERATORS, Identity, identity
from tv.devices import sender_item
from tv.follower import Follower
from tv.labs.finding import MOST, STATES, asked, find
from tv.labs.ideas import Rendered, idea_item, may_see, sees_all
from tv.openapi import asks, some, takes
from tv.pages.api_join import must_be_in
from tv.problems import Problem, clean, read_json
from tv.settings import Lab
from tv.wall.pictures import Pictures
from tv.wall.receiving import must_be_here, receive
from tv.writing import Writer, absent, json, unknown_act

TEXT = 280  # characters
ALT = 200
REASON = 200

ACTS: dict[str, type[IdeaApproved | IdeaHidden | IdeaRestored | IdeaDotsAccepted]] = {
    "approve": IdeaApproved,
    "hide": IdeaHidden,
    "restore": IdeaRestored,
    "accept_dots": IdeaDotsAccepted,
}
Id = Annotated[str, msgspec.Meta(max_length=80)]


class NewIdea(msgspec.Struct, frozen=True):
    cafe: Id
    table: Id = ""
    round: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0
    text: str = ""
    picture: str = ""
    alt: str = ""


class Dots(msgspec.Struct, frozen=True):
    dots: int


class ToTable(msgspec.Struct, frozen=True):
    table: Id


class Refusal(msgspec.Struct, frozen=True):
    """The body of `:reject`: a reason that the author sees."""

    reason: str = ""


def routes(
    follower: Follower, writer: Writer, pictures: Pictures, labs: Mapping[str, Lab]
) -> list[BaseRoute]:
    desk = Desk(follower, writer, pictures, labs)
    idea = "/api/v1/contributions/{idea}"
    return [
        Route("/api/v1/contributions", desk.every, methods=["GET"]),
        Route("/api/v1/contributions", desk.make, methods=["POST"]),
        Route("/api/v1/contributions/pictures", desk.add_picture, methods=["POST"]),
        Route(f"{idea}:carry", desk.carry, methods=["POST"]),
        Route(f"{idea}:reject", desk.reject, methods=["POST"]),
        Route(f"{idea}:withdraw", desk.withdraw, methods=["POST"]),
        Route(f"{idea}:{{verb}}", desk.act, methods=["POST"]),
        Route(f"{idea}/dots", desk.dot, methods=["PUT"]),
        Route(idea, desk.one, methods=["GET"]),
    ]


class Desk:
    """Answers requests about ideas."""

    def __init__(
        self, follower: Follower, writer: Writer, pictures: Pictures, labs: Mapping[str, Lab]
    ) -> None:
        self._ideas = follower.audience.ideas
        self._cafes = follower.audience.cafes
        self._writer = writer
        self._pictures = pictures
        self._labs = labs

    @asks(
        table="of a table (its id)",
        cafe="of a session",
        lab="of a laboratory",
        step="of a step of the way",
        theme="of a theme",
        state=some(STATES),
        sort=("recent", "support"),
        aside=("dots",),
        limit=f"ideas in one answer, {MOST} at most",
        after="`next` of the answer before",
    )
    async def every(self, request: Request) -> Response:
        who, wanted = identity(request), asked(request.query_params)
        if wanted.aside:
            who.must_be(*MODERATORS)
        page, following = find(
            self._ideas, self._cafes, self._labs, wanted, lambda idea: may_see(idea, who)
        )
        found = [self._rendered(idea, who) for idea in page]
        return json({"items": found, "next": following or None})

    async def one(self, request: Request) -> Response:
        idea, who = self._find(request)
        return json(self._rendered(idea, who))

    @takes(NewIdea)
    async def make(self, request: Request) -> Response:
        who = identity(request)
        by = who.must_take_part()
        said = await read_json(request, NewIdea)
        if self._cafes.find(said.cafe) is None:
            raise absent("cafe")
        if said.table and self._cafes.table(said.table) is None:
            raise absent("table")
        await must_be_here(self._pictures, said.picture)
        act = self._writer.act(request, by)
        text = clean(said.text, "Idée", TEXT, least=0 if said.picture else 1)
        event = IdeaMade(
            **act,
            idea=f"i_{act['id']}",
            cafe=said.cafe,
            table=said.table,
            round=said.round,
            text=text,
            doubtful=bool(said.picture or flags(text)),
            author=who.name,
            badge=who.badge,
            picture=said.picture,
            alt=clean(said.alt, "Description de l’image", ALT, least=0) if said.picture else "",
        )
        made = await self._writer.write(event, who)
        assert isinstance(made, Idea)
        return json(self._rendered(made, who), 201, location=f"/api/v1/contributions/{made.id}")

    async def add_picture(self, request: Request) -> Response:
        return await receive(request, self._writer, self._pictures)

    @takes(ToTable)
    async def carry(self, request: Request) -> Response:
        idea, who = self._find(request)
        by = who.must_take_part()
        said = await read_json(request, ToTable)
        if self._cafes.table(said.table) is None:
            raise absent("table")
        must_be_in(who, lab_of(said.table))
        act = self._writer.act(request, by)
        return await self._done(IdeaCarried(**act, idea=idea.id, table=said.table), who)

    @takes(Dots)
    async def dot(self, request: Request) -> Response:
        idea, who = self._find(request)
        by = who.must_take_part()
        said = await read_json(request, Dots)
        if not 0 <= said.dots <= DOTS:
            raise Problem(
                422, "wrong-dots", "Points à revoir", f"Une idée prend de 0 à {DOTS} de vos points."
            )
        act = self._writer.act(request, by)
        return await self._done(IdeaDotted(**act, idea=idea.id, dots=said.dots), who)

    async def act(self, request: Request) -> Response:
        idea, who = self._find(request)
        if (type := ACTS.get(request.path_params["verb"])) is None:
            raise unknown_act()
        if type is IdeaDotsAccepted:
            who.must_be(*MODERATORS)
        _must_read(idea, who)
        act = self._writer.act(request, who.signature)
        return await self._done(type(**act, idea=idea.id), who)

    @takes(Refusal)
    async def reject(self, request: Request) -> Response:
        idea, who = self._find(request)
        _must_read(idea, who)
        said = await read_json(request, Refusal)
        act = self._writer.act(request, who.signature)
        reason = clean(said.reason, "Motif", REASON, least=0)
        return await self._done(IdeaRejected(**act, idea=idea.id, reason=reason), who)

    async def withdraw(self, request: Request) -> Response:
        idea, who = self._find(request)
        act = self._writer.act(request, who.must_take_part())
        return await self._done(IdeaWithdrawn(**act, idea=idea.id), who)

    async def _done(
        self,
        event: IdeaCarried
        | IdeaDotted
        | IdeaApproved
        | IdeaRejected
        | IdeaHidden
        | IdeaRestored
        | IdeaDotsAccepted
        | IdeaWithdrawn,
        who: Identity,
    ) -> Response:
        done = await self._writer.write(event, who)
        assert isinstance(done, Idea)
        return json(self._rendered(done, who))

    def _find(self, request: Request) -> tuple[Idea, Identity]:
        who = identity(request)
        idea = self._ideas.by_id.get(request.path_params["idea"])
        if idea is None or not may_see(idea, who):
            raise absent("idea")
        return idea, who

    def _rendered(self, idea: Idea, who: Identity) -> Rendered:
        given = self._ideas.given(idea.cafe).get(who.by, {})
        rendered = idea_item(idea, crew=sees_all(idea, who)) | {
            "mine": idea.by == who.by,
            "given": given.get(idea.id, 0),
        }
        return rendered | sender_item(idea) if who.crew("") else rendered


def _must_read(idea: Idea, who: Identity) -> None:
    """Raises Problem unless they decide what shows: moderators, and hosts at their own table."""
    if idea.table:
        who.must_host(idea.table)
    else:
        who.must_be(*MODERATORS)
