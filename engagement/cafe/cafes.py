"""World cafés as a fold: what is planned, how far each laboratory is, who sits at which table."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, TypeVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.cafe.events import (
    AnyCafeEvent,
    CafeChanged,
    CafeClosed,
    CafeMade,
    CafeOpened,
    CafeRemoved,
    Driven,
    NotesRevealed,
    RoundAdvanced,
    SeatTaken,
    TableEvent,
    TableHosted,
)
from engagement.cafe.rounds import AnyDriven, driven, paused, reached, round_of_seats
from engagement.cafe.session import OWN, Cafe, Plan, Progress, Seat, Table, table_id
from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.origin import is_in

CAFES = 200  # sessions and calls that are not removed
HOSTS = 6  # of a table; one more, and the first is no longer shown

Put = TypeVar("Put", Cafe, Progress, Table)


class Saved(msgspec.Struct, frozen=True):
    """All that it takes to go on. `seated`: who sits at a table, and whether by its own device;
    `late`: how many were taken in above its seats; `hosts`: names by pass; `people`: who ever sat
    in a laboratory, by session."""

    cafes: tuple[Cafe, ...]
    progress: tuple[Progress, ...]
    tables: tuple[Table, ...]
    seats: dict[str, Seat]
    seated: dict[str, dict[str, bool]]
    late: dict[str, int]
    hosts: dict[str, dict[str, str]]
    people: dict[str, dict[str, tuple[str, ...]]]


class Cafes(Fold):
    """All sessions and calls by id; of each laboratory, by slug, how far it is in the session that
    it shows; the tables of that, by id."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyCafeEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self) -> None:
        super().__init__()
        self.by_id: dict[str, Cafe] = {}
        self.progress: dict[str, Progress] = {}
        self.tables: dict[str, Table] = {}
        self._seats: dict[str, Seat] = {}
        self._seated: dict[str, dict[str, bool]] = {}
        self._late: dict[str, int] = {}
        self._hosts: dict[str, dict[str, str]] = {}
        self._people: dict[str, dict[str, dict[str, None]]] = {}

    def find(self, cafe: str) -> Cafe | None:
        found = self.by_id.get(cafe)
        return None if found is None or found.removed else found

    def all(self) -> list[Cafe]:
        """In the order in which they were planned."""
        return [cafe for cafe in self.by_id.values() if not cafe.removed]

    def table(self, table: str) -> Table | None:
        found = self.tables.get(table)
        return None if found is None or found.removed else found

    def tables_of(self, lab: str) -> list[Table]:
        """In the order of their numbers."""
        theirs = (table for table in self.tables.values() if table.lab == lab)
        return sorted(
            (table for table in theirs if not table.removed), key=lambda table: table.number
        )

    def progress_of(self, cafe: Cafe) -> list[Progress]:
        """How far the laboratories of a session are that show it."""
        shown = (self.progress.get(lab) for lab in dict.fromkeys(cafe.plan.labs))
        return [each for each in shown if each and each.cafe == cafe.id]

    def seat(self, participant: str) -> Seat | None:
        """Where somebody sat last."""
        return self._seats.get(participant)

    def people(self, cafe: str, lab: str) -> Collection[str]:
        """Who ever sat in a laboratory, in a session."""
        return self._people.get(cafe, {}).get(lab, ())

    def apply(self, position: str, event: AnyCafeEvent) -> Outcome:
        if isinstance(event, CafeMade):
            return self._make(position, event)
        if isinstance(event, TableEvent):
            return self._at_table(position, event)
        cafe = self.find(event.cafe)
        if cafe is None:
            return Refused(Reason.UNKNOWN_CAFE)
        if isinstance(event, Driven):
            return self._drive(position, cafe, event)
        if outdated(event, cafe):
            return Refused(Reason.CHANGED, cafe)
        match event, cafe.state:
            case CafeChanged(plan=plan), "draft":
                return Accepted(self._put(position, replace(cafe, plan=plan)))
            case CafeChanged(at=at, plan=plan), "open":
                return self._change(position, replace(cafe, plan=plan), cafe.plan, at)
            case CafeChanged(), _:
                return Refused(Reason.CAFE_CLOSED, cafe)
            case CafeOpened(at=at), "draft" | "closed":
                began = at if cafe.opened_at is None else cafe.opened_at
                opened = replace(cafe, state="open", opened_at=began, closed_at=None)
                return self._show(position, opened, at)
            case CafeClosed(at=at), "open":
                for progress in self.progress_of(cafe):
                    self._end_round(position, progress, leave=False)
                    self._put(position, paused(progress, at))
                return Accepted(self._put(position, replace(cafe, state="closed", closed_at=at)))
            case CafeRemoved(), "draft":
                return Accepted(self._put(position, replace(cafe, removed=True)))
        return Refused(Reason.WRONG_STATE, cafe)

    def standing(self, event: AnyCafeEvent) -> Item | None:
        if isinstance(event, TableEvent):
            return self.table(event.table)
        return self.by_id.get(event.cafe)

    def items(self) -> Collection[Item]:
        return (*self.by_id.values(), *self.progress.values(), *self.tables.values())

    def due(self, now: float) -> Sequence[RoundAdvanced]:
        """Steps whose time is over make way for the next."""
        return [
            RoundAdvanced(
                id=f"advance-{lab}-{progress.version}",
                at=now,
                by="clerk",
                expects=(progress.version,),
                cafe=progress.cafe,
                labs=(lab,),
            )
            for lab, progress in self.progress.items()
            if progress.ends_at is not None and progress.ends_at <= now
        ]

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        if participant == stand_in:
            return
        if seat := self._seats.pop(participant, None):
            self._seats[stand_in] = seat
        for seated in self._seated.values():
            _rename(seated, participant, stand_in)
        for labs in self._people.values():
            for people in labs.values():
                _rename(people, participant, stand_in)

    def saved(self) -> Saved:
        return Saved(
            tuple(self.by_id.values()),
            tuple(self.progress.values()),
            tuple(self.tables.values()),
            dict(self._seats),
            {table: dict(seated) for table, seated in self._seated.items()},
            dict(self._late),
            {table: dict(hosts) for table, hosts in self._hosts.items()},
            {
                cafe: {lab: tuple(people) for lab, people in labs.items()}
                for cafe, labs in self._people.items()
            },
        )

    def restore(self, saved: Saved) -> None:
        self.by_id = {cafe.id: cafe for cafe in saved.cafes}
        self.progress = {progress.id: progress for progress in saved.progress}
        self.tables = {table.id: table for table in saved.tables}
        self._seats = dict(saved.seats)
        self._seated = {table: dict(seated) for table, seated in saved.seated.items()}
        self._late = dict(saved.late)
        self._hosts = {table: dict(hosts) for table, hosts in saved.hosts.items()}
        self._people = {
            cafe: {lab: dict.fromkeys(people) for lab, people in labs.items()}
            for cafe, labs in saved.people.items()
        }

    def _make(self, position: str, event: CafeMade) -> Outcome:
        if known := self.by_id.get(event.cafe):
            if known.removed:
                return Refused(Reason.UNKNOWN_CAFE)
            same = known.first == event.plan
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        if len(self.all()) >= CAFES:
            return Refused(Reason.TOO_MANY_CAFES)
        made = Cafe(id=event.cafe, plan=event.plan, first=event.plan)
        return Accepted(self._put(position, made))

    def _change(self, position: str, changed: Cafe, before: Plan, at: float) -> Outcome:
        plan, counts = changed.plan, dict(changed.plan.tables)
        rounds = max((each.round for each in self.progress_of(changed)), default=0)
        kept = all(counts.get(lab, 0) >= count for lab, count in before.tables)
        if plan.kind != before.kind or not kept or plan.rounds < rounds:
            return Refused(Reason.CAFE_BEGUN, self.by_id[changed.id])
        return self._show(position, changed, at)

    def _show(self, position: str, cafe: Cafe, at: float) -> Outcome:
        """Have the laboratories of an open session show it, those that do not already."""
        for lab in cafe.plan.labs:
            shown = self.progress.get(lab)
            other = self.by_id[shown.cafe] if shown else cafe
            if other.id != cafe.id and other.state == "open":
                return Refused(Reason.LAB_BUSY, other)
        slowest = min(self.progress_of(cafe), key=reached, default=None)
        for lab, count in cafe.plan.tables:
            shown = self.progress.get(lab)
            fresh = shown is None or shown.cafe != cafe.id
            if fresh and slowest:
                self._put(position, replace(slowest, id=lab))
            elif fresh:
                self._put(position, Progress(id=lab, cafe=cafe.id, since=at))
            self._furnish(position, cafe, lab, count)
        return Accepted(self._put(position, cafe))

    def _furnish(self, position: str, cafe: Cafe, lab: str, count: int) -> None:
        """Have a laboratory's tables be those of a session, the ones that are not already."""
        for number in range(1, count + 1):
            name = table_id(lab, number)
            standing = self.table(name)
            if standing is None or standing.cafe != cafe.id:
                self._hosts.pop(name, None)
                self._seated.pop(name, None)
                self._late.pop(name, None)
                self._put(position, Table(id=name, cafe=cafe.id, lab=lab, number=number))
        for table in self.tables_of(lab)[count:]:
            self._put(position, replace(table, removed=True))

    def _drive(self, position: str, cafe: Cafe, event: AnyDriven) -> Outcome:
        if cafe.state != "open":
            return Refused(Reason.CAFE_CLOSED, cafe)
        shown = [each for each in self.progress_of(cafe) if each.id in (event.labs or (each.id,))]
        if event.expects:
            shown = [each for each in shown if each.version in event.expects]
            if not shown:
                return Refused(Reason.CHANGED, cafe)
        changes = [(each, driven(cafe.plan, each, event)) for each in shown]
        if not any(after for _, after in changes):
            return Refused(Reason.WRONG_STATE, cafe)
        for before, after in changes:
            if after is not None:
                if isinstance(event, RoundAdvanced):
                    ahead = round_of_seats(after) > round_of_seats(before)
                    self._end_round(position, before, leave=ahead)
                self._put(position, after)
        return Accepted(cafe)

    def _at_table(self, position: str, event: SeatTaken | TableHosted | NotesRevealed) -> Outcome:
        table = self.table(event.table)
        if table is None:
            return Refused(Reason.UNKNOWN_TABLE)
        if outdated(event, table):
            return Refused(Reason.CHANGED, table)
        match event:
            case SeatTaken():
                return self._sit(position, table, event)
            case TableHosted(by=by, name=name):
                hosts = self._hosts.setdefault(table.id, {})
                hosts[by] = name
                if len(hosts) > HOSTS:
                    del hosts[next(iter(hosts))]
                return Accepted(self._put(position, replace(table, hosts=tuple(hosts.values()))))
            case NotesRevealed():
                round = self.progress[table.lab].round
                if not round:
                    return Refused(Reason.WRONG_STATE, table)
                return Accepted(self._put(position, replace(table, revealed=round)))

    def _sit(self, position: str, table: Table, event: SeatTaken) -> Outcome:
        cafe = self.by_id[table.cafe]
        if cafe.state != "open":
            return Refused(Reason.CAFE_CLOSED, cafe)
        seated = self._seated.setdefault(table.id, {})
        there = is_in(event.origin, table.lab)  # else nobody sees that they sit
        counted = seated.get(event.by, False)
        now = round_of_seats(self.progress[table.lab])
        over = 0 < event.late < now  # the round for which they sat down
        before = self._seats.get(event.by)
        seat = Seat(table.id, cafe.id, event.late if over else now)
        if over and before and before.cafe == cafe.id:
            return Accepted(table)  # they sat down since
        if before == seat and (event.by in seated or not there) and counted >= event.kiosk:
            return Accepted(table)
        if over or (event.kiosk and not counted and table.kiosk_seated >= cafe.plan.seats):
            late = self._late.get(table.id, 0)
            if not event.late or late >= cafe.plan.seats * cafe.plan.rounds:
                return Refused(Reason.TABLE_FULL, table)
            self._late[table.id] = late + 1
        if before and before.table != table.id and event.by in self._seated.get(before.table, ()):
            del self._seated[before.table][event.by]
            self._put(position, self._counted(self.tables[before.table]))
        self._seats[event.by] = seat
        self.theirs.append((OWN, event.by))
        if there:
            self._people.setdefault(cafe.id, {}).setdefault(table.lab, {})[event.by] = None
        if over or not there:
            return Accepted(table)
        seated[event.by] = counted or event.kiosk
        return Accepted(self._put(position, self._counted(table)))

    def _end_round(self, position: str, progress: Progress, leave: bool) -> None:
        """What was noted in a round shows when that is over; people leave for another one."""
        for table in self.tables_of(progress.id):
            if leave:
                self._seated.pop(table.id, None)
            ended = self._counted(replace(table, revealed=max(table.revealed, progress.round)))
            if ended != table:
                self._put(position, ended)

    def _counted(self, table: Table) -> Table:
        seated = self._seated.get(table.id, {})
        return replace(table, seated=len(seated), kiosk_seated=sum(seated.values()))

    def _put(self, position: str, item: Put) -> Put:
        item = replace(item, version=position)
        if isinstance(item, Cafe):
            self.by_id[item.id] = item
        elif isinstance(item, Progress):
            self.progress[item.id] = item
        else:
            self.tables[item.id] = item
        self.touched.append(item)
        return item


def _rename(people: dict[str, Any], before: str, after: str) -> None:
    if before in people:
        renamed = {after if name == before else name: said for name, said in people.items()}
        people.clear()
        people.update(renamed)
