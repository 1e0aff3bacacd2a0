"""A synthesis on the wall: one post, which says what the synthesis says, and goes with it."""

from collections.abc import Mapping
from textwrap import shorten
from typing import Any

from engagement.fold import Event
from engagement.syntheses.synthesis import Synthesis
from engagement.wall.post import Post, PostBrought, PostHidden, PostRestored, PostReworded
from engagement.wall.posts import Posts
from tv.auth import MODERATORS, Identity
from tv.labs.naming import table_name
from tv.settings import Lab
from tv.writing import Writer

LONGEST = 500  # characters
NETWORK = "Laboratoire"  # where the post comes from


class OnWall:
    """Writes what follows for the wall from `event`, which `who` did to a synthesis.

    What a moderator shares or corrects is read by that; what a host does, by a moderator.
    """

    def __init__(self, posts: Posts, writer: Writer, labs: Mapping[str, Lab]) -> None:
        self._posts = posts
        self._writer = writer
        self._labs = labs

    async def keep(
        self, synthesis: Synthesis, event: Event, who: Identity, wanted: bool = False
    ) -> None:
        """Have the wall say what it says, if it is there, or if it is `wanted` there."""
        act, vouched = _following(event), who.role in MODERATORS
        said = f"{synthesis.text.title} – {synthesis.text.body}"
        text = shorten(said, LONGEST, placeholder=" …")
        post = self._post(synthesis)
        if post is None and wanted:
            brought = PostBrought(
                **act,
                post=_post_id(synthesis),
                text=text,
                author=table_name(synthesis.table, self._labs),
                network=NETWORK,
                vouched=vouched,
            )
            await self._writer.write(brought, who)
        if post is None:
            return
        gone = not _stands(post)
        if gone and not wanted:
            return
        if gone or post.text != text:
            reworded = PostReworded(**act, post=post.id, text=text, vouched=vouched)
            await self._writer.write(reworded, who)
        if gone and vouched:
            restored = PostRestored(**act | {"id": f"{act['id']}-again"}, post=post.id)
            await self._writer.write(restored, who)

    async def hide(self, synthesis: Synthesis, event: Event, who: Identity) -> None:
        """Take it off the wall, also when it is only retired: nobody is to put it back unawares."""
        post = self._post(synthesis)
        if post and (_stands(post) or post.state == "retired"):
            await self._writer.write(PostHidden(**_following(event), post=post.id), who)

    def _post(self, synthesis: Synthesis) -> Post | None:
        return self._posts.by_id.get(_post_id(synthesis))


def _post_id(synthesis: Synthesis) -> str:
    return f"w_{synthesis.id}"


def _stands(post: Post) -> bool:
    """Whether it shows, or may come to that."""
    return post.waits or post.public


def _following(event: Event) -> dict[str, Any]:
    """What an event says that follows from another."""
    return {"id": f"{event.id}-wall", "at": event.at, "by": event.by}
