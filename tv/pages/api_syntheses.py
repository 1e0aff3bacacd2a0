"""The API of syntheses: what tables make of their ideas, shared, supported, told on the set.

- `GET /api/v1/syntheses?table=&lab=&cafe=&step=&state=a,b&open=1&sort=recent|support|table` →
  `{"items": [synthesis]}`: those that are shared; for the hosts of a table also its own, for the
  crew all of them. `step` is one of the tenant's journey; `open`: those of the page of ideas alone.
- `POST /api/v1/syntheses` `{"table", "title", "body", "ideas", "clusters"}` → 201 synthesis, a
  draft (the table's host; moderator, operator, admin). `title` of 120 characters and `body` of
  2,000, in paragraphs, may be empty while it is one. 409 `cafe-closed`, `too-many-syntheses` (20 of
  a table), 404 `unknown-table`, 422 `unknown-reference`, `too-many-sources`.
- `GET /api/v1/syntheses/{id}` → synthesis with `sources`, `{"ideas": [idea], "clusters":
  [cluster]}`: those that show; for its table's hosts and the crew with `history`, the newest first.
- `PATCH` (the same) with some of `title`, `body`, `ideas`, `clusters` → synthesis, also when the
  session is closed. If-Match: any version seen since it was last written; 412 `changed-meanwhile`
  with `current` when somebody else wrote meanwhile. `"keeps": true` keeps what it said before as a
  version; what was shared, or another hand wrote, always is: 50 versions in all.
- `POST …/{id}:share` `{"labs": [], "open": false, "wall": false}` → synthesis (the same): the
  tables of `labs` see it, all for none; if `open`, so does the page of ideas, for good; `wall`: its
  words go to the wall, to be read by a moderator first unless one shares it. From then on the wall
  says what it says: its post is read anew when it is corrected, unless a moderator does that, and
  hidden with it. 422 `text-empty`.
- `:hide` → synthesis (the same); `:restore` → a draft again (moderators, or the host who hid it).
- `PUT|DELETE …/support` → synthesis (participants; shared ones).
- `:take` `{"talk"}` → synthesis: it is told on the set, in a talk that is live, and on screens;
  `:told`: it was (presenter of that talk, operator, admin). The next, and the talk's end, end it
  too. 409 `talk-not-live`, `too-many-airings` (40).
Syntheses are as in tv/labs/syntheses.py, with `supported`; writes as in tv/writing.py. 404
`unknown-synthesis` also for what whoever asks may not see. Comments: api_comments.py.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, get_args

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.fold import Item
from engagement.ideas.idea import Idea
from engagement.syntheses.events import (
    AnyWritingEvent,
    SynthesisBegun,
    SynthesisHidden,
    SynthesisRestored,
    SynthesisRevised,
    SynthesisShared,
    SynthesisSupportAccepted,
    SynthesisSupported,
    SynthesisTaken,
    SynthesisTold,
    SynthesisUnsupported,
)
from engagement.syntheses.syntheses import Syntheses
from engagement.syntheses.synthesis import Synthesis, SynthesisState, Text
from tv import items
from tv.auth import MODERATORS, RUNNERS, Identity, Role, identity
from tv.filters import chosen, sorting
from tv.follower import Follower
from tv.labs.on_wall import OnWall
from tv.labs.places import check_lab
from tv.labs.syntheses import Rendered, synthesis_item, version_item
from tv.openapi import asks, some, takes
from tv.problems import Problem, clean, read_json
from tv.settings import Lab
from tv.writing import Writer, absent, json, unknown_act

TITLE = 120  # characters
BODY = 2_000
IDEAS = 300  # that one synthesis may come from
CLUSTERS = 60

ON_SET = (Role.PRESENTER, *RUNNERS)
Act = SynthesisHidden | SynthesisRestored | SynthesisTold | SynthesisSupportAccepted

ACTS: dict[str, type[Act]] = {
    "hide": SynthesisHidden,
    "restore": SynthesisRestored,
    "told": SynthesisTold,
    "accept_support": SynthesisSupportAccepted,
}
STATES = frozenset(get_args(SynthesisState))
SORTS = ("recent", "support", "table")

Name = Annotated[str, msgspec.Meta(max_length=80)]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a synthesis is to say; what is left out stays as it is."""

    title: str | UnsetType = UNSET
    body: str | UnsetType = UNSET
    ideas: list[Name] | UnsetType = UNSET
    clusters: list[Name] | UnsetType = UNSET
    keeps: bool = False


class New(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a new synthesis."""

    table: Name
    title: str = ""
    body: str = ""
    ideas: list[Name] = []
    clusters: list[Name] = []


class Share(msgspec.Struct, frozen=True):
    """The body of `:share`."""

    labs: list[Name] = []
    open: bool = False
    wall: bool = False


class Take(msgspec.Struct, frozen=True):
    """The body of `:take`."""

    talk: Name


def routes(follower: Follower, writer: Writer, labs: Mapping[str, Lab]) -> list[BaseRoute]:
    desk = Desk(follower, writer, labs)
    synthesis = "/api/v1/syntheses/{synthesis}"
    return [
        Route("/api/v1/syntheses", desk.every, methods=["GET"]),
        Route("/api/v1/syntheses", desk.begin, methods=["POST"]),
        Route(f"{synthesis}:share", desk.share, methods=["POST"]),
        Route(f"{synthesis}:take", desk.take, methods=["POST"]),
        Route(f"{synthesis}:{{verb}}", desk.act, methods=["POST"]),
        Route(f"{synthesis}/support", desk.support, methods=["PUT", "DELETE"]),
        Route(synthesis, desk.one, methods=["GET"]),
        Route(synthesis, desk.revise, methods=["PATCH"]),
    ]


class Desk:
    """Answers requests about syntheses."""

    def __init__(self, follower: Follower, writer: Writer, labs: Mapping[str, Lab]) -> None:
        self._audience = follower.audience
        self._syntheses = follower.audience.syntheses
        self._writer = writer
        self._wall = OnWall(follower.audience.posts, writer, labs)
        self._labs = labs

    @asks(
        state=some(STATES),
        sort=SORTS,
        table="of a table (its id)",
        lab="of a laboratory",
        cafe="of a session",
        step="of a step of the way",
        open=("0", "1"),
    )
    async def every(self, request: Request) -> Response:
        who, asked = identity(request), request.query_params
        states, sort = chosen(asked, "state", STATES), sorting(asked, SORTS)
        found = [
            synthesis
            for synthesis in self._syntheses.by_id.values()
            if _visible(synthesis, who)
            and all(
                getattr(synthesis, name) == asked[name]
                for name in ("table", "lab", "cafe")
                if asked.get(name)
            )
            and (not asked.get("step") or self._step(synthesis) == asked["step"])
            and synthesis.state in states
            and (synthesis.open or asked.get("open", "0") in ("", "0"))
        ]
        found.reverse()  # the newest first
        if sort == "support":
            found.sort(key=lambda synthesis: -synthesis.support)
        elif sort == "table":
            found.sort(key=lambda synthesis: synthesis.table)
        return json({"items": [self._rendered(synthesis, who) for synthesis in found]})

    async def one(self, request: Request) -> Response:
        synthesis, who = self._find(request)
        more: Rendered = {"sources": self._sources(synthesis.text)}
        if _theirs(synthesis, who):
            more["history"] = [version_item(each) for each in reversed(synthesis.history)]
        return json(self._rendered(synthesis, who) | more)

    @takes(New)
    async def begin(self, request: Request) -> Response:
        who, said = identity(request), await read_json(request, New)
        who.must_host(said.table)
        # The tablet tries again, whose pass it may have by then.
        act = self._writer.act(request, who.signature, said.table)
        event = SynthesisBegun(
            **act,
            synthesis=f"s_{act['id']}",
            table=said.table,
            text=_text(said.title, said.body, said.ideas, said.clusters),
            author=who.name,
        )
        begun = await self._write(event, who)
        location = f"/api/v1/syntheses/{begun.id}"
        return json(self._rendered(begun, who), 201, location=location)

    @takes(Change)
    async def revise(self, request: Request) -> Response:
        synthesis, who = self._led(request)
        said, now = await read_json(request, Change), synthesis.text
        text = _text(
            now.title if said.title is UNSET else said.title,
            now.body if said.body is UNSET else said.body,
            now.ideas if said.ideas is UNSET else said.ideas,
            now.clusters if said.clusters is UNSET else said.clusters,
        )
        if synthesis.shared:
            _check_whole(text)
        event = SynthesisRevised(
            **self._writer.act(request, who.signature),
            synthesis=synthesis.id,
            text=text,
            author=who.name,
            keeps=said.keeps,
        )
        revised = await self._write(event, who)
        if revised.shared:
            await self._wall.keep(revised, event, who)
        return json(self._rendered(revised, who))

    @takes(Share)
    async def share(self, request: Request) -> Response:
        synthesis, who = self._led(request)
        said = await read_json(request, Share)
        _check_whole(synthesis.text)
        event = SynthesisShared(
            **self._writer.act(request, who.signature),
            synthesis=synthesis.id,
            labs=known_labs(said.labs, self._labs),
            open=said.open,
        )
        shared = await self._write(event, who)
        await self._wall.keep(shared, event, who, wanted=said.wall)
        return json(self._rendered(shared, who))

    @takes(Take)
    async def take(self, request: Request) -> Response:
        synthesis, who = self._find(request)
        said = await read_json(request, Take)
        who.must_be(*ON_SET, talk=said.talk)
        act = self._writer.act(request, who.signature)
        event = SynthesisTaken(**act, synthesis=synthesis.id, talk=said.talk)
        return json(self._rendered(await self._write(event, who), who))

    async def act(self, request: Request) -> Response:
        synthesis, who = self._find(request)
        match request.path_params["verb"]:
            case "hide":
                who.must_host(synthesis.table)
            case "restore" if who.hosts(synthesis.table) and who.signature == synthesis.hidden_by:
                pass
            case "restore" | "accept_support":
                who.must_be(*MODERATORS)
            case "told":
                airing = synthesis.airing
                who.must_be(*ON_SET, talk=airing.talk if airing else who.talk)
            case _:
                raise unknown_act()
        act = self._writer.act(request, who.signature)
        event = ACTS[request.path_params["verb"]](**act, synthesis=synthesis.id)
        done = await self._write(event, who)
        if isinstance(event, SynthesisHidden):
            await self._wall.hide(done, event, who)
        return json(self._rendered(done, who))

    async def support(self, request: Request) -> Response:
        synthesis, who = self._find(request)
        type = SynthesisSupported if request.method == "PUT" else SynthesisUnsupported
        event = type(**self._writer.act(request, who.must_take_part()), synthesis=synthesis.id)
        return json(self._rendered(await self._write(event, who), who))

    async def _write(self, event: AnyWritingEvent, who: Identity) -> Synthesis:
        written = await self._writer.write(event, who)
        assert isinstance(written, Synthesis)
        return written

    def _find(self, request: Request) -> tuple[Synthesis, Identity]:
        return found_synthesis(request, self._syntheses)

    def _led(self, request: Request) -> tuple[Synthesis, Identity]:
        """The same for who may write it. Raises Problem."""
        synthesis, who = self._find(request)
        who.must_host(synthesis.table)
        return synthesis, who

    def _rendered(self, synthesis: Synthesis, who: Identity) -> Rendered:
        supported = bool(who.by) and self._syntheses.supported_by(synthesis.id, who.by)
        return synthesis_item(synthesis, who.crew("")) | {"supported": supported}

    def _sources(self, text: Text) -> Rendered:
        """What it comes from, as far as everybody may see that."""
        ideas = self._audience.ideas
        clusters = [ideas.clusters[name] for name in text.clusters]
        found: dict[str, Idea] = {name: ideas.by_id[name] for name in text.ideas}
        for cluster in clusters:
            found |= {idea.id: idea for idea in ideas.in_cluster(cluster.id)}
        return {"ideas": _shown(found.values()), "clusters": _shown(clusters)}

    def _step(self, synthesis: Synthesis) -> str:
        lab = self._labs.get(synthesis.lab)
        return lab.step if lab else ""


def found_synthesis(request: Request, syntheses: Syntheses) -> tuple[Synthesis, Identity]:
    """The synthesis that an address names, for who asks. Raises Problem."""
    who = identity(request)
    synthesis = syntheses.by_id.get(request.path_params["synthesis"])
    if synthesis is None or not _visible(synthesis, who):
        raise absent("synthesis")
    return synthesis, who


def known_labs(names: list[str], labs: Mapping[str, Lab]) -> tuple[str, ...]:
    """The slugs of laboratories that there are, each once. Raises Problem."""
    for name in names:
        check_lab(name, labs)
    return tuple(dict.fromkeys(names))


def paragraphs(text: str, field: str, most: int) -> str:
    """`text` as it may be shown, in lines, with an empty one between paragraphs. Raises Problem."""
    clean(text, field, most, least=0)
    lines = (clean(line, field, most, least=0) for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _text(title: str, body: str, ideas: Sequence[str], clusters: Sequence[str]) -> Text:
    """What a synthesis is to say. Raises Problem."""
    if len(ideas) > IDEAS or len(clusters) > CLUSTERS:
        raise Problem(
            422,
            "too-many-sources",
            "Trop de sources",
            f"Une synthèse cite {IDEAS} idées et {CLUSTERS} groupes au plus.",
        )
    return Text(
        title=clean(title, "Titre", TITLE, least=0),
        body=paragraphs(body, "Synthèse", BODY),
        ideas=tuple(dict.fromkeys(ideas)),
        clusters=tuple(dict.fromkeys(clusters)),
    )


def _check_whole(text: Text) -> None:
    """Raises Problem for what lacks a title or words: others are to see it."""
    clean(text.title, "Titre", TITLE)
    clean(text.body, "Synthèse", BODY)


def _shown(every: Iterable[Item]) -> list[Rendered]:
    return [items.item(each, False) for each in every if items.seen(each, False)]


def _theirs(synthesis: Synthesis, who: Identity) -> bool:
    """Whether they see it in any state."""
    return who.crew("") or who.hosts(synthesis.table)


def _visible(synthesis: Synthesis, who: Identity) -> bool:
    return synthesis.public or _theirs(synthesis, who)
