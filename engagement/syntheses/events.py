"""What is done with syntheses, and what the set sends to the laboratories."""

from typing import ClassVar

from engagement.fold import Event, Making
from engagement.syntheses.synthesis import SendingKind, Text


class SynthesisBegun(Making, frozen=True):
    """A host begins to write."""

    makes: ClassVar[str] = "synthesis"

    synthesis: str
    table: str
    text: Text
    author: str = ""


class SynthesisEvent(Event, frozen=True):
    synthesis: str


class SynthesisRevised(SynthesisEvent, frozen=True):
    """It says something else. `keeps`: what it said is kept as a version of its own."""

    text: Text
    author: str = ""
    keeps: bool = False


class SynthesisShared(SynthesisEvent, frozen=True):
    """Others see it: the tables of `labs`, all for none; if `open`, whoever looks at the ideas.

    Once open, it is: what should leave that page is hidden.
    """

    labs: tuple[str, ...] = ()
    open: bool = False


class SynthesisHidden(SynthesisEvent, frozen=True):
    """A moderator, or who wrote it, takes it away from everywhere."""


class SynthesisRestored(SynthesisEvent, frozen=True):
    """It is a draft again."""


class SynthesisSupported(SynthesisEvent, frozen=True):
    """A participant likes it."""


class SynthesisUnsupported(SynthesisEvent, frozen=True):
    """They do not any more."""


class SynthesisSupportAccepted(SynthesisEvent, frozen=True):
    """A moderator counts the support that was set aside, and what is to come."""


class SynthesisTaken(SynthesisEvent, frozen=True):
    """It is told on the set, in a talk that is live; what was told before is over."""

    talk: str


class SynthesisTold(SynthesisEvent, frozen=True):
    """It was told."""


class CommentWritten(Making, frozen=True):
    """Somebody says something about a shared synthesis; `badge`: of who does (tv/auth.py)."""

    makes: ClassVar[str] = "comment"
    personal: ClassVar[tuple[str, ...]] = ("text", "author")

    comment: str
    synthesis: str
    text: str
    author: str = ""
    badge: str = ""


class CommentEvent(Event, frozen=True):
    comment: str


class CommentApproved(CommentEvent, frozen=True):
    """It shows."""


class CommentRejected(CommentEvent, frozen=True):
    """It does not show, or no longer."""


class CommentRestored(CommentEvent, frozen=True):
    """It was rejected by mistake, never showed, and waits to be read."""


class CommentWithdrawn(CommentEvent, frozen=True):
    """Its author takes it back."""


class SentToLab(Making, frozen=True):
    """The crew sends something to the tables of `labs`, of all for none."""

    makes: ClassVar[str] = "sending"

    sending: str
    kind: SendingKind
    labs: tuple[str, ...] = ()
    text: str = ""
    talk: str = ""
    shows: str = ""
    start: float | None = None
    end: float | None = None


class SendingTakenBack(Event, frozen=True):
    """It is on no table any more."""

    sending: str


AnyWritingEvent = (
    SynthesisBegun
    | SynthesisRevised
    | SynthesisShared
    | SynthesisHidden
    | SynthesisRestored
    | SynthesisSupported
    | SynthesisUnsupported
    | SynthesisSupportAccepted
    | SynthesisTaken
    | SynthesisTold
)
AnyCommentEvent = (
    CommentWritten | CommentApproved | CommentRejected | CommentRestored | CommentWithdrawn
)
AnySendingEvent = SentToLab | SendingTakenBack
AnySynthesisEvent = AnyWritingEvent | AnyCommentEvent | AnySendingEvent
