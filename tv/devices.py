"""Devices as moderators see them: the things each has sent, and things sent together.

A handle stands for the author of a thing. It is a digest of the participant's id, which has 64
random bits: it tells two devices apart, and nobody finds the id, or a person, from it.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Any

from engagement.audience import Audience
from engagement.batches import ReadThing
from engagement.blocks import Block
from engagement.ideas.idea import Idea
from engagement.origin import Trust
from engagement.questions import Question
from engagement.wall.post import Post
from tv.compaction import PARTICIPANT
from tv.problems import rfc3339

Rendered = dict[str, Any]

KNOWN = 16_384  # handles that are at hand


@lru_cache(KNOWN)
def handle(author: str) -> str:
    """The handle of a participant's device; "" for the crew and for tablets, which have passes."""
    if not author.startswith(PARTICIPANT):
        return ""
    return blake2b(author.encode(), digest_size=6, person=b"fabrique-device").hexdigest()


def sender_item(thing: ReadThing) -> Rendered:
    """The sender of a thing, as the crew receives it.

    `device` is a handle, "" for none. `arrival` is a tag of its network while the thing waits, if
    its device was new when it wrote; else "". Many things with one tag within a minute came
    together, from one person or from one room.
    """
    return {"device": handle(thing.by), "arrival": _arrival(thing)}


def participant_of(audience: Audience, device: str) -> str:
    """The participant of a device who wrote something or is blocked; "" if there is none."""
    authors = {
        thing.by
        for things in (audience.questions, audience.posts, audience.ideas, audience.comments)
        for thing in things.by_id.values()
    } | {block.participant for block in audience.blocks.blocked()}
    return next((author for author in authors if device and handle(author) == device), "")


def block_item(block: Block) -> Rendered:
    """A blocked device, for the moderators; `name` is who blocked it, `rejected` how many of its
    things were rejected with it."""
    return {
        "kind": "block",
        "id": block.id,
        "device": handle(block.participant),
        "blocked_at": rfc3339(block.blocked_at),
        "name": block.name,
        "rejected": sum(len(names) for _, names in block.rejected),
        "lifted": block.lifted,
        "version": block.version,
    }


def _arrival(thing: ReadThing) -> str:
    if thing.state != "pending" or thing.origin is None:
        return ""
    new = thing.origin.trust(_written_at(thing)) is Trust.NEW
    return thing.origin.network if new else ""


def _written_at(thing: ReadThing) -> float:
    match thing:
        case Question():
            return thing.asked_at
        case Idea():
            return thing.made_at
        case Post():
            return thing.written_at
    return thing.written_at
