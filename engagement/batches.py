"""Bulk moderation: one act rejects many things, another act undoes that.

Things that changed meanwhile are left as they are. Each thing is changed by an act of its own fold,
so that counts and the log of questions are the same as for acts one by one.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, ClassVar, Literal, get_args

import msgspec

from engagement.fold import Accepted, Event, Fold, Item, Outcome
from engagement.ideas.events import IdeaRejected, IdeaRestored
from engagement.ideas.fold import Ideas
from engagement.ideas.idea import Idea
from engagement.questions import Question, QuestionRejected, QuestionRestored, Questions
from engagement.syntheses.comments import Comments
from engagement.syntheses.events import CommentRejected, CommentRestored
from engagement.syntheses.synthesis import Comment
from engagement.wall.post import Post, PostRejected, PostRestored
from engagement.wall.posts import Posts

MOST = 2_000  # things of one act

ReadKind = Literal["question", "post", "idea", "comment"]  # what moderators read before it shows
KINDS: tuple[ReadKind, ...] = get_args(ReadKind)
ReadThing = Question | Post | Idea | Comment


class ThingsRejected(Event, frozen=True):
    """A moderator rejects those of `things`, ids of one `kind`, that wait to be read.

    With `talk`, only those of that talk. `name` is what people call the moderator. The authors see
    the reason: it is the same for all, and names nobody.
    """

    kind: ReadKind
    things: tuple[str, ...]
    talk: str = ""
    reason: str = ""
    name: str = ""


class ThingsRestored(Event, frozen=True):
    """The undo: those of `things` that are rejected, and never showed, wait to be read again."""

    kind: ReadKind
    things: tuple[str, ...]
    talk: str = ""
    name: str = ""


AnyBatchEvent = ThingsRejected | ThingsRestored


class Batch(Item, frozen=True, kw_only=True):
    """The result of a bulk act, for its caller; in no view. `done` are the ids that changed."""

    done: tuple[str, ...]


class Saved(msgspec.Struct, frozen=True):
    """Nothing: batches change things of other folds."""


class Batches(Fold):
    """Applies one act to many things of four other folds."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyBatchEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(
        self, questions: Questions, posts: Posts, ideas: Ideas, comments: Comments
    ) -> None:
        super().__init__()
        self._questions, self._posts = questions, posts
        self._ideas, self._comments = ideas, comments
        self._folds: dict[ReadKind, Fold] = {
            "question": questions,
            "post": posts,
            "idea": ideas,
            "comment": comments,
        }

    def apply(self, position: str, event: AnyBatchEvent) -> Outcome:
        match event:
            case ThingsRejected(kind=kind, reason=reason, name=name):
                names = [thing.id for thing in self._of(event) if thing.state == "pending"]
                done = self.reject(position, kind, names, event, reason, name)
            case ThingsRestored(kind=kind, name=name):
                names = [thing.id for thing in self._of(event) if is_rejected(thing)]
                done = self.read_again(position, kind, names, event, name)
        return Accepted(Batch(id=event.id, version=position, done=done))

    def standing(self, event: AnyBatchEvent) -> Item | None:
        rejects = isinstance(event, ThingsRejected)
        done = [thing.id for thing in self._of(event) if is_rejected(thing) == rejects]
        return Batch(id=event.id, done=tuple(done))

    def items(self) -> Collection[Item]:
        return ()

    def saved(self) -> Saved:
        return Saved()

    def restore(self, saved: Saved) -> None:
        pass

    def find(self, kind: ReadKind, name: str) -> ReadThing | None:
        """A thing by its id."""
        match kind:
            case "question":
                return self._questions.by_id.get(name)
            case "post":
                return self._posts.by_id.get(name)
            case "idea":
                return self._ideas.by_id.get(name)
            case "comment":
                return self._comments.by_id.get(name)

    def waiting_of(self, participant: str) -> dict[ReadKind, list[str]]:
        """The ids of what a participant wrote that does not show yet, by kind."""
        theirs: dict[ReadKind, Iterable[ReadThing]] = {
            "question": (each for each in self._questions.by_id.values() if each.by == participant),
            "post": self._posts.written_by(participant),
            "idea": self._ideas.made_by(participant),
            "comment": self._comments.written_by(participant),
        }
        return {
            kind: [each.id for each in things if _waits(each)] for kind, things in theirs.items()
        }

    def reject(
        self,
        position: str,
        kind: ReadKind,
        names: Iterable[str],
        act: Event,
        reason: str = "",
        name: str = "",
    ) -> tuple[str, ...]:
        """Reject things as a part of `act`, by somebody called `name`; return which were."""
        about = _about(act)

        def make(thing: str) -> Event:
            match kind:
                case "question":
                    return QuestionRejected(**about, question=thing, reason=reason, name=name)
                case "post":
                    return PostRejected(**about, post=thing, reason=reason)
                case "idea":
                    return IdeaRejected(**about, idea=thing, reason=reason)
                case "comment":
                    return CommentRejected(**about, comment=thing)

        return self._apply_each(position, kind, names, make)

    def read_again(
        self, position: str, kind: ReadKind, names: Iterable[str], act: Event, name: str = ""
    ) -> tuple[str, ...]:
        """Have things that were rejected wait again, as a part of `act`; return which do."""
        about = _about(act)

        def make(thing: str) -> Event:
            match kind:
                case "question":
                    return QuestionRestored(**about, question=thing, to_read=True, name=name)
                case "post":
                    return PostRestored(**about, post=thing, to_read=True)
                case "idea":
                    return IdeaRestored(**about, idea=thing, to_read=True)
                case "comment":
                    return CommentRestored(**about, comment=thing)

        return self._apply_each(position, kind, names, make)

    def _apply_each(
        self, position: str, kind: ReadKind, names: Iterable[str], make: Callable[[str], Event]
    ) -> tuple[str, ...]:
        """Apply an event to each thing; return the ids of those where it had an effect."""
        fold = self._folds[kind]
        return tuple(
            each for each in names if isinstance(fold.apply(position, make(each)), Accepted)
        )

    def _of(self, event: AnyBatchEvent) -> list[ReadThing]:
        """The things that an act names and that there are, each once."""
        found = (self.find(event.kind, name) for name in dict.fromkeys(event.things))
        return [
            thing
            for thing in found
            if thing and (not event.talk or getattr(thing, "talk", "") == event.talk)
        ]


def is_rejected(thing: ReadThing) -> bool:
    """True if a moderator rejected it; a rejected idea has the state "hidden"."""
    return thing.state in ("rejected", "hidden")


def _waits(thing: ReadThing) -> bool:
    """True if it waits for a moderator, or is held before it shows."""
    return thing.waits if isinstance(thing, Post) else thing.state == "pending"


def _about(act: Event) -> dict[str, Any]:
    return {"id": act.id, "at": act.at, "by": act.by, "expects": act.expects}
