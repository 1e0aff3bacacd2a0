"""Syntheses, what people say about them, and what is sent to a laboratory, as pages show them."""

from typing import Literal

import msgspec

from engagement.cafe.session import LABS
from engagement.changes import START
from engagement.fold import Item, View
from engagement.ideas.idea import IDEAS
from engagement.origin import Origin
from engagement.polls import Poll
from engagement.questions import Question

SHARED: View = ("shared", "", "")  # syntheses that laboratories share with each other
SENT: View = ("sent", "", "")  # what was sent to laboratories

SynthesisState = Literal["draft", "shared", "hidden"]
CommentState = Literal["pending", "approved", "rejected", "withdrawn"]
SendingKind = Literal["quote", "clip", "question", "poll", "synthesis", "message"]


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """What a version says, in lines and paragraphs, and the ids of what it comes from."""

    title: str
    body: str = ""
    ideas: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """What a synthesis said once; `by` names the pass of who wrote that, `author` is their name."""

    text: Text
    by: str
    at: float
    author: str = ""


class Airing(msgspec.Struct, frozen=True):
    """When it was told in a talk; `end`: None while it is."""

    talk: str
    start: float
    end: float | None = None


class Synthesis(Item, frozen=True, kw_only=True):
    """What a table makes of its ideas.

    `by` wrote what it says now, at `written_at`; `author` is their name. `first` is what it said
    when it was begun, `history` what it said before, the oldest first. `wording`: the position of
    the last change of its words, or of who sees them; `version` also counts support and comments.
    `open`: on the page of ideas too, not in laboratories alone, and that for good: the page must be
    told when it goes. `labs`: those that it is shared with, none for all. `airings`: on the set.
    `aside` is support that came in a burst of new devices, and does not count yet.
    """

    cafe: str
    lab: str
    table: str
    text: Text
    first: Text
    by: str
    written_at: float
    author: str = ""
    wording: str = START
    state: SynthesisState = "draft"
    open: bool = False
    labs: tuple[str, ...] = ()
    shared_at: float | None = None
    hidden_by: str = ""
    support: int = 0
    aside: int = 0
    comments: int = 0
    history: tuple[Version, ...] = ()
    airings: tuple[Airing, ...] = ()

    @property
    def shared(self) -> bool:
        return self.state == "shared"

    @property
    def airing(self) -> Airing | None:
        """The one under way."""
        last = self.airings[-1] if self.airings else None
        return last if last and last.end is None else None

    @property
    def views(self) -> tuple[View, ...]:
        talks = dict.fromkeys(airing.talk for airing in self.airings)
        return (
            ("table", self.table, ""),
            SHARED,
            LABS,
            *((IDEAS,) if self.open else ()),
            *(("talk", talk, "") for talk in talks),
        )

    @property
    def public(self) -> bool:
        return self.shared

    @property
    def was_public(self) -> bool:
        return self.shared_at is not None


class Comment(Item, frozen=True, kw_only=True):
    """A comment on a shared synthesis; it shows after a moderator has approved it.

    `badge`: "crew" or "host" for an author who is one. `origin`: where it came from; limits count
    by origin, and the audience never receives it.
    """

    synthesis: str
    text: str
    by: str
    written_at: float
    author: str = ""
    badge: str = ""
    state: CommentState = "pending"
    shown_at: float | None = None
    origin: Origin | None = None

    @property
    def views(self) -> tuple[View, ...]:
        return (IDEAS,)

    @property
    def public(self) -> bool:
        return self.state == "approved"

    @property
    def was_public(self) -> bool:
        return self.shown_at is not None


class Sending(Item, frozen=True, kw_only=True):
    """« Envoyer au labo » : shows on the tables of `labs`, all of them for none.

    `shows`: the id of the question, the poll or the synthesis, and `shown` that as it is now. A
    quote or a clip is what was said in `talk` from `start` to `end` (broadcast time).
    """

    kind: SendingKind
    labs: tuple[str, ...]
    by: str
    sent_at: float
    text: str = ""
    talk: str = ""
    shows: str = ""
    shown: Question | Poll | Synthesis | None = None
    start: float | None = None
    end: float | None = None
    taken_back: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (SENT, LABS)

    @property
    def public(self) -> bool:
        return self.shown is None or (self.shown.public and not self.shown.gone)

    @property
    def was_public(self) -> bool:
        return True

    @property
    def gone(self) -> bool:
        return self.taken_back
