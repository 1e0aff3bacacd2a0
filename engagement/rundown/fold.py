"""The rundown as a fold: entries lined up, previewed, taken, off; and what each place shows."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.changes import START
from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.polls import Polls
from engagement.questions import Questions
from engagement.rundown.entry import OVERLAY, Air, Content, Entry, Kind
from engagement.rundown.events import (
    AnyEntryEvent,
    AnyRundownEvent,
    EntryAdded,
    EntryDeleted,
    EntryEdited,
    EntryMoved,
    EntryOff,
    EntryPreviewed,
    EntryTaken,
    ScreensCleared,
    ScreensRestored,
)
from engagement.rundown.places import meet, placed
from engagement.rundown.shown import Shown, airs_itself, key_of, kind_of, talk_of
from engagement.screens import Screen, Screens
from engagement.syntheses.syntheses import Syntheses
from engagement.talks import Talk, Talks
from engagement.wall.posts import Posts

ENTRIES = 500  # that are not deleted


class Saved(msgspec.Struct, frozen=True):
    """`followed`: since when what goes on air by itself is there, by its key."""

    entries: tuple[Entry, ...]
    on_air: tuple[str, ...]
    air: tuple[Air, ...]
    cleared: bool
    held: tuple[str, ...]
    followed: dict[str, float]
    version: str


class Rundown(Fold):
    """All entries by id, which follow what they show, and what each place shows of those on air."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyRundownEvent)
    heeds: ClassVar[Collection[type[Item]]] = (Screen, Talk, *get_args(Shown))
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(
        self,
        screens: Screens,
        talks: Talks,
        questions: Questions,
        polls: Polls,
        posts: Posts,
        syntheses: Syntheses,
    ) -> None:
        super().__init__()
        self._screens, self._talks = screens, talks
        self._questions, self._polls = questions, polls
        self._posts, self._syntheses = posts, syntheses
        self._version = START
        self._by_id: dict[str, Entry] = {}
        self._on_air: dict[str, None] = {}  # ids, in the order of their taking
        self._about: defaultdict[str, list[str]] = defaultdict(list)  # shown key -> entries
        self._air: dict[str, Air] = {OVERLAY: Air(id=OVERLAY)}
        self._cleared = False
        self._held: dict[str, None] = {}  # entries that wait for the screens to be restored
        self._followed: dict[str, float] = {}

    def find(self, entry: str, *, gone: bool = False) -> Entry | None:
        """One that is there; or, with `gone`, was."""
        found = self._by_id.get(entry)
        return None if found is None or (found.deleted and not gone) else found

    def all(self) -> list[Entry]:
        """In the order of the rundown."""
        present = (entry for entry in self._by_id.values() if not entry.deleted)
        return sorted(present, key=lambda entry: entry.rank)

    def air(self, place: str) -> Air:
        """What a place shows: a screen, or OVERLAY."""
        return self._air.get(place) or Air(id=place)

    def apply(self, position: str, event: AnyRundownEvent) -> Outcome:
        match event:
            case EntryAdded():
                outcome = self._add(position, event)
            case ScreensCleared():
                outcome = self._clear(position, event.at)
            case ScreensRestored():
                outcome = self._restore(position)
            case _:
                outcome = self._act(position, event)
        self._place(position)
        return outcome

    def heed(self, position: str, at: float, item: Screen | Talk | Shown) -> None:
        """Follow what is shown, and where one can show it."""
        if isinstance(item, Screen):
            self._place(position)
        elif isinstance(item, Talk):
            if item.state == "ended":
                self._end_talk(position, at, item)
        else:
            shown = key_of(item)
            for name in self._about.get(shown, ()):
                self._refresh(position, at, self._by_id[name], item)
            if (began := airs_itself(item)) != self._followed.get(shown):
                self._follow(position, at, item, began)
            if shown in self._about:
                self._place(position)

    def standing(self, event: AnyRundownEvent) -> Item | None:
        if isinstance(event, ScreensCleared | ScreensRestored):
            return self.air(OVERLAY)
        return self.find(event.entry, gone=isinstance(event, EntryDeleted))

    def items(self) -> Collection[Item]:
        return (*self._by_id.values(), *self._air.values())

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        """What participants wrote is in what entries show, and goes with it."""

    def due(self, now: float) -> Sequence[Event]:
        """What is on air for so long and no longer goes off."""
        return [
            EntryOff(
                id=f"off {entry.id} {entry.version}",
                at=now,
                by="clerk",
                entry=entry.id,
                ends_at=entry.ends_at,
            )
            for entry in map(self._by_id.__getitem__, self._on_air)
            if entry.kind != "countdown" and entry.ends_at is not None and entry.ends_at <= now
        ]

    def saved(self) -> Saved:
        return Saved(
            tuple(self._by_id.values()),
            tuple(self._on_air),
            tuple(self._air.values()),
            self._cleared,
            tuple(self._held),
            dict(self._followed),
            self._version,
        )

    def restore(self, saved: Saved) -> None:
        self._by_id = {entry.id: entry for entry in saved.entries}
        self._on_air = dict.fromkeys(saved.on_air)
        self._about.clear()
        for entry in saved.entries:
            if entry.shows is not None and not entry.deleted:
                self._about[key_of(entry.shows)].append(entry.id)
        self._air = {air.id: air for air in saved.air}
        self._cleared, self._held = saved.cleared, dict.fromkeys(saved.held)
        self._followed = dict(saved.followed)
        self._version = saved.version
        before = len(self.touched)
        self._place(saved.version)  # screens came and went during a rehearsal
        del self.touched[before:]  # what is restored is shown as a whole

    def _add(self, position: str, event: EntryAdded) -> Outcome:
        if known := self._by_id.get(event.entry):
            if known.deleted:
                return Refused(Reason.UNKNOWN_ENTRY)
            before = (known.kind, known.by, known.first, known.shows.id if known.shows else "")
            same = before == (event.kind, event.by, event.content, event.shows)
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        if sum(not entry.deleted for entry in self._by_id.values()) >= ENTRIES:
            return Refused(Reason.TOO_MANY_ENTRIES)
        shows = self._shown(event.kind, event.shows) if event.shows else None
        if event.shows and (shows is None or shows.gone):
            return Refused(Reason.UNKNOWN_REFERENCE)
        added = Entry(
            id=event.entry,
            kind=event.kind,
            content=event.content,
            first=event.content,
            rank=self._last_rank() + 1.0,
            by=event.by,
            shows=shows,
        )
        return Accepted(self._put(position, added))

    def _act(self, position: str, event: AnyEntryEvent) -> Outcome:
        entry = self.find(event.entry)
        if entry is None:
            return Refused(Reason.UNKNOWN_ENTRY)
        if outdated(event, entry):
            return Refused(Reason.CHANGED, entry)
        match event, entry.state:
            case EntryEdited(content=content), _:
                changed = replace(entry, content=content)
                if entry.state == "on_air":
                    self._make_room(position, event.at, changed)
                    changed = replace(changed, ends_at=_end(changed, entry.on_at or event.at))
                return Accepted(self._put(position, changed))
            case EntryMoved(before=before), _:
                return self._move(position, entry, before)
            case EntryPreviewed(), "queued" | "off":
                for other in self.all():
                    if other.state == "preview":
                        self._put(position, replace(other, state="queued"))
                return Accepted(self._put(position, replace(entry, state="preview")))
            case EntryTaken(), "queued" | "preview" | "off" if entry.ready:
                return Accepted(self._take(position, event.at, entry))
            case EntryOff(ends_at=end), "on_air" | "preview" if end in (None, entry.ends_at):
                return Accepted(self._take_off(position, event.at, entry))
            case EntryDeleted(), "queued" | "preview" | "off":
                return Accepted(self._put(position, replace(entry, deleted=True)))
        return Refused(Reason.WRONG_STATE, entry)

    def _move(self, position: str, entry: Entry, before: str) -> Outcome:
        others = [other for other in self.all() if other.id != entry.id]
        ids = [other.id for other in others]
        if before and before not in ids:
            return Refused(Reason.UNKNOWN_ENTRY, entry)
        place = ids.index(before) if before else len(others)
        low = others[place - 1].rank if place else 0.0
        high = others[place].rank if place < len(others) else low + 2.0
        if not low < (rank := (low + high) / 2) < high:  # there is no room between any more
            for number, other in enumerate(others, 1):
                self._put(position, replace(other, rank=float(number)))
            rank = place + 0.5
        return Accepted(self._put(position, replace(entry, rank=rank)))

    def _take(self, position: str, at: float, entry: Entry) -> Entry:
        self._make_room(position, at, entry)
        self._held.pop(entry.id, None)
        taken = replace(entry, state="on_air", on_at=at, off_at=None, ends_at=_end(entry, at))
        return self._put(position, taken)

    def _make_room(self, position: str, at: float, entry: Entry) -> None:
        screens = self._screens.all()
        for other in [self._by_id[name] for name in self._on_air]:
            if other.id != entry.id and meet(entry, other, screens):
                self._take_off(position, at, other)

    def _take_off(self, position: str, at: float, entry: Entry) -> Entry:
        if entry.state == "preview":
            return self._put(position, replace(entry, state="queued"))
        return self._put(position, replace(entry, state="off", off_at=at))

    def _clear(self, position: str, at: float) -> Outcome:
        for entry in [self._by_id[name] for name in self._on_air]:
            self._held[entry.id] = None
            self._take_off(position, at, entry)
        self._cleared = True
        self._place(position)
        return Accepted(self.air(OVERLAY))

    def _restore(self, position: str) -> Outcome:
        if not self._cleared:
            return Refused(Reason.WRONG_STATE, self.air(OVERLAY))
        held, self._held, self._cleared = list(self._held), {}, False
        screens = self._screens.all()
        for entry in filter(None, map(self.find, held)):
            there = [self._by_id[name] for name in self._on_air]
            if entry.ready and not any(meet(entry, other, screens) for other in there):
                self._put(position, replace(entry, state="on_air", off_at=None))
        self._place(position)
        return Accepted(self.air(OVERLAY))

    def _refresh(self, position: str, at: float, entry: Entry, item: Shown) -> None:
        entry = self._put(position, replace(entry, shows=item))
        if not entry.ready and entry.state in ("on_air", "preview"):
            self._take_off(position, at, entry)

    def _follow(self, position: str, at: float, item: Shown, began: float | None) -> None:
        """What the presenter answers or tells, or the crew publishes, goes on air, and off when it
        ends."""
        shown = key_of(item)
        name = f"auto_{item.id}"
        entry = self._by_id.get(name)
        if began is None:
            del self._followed[shown]
            self._held.pop(name, None)
            if entry is not None and entry.state == "on_air":
                self._take_off(position, at, entry)
            return
        self._followed[shown] = began
        if any(self._by_id[other].state == "on_air" for other in self._about.get(shown, ())):
            return
        if entry is None or entry.deleted:
            talk = self._talks.by_id.get(talk_of(item))
            content = Content(channel=talk.channel if talk else "")
            entry = Entry(
                id=name,
                kind=kind_of(item),
                content=content,
                first=content,
                rank=self._last_rank() + 1.0,
                by="",
                shows=item,
                automatic=True,
            )
        if self._cleared:
            self._put(position, replace(entry, state="off", on_at=at))
            self._held[name] = None
        else:
            self._take(position, at, entry)

    def _end_talk(self, position: str, at: float, talk: Talk) -> None:
        """Results do not stay on air when their talk is over, unless somebody put them there."""
        for entry in [self._by_id[name] for name in (*self._on_air, *self._held)]:
            before = (entry.on_at or 0.0) <= (talk.ended_at or 0.0)
            if before and entry.automatic and getattr(entry.shows, "talk", "") == talk.id:
                self._held.pop(entry.id, None)
                if entry.state == "on_air":
                    self._take_off(position, at, entry)
        self._place(position)

    def _place(self, position: str) -> None:
        """Give each place what it shows of what is on air."""
        on_air = [self._by_id[name] for name in self._on_air]
        gone: dict[str, tuple[Entry, ...]] = dict.fromkeys(self._air, ())  # screens, unless placed
        for place, entries in (gone | placed(on_air, self._screens.all())).items():
            before = self._air.get(place)
            if before is None or (before.entries, before.cleared) != (entries, self._cleared):
                air = Air(id=place, version=position, entries=entries, cleared=self._cleared)
                self._air[place] = air
                self._version = position
                self.touched.append(air)

    def _put(self, position: str, entry: Entry) -> Entry:
        entry = replace(entry, version=position)
        about = self._about[key_of(entry.shows)] if entry.shows is not None else []
        if entry.id not in about:
            about.append(entry.id)
        if entry.deleted:  # it follows nothing any more, and keeps nobody's words
            about.remove(entry.id)
            entry = replace(entry, shows=None)
        self._by_id[entry.id] = entry
        if entry.state != "on_air":
            self._on_air.pop(entry.id, None)
        elif entry.id not in self._on_air:
            self._on_air[entry.id] = None
        self._version = position
        self.touched.append(entry)
        return entry

    def _shown(self, kind: Kind, name: str) -> Shown | None:
        match kind:
            case "question":
                return self._questions.by_id.get(name)
            case "poll":
                return self._polls.by_id.get(name)
            case "post":
                return self._posts.by_id.get(name)
            case "synthesis":
                return self._syntheses.by_id.get(name)
        return None

    def _last_rank(self) -> float:
        return max((entry.rank for entry in self._by_id.values()), default=0.0)


def _end(entry: Entry, taken_at: float) -> float | None:
    content = entry.content
    if entry.kind == "countdown" and content.until is not None:
        return content.until
    return None if content.duration is None else taken_at + content.duration
