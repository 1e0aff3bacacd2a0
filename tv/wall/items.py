"""What pages and the API say of the wall, for the audience or for the crew."""

from typing import Any

from engagement.wall.post import Post, Wall
from engagement.wall.posts import Posts
from engagement.wording import flags
from tv.problems import rfc3339
from tv.wall import naming

Rendered = dict[str, Any]


def wall_item(wall: Wall) -> Rendered:
    return {
        "kind": "wall",
        "id": wall.id,
        "open": wall.open,
        "moderation": wall.moderation,
        "version": wall.version,
    }


def post_item(post: Post, crew: bool) -> Rendered:
    """`badge`: "crew" or "host" for who writes as such. For the crew, and for its author in their
    own view: `reason`, `shows_at` (the end of its hold), `address` (there, if it came from another
    network), `flags` (`personal`, `words`: to be looked at twice), and `support_aside`: support of
    a burst, which does not count yet."""
    rendered: Rendered = {
        "kind": "post",
        "id": post.id,
        "state": post.state,
        "text": post.text,
        "author": post.author,
        "badge": post.badge,
        "network": post.network,
        "picture": picture_item(post.picture, post.alt),
        "support": post.support,
        "pinned_at": rfc3339(post.pinned_at),
        "written_at": rfc3339(post.written_at),
        "shown_at": rfc3339(post.shown_at),
        "version": post.version,
    }
    if crew:
        rendered |= {
            "reason": post.reason,
            "shows_at": rfc3339(post.shows_at),
            "address": post.address,
            "flags": list(flags(post.text)),
            "support_aside": post.aside,
        }
    return rendered


def picture_item(name: str, alt: str) -> Rendered | None:
    """Where a picture is, its size in pixels, and what it lets one see; None for no picture."""
    if not name:
        return None
    width, height = naming.size(name)
    return {"url": naming.address(name), "width": width, "height": height, "alt": alt}


def own_posts(posts: Posts, participant: str) -> Rendered:
    """What a participant did on the wall, in `me:wall`: their posts in any state, and supports."""
    return {
        "posts": [post_item(post, crew=True) for post in posts.written_by(participant)],
        "supports": posts.supports(participant),
    }
