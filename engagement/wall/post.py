"""A post of the wall: what is done to it, what it is, and what follows from what."""

from typing import ClassVar, Literal

from msgspec.structs import replace

from engagement.fold import Event, Item, Making, Reason, View
from engagement.origin import Origin

HOLD = 10.0  # seconds between approving a post and showing it: time to change one's mind

PostState = Literal["pending", "approved", "shown", "retired", "rejected", "hidden", "withdrawn"]
Moderation = Literal["before", "after"]

WALL: View = ("wall", "", "")


class WallSet(Event, frozen=True):
    """Whether the wall takes posts, and when they are read.

    Moderated `after`: what is written here is approved at once, and held like the rest. Pictures,
    other networks' posts and doubtful words are read before, always.
    """

    open: bool
    moderation: Moderation = "before"


class PostWritten(Making, frozen=True):
    """A participant writes. `picture` is the name of a file of ours, `alt` what it lets one see.

    `doubtful`: there is something in the words to look at twice (engagement/wording.py). It is told
    here because the words themselves may be gone when this is folded again. `badge`: of who writes
    (tv/auth.py).
    """

    makes: ClassVar[str] = "post"
    personal: ClassVar[tuple[str, ...]] = ("text", "author", "alt")

    post: str
    text: str
    author: str = ""
    picture: str = ""
    alt: str = ""
    doubtful: bool = False
    badge: str = ""


class PostBrought(Making, frozen=True):
    """A post from another network: `vouched` by the moderator who typed it in, or yet to be read.

    The id of one that was found follows from its address there, so that it comes once.
    """

    makes: ClassVar[str] = "post"

    post: str
    text: str
    author: str
    network: str
    address: str = ""
    vouched: bool = False


class PostEvent(Event, frozen=True):
    post: str


class PostReworded(PostEvent, frozen=True):
    """What was brought here says something else where it is from, and so does the post.

    It is read anew, unless it is `vouched` for by a moderator.
    """

    text: str
    vouched: bool = False


class PostApproved(PostEvent, frozen=True):
    """It will be shown when its hold is over."""


class PostShown(PostEvent, frozen=True):
    """Its hold is over, or somebody will not wait for it."""


class PostRejected(PostEvent, frozen=True):
    """It will not be shown; its author sees the reason."""

    personal: ClassVar[tuple[str, ...]] = ("reason",)

    reason: str = ""


class PostHidden(PostEvent, frozen=True):
    """Off every screen, now."""


class PostRetired(PostEvent, frozen=True):
    """It has been shown long enough."""


class PostRestored(PostEvent, frozen=True):
    """A moderator undoes a rejection, a hiding or a retirement.

    `to_read`: it was rejected by mistake, never showed, and waits to be read.
    """

    to_read: bool = False


class PostWithdrawn(PostEvent, frozen=True):
    """Its author takes it back."""


class PostPinned(PostEvent, frozen=True):
    """Among the best, and there to stay."""


class PostUnpinned(PostEvent, frozen=True):
    """One among others again."""


class PostSupported(PostEvent, frozen=True):
    """A participant likes it."""


class PostUnsupported(PostEvent, frozen=True):
    """They do not any more."""


class PostSupportAccepted(PostEvent, frozen=True):
    """A moderator counts the support that was set aside, and what is to come."""


AnyPostEvent = (
    PostReworded
    | PostApproved
    | PostShown
    | PostRejected
    | PostHidden
    | PostRetired
    | PostRestored
    | PostWithdrawn
    | PostPinned
    | PostUnpinned
    | PostSupported
    | PostUnsupported
    | PostSupportAccepted
)
AnyWallEvent = WallSet | PostWritten | PostBrought | AnyPostEvent


class Wall(Item, frozen=True, kw_only=True):
    """What is true of the wall as a whole: as `WallSet` says."""

    id: str = "wall"
    open: bool = True
    moderation: Moderation = "before"

    @property
    def views(self) -> tuple[View, ...]:
        return (WALL,)


class Post(Item, frozen=True, kw_only=True):
    """`by` wrote or brought it; `author` is the name to show. `network`: "" for those from here.

    `badge`: "crew" or "host" for who writes as such. `shows_at`: when its hold is over.
    `pinned_at`: None unless it is pinned. `origin`: where it came from; limits count by that, and
    the audience never learns it. `aside` is support that came in a burst of new devices, and does
    not count yet.
    """

    text: str
    by: str
    written_at: float
    author: str = ""
    badge: str = ""
    picture: str = ""
    alt: str = ""
    network: str = ""
    address: str = ""
    state: PostState = "pending"
    support: int = 0
    aside: int = 0
    reason: str = ""
    shows_at: float | None = None
    shown_at: float | None = None
    pinned_at: float | None = None
    origin: Origin | None = None

    @property
    def public(self) -> bool:
        return self.state == "shown"

    @property
    def was_public(self) -> bool:
        return self.shown_at is not None

    @property
    def waits(self) -> bool:
        """Whether it is still to be shown, or refused."""
        return self.state in ("pending", "approved")

    @property
    def views(self) -> tuple[View, ...]:
        return (WALL,)


def decide(post: Post, event: AnyPostEvent) -> Post | Reason:
    """The post after `event`, or why that has no effect."""
    match event, post.state:
        case PostWithdrawn(by=by), _ if by != post.by:
            return Reason.NOT_YOURS
        case PostReworded(text=text, vouched=vouched), _ if post.network:
            reworded = replace(post, text=text)
            return reworded if vouched else replace(off(reworded), state="pending")
        case PostApproved(at=at), "pending":
            return held(post, at)
        case PostShown(at=at), "approved":
            return replace(post, state="shown", shows_at=None, shown_at=at)
        case PostRejected(reason=reason), "pending" | "approved":
            return replace(off(post), state="rejected", reason=reason)
        case PostHidden(), "pending" | "approved" | "shown" | "retired":
            return replace(off(post), state="hidden")
        case PostRetired(), "shown":
            return replace(off(post), state="retired")
        case PostRestored(to_read=True), _ if post.state != "rejected" or post.was_public:
            return Reason.WRONG_STATE
        case PostRestored(to_read=True), _:
            return replace(post, state="pending", reason="")
        case PostRestored(at=at), "rejected" | "hidden" | "retired":
            return held(replace(post, reason=""), at)
        case PostWithdrawn(), "pending" | "approved" | "shown":
            return replace(off(post), state="withdrawn")
        case PostPinned(at=at), "approved" | "shown":
            return replace(post, pinned_at=at)
        case PostUnpinned(), "approved" | "shown":
            return replace(post, pinned_at=None)
    return Reason.WRONG_STATE


def held(post: Post, at: float) -> Post:
    """Approved, and shown when there was time to change one's mind."""
    return replace(post, state="approved", shows_at=at + HOLD)


def off(post: Post) -> Post:
    """Not on the wall, and not on its way to it."""
    return replace(post, shows_at=None, pinned_at=None)
