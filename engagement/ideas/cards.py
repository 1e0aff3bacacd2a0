"""All cards and groups, and where each is: what the fold of ideas decides by."""

from collections import Counter, defaultdict
from collections.abc import Collection
from itertools import chain

from msgspec.structs import replace

from engagement.cafe.session import OWN, lab_of
from engagement.fold import Fold, Item
from engagement.ideas.idea import Cluster, Idea, IdeaState, Pile
from engagement.ideas.places import Place, Places


class Cards(Fold):
    """Ideas and groups by id, in the order in which they came; how many there are of each table."""

    def __init__(self) -> None:
        super().__init__()
        self.by_id: dict[str, Idea] = {}
        self.clusters: dict[str, Cluster] = {}
        self._piles: dict[str, Pile] = {}
        self._stirred: dict[Place, None] = {}  # whose pile is to be counted anew
        self._index()

    def items(self) -> Collection[Item]:
        return (*self.by_id.values(), *self.clusters.values(), *self._piles.values())

    def group(self, cluster: str) -> Cluster | None:
        """A group that there still is."""
        found = self.clusters.get(cluster)
        return None if found is None or found.removed else found

    def rank(self, idea: str) -> int:
        """Its place in the order in which they came."""
        return self._ranks[idea]

    def of(self, cafe: str, lab: str = "") -> list[Idea]:
        """Those of a session or a call, or of one of its laboratories, the oldest first."""
        labs = self._of.get(cafe, {})
        names = labs.get(lab, ()) if lab else sorted(chain(*labs.values()), key=self.rank)
        return [self.by_id[name] for name in names]

    def pending(self) -> list[Idea]:
        """Those that wait for somebody to read them."""
        return [self.by_id[name] for name in self._pending]

    def at(self, cafe: str, table: str) -> list[Idea]:
        """Those that are on a table: made there, then carried there."""
        place = cafe, table
        names = (*self._made.get(place, ()), *self._carried.get(place, ()))
        return [self.by_id[name] for name in names]

    def groups_at(self, cafe: str, table: str) -> list[Cluster]:
        """The groups of a table, the oldest first."""
        groups = (self.clusters[name] for name in self._groups.get((cafe, table), ()))
        return [cluster for cluster in groups if not cluster.removed]

    def in_cluster(self, cluster: str) -> list[Idea]:
        """The ideas of a group, in any state."""
        found = self.clusters.get(cluster)
        here = self.at(found.cafe, found.table) if found else ()
        return [idea for idea in here if cluster in idea.clusters]

    def pile(self, cafe: str, table: str) -> Pile:
        """How many cards a table has."""
        name = _pile_id(cafe, table)
        return self._piles.get(name) or Pile(id=name, cafe=cafe, table=table, lab=lab_of(table))

    def made_by(self, participant: str) -> list[Idea]:
        """A participant's own, in any state, the oldest first."""
        return [self.by_id[name] for name in self._by.get(participant, ())]

    def shows(self, picture: str) -> bool:
        """Whether a picture is on a card that shows."""
        return any(self.by_id[name].public for name in self._pictures.get(picture, ()))

    def with_picture(self, picture: str) -> list[Idea]:
        """The ideas that have a picture."""
        return [self.by_id[name] for name in self._pictures.get(picture, ())]

    def pictures(self) -> set[str]:
        """All that ideas have."""
        return {picture for picture, having in self._pictures.items() if having}

    def _index(self) -> None:
        """What follows from ideas and groups, and need not be saved."""
        self._ranks: dict[str, int] = {}
        self._of: defaultdict[str, dict[str, dict[str, None]]] = defaultdict(dict)  # by laboratory
        self._by: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._made: defaultdict[Place, dict[str, None]] = defaultdict(dict)
        self._carried: defaultdict[Place, dict[str, None]] = defaultdict(dict)
        self._groups: defaultdict[Place, dict[str, None]] = defaultdict(dict)
        self._noted: dict[str, None] = {}
        self._pending: dict[str, None] = {}
        self._pictures: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._places = Places()
        for idea in self.by_id.values():
            self._places.put(None, idea)
            self._note(idea)
        for cluster in self.clusters.values():
            self._groups[cluster.cafe, cluster.table][cluster.id] = None

    def _put(self, position: str, idea: Idea) -> Idea:
        idea = replace(idea, version=position)
        if before := self.by_id.get(idea.id):
            self._noted.pop(idea.id, None)
            self._pending.pop(idea.id, None)
            self._pictures[before.picture].pop(idea.id, None)
        self.by_id[idea.id] = idea
        self._places.put(before, idea)
        self._note(idea)
        self.touched.append(idea)
        self.theirs.append((OWN, idea.by))
        self._stirred |= dict.fromkeys((idea.cafe, table) for table in idea.tables)
        return idea

    def _note(self, idea: Idea) -> None:
        self._ranks.setdefault(idea.id, len(self._ranks))
        self._of[idea.cafe].setdefault(idea.lab, {})[idea.id] = None
        self._by[idea.by][idea.id] = None
        self._made[idea.cafe, idea.table][idea.id] = None
        for stop in idea.stops:
            self._carried[idea.cafe, stop.table][idea.id] = None
        if idea.state == "noted":
            self._noted[idea.id] = None
        if idea.state == "pending":
            self._pending[idea.id] = None
        if idea.picture:
            self._pictures[idea.picture][idea.id] = None

    def _put_cluster(self, position: str, cluster: Cluster) -> Cluster:
        self.clusters[cluster.id] = cluster = replace(cluster, version=position)
        self._groups[cluster.cafe, cluster.table][cluster.id] = None
        self.touched.append(cluster)
        self._stirred[cluster.cafe, cluster.table] = None
        return cluster

    def _count_piles(self, position: str) -> None:
        """Have the piles say what is on the tables that something was done at."""
        for cafe, table in self._stirred:
            before = self.pile(cafe, table)
            made = [self.by_id[name] for name in self._made.get((cafe, table), ())]
            carried = self._carried.get((cafe, table), ())
            states: Counter[IdeaState] = Counter(idea.state for idea in made)
            counted = replace(
                before,
                ideas=states["shown"],
                noted=states["noted"],
                pending=states["pending"],
                carried=sum(self.by_id[name].public for name in carried),
                groups=len(self.groups_at(cafe, table)),
                dots=sum(idea.dots for idea in made if idea.public),
            )
            if counted != before:
                self._piles[counted.id] = counted = replace(counted, version=position)
                self.touched.append(counted)
        self._stirred = {}


def _pile_id(cafe: str, table: str) -> str:
    return f"{cafe}.{table}"
