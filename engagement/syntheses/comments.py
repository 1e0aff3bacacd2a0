"""What people say about shared syntheses, as a fold: read by a moderator before it shows."""

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.cafe.session import OWN
from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.limits import Limit
from engagement.origin import Origin
from engagement.shares import Shares
from engagement.syntheses.events import AnyCommentEvent, CommentWritten
from engagement.syntheses.lifecycle import judged
from engagement.syntheses.syntheses import Syntheses
from engagement.syntheses.synthesis import Comment

BURST = 4  # comments that a participant may write at once
EVERY = 30.0  # seconds until one more
WAITING_EACH = 5  # comments of one participant that may wait for a moderator
WAITING = 1_500  # comments that may wait, in all
ABOUT = 500  # comments about one synthesis that wait or show
KEPT_ABOUT = 2_000  # the same in any state: what is rejected frees its place, but stays in memory


class Saved(msgspec.Struct, frozen=True):
    """All that it takes to go on; comments in the order in which they came."""

    comments: tuple[Comment, ...]
    limit: dict[str, float]


class Comments(Fold):
    """All comments by id."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyCommentEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self, syntheses: Syntheses) -> None:
        super().__init__()
        self._syntheses = syntheses
        self.by_id: dict[str, Comment] = {}
        self._limit = Limit(BURST, EVERY)
        self._index()

    def _index(self) -> None:
        """What follows from the comments, and need not be saved."""
        self._about: defaultdict[str, dict[str, None]] = defaultdict(dict)  # by synthesis
        self._by: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._waiting: Counter[str] = Counter()  # by who wrote them
        self._pending = Shares(WAITING)
        self._live: defaultdict[str, Shares] = defaultdict(lambda: Shares(ABOUT))  # by synthesis
        self._kept: defaultdict[str, Shares] = defaultdict(lambda: Shares(KEPT_ABOUT))
        for comment in self.by_id.values():
            self._note(comment)

    def standing(self, event: AnyCommentEvent) -> Item | None:
        return self.by_id.get(event.comment)

    def items(self) -> Collection[Item]:
        return self.by_id.values()

    def about(self, synthesis: str) -> list[Comment]:
        """Those about a synthesis, in any state, the oldest first."""
        return [self.by_id[name] for name in self._about.get(synthesis, ())]

    def written_by(self, participant: str) -> list[Comment]:
        """A participant's own, in any state, the oldest first."""
        return [self.by_id[name] for name in self._by.get(participant, ())]

    def apply(self, position: str, event: AnyCommentEvent) -> Outcome:
        if isinstance(event, CommentWritten):
            return self._write(position, event)
        comment = self.by_id.get(event.comment)
        if comment is None:
            return Refused(Reason.UNKNOWN_COMMENT)
        if outdated(event, comment):
            return Refused(Reason.CHANGED, comment)
        decided = judged(comment, event)
        if isinstance(decided, Reason):
            return Refused(decided, comment)
        return Accepted(self._put(position, decided))

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        for comment in self.written_by(participant):
            blank = replace(comment, text="", author="", by=stand_in, origin=None)
            self._put(position, replace(blank, state="withdrawn"))
        if participant != stand_in:
            self._by.pop(participant, None)
        self._limit.forget(participant)

    def saved(self) -> Saved:
        return Saved(tuple(self.by_id.values()), self._limit.saved())

    def restore(self, saved: Saved) -> None:
        self.by_id = {comment.id: comment for comment in saved.comments}
        self._limit.restore(saved.limit)
        self._index()

    def _write(self, position: str, event: CommentWritten) -> Outcome:
        if known := self.by_id.get(event.comment):
            same = (known.synthesis, known.text, known.by)
            if same == (event.synthesis, event.text, event.by):
                return Accepted(known)
            return Refused(Reason.KEY_REUSED, known)
        synthesis = self._syntheses.by_id.get(event.synthesis)
        if synthesis is None:
            return Refused(Reason.UNKNOWN_SYNTHESIS)
        if not synthesis.shared:
            return Refused(Reason.WRONG_STATE, synthesis)
        if self._waiting[event.by] >= WAITING_EACH:
            return Refused(Reason.TOO_MANY, wait=60.0)
        if full := self._full(synthesis.id, event.origin, event.at):
            return full
        if wait := self._limit.take(event.by, event.at):
            return Refused(Reason.TOO_MANY, wait=wait)
        written = Comment(
            id=event.comment,
            synthesis=synthesis.id,
            text=event.text,
            by=event.by,
            written_at=event.at,
            author=event.author,
            badge=event.badge,
            origin=event.origin,
        )
        return Accepted(self._put(position, written))

    def _full(self, synthesis: str, origin: Origin | None, at: float) -> Refused | None:
        """The refusal of another comment, in all or about a synthesis; None if it fits."""
        shares = (self._pending, self._live[synthesis], self._kept[synthesis])
        refusals = (each.refusal(origin, at) for each in shares)
        return next(filter(None, refusals), None)

    def _put(self, position: str, comment: Comment) -> Comment:
        before = self.by_id.get(comment.id)
        if before:
            self._count(before, -1)
        self.by_id[comment.id] = comment = replace(comment, version=position)
        self._note(comment)
        self.touched.append(comment)
        self.theirs.append((OWN, comment.by))
        shown = sum(each.public for each in self.about(comment.synthesis))
        self._syntheses.count_comments(position, comment.synthesis, shown)
        return comment

    def _note(self, comment: Comment) -> None:
        self._about[comment.synthesis][comment.id] = None
        self._by[comment.by][comment.id] = None
        self._count(comment, +1)

    def _count(self, comment: Comment, step: int) -> None:
        origin, at = comment.origin, comment.written_at
        self._kept[comment.synthesis].count(origin, at, step)
        if comment.state in ("pending", "approved"):
            self._live[comment.synthesis].count(origin, at, step)
        if comment.state == "pending":
            self._pending.count(origin, at, step)
            self._waiting[comment.by] += step
