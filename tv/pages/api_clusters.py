"""The API of groups: what a host puts together on a table, and names.

- `GET /api/v1/clusters?table=&cafe=` → `{"items": [group]}`, of the session that the table shows if
  none is named. `GET /api/v1/clusters/{id}` → group.
- `POST /api/v1/clusters` `{"table", "name", "contributions"}` → 201 group. 409 `cafe-closed`,
  `too-many-groups` (100 made at a table).
- `PATCH …/{id}` `{"name"}` → group; `DELETE` → 204: its ideas are loose.
- `POST …/{id}:group` `{"contributions"}`: ideas that are on the table, made or carried there, join
  it, out of their group there; `:ungroup`: they leave it → group.
- `POST /api/v1/clusters:suggest` `{"table"}` → `{"items": [{"ideas", "name", "cluster"}]}`: ideas
  in no group that say nearly the same, and might join `cluster`, or be a new one where that is "".

Groups are as in tv/labs/ideas.py, with `contributions`, the ids of those that show. Writes, and
suggestions, are for the hosts of the table and for moderators; they are as in tv/writing.py.
"""

from functools import partial
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.ideas.alike import proposed
from engagement.ideas.events import (
    AnyClusterEvent,
    ClusterMade,
    ClusterNamed,
    ClusterRemoved,
    IdeasGrouped,
    IdeasUngrouped,
)
from engagement.ideas.idea import Cluster
from engagement.ideas.places import MADE
from tv.auth import Identity, identity
from tv.follower import Follower
from tv.labs.ideas import Rendered, cluster_item
from tv.openapi import asks, takes
from tv.problems import clean, read_json
from tv.tasks import in_thread
from tv.writing import Writer, absent, json, nothing

NAME = 80  # characters

Id = Annotated[str, msgspec.Meta(max_length=80)]
Ids = Annotated[tuple[Id, ...], msgspec.Meta(max_length=MADE)]


class NewGroup(msgspec.Struct, frozen=True):
    table: Id
    name: str
    contributions: Ids = ()


class GroupName(msgspec.Struct, frozen=True):
    name: str


class Members(msgspec.Struct, frozen=True):
    contributions: Ids


class OfTable(msgspec.Struct, frozen=True):
    table: Id


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    desk = Desk(follower, writer)
    group = "/api/v1/clusters/{cluster}"
    return [
        Route("/api/v1/clusters", desk.every, methods=["GET"]),
        Route("/api/v1/clusters", desk.make, methods=["POST"]),
        Route("/api/v1/clusters:suggest", desk.suggest, methods=["POST"]),
        Route(f"{group}:group", desk.group, methods=["POST"]),
        Route(f"{group}:ungroup", desk.ungroup, methods=["POST"]),
        Route(group, desk.one, methods=["GET"]),
        Route(group, desk.name, methods=["PATCH"]),
        Route(group, desk.remove, methods=["DELETE"]),
    ]


class Desk:
    """Answers requests about groups."""

    def __init__(self, follower: Follower, writer: Writer) -> None:
        self._ideas = follower.audience.ideas
        self._cafes = follower.audience.cafes
        self._writer = writer

    @asks(table="of a table (its id)", cafe="of a session; the one that shows, if none is named")
    async def every(self, request: Request) -> Response:
        table = request.query_params.get("table", "")
        shown = self._cafes.table(table)
        cafe = request.query_params.get("cafe", shown.cafe if shown else "")
        return json(
            {"items": [self._rendered(each) for each in self._ideas.groups_at(cafe, table)]}
        )

    async def one(self, request: Request) -> Response:
        return json(self._rendered(self._find(request)))

    @takes(NewGroup)
    async def make(self, request: Request) -> Response:
        who = identity(request)
        said = await read_json(request, NewGroup)
        who.must_host(said.table)
        act = self._writer.act(request, who.signature)
        event = ClusterMade(
            **act,
            cluster=f"group_{act['id']}",
            table=said.table,
            name=_name(said.name),
            ideas=said.contributions,
        )
        made = await self._writer.write(event, who)
        assert isinstance(made, Cluster)
        return json(self._rendered(made), 201, location=f"/api/v1/clusters/{made.id}")

    @takes(GroupName)
    async def name(self, request: Request) -> Response:
        cluster, who = self._theirs(request)
        said = await read_json(request, GroupName)
        act = self._writer.act(request, who.signature)
        return await self._done(ClusterNamed(**act, cluster=cluster.id, name=_name(said.name)), who)

    @takes(Members)
    async def group(self, request: Request) -> Response:
        cluster, who = self._theirs(request)
        ideas = (await read_json(request, Members)).contributions
        act = self._writer.act(request, who.signature)
        return await self._done(IdeasGrouped(**act, cluster=cluster.id, ideas=ideas), who)

    @takes(Members)
    async def ungroup(self, request: Request) -> Response:
        cluster, who = self._theirs(request)
        ideas = (await read_json(request, Members)).contributions
        act = self._writer.act(request, who.signature)
        return await self._done(IdeasUngrouped(**act, cluster=cluster.id, ideas=ideas), who)

    async def remove(self, request: Request) -> Response:
        who = identity(request)
        cluster = self._ideas.clusters.get(request.path_params["cluster"])
        if cluster is None:
            raise absent("cluster")
        who.must_host(cluster.table)
        act = self._writer.act(request, who.signature)
        await self._writer.remove(cluster, ClusterRemoved(**act, cluster=cluster.id), who)
        return nothing()

    @takes(OfTable)
    async def suggest(self, request: Request) -> Response:
        who = identity(request)
        said = await read_json(request, OfTable)
        who.must_host(said.table)
        if (table := self._cafes.table(said.table)) is None:
            raise absent("table")
        await self._writer.count(who)
        ideas = self._ideas.at(table.cafe, table.id)
        groups = {each.id: each.name for each in self._ideas.groups_at(table.cafe, table.id)}
        found = await in_thread(partial(proposed, ideas, groups))
        return json(
            {
                "items": [
                    {"ideas": list(each.ideas), "name": each.name, "cluster": each.cluster}
                    for each in found
                ]
            }
        )

    async def _done(self, event: AnyClusterEvent, who: Identity) -> Response:
        done = await self._writer.write(event, who)
        assert isinstance(done, Cluster)
        return json(self._rendered(done))

    def _find(self, request: Request) -> Cluster:
        cluster = self._ideas.group(request.path_params["cluster"])
        if cluster is None:
            raise absent("cluster")
        return cluster

    def _theirs(self, request: Request) -> tuple[Cluster, Identity]:
        cluster, who = self._find(request), identity(request)
        who.must_host(cluster.table)
        return cluster, who

    def _rendered(self, cluster: Cluster) -> Rendered:
        inside = self._ideas.in_cluster(cluster.id)
        return cluster_item(cluster) | {
            "contributions": [idea.id for idea in inside if idea.public]
        }


def _name(text: str) -> str:
    return clean(text, "Nom du groupe", NAME)
