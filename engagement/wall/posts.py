"""The wall as a fold: who may write how much, what shows, and what is best."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.bursts import Aside, SavedAside
from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, outdated
from engagement.limits import Limit
from engagement.shares import Shares
from engagement.wall.post import (
    AnyWallEvent,
    Post,
    PostBrought,
    PostPinned,
    PostShown,
    PostSupportAccepted,
    PostSupported,
    PostUnsupported,
    PostWritten,
    Wall,
    WallSet,
    decide,
    held,
    off,
)

BURST = 4  # posts that a participant may write at once
EVERY = 30.0  # seconds until one more
WAITING_EACH = 5  # posts of one participant that may wait for a moderator
WAITING = 1_500  # posts that may wait, in all
FOUND = 300  # posts found elsewhere by the same searcher that may wait
SHOWN = 200  # posts that show; one more, and the oldest that is not pinned retires
PINNED = 8  # one more, and the first that was pinned no longer is

OWN = "wall"  # what a participant did on the wall, in the place of a talk's name


class Saved(msgspec.Struct, frozen=True):
    """All that it takes to go on; posts in the order in which they came."""

    wall: Wall
    posts: tuple[Post, ...]
    supporters: dict[str, tuple[str, ...]]
    aside: SavedAside
    limit: dict[str, float]


class Posts(Fold):
    """The wall: all posts by id, in the order in which they came, and who supports each."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyWallEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self) -> None:
        super().__init__()
        self.wall = Wall()
        self.by_id: dict[str, Post] = {}
        self._supporters: defaultdict[str, set[str]] = defaultdict(set)
        self._aside = Aside()  # supporters who do not count yet
        self._limit = Limit(BURST, EVERY)
        self._index()

    def _index(self) -> None:
        """What follows from the posts, and need not be saved."""
        posts = self.by_id.values()
        self.states = Counter(post.state for post in posts)  # how many posts are in each
        self._by: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for post in posts:
            self._by[post.by][post.id] = None
        self._shown = {post.id for post in posts if post.public}
        self._held = {post.id for post in posts if post.state == "approved"}
        self._waiting = Counter(post.by for post in posts if post.waits)
        self._places = Shares(WAITING)
        for post in posts:
            if post.waits:
                self._places.count(post.origin, post.written_at)

    def standing(self, event: AnyWallEvent) -> Item | None:
        return self.wall if isinstance(event, WallSet) else self.by_id.get(event.post)

    def items(self) -> Collection[Item]:
        return (self.wall, *self.by_id.values())

    def written_by(self, participant: str) -> list[Post]:
        """A participant's own posts, in any state, the oldest first."""
        return [self.by_id[name] for name in self._by.get(participant, ())]

    def supports(self, participant: str) -> list[str]:
        """What is on the wall and has a participant's support."""
        return [post.id for post in self.shown() if self.supported_by(post.id, participant)]

    def supported_by(self, post: str, participant: str) -> bool:
        return participant in self._supporters.get(post, ())

    def room_for(self, searcher: str) -> int:
        """How many more posts found elsewhere may wait."""
        full = self._waits() >= WAITING
        return 0 if full else max(0, FOUND - self._waiting[searcher])

    def shows(self, picture: str) -> bool:
        """Whether a picture is on the wall now."""
        return any(self.by_id[name].picture == picture for name in self._shown)

    def has_sent(self, participant: str, picture: str) -> bool:
        """Whether a picture is in a post of this participant."""
        return any(post.picture == picture for post in self.written_by(participant))

    def pictures(self) -> set[str]:
        """All that posts have."""
        return {post.picture for post in self.by_id.values() if post.picture}

    def shown(self) -> list[Post]:
        """What is on the wall, the newest first."""
        posts = (self.by_id[name] for name in self._shown)
        return sorted(posts, key=_newest_first)

    def best(self, most: int) -> list[Post]:
        """« Meilleurs » : those that moderators pinned, else the most supported."""
        shown = self.shown()
        pinned = sorted((post for post in shown if post.pinned_at is not None), key=_pinned_first)
        supported = sorted((post for post in shown if post.support), key=_supported_most)
        return (pinned or supported)[:most]

    def due(self, now: float) -> Sequence[PostShown]:
        """Posts whose hold is over are to be shown."""
        held = [self.by_id[name] for name in sorted(self._held)]
        return [
            PostShown(
                id=f"show-{post.id}-{post.version}",
                at=now,
                by="clerk",
                expects=(post.version,),
                post=post.id,
            )
            for post in held
            if post.shows_at is not None and post.shows_at <= now
        ]

    def apply(self, position: str, event: AnyWallEvent) -> Outcome:
        match event:
            case WallSet():
                return self._set(position, event)
            case PostWritten():
                return self._write(position, event)
            case PostBrought():
                return self._bring(position, event)
        post = self.by_id.get(event.post)
        if post is None:
            return Refused(Reason.UNKNOWN_POST)
        if outdated(event, post):
            return Refused(Reason.CHANGED, post)
        if isinstance(event, PostSupported | PostUnsupported | PostSupportAccepted):
            return self._support(position, post, event)
        decided = decide(post, event)
        if isinstance(decided, Reason):
            return Refused(decided, post)
        put = self._put(position, decided)
        if isinstance(event, PostShown):
            self._make_room(position)
        if isinstance(event, PostPinned):
            self._unpin_one_too_many(position)
        return Accepted(put)

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        for supporters in self._supporters.values():
            if participant in supporters:
                supporters.remove(participant)
                supporters.add(stand_in)
        self._aside.rename(participant, stand_in)
        for post in self.written_by(participant):
            blank = replace(off(post), text="", author="", picture="", alt="", reason="")
            self._put(position, replace(blank, by=stand_in, state="withdrawn", origin=None))
        if participant != stand_in:
            self._by.pop(participant, None)
        self._limit.forget(participant)

    def saved(self) -> Saved:
        return Saved(
            self.wall,
            tuple(self.by_id.values()),
            {post: tuple(sorted(people)) for post, people in self._supporters.items() if people},
            self._aside.saved(),
            self._limit.saved(),
        )

    def restore(self, saved: Saved) -> None:
        self.wall = saved.wall
        self.by_id = {post.id: post for post in saved.posts}
        self._supporters = defaultdict(set)
        for post, people in saved.supporters.items():
            self._supporters[post] = set(people)
        self._aside.restore(saved.aside)
        self._limit.restore(saved.limit)
        self._index()

    def _set(self, position: str, event: WallSet) -> Outcome:
        if outdated(event, self.wall):
            return Refused(Reason.CHANGED, self.wall)
        self.wall = Wall(version=position, open=event.open, moderation=event.moderation)
        self.touched.append(self.wall)
        return Accepted(self.wall)

    def _write(self, position: str, event: PostWritten) -> Outcome:
        if known := self.by_id.get(event.post):
            same = (known.text, known.picture, known.by)
            if same == (event.text, event.picture, event.by):
                return Accepted(known)
            return Refused(Reason.KEY_REUSED, known)
        if not self.wall.open:
            return Refused(Reason.WALL_CLOSED, self.wall)
        if self._waiting[event.by] >= WAITING_EACH:
            return Refused(Reason.TOO_MANY, wait=60.0)
        if full := self._places.refusal(event.origin, event.at):
            return full
        if wait := self._limit.take(event.by, event.at):
            return Refused(Reason.TOO_MANY, wait=wait)
        written = Post(
            id=event.post,
            text=event.text,
            by=event.by,
            written_at=event.at,
            author=event.author,
            badge=event.badge,
            picture=event.picture,
            alt=event.alt,
            origin=event.origin,
        )
        if self.wall.moderation == "after" and not (event.picture or event.doubtful):
            written = held(written, event.at)
        return Accepted(self._put(position, written))

    def _bring(self, position: str, event: PostBrought) -> Outcome:
        if known := self.by_id.get(event.post):
            if event.vouched and (known.text, known.by) != (event.text, event.by):
                return Refused(Reason.KEY_REUSED, known)
            return Accepted(known)  # it may have been edited there: what was read here stands
        if not event.vouched and not self.room_for(event.by):
            return Refused(Reason.TOO_MANY, wait=60.0)
        brought = Post(
            id=event.post,
            text=event.text,
            by=event.by,
            written_at=event.at,
            author=event.author,
            network=event.network,
            address=event.address,
        )
        return Accepted(self._put(position, held(brought, event.at) if event.vouched else brought))

    def _support(
        self,
        position: str,
        post: Post,
        event: PostSupported | PostUnsupported | PostSupportAccepted,
    ) -> Outcome:
        if not post.public:
            return Refused(Reason.WRONG_STATE, post)
        supporters = self._supporters[post.id]
        match event:
            case PostSupportAccepted():
                self._aside.count(post.id)
            case PostSupported(by=by, at=at, origin=origin) if by not in supporters:
                supporters.add(by)
                self._aside.watch(post.id, by, origin, at)
            case PostUnsupported(by=by):
                supporters.discard(by)
                self._aside.drop(post.id, by)
        self.theirs.append((OWN, event.by))
        aside = len(self._aside.of(post.id))
        support = len(supporters) - aside
        return Accepted(self._put(position, replace(post, support=support, aside=aside)))

    def _make_room(self, position: str) -> None:
        if len(self._shown) > SHOWN:
            loose = [post for post in self.shown() if post.pinned_at is None]
            self._put(position, replace(off(loose[-1]), state="retired"))

    def _unpin_one_too_many(self, position: str) -> None:
        pinned = [post for post in self.by_id.values() if post.pinned_at is not None]
        if len(pinned) > PINNED:
            self._put(position, replace(min(pinned, key=_pinned_first), pinned_at=None))

    def _put(self, position: str, post: Post) -> Post:
        before = self.by_id.get(post.id)
        if before:
            self._count(before, -1)
        if before is None or before.by != post.by:
            self._by[post.by][post.id] = None
        post = replace(post, version=position)
        self.by_id[post.id] = post
        self._count(post, +1)
        self.touched.append(post)
        if not post.network:
            self.theirs.append((OWN, post.by))
        return post

    def _count(self, post: Post, step: int) -> None:
        self.states[post.state] += step
        for state, names in (("shown", self._shown), ("approved", self._held)):
            if post.state == state:
                (names.add if step > 0 else names.discard)(post.id)
        if post.waits:
            self._places.count(post.origin, post.written_at, step)
            self._waiting[post.by] += step
            if not self._waiting[post.by]:
                del self._waiting[post.by]

    def _waits(self) -> int:
        return self.states["pending"] + self.states["approved"]


def _newest_first(post: Post) -> tuple[float, str]:
    return (-(post.shown_at or 0.0), post.id)


def _pinned_first(post: Post) -> tuple[float, str]:
    return (post.pinned_at or 0.0, post.id)


def _supported_most(post: Post) -> int:
    return -post.support
