"""« Signaler »: what people tell the moderators about a text or a picture that shows.

There is one alert about a thing, however many people raise it. It is settled when a moderator keeps
the thing, or when the thing is taken away, kept before or not, whoever does that. What was kept is
looked at again when more than twice as many people have raised it since.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import ClassVar, Literal, get_args

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, View, outdated
from engagement.ideas.fold import Ideas
from engagement.ideas.idea import Idea
from engagement.limits import Limit
from engagement.origin import Origin
from engagement.questions import Question, Questions
from engagement.shares import Shares
from engagement.syntheses.comments import Comments
from engagement.syntheses.syntheses import Syntheses
from engagement.syntheses.synthesis import Comment, Synthesis
from engagement.wall.post import Post
from engagement.wall.posts import Posts

BURST = 6  # alerts that a participant may raise at once
EVERY = 30.0  # seconds until one more
OPEN = 2_000  # alerts that may wait for a moderator
RAISED = 500  # people whose alert about one thing is kept: more tell nothing new
NOTES = 5  # of what they wrote, the newest, that a moderator is shown

ALERTS: View = ("alerts", "", "")

Thing = Question | Post | Idea | Synthesis | Comment
ThingKind = Literal["question", "post", "idea", "synthesis", "comment"]
Grounds = Literal["offensive", "personal", "private", "illegal", "advertising", "other"]
AlertState = Literal["open", "kept", "removed"]


class AlertRaised(Event, frozen=True):
    """Somebody finds that a thing should not show; said again, the last grounds count."""

    personal: ClassVar[tuple[str, ...]] = ("note",)

    kind: ThingKind
    thing: str
    grounds: Grounds
    note: str = ""


class AlertKept(Event, frozen=True):
    """A moderator looked at it: the thing stays. `name` is what people call them."""

    alert: str
    name: str = ""


AnyAlertEvent = AlertRaised | AlertKept


class Raised(msgspec.Struct, frozen=True):
    """What one person told."""

    grounds: Grounds
    at: float
    note: str = ""
    origin: Origin | None = None


class Alert(Item, frozen=True, kw_only=True):
    """For the moderators. `shown` is the thing as it is now; `people` raised it, for those
    grounds, the most frequent first.

    `kept_at` people had raised it when it was kept. `settled_by`: the name of who kept it. `origin`
    of whom it was opened by, at `opened_at`; limits count by that.
    """

    kind: ThingKind
    thing: str
    shown: Thing
    raised_at: float
    state: AlertState = "open"
    people: int = 0
    grounds: tuple[tuple[Grounds, int], ...] = ()
    notes: tuple[str, ...] = ()
    kept_at: int = 0
    settled_at: float | None = None
    settled_by: str = ""
    origin: Origin | None = None
    opened_at: float = 0.0

    @property
    def views(self) -> tuple[View, ...]:
        return (ALERTS,)

    @property
    def public(self) -> bool:
        return False


class Counts(msgspec.Struct, frozen=True):
    """How many things were reported, and what became of them: the others add up to `received`."""

    received: int
    open: int
    kept: int
    removed: int


class Saved(msgspec.Struct, frozen=True):
    """Alerts in the order in which they came; by alert and participant, what was told."""

    alerts: tuple[Alert, ...]
    raised: dict[str, dict[str, Raised]]
    limit: dict[str, float]


class Alerts(Fold):
    """All alerts by id, which follows from what they are about."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyAlertEvent)
    heeds: ClassVar[Collection[type[Item]]] = get_args(Thing)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(
        self,
        questions: Questions,
        posts: Posts,
        ideas: Ideas,
        syntheses: Syntheses,
        comments: Comments,
    ) -> None:
        super().__init__()
        self._questions, self._posts, self._ideas = questions, posts, ideas
        self._syntheses, self._comments = syntheses, comments
        self.by_id: dict[str, Alert] = {}
        self._raised: dict[str, dict[str, Raised]] = {}
        self._limit = Limit(BURST, EVERY)
        self._open = Shares(OPEN)

    def standing(self, event: AnyAlertEvent) -> Item | None:
        alert = event.alert if isinstance(event, AlertKept) else _id(event.kind, event.thing)
        return self.by_id.get(alert)

    def items(self) -> Collection[Item]:
        return self.by_id.values()

    def raised_by(self, participant: str) -> list[tuple[Alert, Raised]]:
        """What a participant reported, the oldest first."""
        every = ((self.by_id[name], people) for name, people in self._raised.items())
        return [(alert, people[participant]) for alert, people in every if participant in people]

    def counts(self) -> Counts:
        states = Counter(alert.state for alert in self.by_id.values())
        return Counts(states.total(), states["open"], states["kept"], states["removed"])

    def apply(self, position: str, event: AnyAlertEvent) -> Outcome:
        match event:
            case AlertRaised():
                return self._raise(position, event)
            case AlertKept():
                return self._keep(position, event)

    def heed(self, position: str, at: float, item: Thing) -> None:
        """What was taken away is settled by that."""
        if not (alert := self.by_id.get(_id_of(item))):
            return
        alert = replace(alert, shown=item)
        if alert.state != "removed" and not (item.public or _made_room(item)):
            alert = replace(alert, state="removed", settled_at=at, settled_by="")
        self._put(position, alert)

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        for name, people in self._raised.items():
            alert = self.by_id[name]
            if alert.shown.by == participant:  # nothing is left that was written about it
                people = {by: replace(raised, note="") for by, raised in people.items()}
            elif participant not in people:
                continue
            if participant in people:
                forgotten = replace(people[participant], note="", origin=None)
                people = people | {participant: forgotten}
            renamed = {stand_in if by == participant else by: each for by, each in people.items()}
            self._raised[name] = renamed
            self._put(position, self._counted(alert))
        self._limit.forget(participant)

    def saved(self) -> Saved:
        return Saved(tuple(self.by_id.values()), self._raised, self._limit.saved())

    def restore(self, saved: Saved) -> None:
        self.by_id = {alert.id: alert for alert in saved.alerts}
        self._raised = saved.raised  # decoded for us alone
        self._limit.restore(saved.limit)
        self._open = Shares(OPEN)
        for alert in saved.alerts:
            self._count(alert, +1)

    def _raise(self, position: str, event: AlertRaised) -> Outcome:
        thing = self._thing(event.kind, event.thing)
        if thing is None or not thing.public:
            return Refused(Reason.UNKNOWN_REFERENCE)
        name = _id(event.kind, event.thing)
        alert = self.by_id.get(name)
        told = self._raised.get(name, {})
        if alert and event.by not in told and _all_told(told, event):
            return Accepted(alert)
        opens = alert is None or alert.state != "open"
        if opens and (full := self._open.refusal(event.origin, event.at)):
            return full
        if wait := self._limit.take(event.by, event.at):
            return Refused(Reason.TOO_MANY, wait=wait)
        alert = alert or Alert(
            id=name,
            kind=event.kind,
            thing=event.thing,
            shown=thing,
            raised_at=event.at,
            origin=event.origin,
            opened_at=event.at,
        )
        raised = Raised(event.grounds, event.at, event.note, event.origin)
        self._raised[name] = {by: each for by, each in told.items() if by != event.by}
        self._raised[name][event.by] = raised
        alert = self._counted(replace(alert, shown=thing))
        again = alert.state == "kept" and alert.people > 2 * alert.kept_at
        if again or alert.state == "removed":
            alert = replace(alert, state="open", settled_at=None, settled_by="")
            alert = replace(alert, origin=event.origin, opened_at=event.at)
        return Accepted(self._put(position, alert))

    def _keep(self, position: str, event: AlertKept) -> Outcome:
        alert = self.by_id.get(event.alert)
        if alert is None:
            return Refused(Reason.UNKNOWN_ALERT)
        if outdated(event, alert):
            return Refused(Reason.CHANGED, alert)
        if alert.state != "open":
            return Refused(Reason.WRONG_STATE, alert)
        kept = replace(
            alert,
            state="kept",
            kept_at=alert.people,
            settled_at=event.at,
            settled_by=event.name,
        )
        return Accepted(self._put(position, kept))

    def _thing(self, kind: ThingKind, name: str) -> Thing | None:
        match kind:
            case "question":
                return self._questions.by_id.get(name)
            case "post":
                return self._posts.by_id.get(name)
            case "idea":
                return self._ideas.by_id.get(name)
            case "synthesis":
                return self._syntheses.by_id.get(name)
            case "comment":
                return self._comments.by_id.get(name)

    def _counted(self, alert: Alert) -> Alert:
        told = self._raised[alert.id].values()
        notes = [raised.note for raised in told if raised.note]
        return replace(
            alert,
            people=len(told),
            grounds=tuple(Counter(raised.grounds for raised in told).most_common()),
            notes=tuple(notes[-NOTES:]),
        )

    def _put(self, position: str, alert: Alert) -> Alert:
        if before := self.by_id.get(alert.id):
            self._count(before, -1)
        self.by_id[alert.id] = alert = replace(alert, version=position)
        self._count(alert, +1)
        self.touched.append(alert)
        return alert

    def _count(self, alert: Alert, step: int) -> None:
        if alert.state == "open":
            self._open.count(alert.origin, alert.opened_at, step)


def _all_told(told: Mapping[str, Raised], event: AlertRaised) -> bool:
    """True if a thing keeps no further alert from the origin of `event`."""
    kept = Shares(RAISED)
    for raised in told.values():
        kept.count(raised.origin, raised.at)
    return kept.refusal(event.origin, event.at) is not None


def _made_room(thing: Thing) -> bool:
    """Whether it left the wall only for newer posts, or comes back from that: nobody judged it."""
    return isinstance(thing, Post) and thing.state in ("retired", "approved")


def _id(kind: str, thing: str) -> str:
    return f"{kind}.{thing}"


def _id_of(thing: Thing) -> str:
    return _id(type(thing).__name__.lower(), thing.id)
