"""Ideas as a fold: who may lay how many on which table, what shows, how many dots each has."""

from collections.abc import Collection, Mapping
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.bursts import Aside, SavedAside
from engagement.cafe.cafes import Cafes
from engagement.cafe.events import SeatTaken
from engagement.cafe.session import OWN, Cafe, Table, lab_of
from engagement.fold import Accepted, Event, Item, Outcome, Reason, Refused, outdated
from engagement.ideas.cards import Cards
from engagement.ideas.events import (
    AnyClusterEvent,
    AnyIdeaEvent,
    ClusterMade,
    ClusterNamed,
    ClusterRemoved,
    IdeaCarried,
    IdeaDotsAccepted,
    IdeaDotted,
    IdeaMade,
    IdeasGrouped,
    IdeasUngrouped,
)
from engagement.ideas.idea import Cluster, Idea, Pile, Stop, decide, laid_open, proved
from engagement.ideas.places import Place
from engagement.limits import Limit
from engagement.origin import is_in, trust

BURST, EVERY = 10, 3.0  # ideas, and cards carried, of a participant: at once, then one in seconds
TABLE_BURST, TABLE_EVERY = 60, 0.3  # of a table: of those there, of settled and of new devices
OWN_IDEAS = 30  # of one participant at a table, or in answer to a call
GROUPS = 100  # made at a table in a session
DOTS = 3  # of one participant on one idea


class Saved(msgspec.Struct, frozen=True):
    """All that it takes to go on; ideas in the order in which they came.

    `given`: dots by session, participant and idea.
    """

    ideas: tuple[Idea, ...]
    clusters: tuple[Cluster, ...]
    piles: tuple[Pile, ...]
    given: dict[str, dict[str, dict[str, int]]]
    aside: SavedAside
    limit: dict[str, float]
    tables: dict[str, float]


class Ideas(Cards):
    """The fold of cards and groups; who gave dots to which."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyIdeaEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self, cafes: Cafes) -> None:
        super().__init__()
        self._cafes = cafes
        self._given: dict[str, dict[str, dict[str, int]]] = {}
        self._aside = Aside()  # whose dots do not count yet
        self._limit = Limit(BURST, EVERY)
        self._tables = Limit(TABLE_BURST, TABLE_EVERY)

    def standing(self, event: AnyIdeaEvent) -> Item | None:
        if isinstance(event, ClusterMade | AnyClusterEvent):
            return self.clusters.get(event.cluster)
        return self.by_id.get(event.idea)

    def given(self, cafe: str) -> Mapping[str, Mapping[str, int]]:
        """How many dots each participant gave to each idea of a session."""
        return self._given.get(cafe, {})

    def given_by(self, participant: str) -> dict[str, dict[str, int]]:
        """The same of one participant, in each session."""
        return {
            cafe: dict(everybody[participant])
            for cafe, everybody in self._given.items()
            if everybody.get(participant)
        }

    def dots_left(self, cafe: Cafe, participant: str) -> int:
        """How many dots a participant still has: those of ideas that do not show are theirs."""
        return max(0, cafe.plan.dots - self._spent(cafe.id, participant))

    def apply(self, position: str, event: AnyIdeaEvent) -> Outcome:
        outcome = self._apply(position, event)
        self._count_piles(position)
        return outcome

    def reveal(self, position: str, at: float) -> None:
        """Lay open what was noted in rounds whose notes show by now."""
        for name in tuple(self._noted):
            idea = self.by_id[name]
            table = self._cafes.table(idea.table)
            if table and table.cafe == idea.cafe and idea.round <= table.revealed:
                self._put(position, laid_open(idea, at))
        self._count_piles(position)

    def welcome(self, position: str, event: SeatTaken) -> None:
        """Show what somebody wrote in a laboratory before their device had proved to be there."""
        lab = lab_of(event.table)
        if is_in(event.origin, lab):
            for idea in self.made_by(event.by):
                if idea.lab == lab and not idea.proved:
                    self._put(position, proved(idea, event.at))
            self._count_piles(position)

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        for everybody in self._given.values():
            if (theirs := everybody.pop(participant, None)) is not None:
                everybody[stand_in] = theirs
        self._aside.rename(participant, stand_in)
        for idea in self.made_by(participant):
            blank = replace(idea, text="", author="", picture="", alt="", reason="", by=stand_in)
            self._put(position, replace(blank, state="withdrawn", origin=None))
        if participant != stand_in:
            self._by.pop(participant, None)
        self._limit.forget(participant)
        self._count_piles(position)

    def saved(self) -> Saved:
        return Saved(
            tuple(self.by_id.values()),
            tuple(self.clusters.values()),
            tuple(self._piles.values()),
            {
                cafe: {person: dict(dots) for person, dots in everybody.items()}
                for cafe, everybody in self._given.items()
            },
            self._aside.saved(),
            self._limit.saved(),
            self._tables.saved(),
        )

    def restore(self, saved: Saved) -> None:
        self.by_id = {idea.id: idea for idea in saved.ideas}
        self.clusters = {cluster.id: cluster for cluster in saved.clusters}
        self._piles = {pile.id: pile for pile in saved.piles}
        self._given = saved.given  # decoded for us alone
        self._aside.restore(saved.aside)
        self._limit.restore(saved.limit)
        self._tables.restore(saved.tables)
        self._index()

    def _apply(self, position: str, event: AnyIdeaEvent) -> Outcome:
        match event:
            case IdeaMade():
                return self._make(position, event)
            case ClusterMade():
                return self._make_cluster(position, event)
            case ClusterNamed() | IdeasGrouped() | IdeasUngrouped() | ClusterRemoved():
                return self._act_on_cluster(position, event)
        idea = self.by_id.get(event.idea)
        if idea is None:
            return Refused(Reason.UNKNOWN_IDEA)
        if outdated(event, idea):
            return Refused(Reason.CHANGED, idea)
        match event:
            case IdeaCarried():
                return self._carry(position, idea, event)
            case IdeaDotted():
                return self._dot(position, idea, event)
            case IdeaDotsAccepted():
                return self._count_dots(position, idea)
        decided = decide(idea, event)
        if isinstance(decided, Reason):
            return Refused(decided, idea)
        return Accepted(self._put(position, decided))

    def _make(self, position: str, event: IdeaMade) -> Outcome:
        if known := self.by_id.get(event.idea):
            said = (event.text, event.picture, event.by, event.cafe, event.table)
            same = (known.text, known.picture, known.by, known.cafe, known.table) == said
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        cafe = self._cafes.find(event.cafe)
        if cafe is None:
            return Refused(Reason.UNKNOWN_CAFE)
        if cafe.state != "open":
            return Refused(Reason.CAFE_CLOSED, cafe)
        table = self._table(cafe.id, event.table)
        answers = cafe.plan.kind == "call" and not event.table
        if table is None and not answers:
            return Refused(Reason.UNKNOWN_TABLE)
        place = cafe.id, event.table
        if full := self._places.refusal(place, event.origin, event.at):
            return full
        if self._has_made_all(event.by, place):
            return Refused(Reason.OWN_IDEAS_FULL)
        if wait := self._wait(event, event.table):
            return Refused(Reason.TOO_MANY, wait=wait)
        round = self._round_of(table, event.round) if table else 0
        made = Idea(
            id=event.idea,
            cafe=cafe.id,
            text=event.text,
            by=event.by,
            made_at=event.at,
            lab=table.lab if table else "",
            table=event.table,
            round=round,
            author=event.author,
            picture=event.picture,
            alt=event.alt,
            state="noted",
            doubtful=event.doubtful,
            origin=event.origin,
            proved=table is None or is_in(event.origin, table.lab),
            badge=event.badge,
        )
        if table is None:
            made = replace(made, state="pending")
        elif not cafe.plan.private or round <= table.revealed:
            made = laid_open(made, event.at)
        return Accepted(self._put(position, made))

    def _has_made_all(self, by: str, place: Place) -> bool:
        """True if a participant has made as many ideas at a place as allowed, in any state."""
        made = self._made.get(place, ())
        return sum(name in made for name in self._by.get(by, ())) >= OWN_IDEAS

    def _wait(self, event: IdeaMade | IdeaCarried, table: str) -> float:
        """Count one card, or none and return the seconds until one would be."""
        by, at = event.by, event.at
        # Outsiders must not use up what the people at a table may write.
        crowd = f"{table} {trust(event.origin, at, table)}" if table else ""
        wait = max(self._limit.wait(by, at), self._tables.wait(crowd, at) if table else 0.0)
        if not wait:
            self._limit.take(by, at)
            if table:
                self._tables.take(crowd, at)
        return wait

    def _table(self, cafe: str, table: str) -> Table | None:
        """A table of a session, if its laboratory shows that."""
        found = self._cafes.table(table)
        return found if found and found.cafe == cafe else None

    def _round_of(self, table: Table, told: int) -> int:
        """The round in which something is done at a table: the one told, if it has begun."""
        progress = self._cafes.progress.get(table.lab)
        now = progress.round if progress and progress.cafe == table.cafe else 0
        return min(told or now, now)

    def _open(self, cafe: str) -> Cafe | None:
        found = self._cafes.find(cafe)
        return found if found and found.state == "open" else None

    def _carry(self, position: str, idea: Idea, event: IdeaCarried) -> Outcome:
        if not self._open(idea.cafe):
            return Refused(Reason.CAFE_CLOSED, self._cafes.find(idea.cafe))
        if not idea.public:
            return Refused(Reason.WRONG_STATE, idea)
        table = self._table(idea.cafe, event.table)
        if table is None:
            return Refused(Reason.UNKNOWN_TABLE)
        if table.id in idea.tables:
            return Accepted(idea)  # two people carry the same
        if full := self._places.carry_refusal((idea.cafe, table.id), event.origin, event.at):
            return full
        if wait := self._wait(event, table.id):
            return Refused(Reason.TOO_MANY, wait=wait)
        stop = Stop(table.id, self._round_of(table, 0), event.origin, event.at)
        stops = (*idea.stops, stop)
        return Accepted(self._put(position, replace(idea, stops=stops)))

    def _dot(self, position: str, idea: Idea, event: IdeaDotted) -> Outcome:
        cafe = self._open(idea.cafe)
        if cafe is None:
            return Refused(Reason.CAFE_CLOSED, self._cafes.find(idea.cafe))
        if not idea.public:
            return Refused(Reason.WRONG_STATE, idea)
        before = self.given(cafe.id).get(event.by, {}).get(idea.id, 0)
        spent = self._spent(cafe.id, event.by) - before
        too_many = event.dots > DOTS or spent + event.dots > cafe.plan.dots
        if event.dots < 0 or (too_many and event.dots > before):
            return Refused(Reason.TOO_MANY_DOTS, idea)
        given = self._given.setdefault(cafe.id, {}).setdefault(event.by, {})
        given[idea.id] = event.dots
        if before:
            aside = event.by in self._aside.of(idea.id)
        else:
            aside = event.dots > 0 and self._aside.watch(idea.id, event.by, event.origin, event.at)
        if not event.dots:
            del given[idea.id]
            self._aside.drop(idea.id, event.by)
        self.theirs.append((OWN, event.by))
        more = event.dots - before
        dotted = (
            replace(idea, aside=idea.aside + more)
            if aside
            else replace(idea, dots=idea.dots + more)
        )
        return Accepted(self._put(position, dotted))

    def _count_dots(self, position: str, idea: Idea) -> Outcome:
        """Count the dots that were set aside, and all that is to come."""
        if not idea.public:
            return Refused(Reason.WRONG_STATE, idea)
        self._aside.count(idea.id)
        return Accepted(self._put(position, replace(idea, dots=idea.dots + idea.aside, aside=0)))

    def _spent(self, cafe: str, participant: str) -> int:
        """How many of their dots a participant gave to ideas that show."""
        given = self.given(cafe).get(participant, {})
        return sum(dots for name, dots in given.items() if self.by_id[name].public)

    def _make_cluster(self, position: str, event: ClusterMade) -> Outcome:
        if known := self.clusters.get(event.cluster):
            same = (known.table, known.by) == (event.table, event.by)
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        table = self._cafes.table(event.table)
        if table is None:
            return Refused(Reason.UNKNOWN_TABLE)
        if not self._open(table.cafe):
            return Refused(Reason.CAFE_CLOSED, self._cafes.find(table.cafe))
        place = table.cafe, table.id
        if not self._are_at(place, event.ideas):
            return Refused(Reason.UNKNOWN_IDEA)
        if len(self._groups.get(place, ())) >= GROUPS:
            return Refused(Reason.TOO_MANY_GROUPS)
        made = Cluster(
            id=event.cluster, cafe=table.cafe, table=table.id, name=event.name, by=event.by
        )
        made = self._put_cluster(position, made)
        self._group(position, made, event.ideas)
        return Accepted(made)

    def _act_on_cluster(self, position: str, event: AnyClusterEvent) -> Outcome:
        cluster = self.group(event.cluster)
        if cluster is None:
            return Refused(Reason.UNKNOWN_CLUSTER)
        if outdated(event, cluster):
            return Refused(Reason.CHANGED, cluster)
        if not self._open(cluster.cafe):
            return Refused(Reason.CAFE_CLOSED, self._cafes.find(cluster.cafe))
        match event:
            case ClusterNamed(name=name):
                cluster = self._put_cluster(position, replace(cluster, name=name))
            case IdeasGrouped(ideas=ideas):
                if not self._are_at((cluster.cafe, cluster.table), ideas):
                    return Refused(Reason.UNKNOWN_IDEA)
                self._group(position, cluster, ideas)
            case IdeasUngrouped(ideas=ideas):
                self._loosen(position, cluster, ideas)
            case ClusterRemoved():
                self._loosen(position, cluster, [idea.id for idea in self.in_cluster(cluster.id)])
                cluster = self._put_cluster(position, replace(cluster, removed=True))
        return Accepted(cluster)

    def _are_at(self, place: Place, ideas: Collection[str]) -> bool:
        made, carried = self._made.get(place, ()), self._carried.get(place, ())
        return all(name in made or name in carried for name in ideas)

    def _group(self, position: str, cluster: Cluster, ideas: Collection[str]) -> None:
        """Put ideas of its table in a group, and in no other of this table."""
        for name in dict.fromkeys(ideas):
            idea = self.by_id[name]
            elsewhere = tuple(
                each for each in idea.clusters if self.clusters[each].table != cluster.table
            )
            self._put(position, replace(idea, clusters=(*elsewhere, cluster.id)))

    def _loosen(self, position: str, cluster: Cluster, ideas: Collection[str]) -> None:
        for name in dict.fromkeys(ideas):
            idea = self.by_id.get(name)
            if idea and cluster.id in idea.clusters:
                left = tuple(each for each in idea.clusters if each != cluster.id)
                self._put(position, replace(idea, clusters=left))
