"""What is done with ideas."""

from typing import ClassVar

from engagement.fold import Event, Making


class IdeaMade(Making, frozen=True):
    """Somebody has an idea, at a table or in answer to a call.

    `round`: the one in which it was written, 0 for the one under way: a card that arrives when its
    round is over still belongs to that. `doubtful`: has a picture, or words that somebody should
    read first. `badge`: who of the crew has it (tv/auth.py), "" for the audience.
    """

    makes: ClassVar[str] = "idea"
    personal: ClassVar[tuple[str, ...]] = ("text", "author", "picture", "alt")

    idea: str
    cafe: str
    text: str
    table: str = ""
    round: int = 0
    author: str = ""
    picture: str = ""
    alt: str = ""
    doubtful: bool = False
    badge: str = ""


class IdeaEvent(Event, frozen=True):
    idea: str


class IdeaCarried(IdeaEvent, frozen=True):
    """It is laid on another table, in the round that this is in."""

    table: str


class IdeaDotted(IdeaEvent, frozen=True):
    """A participant gives it so many of their dots, in the place of those that it had of them."""

    dots: int


class IdeaDotsAccepted(IdeaEvent, frozen=True):
    """A moderator counts the dots that were set aside, and what is to come."""


class IdeaApproved(IdeaEvent, frozen=True):
    """A moderator read it: it shows."""


class IdeaRejected(IdeaEvent, frozen=True):
    """A moderator does not publish it, for a reason that its author sees."""

    personal: ClassVar[tuple[str, ...]] = ("reason",)

    reason: str = ""


class IdeaHidden(IdeaEvent, frozen=True):
    """A host or a moderator takes it away from every page."""


class IdeaRestored(IdeaEvent, frozen=True):
    """It shows again.

    `to_read`: it was rejected by mistake, never showed, and waits to be read.
    """

    to_read: bool = False


class IdeaWithdrawn(IdeaEvent, frozen=True):
    """Its author takes it back."""


class ClusterMade(Making, frozen=True):
    """A host puts ideas of the table together under a name."""

    makes: ClassVar[str] = "cluster"
    personal: ClassVar[tuple[str, ...]] = ("name",)

    cluster: str
    table: str
    name: str
    ideas: tuple[str, ...] = ()


class ClusterEvent(Event, frozen=True):
    cluster: str


class ClusterNamed(ClusterEvent, frozen=True):
    """It has another name."""

    personal: ClassVar[tuple[str, ...]] = ("name",)

    name: str


class IdeasGrouped(ClusterEvent, frozen=True):
    """Ideas join it, from where they were."""

    ideas: tuple[str, ...]


class IdeasUngrouped(ClusterEvent, frozen=True):
    """Ideas leave it."""

    ideas: tuple[str, ...]


class ClusterRemoved(ClusterEvent, frozen=True):
    """There is no such group any more: its ideas are loose."""


AnyReadingEvent = IdeaApproved | IdeaRejected | IdeaHidden | IdeaRestored | IdeaWithdrawn
AnyClusterEvent = ClusterNamed | IdeasGrouped | IdeasUngrouped | ClusterRemoved
AnyIdeaEvent = (
    IdeaMade
    | IdeaCarried
    | IdeaDotted
    | IdeaDotsAccepted
    | AnyReadingEvent
    | ClusterMade
    | AnyClusterEvent
)
