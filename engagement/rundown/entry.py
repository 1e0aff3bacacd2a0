"""What can be put on air, and what a place then shows: a screen, or the overlay."""

from typing import Literal

import msgspec

from engagement.fold import Item, View
from engagement.polls import Poll
from engagement.questions import Question
from engagement.syntheses.synthesis import Synthesis
from engagement.wall.post import Post

OVERLAY = "overlay"  # the place of what is mixed into the picture

Kind = Literal["bandeau", "question", "poll", "post", "synthesis", "announcement", "countdown"]
# Kinds that show what is elsewhere; a synthesis may, or is typed in.
REFERRING: tuple[Kind, ...] = ("question", "poll", "post")
Target = Literal["screens", "overlay", "both"]
EntryState = Literal["queued", "preview", "on_air", "off"]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry says and where it goes.

    `duration` seconds after it was taken an entry goes off by itself; a countdown reaches zero
    instead, there or at `until` (broadcast time). `channel`: the one whose overlay and screens it
    is for, "" for all; `to`: ids or groups of the screens that it is for, none for all.
    """

    title: str = ""
    text: str = ""
    target: Target = "both"
    channel: str = ""
    to: tuple[str, ...] = ()
    duration: float | None = None
    until: float | None = None


class Entry(Item, frozen=True, kw_only=True):
    """An item of the rundown, in the order of `rank`.

    `shows` is the question, the poll, the post or the synthesis that it is about, as it is now.
    `automatic`: it went on air with what it shows, and goes with it. `ends_at`: when it goes off,
    or reaches zero. `first`: what it said when it was added.
    """

    kind: Kind
    content: Content
    first: Content
    rank: float
    by: str
    shows: Question | Poll | Post | Synthesis | None = None
    state: EntryState = "queued"
    automatic: bool = False
    on_at: float | None = None
    off_at: float | None = None
    ends_at: float | None = None
    deleted: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (("rundown", "", ""),)

    @property
    def public(self) -> bool:
        return False

    @property
    def gone(self) -> bool:
        return self.deleted

    @property
    def ready(self) -> bool:
        """Whether everybody may see what it shows."""
        return self.shows is None or (self.shows.public and not self.shows.gone)

    @property
    def layer(self) -> str:
        """Of one layer, a place shows one at a time."""
        return self.kind if self.kind in ("bandeau", "countdown") else "card"


class Air(Item, frozen=True, kw_only=True):
    """What one place shows besides the picture, in the order in which it was taken.

    Its `id` is a screen's, or OVERLAY. `cleared`: the screens were cleared, and not restored yet.
    """

    entries: tuple[Entry, ...] = ()
    cleared: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        if self.id == OVERLAY:
            return ((OVERLAY, "", ""), ("rundown", "", ""))
        return (("screen", self.id, ""),)
